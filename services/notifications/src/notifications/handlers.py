"""What this service does about what happened: keep the contact, tell the patient, take the answer."""

from dataclasses import replace
from datetime import date, datetime

from chassis.errors import NotYet
from contracts.event import Event
from contracts.events import (
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDeleted,
    AppointmentMissed,
    AppointmentRebooked,
    DeathRecorded,
    DeathWithdrawn,
    IdentityRecorded,
    OfferLapsed,
    OfferShortlisted,
    OfferStayed,
    SensitivityChanged,
)
from notifications.domain import choice as choices
from notifications.domain import links
from notifications.domain.choice import Choice, Trail
from notifications.domain.contact import Channel, ladder
from notifications.domain.message import Failed, Intended, Message, Template, message_id
from notifications.domain.patient import (
    Appointment,
    Patient,
    attended,
    moved,
    place_of,
    without_appointment,
)
from notifications.domain.windows import not_before, reminder_at
from notifications.translation import (
    choice_of,
    contact_of,
    facts_of,
    failure,
    intended,
    remembered,
    response,
    trail_of,
)
from notifications.work import NotificationsWork

REMINDER = "reminder"
UNREACHABLE = "no way to reach the patient is known"
VERSION = "1"  # of the texts; fixed in the intent, so that a later edit changes no message decided


# ---- what happened elsewhere


async def keep_contact(event: IdentityRecorded, work: NotificationsWork) -> None:
    """Know the person of a pathway, as last told."""
    patient = await work.patients.get(event.pathway_id)

    await work.patients.save(event.pathway_id, replace(patient, contact=contact_of(event)))


async def offer_choice(event: OfferShortlisted, work: NotificationsWork) -> None:
    """Make the link to a new shortlist and intend to send it. It replaces the former link."""
    patient = await _known(event, work)

    token = work.rules.choice_token(event.pathway_id, event.shortlist_id)
    choice = choice_of(event, patient.choice, token)
    await work.patients.save(event.pathway_id, replace(patient, choice=choice))

    facts = {
        "shortlist_id": event.shortlist_id,
        "respond_by": event.respond_by.isoformat(),
        "again": "yes" if choice.again else "",
    }
    await _intend(event, work, "choose-provider", event.shortlist_id, facts)


async def tell_booked(event: AppointmentBooked, work: NotificationsWork) -> None:
    """Tell the patient where and when, and remind them a week before."""
    patient = await _known(event, work)

    place = place_of(patient, event.provider, event.site)
    booked = Appointment(event.appointment_id, event.provider, place, event.local_start)
    await work.patients.save(event.pathway_id, replace(patient, appointment=booked))

    await _intend(event, work, "booked", event.appointment_id, facts_of(booked))
    if not patient.deceased:
        _set_reminder(event.pathway_id, event.local_start, work)


def _set_reminder(pathway_id: str, local_start: datetime, work: NotificationsWork) -> None:
    remind_at = reminder_at(local_start)
    if remind_at > work.now:
        work.set_timer(REMINDER, pathway_id, remind_at)
    else:
        work.cancel_timer(REMINDER, pathway_id)  # of an earlier appointment


async def remind(pathway_id: str, work: NotificationsWork) -> None:
    """Tell the patient of their appointment a week before it."""
    patient = await work.patients.get(pathway_id)
    booked = patient.appointment
    if booked is None or booked.attended:
        return

    cause = remembered(pathway_id, patient.choice.trail if patient.choice else Trail())
    await _intend(cause, work, "reminder", booked.appointment_id, facts_of(booked))


async def tell_stayed(event: OfferStayed, work: NotificationsWork) -> None:
    """Confirm to the patient that they keep their place."""
    await _known(event, work)

    await _intend(event, work, "stayed", event.shortlist_id, {})


async def tell_lapsed(event: OfferLapsed, work: NotificationsWork) -> None:
    """Close the choice that nobody made, and tell the patient that they keep their place."""
    patient = await _known(event, work)

    choice = patient.choice
    if choice is not None and choice.shortlist_id == event.shortlist_id:
        patient = replace(patient, choice=choices.closed(choice, "lapsed"))
        await work.patients.save(event.pathway_id, patient)
    await _intend(event, work, "lapsed", event.shortlist_id, {})


async def stop_reminding(event: AppointmentAttended, work: NotificationsWork) -> None:
    """The patient was seen: nothing is left to remind them of."""
    patient = await work.patients.get(event.pathway_id)

    work.cancel_timer(REMINDER, event.pathway_id)
    await work.patients.save(event.pathway_id, attended(patient, event.appointment_id))


async def forget_appointment(
    event: AppointmentCancelled | AppointmentDeleted | AppointmentMissed, work: NotificationsWork
) -> None:
    """The appointment is no more: nobody is reminded of it."""
    patient = await work.patients.get(event.pathway_id)

    without = without_appointment(patient, event.appointment_id)
    if without != patient:
        work.cancel_timer(REMINDER, event.pathway_id)
        await work.patients.save(event.pathway_id, without)


