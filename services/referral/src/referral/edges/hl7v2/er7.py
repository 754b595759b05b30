"""Reading the bytes of an HL7 v2 message: characters, segments, fields, escapes.

hl7types parses. Only the lossless half of its hybrid decode is used, which keeps whatever arrives:
in release 0.9.5 the typed half ends in a TypeError for a REF^I12 of version 2.8, loads classes for
up to seconds in the middle of a message and takes 200 MB once it has seen a few versions. What we
need of a message is checked field by field where it is read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hl7types.codecs.encoding import EncodingChars
from hl7types.codecs.er7.generic import GenericMessage, GenericSegment, decode_er7_generic

MAX_SEGMENTS: Final = 2_000
MAX_DELIMITERS: Final = 20_000  # fields, repetitions and components: what time and memory go by
MAX_REPETITIONS: Final = 1_000  # of one field

# HL7 table 0211, as far as MLLP can carry it: 0x0B and 0x1C must be no part of any character.
CHARACTER_SETS: Final = {
    "": "ascii",
    "ASCII": "ascii",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    **{f"8859/{number}": f"iso8859_{number}" for number in (*range(1, 12), *range(13, 17))},
}

_SEGMENT_ENDS: Final = re.compile(rb"\r\n|\r|\n")
_BOM: Final = b"\xef\xbb\xbf"


class NotHl7(Exception):
    """The bytes are no message that can be answered field by field. The text holds none of them."""


class TooComplex(NotHl7):
    """More segments or fields than are taken here."""


class OtherCharacters(NotHl7):
    """The bytes are not in the character set that MSH-18 names, or it names none of ours."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a message as ERR-2 gives it. Zero means the whole of what stands before it."""

    segment: str
    sequence: int = 1
    field: int = 0
    repetition: int = 1
    component: int = 0

    def __str__(self) -> str:
        """`PID[1]-3[2].1`"""
        text = f"{self.segment}[{self.sequence}]"
        if self.field:
            text += f"-{self.field}[{self.repetition}]"
        return f"{text}.{self.component}" if self.component else text

    @classmethod
    def read(cls, text: str) -> "Place | None":
        match = _PLACE.fullmatch(text)
        if match is None:
            return None
        name, *numbers = match.groups()
        sequence, field, repetition, component = (int(one or 0) for one in numbers)
        return cls(name, sequence, field, repetition or 1, component)


_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})\[(\d+)\](?:-(\d+)\[(\d+)\])?(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `sequence` counts the segments of its name from 1."""

    name: str
    sequence: int
    raw: str
    parsed: GenericSegment
    encoding: EncodingChars

    def place(self, field: int = 0, component: int = 0, repetition: int = 1) -> Place:
        return Place(self.name, self.sequence, field, repetition, component)

    def text(self, field: int, component: int = 1, repetition: int = 1, part: int = 1) -> str:
        """A component, unescaped and without blanks around it; empty where there is none.

        HL7's `""` (delete what you have) is empty here too: there is nothing to take from it.
        """
        found = self.parsed.get_field(field)
        if found is None or len(found.repetitions) < repetition:
            return ""
        components = found.repetitions[repetition - 1].components
        if len(components) < component:
            return ""
        parts = components[component - 1].subcomponents
        raw = parts[part - 1] if len(parts) >= part else ""
        text = unescaped(raw, self.encoding).strip()
        return "" if text == '""' else text

    def repetitions(self, field: int) -> range:
        """The numbers of a field's repetitions."""
        found = self.parsed.get_field(field)
        return range(1, len(found.repetitions) + 1) if found and found.value else range(0)


@dataclass(frozen=True, slots=True)
class Message:
    """The segments of a message in order."""

    segments: tuple[Segment, ...]
    character_set: str

    def all(self, name: str) -> Iterator[Segment]:
        return (segment for segment in self.segments if segment.name == name)

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)


# ---- bytes


def lines_of(content: bytes) -> list[bytes]:
    """The segments as bytes, whichever of CR, LF and CRLF ends them."""
    return [line for line in _SEGMENT_ENDS.split(content.removeprefix(_BOM)) if line.strip()]


