"""Records of a stream, however it is split."""

import random

import pytest

from referral.edges.files.records import LONGEST, Record, Records


def cut(*chunks: bytes, quoted: bool = True) -> list[Record]:
    records = Records(quoted=quoted)
    return [
        *(record for chunk in chunks for record in records.feed(chunk)),
        *records.finish(),
    ]


def test_a_record_is_a_line() -> None:
    assert cut(b"a,b\r\n1,2\n3,4") == [Record(1, b"a,b"), Record(2, b"1,2"), Record(3, b"3,4")]


def test_a_quoted_field_may_hold_line_ends() -> None:
    assert cut(b'a\n"one\ntwo",x\nlast\n') == [
        Record(1, b"a"),
        Record(2, b'"one\ntwo",x'),
        Record(4, b"last"),
    ]


def test_empty_lines_are_passed_over_and_counted() -> None:
    assert cut(b"a\n\n\r\nb\n") == [Record(1, b"a"), Record(4, b"b")]


def test_a_byte_order_mark_belongs_to_no_record() -> None:
    assert cut(b"\xef\xbb\xbfa\n") == [Record(1, b"a")]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_record_that_never_ends_is_not_kept(quote: bytes) -> None:
    records = Records(quoted=True)

    found = [one for _ in range(100) for one in records.feed((quote or b"x") + b"x" * 10_000)]
    found += [*records.feed(b"\nnext\n"), *records.finish()]

    assert [(one.too_long, len(one.content)) for one in found][-1] == (False, 4)
    assert found[0].too_long
    assert len(found[0].content) <= LONGEST


@pytest.mark.parametrize("seed", range(20))
def test_splitting_a_stream_differently_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    stream = b"".join(chance.choice([b"a,", b'"', b"\n", b"\r\n", b"xyz"]) for _ in range(200))

    cuts = sorted(chance.sample(range(len(stream)), 20))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert cut(*chunks) == cut(stream)
