"""Where messages begin and end, however the bytes come."""

import random

import pytest

from referral.edges.hl7v2.framing import Frame, Framer, framed


def cut(*chunks: bytes, limit: int = 1024) -> list[bytes]:
    framer = Framer(limit)
    return [frame.content for chunk in chunks for frame in framer.feed(chunk)]


def test_a_message_stands_between_its_start_and_its_end() -> None:
    assert cut(framed(b"MSH|a\r")) == [b"MSH|a\r"]


def test_a_message_may_come_byte_by_byte() -> None:
    stream = framed(b"MSH|a\r") + framed(b"MSH|b\r")

    assert cut(*(bytes([byte]) for byte in stream)) == [b"MSH|a\r", b"MSH|b\r"]


def test_two_messages_may_come_at_once() -> None:
    assert cut(framed(b"one") + framed(b"two")) == [b"one", b"two"]


@pytest.mark.parametrize("junk", [b"noise", b"\r\n", b"\x1c\x0d", b"\x00" * 100, b"MSH|x\r"])
def test_junk_between_messages_is_passed_over(junk: bytes) -> None:
    framer = Framer()

    found = list(framer.feed(junk + framed(b"one") + junk + framed(b"two")))

    assert found == [Frame(b"one"), Frame(b"two")]
    assert framer.junk == 2 * len(junk)


def test_a_message_that_another_interrupts_was_given_up() -> None:
    assert cut(b"\x0bhalf a mess" + framed(b"whole")) == [b"whole"]


def test_an_end_without_its_last_byte_is_an_end_when_the_next_message_begins() -> None:
    assert cut(b"\x0bone\x1c" + framed(b"two")) == [b"one", b"two"]


def test_an_empty_message_is_none() -> None:
    assert cut(framed(b"")) == []


def test_of_a_message_that_is_too_long_the_head_is_kept_to_answer_it() -> None:
    framer = Framer(limit=10_000)
    head = b"MSH|head\r"

    chunks = [b"\x0b" + head, *[b"x" * 1000] * 200, b"\x1c", b"\x0d", framed(b"next")]
    found = [frame for chunk in chunks for frame in framer.feed(chunk)]

    assert [frame.too_long for frame in found] == [True, False]
    assert found[0].content.startswith(head)
    assert found[1].content == b"next"


def test_a_stream_that_never_ends_is_not_kept() -> None:
    framer = Framer(limit=10_000)

    list(framer.feed(b"\x0b"))
    for _ in range(1000):
        assert list(framer.feed(b"x" * 10_000)) == []

    assert len(framer._buffer) < 20_000


@pytest.mark.parametrize("seed", range(20))
def test_splitting_a_stream_differently_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    parts = [chance.choice([framed(b"MSH|%d" % n), b"junk", b"\x0b", b"\x1c"]) for n in range(30)]
    stream = b"".join(parts)

    cuts = sorted(chance.sample(range(len(stream)), 20))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert cut(*chunks) == cut(stream)
