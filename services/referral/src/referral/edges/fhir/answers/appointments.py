"""Appointments as FHIR has them: `start` is the instant, written with the offset of that day."""

from typing import Any, Final, assert_never

from referral.domain.appointments import Appointment, Cancelled, Deleted, Missed
from referral.domain.days import LONDON
from referral.edges.fhir import systems
from referral.edges.fhir.answers.parts import (
    code,
    concept,
    day,
    filled,
    meta,
    organisation,
    patient,
    referral_reference,
)
from referral.repositories import Edition

# R4 wants an end where there is a start, and both of what is booked. What is not known says so.
_UNKNOWN: Final = {"extension": [{"url": systems.DATA_ABSENT, "valueCode": "unknown"}]}


def appointments(edition: Edition) -> list[dict[str, Any]]:
    return [_appointment(one, edition) for one in edition.pathway.appointments]


def _appointment(one: Appointment, edition: Edition) -> dict[str, Any]:
    start = one.starts_at.astimezone(LONDON).isoformat() if one.starts_at else None
    return filled(
        {
            "resourceType": "Appointment",
            "id": one.id,
            "meta": meta(edition, systems.UK_CORE_APPOINTMENT),
            "extension": _extensions(one),
            "identifier": _identifier(one),
            "status": _status(one),
            "cancelationReason": _reason(one),
            "specialty": [
                concept(systems.OWN_TREATMENT_FUNCTION, edition.pathway.referral.treatment_function)
            ],
            "start": start,
            "_start": None if start else _UNKNOWN,
            "_end": _UNKNOWN,
            "created": one.booked_on.isoformat(),
            "basedOn": [referral_reference(edition)],
            "participant": [
                {"actor": patient(edition), "status": "accepted"},
                {"actor": _place(one), "status": "accepted"},
            ],
        }
    )


def _identifier(one: Appointment) -> list[dict[str, Any]]:
    if one.reference is None:
        return []
    own = {"system": systems.OWN_APPOINTMENT, "value": one.reference}
    return [{**own, "assigner": organisation(one.provider)}]


def _status(one: Appointment) -> str:
    match one.ended:
        case None:
            return "booked" if one.attended is None else "fulfilled"
        case Cancelled():
            return "cancelled"
        case Missed():
            return "noshow"
        case Deleted():
            return "entered-in-error"
        case _:
            assert_never(one.ended)


def _reason(one: Appointment) -> dict[str, Any] | None:
    match one.ended:
        case Cancelled(reason=reason):
            return concept(systems.E_RS_CANCELLATION, reason)
        case Missed(reason=reason):
            return concept(systems.E_RS_NON_ATTENDANCE, reason)
        case _:
            return None


def _place(one: Appointment) -> dict[str, Any]:
    return {"type": "Location", "identifier": {"system": systems.ODS_SITE, "value": one.site}}


def _extensions(one: Appointment) -> list[dict[str, Any]]:
    wished = any(request.granted is None for request in one.requests)
    return [
        *(code(systems.REQUEST_STATUS, systems.PENDING_RESCHEDULE) if wished and one.open else []),
        *code(systems.EXT_FIRST_ATTENDANCE, one.contact),
        *day(systems.EXT_ACCEPTED_ON, one.accepted_on),
        *day(systems.EXT_OFFERED_ON, one.offered_on),
        *_of_end(one),
        *_of_visit(one),
    ]


def _of_end(one: Appointment) -> list[dict[str, Any]]:
    match one.ended:
        case None:
            return []
        case Cancelled(on=on, by=by, clinical=clinical):
            by_whom = code(systems.EXT_DONE_BY, by)
            return [*by_whom, *day(systems.EXT_DONE_ON, on), *code(systems.EXT_CLINICAL, clinical)]
        case Missed(on=on, attendance=attendance):
            return [*day(systems.EXT_DONE_ON, on), *code(systems.EXT_ATTENDANCE, attendance)]
        case Deleted(on=on):
            return day(systems.EXT_DONE_ON, on)
        case _:
            assert_never(one.ended)


def _of_visit(one: Appointment) -> list[dict[str, Any]]:
    if one.attended is None:
        return []
    outcome = concept(systems.OUTCOMES_OF_ATTENDANCE, one.attended.outcome)
    return [
        *day(systems.EXT_DONE_ON, one.attended.on),
        *code(systems.EXT_ATTENDANCE, one.attended.attendance),
        {"url": systems.OUTCOME_OF_ATTENDANCE, "valueCodeableConcept": outcome},
    ]
