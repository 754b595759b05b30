"""What is told to whom about what happened, and what an answer does, over an in-memory store."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.errors import NotYet
from contracts.event import Event
from contracts.events import (
    AppointmentCancelled,
    AppointmentDeleted,
    AppointmentRebooked,
    DeathRecorded,
    DeathWithdrawn,
    NotificationFailed,
    NotificationIntended,
    ProviderChosen,
)
from notifications.domain.choice import Answered, Closed, Open
from notifications.domain.links import fingerprint
from notifications.domain.message import Failed, Intended
from notifications.handlers import (
    check_birth_date,
    fall_silent,
    forget_appointment,
    keep_contact,
    offer_choice,
    remind,
    remind_at_new_time,
    speak_again,
    stop_reminding,
    take_answer,
    tell_booked,
    tell_lapsed,
    tell_stayed,
)
from tests.unit.notifications.builders import (
    BORN,
    PATHWAY,
    RULES,
    Memory,
    about,
    attended,
    booked,
    identity,
    lapsed,
    memory,
    messages_of,
    patient_of,
    shortlisted,
    stayed,
)

MONDAY_10AM = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
REMINDER = f"reminder:{PATHWAY}"


async def offered(now: datetime = MONDAY_10AM) -> Memory:
    work = memory(now)
    await work.run(keep_contact, identity())
    await work.run(offer_choice, shortlisted())
    work.published.clear()
    return work


def types(work: Memory) -> list[str]:
    return [event.type.removeprefix("fairwait.").removesuffix(".v1") for event in work.published]


# ---- the list


async def test_a_list_becomes_one_message_by_the_first_channel_that_reaches_the_patient() -> None:
    work = memory()
    await work.run(keep_contact, identity())

    await work.run(offer_choice, shortlisted())

    [message] = await messages_of(work)
    assert (message.template, message.version, message.channel) == ("choose-provider", "1", "email")
    assert message.status == Intended(MONDAY_10AM)
    [event] = work.published
    assert isinstance(event, NotificationIntended)
    assert event.message_id == message.message_id
    assert event.message_id.startswith(f"{PATHWAY}.")


async def test_the_preferred_channel_comes_first() -> None:
    work = memory()
    await work.run(keep_contact, identity(preferred_channel="letter"))

    await work.run(offer_choice, shortlisted())

    assert [message.channel for message in await messages_of(work)] == ["letter"]


async def test_a_list_waits_for_the_contact() -> None:
    work = memory()

    with pytest.raises(NotYet):
        await work.run(offer_choice, shortlisted())


async def test_only_the_hash_of_the_link_is_stored() -> None:
    work = await offered()

    token = RULES.choice_token(PATHWAY, "list-1")

    choice = (await patient_of(work)).choice
    assert choice is not None
    assert choice.link == fingerprint(token)
    assert token not in str(work.store.collections)


async def test_the_same_list_twice_is_one_message() -> None:
    work = await offered()

    await work.run(offer_choice, shortlisted())

    assert len(await messages_of(work)) == 1
    assert work.published == []


async def test_a_newer_list_replaces_the_link_and_is_a_message_of_its_own() -> None:
    work = await offered()
    await work.run(take_answer, PATHWAY, "list-1", "RJ1")

    await work.run(offer_choice, shortlisted(shortlist_id="list-2"))

    choice = (await patient_of(work)).choice
    assert choice is not None
    assert choice.link == fingerprint(RULES.choice_token(PATHWAY, "list-2"))
    assert isinstance(choice.state, Open)
    assert [message.facts["again"] for message in await messages_of(work)] == ["", "yes"]


async def test_a_patient_nobody_can_reach_is_for_a_person_at_once() -> None:
    work = memory()
    await work.run(keep_contact, identity(email=None, phone=None, address=[]))

    await work.run(offer_choice, shortlisted())

    [message] = await messages_of(work)
    assert isinstance(message.status, Failed)
    assert types(work) == ["notification.intended", "notification.failed"]
    assert isinstance(work.published[1], NotificationFailed)
    assert work.published[1].needs_a_person


async def test_a_message_of_the_evening_waits_for_the_morning() -> None:
    friday_evening = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)

    work = await offered(friday_evening)

    [message] = await messages_of(work)
    assert message.status == Intended(datetime(2026, 3, 9, 8, 0, tzinfo=UTC))


# ---- the appointment


async def test_a_booking_is_told_and_its_reminder_set_a_week_before() -> None:
    work = await offered()

    await work.run(tell_booked, booked())

    assert types(work) == ["notification.intended"]
    message = (await messages_of(work))[-1]
    assert message.facts["place"] == "Hospital RJ1 (Trust RJ1)"
    # 9am in London on 31 March is 8am in UTC: the clocks have gone forward.
    assert work.timers() == {REMINDER: datetime(2026, 3, 31, 8, 0, tzinfo=UTC)}


async def test_a_booking_within_a_week_has_no_reminder() -> None:
    work = await offered()
    start = datetime(2026, 3, 9, 9, 0)  # noqa: DTZ001 - wall clock

    await work.run(tell_booked, booked(local_start=start))

    assert work.timers() == {}


async def test_another_site_than_the_one_listed_is_named_by_its_organisation() -> None:
    work = await offered()

    await work.run(tell_booked, booked(site="RJ199"))

    assert (await messages_of(work))[-1].facts["place"] == "Trust RJ1"


async def test_the_reminder_names_the_appointment() -> None:
    work = await offered()
    await work.run(tell_booked, booked())
    work.published.clear()

    await work.run(remind, PATHWAY)

    assert types(work) == ["notification.intended"]
    reminder = next(one for one in await messages_of(work) if one.template == "reminder")
    assert reminder.facts["local_start"] == "2026-04-07T14:30:00"


async def test_who_was_seen_is_not_reminded() -> None:
    work = await offered()
    await work.run(tell_booked, booked())
    work.published.clear()

    await work.run(stop_reminding, attended())
    await work.run(remind, PATHWAY)

    assert work.timers() == {}
    assert work.published == []


# ---- the answer


async def test_a_chosen_provider_is_published_once_with_the_trail_of_its_list() -> None:
    work = await offered()

    choice = await work.run(take_answer, PATHWAY, "list-1", "RJ2")

    assert choice.state == Answered("RJ2", date(2026, 3, 2))
    [event] = work.published
    assert isinstance(event, ProviderChosen)
    assert (event.provider, event.shortlist_id, event.answered_by) == ("RJ2", "list-1", "patient")
    assert event.envelope.causation_id == shortlisted().id
    assert event.envelope.correlation_id == shortlisted().envelope.correlation_id


async def test_staying_is_an_answer() -> None:
    work = await offered()

    choice = await work.run(take_answer, PATHWAY, "list-1", None)

    assert choice.state == Answered(None, date(2026, 3, 2))
    assert types(work) == ["response.stay_chosen"]


async def test_a_second_answer_changes_nothing_and_says_what_was_answered() -> None:
    work = await offered()
    await work.run(take_answer, PATHWAY, "list-1", "RJ2")
    work.published.clear()

    choice = await work.run(take_answer, PATHWAY, "list-1", None)

    assert choice.state == Answered("RJ2", date(2026, 3, 2))
    assert work.published == []


@pytest.mark.parametrize("provider", ["RJ9", "", "RJ1 "])
async def test_a_provider_that_is_not_on_the_list_cannot_be_chosen(provider: str) -> None:
    work = await offered()

    choice = await work.run(take_answer, PATHWAY, "list-1", provider)

    assert choice.state == Open()
    assert work.published == []


async def test_an_answer_to_a_list_that_was_replaced_is_nobodys() -> None:
    work = await offered()

    assert await work.run(take_answer, PATHWAY, "list-0", "RJ1") is None


@pytest.mark.parametrize(
    ("today", "events"),
    [
        (datetime(2026, 3, 16, 23, 59, tzinfo=UTC), ["response.provider_chosen"]),
        (datetime(2026, 3, 17, 0, 0, tzinfo=UTC), []),
    ],
)
async def test_an_answer_counts_to_the_end_of_the_last_day(
    today: datetime, events: list[str]
) -> None:
    work = await offered()
    later = memory(today, work.store)

    await later.run(take_answer, PATHWAY, "list-1", "RJ1")

    assert types(later) == events


async def test_an_answer_lets_the_patient_be_told() -> None:
    work = await offered()

    await work.run(tell_stayed, stayed())

    assert types(work) == ["notification.intended"]


async def test_a_list_that_lapsed_is_closed_and_told() -> None:
    work = await offered()

    await work.run(tell_lapsed, lapsed())
    await work.run(take_answer, PATHWAY, "list-1", "RJ1")

    choice = (await patient_of(work)).choice
    assert choice is not None
    assert choice.state == Closed("lapsed")
    assert types(work) == ["notification.intended"]


# ---- the date of birth


async def test_the_right_date_of_birth_opens_and_a_wrong_one_is_counted() -> None:
    work = await offered()

    assert await work.run(check_birth_date, PATHWAY, "list-1", BORN) is True
    assert await work.run(check_birth_date, PATHWAY, "list-1", date(1980, 3, 30)) is False

    choice = (await patient_of(work)).choice
    assert choice is not None
    assert choice.state == Open(tries=1)


async def test_after_five_wrong_dates_the_right_one_is_refused_too() -> None:
    work = await offered()

    for day in range(1, 6):
        await work.run(check_birth_date, PATHWAY, "list-1", date(1980, 1, day))

    assert await work.run(check_birth_date, PATHWAY, "list-1", BORN) is False
    await work.run(take_answer, PATHWAY, "list-1", "RJ1")
    assert work.published == []


async def test_four_wrong_dates_still_leave_the_right_one() -> None:
    work = await offered()

    for day in range(1, 5):
        await work.run(check_birth_date, PATHWAY, "list-1", date(1980, 1, day))

    assert await work.run(check_birth_date, PATHWAY, "list-1", BORN) is True


async def test_a_list_without_options_still_lets_the_patient_stay() -> None:
    work = memory()
    await work.run(keep_contact, identity())
    await work.run(offer_choice, shortlisted(options=[]))

    choice = await work.run(take_answer, PATHWAY, "list-1", None)

    assert choice.answer is not None


async def test_a_changed_contact_keeps_the_choice() -> None:
    work = await offered()

    await work.run(keep_contact, identity(phone="07700900002"))

    patient = await patient_of(work)
    assert patient.contact is not None
    assert patient.contact.phone == "07700900002"
    assert patient.choice is not None


# ---- after a death, and after an appointment changed


async def booked_patient() -> Memory:
    work = await offered()
    await work.run(tell_booked, booked())
    work.published.clear()
    return work


async def test_nothing_is_intended_for_somebody_who_has_died() -> None:
    work = await offered()

    await work.run(fall_silent, about(DeathRecorded, died_on=date(2026, 3, 1)))
    await work.run(tell_booked, booked())
    await work.run(tell_stayed, stayed())

    assert work.published == []
    assert REMINDER not in work.store.collections["timers"]


async def test_a_reminder_of_somebody_who_has_died_is_forgotten_and_comes_back_if_they_live() -> (
    None
):
    work = await booked_patient()

    await work.run(fall_silent, about(DeathRecorded, died_on=date(2026, 3, 1)))
    silent = REMINDER in work.store.collections["timers"]
    await work.run(speak_again, about(DeathWithdrawn))

    assert (silent, REMINDER in work.store.collections["timers"]) == (False, True)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            AppointmentCancelled,
            {
                "cancelled_on": date(2026, 3, 2),
                "cancelled_by": "patient",
                "reason": "PATIENT_HOLIDAY",
                "must_reoffer": False,
            },
        ),
        (AppointmentDeleted, {"deleted_on": date(2026, 3, 2)}),
    ],
)
async def test_nobody_is_reminded_of_an_appointment_that_is_no_more(
    kind: type[Event], fields: dict[str, object]
) -> None:
    work = await booked_patient()
    told = booked()

    place = {"appointment_id": told.appointment_id, "provider": told.provider, "site": told.site}
    await work.run(forget_appointment, about(kind, **place, **fields))

    assert REMINDER not in work.store.collections["timers"]


async def test_a_reminder_moves_with_its_appointment() -> None:
    work = await booked_patient()
    told = booked()
    before = work.store.collections["timers"][REMINDER]["state"]["due_at"]

    later = told.local_start + timedelta(days=7)
    rebooked = about(
        AppointmentRebooked,
        appointment_id=told.appointment_id,
        provider=told.provider,
        site=told.site,
        local_start=later,
        starts_at=told.starts_at + timedelta(days=7),
        moved_on=date(2026, 3, 2),
        moved_by="patient",
        reason="PATIENT_HOLIDAY",
    )
    await work.run(remind_at_new_time, rebooked)

    after = work.store.collections["timers"][REMINDER]["state"]["due_at"]
    assert after - before == timedelta(days=7)
