"""SIU: appointments as the provider that keeps the diary tells them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from chassis.faults import INVALID
from contracts.submissions import (
    BookingRecorded,
    CancellationRecorded,
    DeletionRecorded,
    NonAttendanceRecorded,
    RebookingRecorded,
)
from referral.edges.diary import side_of
from referral.edges.hl7v2.er7 import Segment
from referral.edges.hl7v2.pathways import pathway_of_appointment, site_of
from referral.edges.hl7v2.patients import event_day
from referral.edges.hl7v2.reading import Mapped, Reading, local_start_of, need


def booked(reading: Reading) -> Mapped:
    """S12."""
    return reading.submission(BookingRecorded, {**_named(reading), **_placed(reading)})


def moved(reading: Reading) -> Mapped:
    """S13, S14: the appointment stands, at the time and place given now."""
    reason, side = _reason(reading, "/moved_by")
    fields = {
        **_named(reading),
        **_placed(reading),
        "moved_by": side,
        "moved_on": event_day(reading, "/moved_on"),
        "reason": reason,
    }
    return reading.submission(RebookingRecorded, fields)


def cancelled(reading: Reading) -> Mapped:
    """S15."""
    reason, side = _reason(reading, "/cancelled_by")
    fields = {
        **_named(reading),
        "cancelled_by": side,
        "cancelled_on": event_day(reading, "/cancelled_on"),
        "reason": reason,
    }
    return reading.submission(CancellationRecorded, fields)


def deleted(reading: Reading) -> Mapped:
    """S17."""
    fields = {**_named(reading), "deleted_on": event_day(reading, "/deleted_on")}
    return reading.submission(DeletionRecorded, fields)


def missed(reading: Reading) -> Mapped:
    """S26. Nothing in it says that the patient had been told clearly, so no clock is nullified."""
    start = _start(reading)
    fields = {
        **_named(reading),
        "missed_on": start[0].date() if start else None,
        "reason": _code(reading),
    }
    reading.places["/missed_on"] = reading.places["/local_start"]
    return reading.submission(NonAttendanceRecorded, fields)


# ---- parts


def _named(reading: Reading) -> dict[str, Any]:
    """The pathway, and the appointment by its filler (SCH-2) or placer (SCH-1) id."""
    schedule = reading.segment("SCH")
    field = 2 if schedule.text(2) else 1
    return {
        "pathway": pathway_of_appointment(reading),
        "reference": reading.text("/reference", schedule, field),
    }


def _placed(reading: Reading) -> dict[str, Any]:
    start = _start(reading)
    locations = [(one, 3) for one in (*reading.message.all("AIL"), *reading.message.all("PV1"))]
    return {
        "local_start": start[0] if start else None,
        "starts_at": start[1] if start else None,
        "site": site_of(reading, locations),
    }


def _start(reading: Reading) -> tuple[datetime, datetime | None] | None:
    """The first start that is told: SCH-11, TQ1-7, or that of a resource."""
    reading.places["/local_start"] = reading.segment("SCH").place(11, 4)
    for segment, field, component in _starts(reading):
        text = segment.text(field, component)
        if not text:
            continue
        reading.places["/local_start"] = segment.place(field, component)
        start = local_start_of(text)
        if start is None:
            told = "A date and time to the minute is needed (YYYYMMDDHHMM)."
            reading.refuse(INVALID, told, segment.place(field, component))
        return start
    return None


def _starts(reading: Reading) -> Iterator[tuple[Segment, int, int]]:
    timing = reading.message.first("TQ1")
    if timing is not None:
        yield timing, 7, 1
    yield reading.segment("SCH"), 11, 4
    for name, field in (("AIS", 4), ("AIL", 6), ("AIP", 6), ("AIG", 8)):
        for resource in reading.message.all(name):
            yield resource, field, 1


def _reason(reading: Reading, pointer: str) -> tuple[str | None, str | None]:
    """SCH-6: a reason of e-RS to cancel an appointment, and which side gives it."""
    schedule = reading.segment("SCH")
    code = _code(reading)
    reading.places[pointer] = schedule.place(6, 1)
    side = side_of(code, _on(reading))
    if side is None:
        told = "A reason of e-RS is needed that says which side gives it, patient or provider."
        need(reading, schedule.place(6, 1), told)
    return code, side


def _on(reading: Reading) -> date:
    return event_day(reading, "/reason/on") or date.max


def _code(reading: Reading) -> str | None:
    code = reading.text("/reason", reading.segment("SCH"), 6)
    return code.upper().replace(" ", "_") if code else None
