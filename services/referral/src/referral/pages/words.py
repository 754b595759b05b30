"""Codes and names of the service in the words of a page."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from contracts.codes import RTT_STATUSES, TREATMENT_FUNCTIONS, UnknownCode
from referral.domain.days import LONDON
from referral.domain.listing import DeadlineKind, Wait
from referral.domain.pathway import PathwayStatus

STATUSES: Final = {
    PathwayStatus.CHOOSING: "Choosing a hospital",
    PathwayStatus.WAITING: "Waiting for a date",
    PathwayStatus.BOOKED: "Booked",
    PathwayStatus.IN_CARE: "In care",
    PathwayStatus.STOPPED: "Clock stopped",
    PathwayStatus.MONITORING: "Active monitoring",
    PathwayStatus.NULLIFIED: "Void",
    PathwayStatus.CANCELLED: "Cancelled",
    PathwayStatus.DIED: "Died",
}
OPEN: Final = tuple(STATUSES)[:4]

DEADLINES: Final[Mapping[str, str]] = {
    "choice-answer": "Answer to an offer of choice",
    "transfer-data": "Transfer data set (48 hours)",
    "transfer-receipt": "Word of the receiver of a transfer",
    "cancelled-operation": "New date after a cancelled operation (28 days)",
}


def deadline(kind: DeadlineKind) -> str:
    return DEADLINES[kind] if kind in DEADLINES else kind.value.replace("-", " ")


REASONS: Final = {
    "direct-care": "Care of a patient",
    "validation": "Checking the waiting list",
    "booking": "Booking an appointment",
    "complaint": "A complaint or a question from a patient",
    "audit": "An audit",
}
WAYS: Final = {
    "fhir": "FHIR", "bars": "BaRS", "http": "HTTP", "kafka": "Kafka", "hl7v2": "HL7 v2",
    "file": "File", "event": "From this system",
}  # fmt: skip


def wait(value: Wait) -> str:
    """`Over 18 and up to 26 weeks`."""
    if value.up_to is None:
        return f"Over {value.over} weeks"
    if not value.over:
        return f"Up to {value.up_to} weeks"
    return f"Over {value.over} and up to {value.up_to} weeks"


def treatment_function(code: str, on: date) -> str:
    try:
        return f"{TREATMENT_FUNCTIONS.get(code, on).name} ({code})"
    except UnknownCode:
        return code


def what(name: str, on: date) -> str:
    """`Appointment booked` of `appointment.booked`; of a fact, what its RTT status means."""
    if name.startswith("rtt."):
        code = name.removeprefix("rtt.")
        try:
            return f"RTT {code}: {RTT_STATUSES.get(code, on).name}"
        except UnknownCode:
            return f"RTT {code}"
    words = name.removeprefix("submission.").replace("identity.", "who the patient is: ", 1)
    words = words.replace(".", " ")
    return words.replace("_", " ").capitalize()


def day(value: date) -> str:
    """5 Jan 2026."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime) -> str:
    """5 Jan 2026, 9:04 in London."""
    at = value.astimezone(LONDON)
    return f"{day(at.date())}, {at.hour}:{at:%M}"


# Names for programs, and what a story tells of every part anyway.
_UNSAID: Final = frozenset(
    ["appointment_id", "transfer_id", "shortlist_id", "admission_id", "session", "inputs_hash",
     "publisher", "way_in", "submission_id", "rtt_status"]
)  # fmt: skip


def details(values: Mapping[str, Any]) -> list[str]:
    """What a part of a story holds, a line for each value that a person can read."""
    return [
        f"{name.replace('_', ' ').capitalize()}: {_value(value)}"
        for name, value in values.items()
        if name not in _UNSAID and value not in (None, "", [], {})
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_value(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(_value(one) for one in value)
    return str(value)