async def remind_at_new_time(event: AppointmentRebooked, work: NotificationsWork) -> None:
    """Tell the patient of the new time and place of their appointment, and remind them then."""
    known = await work.patients.get(event.pathway_id)
    patient = moved(known, event.appointment_id, event.local_start)
    if patient is None or patient.appointment is None:
        return

    place = place_of(patient, event.provider, event.site)
    booked = replace(patient.appointment, provider=event.provider, place=place)
    await work.patients.save(event.pathway_id, replace(patient, appointment=booked))
    step = f"{event.appointment_id}@{event.local_start.isoformat()}"
    await _intend(event, work, "booked", step, facts_of(booked))
    if not patient.deceased:
        _set_reminder(event.pathway_id, event.local_start, work)


async def fall_silent(event: DeathRecorded, work: NotificationsWork) -> None:
    """The patient has died: no message reaches them any more, those under way included."""
    patient = await work.patients.get(event.pathway_id)

    work.cancel_timer(REMINDER, event.pathway_id)
    await work.patients.save(event.pathway_id, replace(patient, deceased=True))


async def keep_sensitivity(event: SensitivityChanged, work: NotificationsWork) -> None:
    """Know whether the whereabouts of the patient may be shared: no message goes if they may not."""
    patient = await work.patients.get(event.pathway_id)

    await work.patients.save(event.pathway_id, replace(patient, sensitive=event.sensitive))


async def speak_again(event: DeathWithdrawn, work: NotificationsWork) -> None:
    """The patient is alive: what happens from now on is told to them."""
    patient = await work.patients.get(event.pathway_id)

    await work.patients.save(event.pathway_id, replace(patient, deceased=False))
    if patient.appointment is not None and not patient.appointment.attended:
        _set_reminder(event.pathway_id, patient.appointment.local_start, work)


# ---- what the patient does on the pages


async def take_answer(
    pathway_id: str, shortlist_id: str, provider: str | None, work: NotificationsWork
) -> Choice | None:
    """The choice as it now stands; a second answer changes nothing. None for no such choice."""
    patient = await work.patients.get(pathway_id)
    choice = patient.choice
    if choice is None or choice.shortlist_id != shortlist_id:
        return None

    made = choices.answered(choice, provider, work.today)
    if made is None:
        return choice

    await work.patients.save(pathway_id, replace(patient, choice=made))
    await work.publish(response(pathway_id, made, provider))
    return made


async def check_birth_date(
    pathway_id: str, shortlist_id: str, given: date, work: NotificationsWork
) -> bool:
    """Whether this is the patient's date of birth. A wrong one is counted, a locked link refused."""
    patient = await work.patients.get(pathway_id)
    contact, choice = patient.contact, patient.choice
    if contact is None or choice is None or choice.shortlist_id != shortlist_id:
        return False
    if not choices.can_answer(choice, work.today):
        return False
    if links.same_birth_date(contact.birth_date, given):
        return True

    await work.patients.save(pathway_id, replace(patient, choice=choices.mistaken(choice)))
    return False


# ---- intents


def step_of(template: Template, of: str) -> str:
    """Names a step of a pathway: what is told, and about which list or appointment."""
    return f"{template}:{of}"


async def _intend(
    cause: Event, work: NotificationsWork, template: Template, of: str, facts: dict[str, str]
) -> None:
    """Keep the intent and say so, once for each step; a repeat finds it and adds nothing."""
    patient = await work.patients.get(cause.pathway_id)
    if patient.deceased:
        return
    contact = patient.contact
    steps = ladder(contact) if contact else ()
    channel: Channel = steps[0] if steps else "letter"
    intent = _intent(cause, work, step_of(template, of), template, channel, facts)
    if await work.messages.get(intent.message_id) is not None:
        return

    await work.publish(intended(cause.envelope, intent))
    if not steps:
        status = Failed(work.now, UNREACHABLE, needs_a_person=True)
        intent = replace(intent, status=status)
        await work.publish(failure(cause.envelope, intent, status))
    await work.messages.save(intent)


def _intent(
    cause: Event,
    work: NotificationsWork,
    step: str,
    template: Template,
    channel: Channel,
    facts: dict[str, str],
) -> Message:
    return Message(
        message_id=message_id(cause.pathway_id, step, channel),
        pathway_id=cause.pathway_id,
        step=step,
        template=template,
        version=VERSION,
        channel=channel,
        status=Intended(not_before(work.now, channel, work.rules.window)),
        facts=facts,
        trail=trail_of(cause),
    )


async def _known(event: Event, work: NotificationsWork) -> Patient:
    """The patient of the event, whose contact comes by another topic and may be late."""
    patient = await work.patients.get(event.pathway_id)
    if patient.contact is None:
        raise NotYet("the contact of this pathway is not here yet")
    return patient
