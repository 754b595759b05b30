"""MSH: what a message says of itself, read so that even a bad message can be answered."""

from dataclasses import dataclass
from typing import Final

from hl7types.codecs.encoding import EncodingChars, encoding_from_segment

from referral.edges.hl7v2.er7 import NotHl7, lines_of

MAX_ID: Final = 199  # MSH-10 since version 2.7; 20 characters before
VERSIONS: Final = frozenset(
    ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1",
     "2.8.2"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of MSH that decide what happens; `encoding` are the sender's own delimiters."""

    encoding: EncodingChars
    separators: str
    sending: tuple[str, str]
    """MSH-3 and MSH-4 as they stand, to be sent back as MSH-5 and MSH-6."""
    receiving: tuple[str, str]
    type: str
    event: str
    control_id: str
    processing_id: str
    version: str
    accept_ack: str
    application_ack: str
    character_set: str
    sent_at: str

    @property
    def sending_application(self) -> str:
        return self.sending[0].split(self.encoding.component)[0].strip()

    @property
    def sending_facility(self) -> str:
        return self.sending[1].split(self.encoding.component)[0].strip()

    @property
    def enhanced(self) -> bool:
        """Whether the sender asks for acknowledgements in the enhanced mode."""
        return bool(self.accept_ack or self.application_ack)


def header_of(content: bytes) -> Header:
    """The header of the message that begins here. Raises `NotHl7` where there is none.

    Only ASCII counts in these fields, so that no character set is needed to find out which.
    """
    lines = lines_of(content)
    if not lines or lines[0][:3] != b"MSH" or len(lines[0]) < 8:
        raise NotHl7("the message does not begin with MSH")
    line = lines[0].decode("ascii", "replace")
    encoding = encoding_from_segment(line, strict=False)
    if encoding is None or not _distinct(encoding):
        raise NotHl7("MSH-1 and MSH-2 name no delimiters")

    fields = line.split(encoding.field)
    if not fields[1]:
        raise NotHl7("MSH-2 is empty")

    def field(number: int) -> str:
        return fields[number - 1] if len(fields) >= number else ""

    def component(number: int, position: int = 1) -> str:
        components = field(number).split(encoding.component)
        return components[position - 1].strip() if len(components) >= position else ""

    return Header(
        encoding=encoding,
        separators=field(2),
        sending=(field(3), field(4)),
        receiving=(field(5), field(6)),
        type=component(9),
        event=component(9, 2),
        control_id=field(10).strip(),
        processing_id=component(11),
        version=component(12),
        accept_ack=component(15).upper(),
        application_ack=component(16).upper(),
        character_set=field(18).split(encoding.repetition)[0].strip(),
        sent_at=component(7),
    )


def _distinct(encoding: EncodingChars) -> bool:
    """Whether fields and components can be told apart."""
    field, component, repetition = encoding.field, encoding.component, encoding.repetition
    plain = not any(one.isalnum() or one in "\r\n" for one in (field, component, repetition))
    return plain and len({field, component, repetition}) == 3
