"""What matching offers and patients answer: the record of choice, and the booking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from chassis.clock import london_date
from contracts.event import Event
from contracts.events import (
    AppointmentBooked,
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    StayChosen,
)
from referral.domain import clock as rtt
from referral.domain.appointments import Appointment, is_held
from referral.domain.choice import Outcome
from referral.domain.pathway import (
    appointment_id,
    booked,
    held_by,
    shortlist,
    with_shortlist,
)
from referral.domain.telling import Heard
from referral.telling import said_in
from referral.work import ReferralWork

MATCHING: Final = "matching"

OfferEvent: TypeAlias = (
    OfferShortlisted
    | OfferNotMade
    | ProviderChosen
    | StayChosen
    | OfferStayed
    | OfferLapsed
    | OfferUnavailable
    | OfferExpired
    | OfferAccepted
)


async def note_shortlist(event: OfferShortlisted, work: ReferralWork) -> None:
    """Put on record that a choice was offered, and of how many providers."""
    pathway = await work.pathways.known(event.pathway_id)

    offered = replace(
        shortlist(pathway, event.shortlist_id),
        options=len(event.options),
        offered_on=london_date(event.envelope.time),
        respond_by=event.respond_by,
    )
    await work.pathways.save(with_shortlist(pathway, offered))
    await _hear(event, work, by=MATCHING)


async def note_no_shortlist(event: OfferNotMade, work: ReferralWork) -> None:
    """Put on record that there was nobody else to offer."""
    pathway = await work.pathways.known(event.pathway_id)

    none = replace(
        shortlist(pathway, event.shortlist_id),
        options=0,
        offered_on=london_date(event.envelope.time),
        outcome="not_made",
        provider=event.current_provider,
    )
    await work.pathways.save(with_shortlist(pathway, none))
    await _hear(event, work, by=MATCHING)


async def note_answer(event: ProviderChosen | StayChosen, work: ReferralWork) -> None:
    """Put on record what the patient answered."""
    pathway = await work.pathways.known(event.pathway_id)

    known = shortlist(pathway, event.shortlist_id)
    answered = replace(
        known,
        answer="provider" if isinstance(event, ProviderChosen) else "stay",
        answered_on=london_date(event.envelope.time),
        answered_by=event.answered_by,
        provider=event.provider if isinstance(event, ProviderChosen) else known.provider,
    )
    await work.pathways.save(with_shortlist(pathway, answered))
    await _hear(event, work, by=event.answered_by)


OUTCOMES: dict[type[Event], Outcome] = {
    OfferStayed: "stayed",
    OfferLapsed: "lapsed",
    OfferUnavailable: "unavailable",
    OfferExpired: "expired",
}


async def note_outcome(
    event: OfferStayed | OfferLapsed | OfferUnavailable | OfferExpired, work: ReferralWork
) -> None:
    """Put on record how an offer of choice ended without a booking."""
    pathway = await work.pathways.known(event.pathway_id)

    ended = replace(
        shortlist(pathway, event.shortlist_id),
        outcome=OUTCOMES[type(event)],
        provider=event.provider,
    )
    await work.pathways.save(with_shortlist(pathway, ended))
    await _hear(event, work, by=MATCHING)


async def book_appointment(event: OfferAccepted, work: ReferralWork) -> None:
    """Book the place that is held, while it is held and the patient still waits."""
    pathway = await work.pathways.known(event.pathway_id)
    accepted = replace(
        shortlist(pathway, event.shortlist_id), outcome="accepted", provider=event.provider
    )
    pathway = with_shortlist(pathway, accepted)

    with_booking = None
    if is_held(event.held_until, work.now) and isinstance(pathway.history.clock, rtt.Ticking):
        appointment = _appointment_of(event, work)
        with_booking = booked(pathway, appointment)
    if with_booking is not None:
        with_booking = held_by(with_booking, event.provider, work.now, "chosen")
    await work.pathways.save(with_booking or pathway)
    said: list[Event] = []
    if with_booking is not None:
        said.append(await work.publish(_booked_event(with_booking.appointments[-1], event)))
    await _hear(event, work, by=MATCHING, said=said)


async def _hear(
    event: OfferEvent, work: ReferralWork, *, by: str, said: Sequence[Event] = ()
) -> None:
    """Keep for the pathway's story that this was heard, and what was told onwards because of it."""
    fields = event.model_dump(mode="json", exclude_none=True, exclude={"options"})
    if isinstance(event, OfferShortlisted):
        fields["providers"] = [one.provider for one in event.options]
    await work.heard.save(
        Heard(
            id=event.envelope.id,
            pathway_id=event.pathway_id,
            type=event.type,
            by=by,
            effective_on=london_date(event.envelope.time),
            recorded_at=work.now,
            fields=fields,
            said=said_in(said),
        )
    )


def _appointment_of(event: OfferAccepted, work: ReferralWork) -> Appointment:
    return Appointment(
        id=appointment_id(event.pathway_id, event.shortlist_id, event.session),
        provider=event.provider,
        site=event.site,
        booked_on=work.today,
        starts_at=event.starts_at,
        session=event.session,
        shortlist_id=event.shortlist_id,
    )


def _booked_event(appointment: Appointment, cause: OfferAccepted) -> AppointmentBooked:
    return AppointmentBooked.after(
        cause,
        appointment_id=appointment.id,
        provider=appointment.provider,
        site=appointment.site,
        session=cause.session,
        local_start=appointment.local_start,
        starts_at=cause.starts_at,
        booked_on=appointment.booked_on,
    )
