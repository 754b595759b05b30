"""Which event is handled by which function, and what a batch reads beforehand."""

from collections.abc import Sequence

from chassis.handlers import Handlers
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
from notifications import handlers as do
from notifications.domain.contact import LADDER
from notifications.domain.message import message_id
from notifications.work import NotificationsWork

handlers = Handlers()

handlers.on(IdentityRecorded)(do.keep_contact)
handlers.on(SensitivityChanged)(do.keep_sensitivity)
handlers.on(OfferShortlisted)(do.offer_choice)
handlers.on(AppointmentBooked)(do.tell_booked)
handlers.on(OfferStayed)(do.tell_stayed)
handlers.on(OfferLapsed)(do.tell_lapsed)
handlers.on(AppointmentAttended)(do.stop_reminding)
handlers.on(AppointmentCancelled, AppointmentDeleted, AppointmentMissed)(do.forget_appointment)
handlers.on(AppointmentRebooked)(do.remind_at_new_time)
handlers.on(DeathRecorded)(do.fall_silent)
handlers.on(DeathWithdrawn)(do.speak_again)
handlers.on_timer(do.REMINDER)(do.remind)


@handlers.preload
async def load(events: Sequence[Event], work: NotificationsWork) -> None:
    """Every patient and every message that a batch may touch, in two reads."""
    await work.patients.load(event.pathway_id for event in events)
    await work.messages.load(
        message_id(event.pathway_id, step, channel)
        for event in events
        if (step := _step(event))
        for channel in LADDER
    )


def _step(event: Event) -> str:
    match event:
        case OfferShortlisted():
            return do.step_of("choose-provider", event.shortlist_id)
        case OfferStayed():
            return do.step_of("stayed", event.shortlist_id)
        case OfferLapsed():
            return do.step_of("lapsed", event.shortlist_id)
        case AppointmentBooked():
            return do.step_of("booked", event.appointment_id)
        case _:
            return ""
