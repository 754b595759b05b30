"""Acknowledgements: MSA and ERR as the sender asked for them, in the sender's own delimiters.

The original mode answers once (AA, AE, AR). In the enhanced mode MSH-15 asks for the acceptance (CA,
CE, CR) and MSH-16 for the result (AA, AE, AR), each always (AL), never (NE), on errors only (ER) or
on success only (SU). A refusal that the sender would not hear of by its own choice of MSH-16 is told
in the acceptance, so that nothing that was refused looks as if it were kept.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chassis.faults import Fault
from referral.domain.names import digest
from referral.edges.hl7v2.er7 import CHARACTER_SETS, Place, escaped
from referral.edges.hl7v2.faults import WORDS, code_of, rejects
from referral.edges.hl7v2.header import VERSIONS, Header

MAX_ERRORS: Final = 20
_LOCATED: Final = (2, 5)  # ERR names place and code in fields of their own since version 2.5
_UK: Final = "2.4"  # what is mostly spoken, for whoever names no version that we know


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message: accepted when there are no faults. `at` is when that was decided."""

    at: datetime
    faults: tuple[Fault, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.faults


def acknowledgements(header: Header, result: Result) -> list[bytes]:
    """Everything that goes back, in order; nothing where nothing is wanted."""
    return [_written(header, code, result) for code in _codes(header, result)]


def _codes(header: Header, result: Result) -> list[str]:
    suffix = "A" if result.accepted else "R" if rejects(result.faults) else "E"
    if not header.enhanced:
        return [f"A{suffix}"]
    wants_result = _wanted(header.application_ack, result)
    # The message is on record either way, but a refusal has to be heard of somewhere.
    storage = suffix if not wants_result or suffix == "R" else "A"
    codes = []
    if _wanted(header.accept_ack, result):
        codes.append(f"C{storage}")
    if wants_result:
        codes.append(f"A{suffix}")
    return codes


def _wanted(condition: str, result: Result) -> bool:
    match condition:
        case "AL":
            return True
        case "ER":
            return not result.accepted
        case "SU":
            return result.accepted
        case _:
            return False


def _written(header: Header, code: str, result: Result) -> bytes:
    refused = not code.endswith("A")
    segments = [_msh(header, code, result), _msa(header, code, result, refused=refused)]
    if refused:
        segments += [_err(header, fault) for fault in result.faults[:MAX_ERRORS]]
    # Nothing of ours is outside ASCII, and what is mirrored was read as ASCII.
    return ("\r".join(segments) + "\r").encode("ascii", "replace")


def _msh(header: Header, code: str, result: Result) -> str:
    component = header.encoding.component
    kind = component.join(("ACK", header.event, "ACK") if header.event else ("ACK",))
    fields = [
        "MSH",
        header.separators,
        *header.receiving,
        *header.sending,
        result.at.strftime("%Y%m%d%H%M%S+0000"),
        "",
        kind,
        # Made of what is answered, so that the same message gets the same answer to the byte.
        digest(*header.sending, header.control_id, code)[:20],
        header.processing_id or "P",
        header.version if header.version in VERSIONS else _UK,
    ]
    if header.character_set.upper() in CHARACTER_SETS and header.character_set:
        fields += ["", "", "", "", "", header.character_set]
    return header.encoding.field.join(fields)


def _msa(header: Header, code: str, result: Result, *, refused: bool) -> str:
    fields = ["MSA", code, header.control_id]
    if refused and _version(header) < _LOCATED:
        fields.append(escaped(result.faults[0].message, header.encoding)[:80])
    return header.encoding.field.join(fields)


def _err(header: Header, fault: Fault) -> str:
    code, place = code_of(fault), Place.read(fault.expression)
    component, field = header.encoding.component, header.encoding.field
    if _version(header) < _LOCATED:
        return field.join(("ERR", _located_code(place, code, header)))
    told = escaped(fault.message, header.encoding)
    coded = component.join((code, WORDS[code], "HL70357"))
    return field.join(("ERR", "", _location(place, component), coded, "E", "", "", "", told))


def _located_code(place: Place | None, code: str, header: Header) -> str:
    """ERR-1 before 2.5: segment, sequence, field, and the code in subcomponents."""
    coded = header.encoding.subcomponent.join((code, WORDS[code], "HL70357"))
    where = ("", "", "")
    if place is not None:
        where = (place.segment, str(place.sequence), str(place.field or ""))
    return header.encoding.component.join((*where, coded))


def _location(place: Place | None, component: str) -> str:
    """ERR-2 since 2.5: segment, sequence, field, repetition, component."""
    if place is None:
        return ""
    parts = [place.segment, str(place.sequence)]
    if place.field:
        parts += [str(place.field), str(place.repetition)]
    if place.component:
        parts.append(str(place.component))
    return component.join(parts)


def _version(header: Header) -> tuple[int, ...]:
    version = header.version if header.version in VERSIONS else _UK
    return tuple(int(number) for number in version.split("."))
