"""What can be wrong with an HL7 v2 message, and the code of table 0357 for every fault."""

from collections.abc import Mapping
from typing import Final

from chassis.faults import CONFLICT, INVALID, REQUIRED, SERVER_ERROR, Fault, Kind
from referral.faults import DUPLICATE_MESSAGE_ID, FORBIDDEN_ORGANISATION

MESSAGE_TYPE: Final = Kind(
    "hl7_message_type", 422, "This message type is not taken here.", "not-supported"
)
EVENT: Final = Kind("hl7_event", 422, "This trigger event is not taken here.", "not-supported")
PROCESSING_ID: Final = Kind(
    "hl7_processing_id",
    422,
    "MSH-11 is not that of this environment: P in production, T in test, D in development.",
    "not-supported",
)
VERSION: Final = Kind(
    "hl7_version", 422, "This version of HL7 is not taken here: 2.1 to 2.8.2 are.", "not-supported"
)
CHARACTERS: Final = Kind(
    "hl7_character_set",
    422,
    "The bytes are not in the character set of MSH-18, or that set is not taken here.",
    "not-supported",
)
SEGMENTS: Final = Kind("hl7_segments", 422, "A segment is missing.", "structure")
TOO_COMPLEX: Final = Kind(
    "hl7_too_complex", 413, "The message has more segments or fields than are taken.", "too-long"
)
TOO_LONG: Final = Kind("hl7_too_long", 413, "The message is longer than is taken here.", "too-long")
UNREADABLE: Final = Kind("hl7_unreadable", 400, "This is no HL7 v2 message.", "structure")
FACILITY: Final = Kind(
    "hl7_sending_facility",
    403,
    "MSH-4 does not name the organisation that this connection belongs to.",
    "forbidden",
)

KINDS: Final = (
    MESSAGE_TYPE, EVENT, PROCESSING_ID, VERSION, CHARACTERS, SEGMENTS, TOO_COMPLEX, TOO_LONG,
    UNREADABLE, FACILITY,
)  # fmt: skip

# Table 0357, message error condition codes.
WORDS: Final[Mapping[str, str]] = {
    "0": "Message accepted",
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}

_BY_FAULT: Final[Mapping[str, str]] = {
    REQUIRED.code: "101",
    INVALID.code: "102",
    CONFLICT.code: "207",
    SERVER_ERROR.code: "207",
    DUPLICATE_MESSAGE_ID.code: "205",
    FORBIDDEN_ORGANISATION.code: "204",
    FACILITY.code: "204",
    MESSAGE_TYPE.code: "200",
    EVENT.code: "201",
    PROCESSING_ID.code: "202",
    VERSION.code: "203",
    CHARACTERS.code: "103",
    SEGMENTS.code: "100",
    TOO_COMPLEX.code: "207",
    TOO_LONG.code: "207",
    UNREADABLE.code: "100",
}
# For faults of the service, which have no code of their own in the table.
_BY_FHIR_CODE: Final[Mapping[str, str]] = {
    "required": "101",
    "value": "102",
    "code-invalid": "103",
    "not-found": "204",
    "duplicate": "205",
}

# What is turned away for what it is, and not for what it says (HL7 2.4, section 2.9.2.2).
_REJECTED: Final = frozenset(["200", "201", "202", "203"])


def code_of(fault: Fault) -> str:
    """The fault's code in table 0357."""
    return _BY_FAULT.get(fault.code) or _BY_FHIR_CODE.get(fault.fhir_code, "207")


def rejects(faults: tuple[Fault, ...]) -> bool:
    """Whether the answer is a reject (AR) rather than an error (AE)."""
    return any(code_of(fault) in _REJECTED for fault in faults) or any(
        fault.code in {UNREADABLE.code, FACILITY.code, TOO_LONG.code} for fault in faults
    )