_ENVELOPE: Final = frozenset([b"FHS", b"BHS", b"BTS", b"FTS"])


def messages_of(content: bytes) -> list[bytes]:
    """The messages in a frame: the one it holds, or those of a batch or a file of batches."""
    lines = lines_of(content)
    if not lines or (lines[0][:3] not in _ENVELOPE and _only_one(lines)):
        return [content]
    messages: list[list[bytes]] = []
    for line in lines:
        if line[:3] in _ENVELOPE:
            continue
        if line[:3] == b"MSH" or not messages:
            messages.append([])
        messages[-1].append(line)
    return [b"\r".join(message) + b"\r" for message in messages] or [content]


def _only_one(lines: list[bytes]) -> bool:
    return all(line[:3] != b"MSH" for line in lines[1:])


# ---- decoding


def decode(content: bytes, character_set: str, encoding: EncodingChars) -> Message:
    """The message, its characters decoded. Raises `NotHl7` for what cannot be taken apart."""
    lines = lines_of(content)
    if len(lines) > MAX_SEGMENTS:
        raise TooComplex(f"more than {MAX_SEGMENTS} segments")
    text = _decoded(b"\r".join(lines), character_set)
    delimiters = (encoding.field, encoding.repetition, encoding.component, encoding.subcomponent)
    if sum(text.count(one) for one in delimiters if one) > MAX_DELIMITERS:
        raise TooComplex(f"more than {MAX_DELIMITERS} fields and components")
    if _repeats_too_often(text, encoding):
        raise TooComplex(f"a field with more than {MAX_REPETITIONS} repetitions")
    return Message(tuple(_segments(decode_er7_generic(text))), character_set)


def _repeats_too_often(text: str, encoding: EncodingChars) -> bool:
    # Few messages have so many repetitions at all; most are told by counting.
    if text.count(encoding.repetition) < MAX_REPETITIONS:
        return False
    fields = (one for line in text.split("\r") for one in line.split(encoding.field))
    return any(one.count(encoding.repetition) >= MAX_REPETITIONS for one in fields)


def _decoded(content: bytes, character_set: str) -> str:
    codec = CHARACTER_SETS.get(character_set.upper())
    if codec is None:
        raise OtherCharacters("a character set that is not taken here")
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        raise OtherCharacters("bytes that are not of the character set") from None


def _segments(parsed: GenericMessage) -> Iterator[Segment]:
    seen: dict[str, int] = {}
    for one in parsed.segments:
        seen[one.name] = seen.get(one.name, 0) + 1
        yield Segment(one.name, seen[one.name], one.raw, one, parsed.encoding)


# ---- escapes


def unescaped(text: str, encoding: EncodingChars) -> str:
    """The text with HL7's escape sequences resolved; those that only format become a space."""
    escape = encoding.escape
    if not escape or escape not in text:
        return text
    letters = {
        "F": encoding.field,
        "S": encoding.component,
        "T": encoding.subcomponent,
        "R": encoding.repetition,
        "E": escape,
    }
    # Every second piece stands between two escape characters; a last one alone is text.
    pieces = text.split(escape)
    closed = len(pieces) - (len(pieces) % 2 == 0)
    return "".join(
        _resolved(piece, letters) if number % 2 and number < closed else piece
        for number, piece in enumerate(pieces)
    )


def _resolved(sequence: str, letters: dict[str, str]) -> str:
    if sequence in letters:
        return letters[sequence]
    if sequence[:1] == "X" and re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", sequence):
        return bytes.fromhex(sequence[1:]).decode("latin-1")
    return " " if sequence[:1] in {".", "H", "N"} else ""


def escaped(text: str, encoding: EncodingChars) -> str:
    """Text of ours as it may stand in a field."""
    if not encoding.escape:
        return text
    letters = {
        encoding.escape: "E",
        encoding.field: "F",
        encoding.component: "S",
        encoding.subcomponent: "T",
        encoding.repetition: "R",
    }
    return "".join(
        f"{encoding.escape}{letters[one]}{encoding.escape}" if one in letters else one
        for one in text
    )
