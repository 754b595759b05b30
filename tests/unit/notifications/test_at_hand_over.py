"""What is asked again at the moment a message is handed over: nothing goes that is not true any more."""

from datetime import date, datetime

import pytest

from chassis.testing import NOW
from contracts.event import Event
from contracts.events import (
    AppointmentCancelled,
    AppointmentRebooked,
    DeathRecorded,
    NotificationFailed,
    SensitivityChanged,
)
from notifications.domain.message import no_longer_wanted
from notifications.handlers import (
    fall_silent,
    forget_appointment,
    keep_contact,
    keep_sensitivity,
    remind_at_new_time,
    tell_booked,
)
from notifications.outcomes import Unwanted, record
from tests.unit.notifications.builders import (
    Memory,
    about,
    booked,
    identity,
    memory,
    messages_of,
    patient_of,
)

TODAY = date(2026, 3, 2)
PLACE = {"appointment_id": "appointment-1", "provider": "RJ1", "site": "RJ101"}
CANCELLED = about(
    AppointmentCancelled,
    **PLACE,
    cancelled_on=TODAY,
    cancelled_by="provider",
    reason="2",
    must_reoffer=True,
)
REBOOKED = about(
    AppointmentRebooked,
    **PLACE,
    local_start=datetime(2026, 4, 9, 9, 0),  # noqa: DTZ001 - wall clock
    starts_at=NOW,
    moved_on=TODAY,
    moved_by="provider",
    reason="2",
)
DIED = about(DeathRecorded, died_on=TODAY)


async def told_of_a_booking() -> Memory:
    work = memory()
    await work.run(keep_contact, identity())
    await work.run(tell_booked, booked())
    return work


async def wanted(work: Memory) -> str | None:
    [message] = await messages_of(work)
    return no_longer_wanted(message, await patient_of(work), work.now)


async def test_a_booking_that_stands_is_told() -> None:
    assert await wanted(await told_of_a_booking()) is None


@pytest.mark.parametrize(
    ("handler", "event", "reason"),
    [
        (forget_appointment, CANCELLED, "the appointment changed"),
        (fall_silent, DIED, "the patient has died"),
    ],
)
async def test_a_booking_that_was_overtaken_is_not_told(
    handler: object, event: Event, reason: str
) -> None:
    work = await told_of_a_booking()

    await work.run(handler, event)  # type: ignore[arg-type]

    assert await wanted(work) == reason


async def test_a_new_time_is_told_in_place_of_the_old_one() -> None:
    work = await told_of_a_booking()

    await work.run(remind_at_new_time, REBOOKED)

    patient = await patient_of(work)
    reasons = {
        one.facts["local_start"]: no_longer_wanted(one, patient, work.now)
        for one in await messages_of(work)
    }
    assert reasons == {
        "2026-04-07T14:30:00": "the appointment changed",
        "2026-04-09T09:00:00": None,
    }


async def test_nothing_goes_to_a_sensitive_patient_and_a_person_is_asked_to_tell_them() -> None:
    work = await told_of_a_booking()
    flag = {"effective_on": TODAY}
    await work.run(keep_sensitivity, about(SensitivityChanged, sensitive=True, **flag))
    reason = await wanted(work)
    assert reason == "the whereabouts of the patient may not be shared"

    await work.run(record, [((await messages_of(work))[0], Unwanted(reason))], NOW)

    failed = work.published[-1]
    assert isinstance(failed, NotificationFailed)
    assert failed.needs_a_person

    await work.run(keep_sensitivity, about(SensitivityChanged, sensitive=False, **flag))
    assert await wanted(work) is None
