"""Characters, segments, fields and escapes."""

import pytest

from referral.edges.hl7v2.er7 import (
    MAX_SEGMENTS,
    NotHl7,
    OtherCharacters,
    Place,
    TooComplex,
    decode,
    lines_of,
    messages_of,
    unescaped,
)
from referral.edges.hl7v2.header import header_of
from tests.unit.referral.hl7v2.messages import REFERRAL, changed, message


def read(content: bytes, character_set: str = "ASCII") -> str:
    decoded = decode(content, character_set, header_of(content).encoding)
    pid = decoded.first("PID")
    assert pid is not None
    return pid.text(5, 1)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_may_end_in_any_of_the_three_ways(end: str) -> None:
    content = message("REF^I12", *REFERRAL, end=end)

    assert [line[:3] for line in lines_of(content)] == [
        b"MSH", b"PID", b"RF1", b"PRD", b"PRD", b"PV1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "iso8859_1"),
        ("8859/15", "iso8859_15"),
        ("CP1252", "cp1252"),
    ],
)
def test_characters_are_read_as_msh_18_says(name: str, codec: str) -> None:
    content = changed(message("REF^I12", *REFERRAL), PID_5="Ex@mple^Ada")
    content = content.replace(b"@", "é".encode(codec))

    assert read(content, name) == "Exémple"


def test_bytes_outside_the_character_set_are_no_text() -> None:
    content = changed(message("REF^I12", *REFERRAL), PID_5="Exé^Ada")

    with pytest.raises(OtherCharacters):
        read(content)


def test_an_unknown_character_set_is_not_guessed() -> None:
    with pytest.raises(OtherCharacters):
        read(message("REF^I12", *REFERRAL), "ISO IR87")


def test_a_byte_order_mark_is_no_part_of_the_message() -> None:
    assert header_of(b"\xef\xbb\xbf" + message("REF^I12")).type == "REF"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r"A\T\E", "A&E"),
        (r"\F\\S\\R\\E\ ", "|^~\\ "),
        (r"one\.br\two", "one two"),
        (r"\X41\B", "AB"),
        (r"\H\bold\N\ ", " bold  "),
        (r"open\T", r"openT"),
        (r"\Zown\x", "x"),
    ],
)
def test_escapes_are_resolved(raw: str, text: str) -> None:
    assert unescaped(raw, header_of(message("REF^I12")).encoding) == text


def test_a_message_may_use_other_delimiters() -> None:
    content = message("REF^I12", "PID|1||||Example^Ada").translate(bytes.maketrans(b"|^", b"#*"))

    assert read(content) == "Example"


def test_delimiters_that_cannot_be_told_apart_are_none() -> None:
    with pytest.raises(NotHl7):
        header_of(b"MSH||||||||||\r")


def test_more_segments_than_are_taken_are_too_many() -> None:
    content = message("REF^I12", *["NTE|1"] * MAX_SEGMENTS)

    with pytest.raises(TooComplex):
        decode(content, "ASCII", header_of(content).encoding)


@pytest.mark.parametrize("delimiter", ["|", "^", "~", "&"])
def test_more_fields_than_are_taken_are_too_many(delimiter: str) -> None:
    content = message("REF^I12", "NTE|1|" + delimiter * 500_000)

    with pytest.raises(TooComplex):
        decode(content, "ASCII", header_of(content).encoding)


@pytest.mark.parametrize(("repetitions", "taken"), [(1_000, True), (1_001, False)])
def test_a_field_repeats_a_thousand_times_at_most(repetitions: int, taken: bool) -> None:
    content = message("REF^I12", "NTE|1|" + "~".join(["x"] * repetitions))
    encoding = header_of(content).encoding

    if taken:
        assert decode(content, "ASCII", encoding).segments
    else:
        with pytest.raises(TooComplex):
            decode(content, "ASCII", encoding)


def test_many_fields_may_repeat_more_often_together() -> None:
    content = message("REF^I12", *["NTE|1|" + "~".join(["x"] * 600)] * 2)

    assert decode(content, "ASCII", header_of(content).encoding).segments


def test_the_messages_of_a_batch_are_taken_apart() -> None:
    one, two = message("REF^I12", "PID|1", id="1"), message("REF^I12", "PID|2", id="2")
    batch = b"FHS|^~\\&\rBHS|^~\\&\r" + one + two + b"BTS|2\rFTS|1\r"

    assert messages_of(batch) == [one, two]


def test_one_message_is_left_as_it_is() -> None:
    content = message("REF^I12", *REFERRAL, end="\n")

    assert messages_of(content) == [content]


@pytest.mark.parametrize(
    "place", [Place("PID"), Place("PID", 2, 3), Place("PID", 1, 3, 2, 4), Place("PV1", 1, 50, 1, 1)]
)
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    assert Place.read(str(place)) == place
