"""The messages in the shared HL7 v2 files, as they are, and with what their senders leave out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from referral.edges.hl7v2.er7 import messages_of
from referral.edges.hl7v2.header import Header, header_of
from tests.unit.referral.builders import TRUST, UBRN
from tests.unit.referral.hl7v2.messages import changed

NHS_NUMBER, OTHER_NUMBER = "9990000018^^^NHS^NH", "9990000026^^^NHS^NH"
BOOKED = "202603020830"  # of the appointment that the messages about one are told of


@dataclass(frozen=True)
class Payload:
    """Bytes to send in one frame, and the headers of the messages in it."""

    file: str
    content: bytes
    headers: tuple[Header, ...]
    part: str = "as sent"

    @property
    def environment(self) -> str:
        """Where the sender meant its messages to go (MSH-11)."""
        names = {"P": "production", "T": "test", "D": "development"}
        return names.get(self.headers[0].processing_id, "development")

    @property
    def facilities(self) -> dict[str, str]:
        """Whoever sends is the trust, so that a refusal is about the message and not its sender."""
        return {one.sending_facility: TRUST for one in self.headers}


def payloads(folder: Path) -> Iterator[Payload]:
    for file in sorted(folder.rglob("*.hl7")):
        content, name = file.read_bytes(), file.relative_to(folder).as_posix()
        headers = tuple(header_of(one) for one in messages_of(content))
        yield Payload(name, content, headers)
        kind = f"{headers[0].type}^{headers[0].event}"
        if len(headers) == 1 and kind in _LEFT_OUT:
            filled = completed(_text(content), kind)
            yield Payload(name, filled, (header_of(filled),), "completed")


def _text(content: bytes) -> str:
    text = content.removeprefix(b"\xef\xbb\xbf").decode("ascii", "replace")
    return re.sub(r"[\r\n]+", "\r", text)


_PATHWAY_OF_VISIT = {"PV1_50": f"{UBRN}^^^X09"}
_PATHWAY_OF_ORDER = {"SCH_26": f"{UBRN}^X09"}
_REFERRAL = {"RF1_6": f"{UBRN}^X09", "RF1_7": "20260301"}
_REASON = {"SCH_6": "CLINIC_CANCELLED"}

# What each kind of message needs here and the published ones leave out, or tell of another country.
_LEFT_OUT = {
    "REF^I12": {**_REFERRAL, "PV1_10": "110"},
    "REF^I14": {**_REFERRAL, "RF1_10": "NO_LONGER_REQUIRED"},
    "SIU^S12": {**_PATHWAY_OF_ORDER, "SCH_2": "36997"},
    "SIU^S13": {**_PATHWAY_OF_ORDER, **_REASON},
    "SIU^S14": {**_PATHWAY_OF_ORDER, **_REASON},
    "SIU^S15": {**_PATHWAY_OF_ORDER, **_REASON},
    "SIU^S17": _PATHWAY_OF_ORDER,
    "SIU^S26": {**_PATHWAY_OF_ORDER, "SCH_6": ""},
    "ADT^A01": {**_PATHWAY_OF_VISIT, "PV1_19": "40007716", "PV1_44": "20260301"},
    "ADT^A03": {**_PATHWAY_OF_VISIT, "PV1_45": "20260302"},
    "ADT^A05": {**_PATHWAY_OF_VISIT, "PV2_8": "20260401"},
    "ADT^A08": {},
    "ADT^A28": {},
    "ADT^A31": {},
    "ADT^A40": {"MRG_1": f"56789^^^BCBS^MR~{OTHER_NUMBER}"},
}


def completed(text: str, kind: str) -> bytes:
    """The message with the fields it lacks, of today, and nothing else changed."""
    fields = {"MSH_7": "20260302093000", **_LEFT_OUT[kind]}
    fields["PID_3"] = f"{_field(text, 'PID', 3)}~{NHS_NUMBER}"
    if kind.startswith("SIU"):
        fields["TQ1_7"] = BOOKED if kind == "SIU^S26" else "202604010930"
    lines = [_with_provider(line) for line in text.split("\r")]
    return changed("\r".join(lines).encode(), **fields)


def _with_provider(line: str) -> str:
    """The provider referred to (PRD, role RT) with its ODS code."""
    if not line.startswith("PRD|RT"):
        return line
    parts = (line.split("|") + [""] * 10)[:11]
    parts[10] = f"^^^^^^^^^{TRUST}"
    return "|".join(parts)


def _field(text: str, segment: str, number: int) -> str:
    line = next(line for line in text.split("\r") if line.startswith(segment))
    return line.split("|")[number]
