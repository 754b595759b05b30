"""Between the wire and the domain: events become values, and values the events that follow."""

from contracts.event import Envelope, Event
from contracts.events import (
    IdentityRecorded,
    NotificationFailed,
    NotificationIntended,
    OfferShortlisted,
    ProviderChosen,
    StayChosen,
)
from contracts.events.offer import ShortlistOption
from notifications.domain import links
from notifications.domain.choice import Choice, Option, Trail, Wait
from notifications.domain.contact import Contact
from notifications.domain.message import Failed, Message
from notifications.domain.patient import Appointment


def trail_of(event: Event) -> Trail:
    """What is kept of a cause, for what follows it later."""
    origin = event.envelope
    return Trail(origin.correlation_id, origin.id, origin.traceparent)


def origin(pathway_id: str, trail: Trail) -> Envelope:
    """The envelope that `trail_of` kept."""
    return Envelope(
        pathway_id,
        id=trail.causation_id,
        correlation_id=trail.correlation_id,
        traceparent=trail.traceparent,
    )


def remembered(pathway_id: str, trail: Trail) -> Event:
    return Event.following(origin(pathway_id, trail))


def response(pathway_id: str, choice: Choice, provider: str | None) -> Event:
    cause = origin(pathway_id, choice.trail)
    if provider is None:
        return StayChosen.following(cause, shortlist_id=choice.shortlist_id)
    return ProviderChosen.following(cause, shortlist_id=choice.shortlist_id, provider=provider)


def facts_of(booked: Appointment) -> dict[str, str]:
    return {
        "appointment_id": booked.appointment_id,
        "place": booked.place,
        "local_start": booked.local_start.isoformat(),
    }


def contact_of(event: IdentityRecorded) -> Contact:
    return Contact(
        nhs_number=event.nhs_number,
        given_name=event.given_name,
        family_name=event.family_name,
        birth_date=event.birth_date,
        postcode=event.postcode,
        address=tuple(event.address),
        phone=event.phone,
        email=event.email,
        preferred=event.preferred_channel,
    )


def choice_of(event: OfferShortlisted, before: Choice | None, token: str) -> Choice:
    """The list as the patient will see it, behind the link of this token."""
    answer = before.answer if before else None
    return Choice(
        shortlist_id=event.shortlist_id,
        link=links.fingerprint(token),
        respond_by=event.respond_by,
        options=tuple(option_of(one) for one in event.options),
        current_provider=event.current_provider,
        trail=trail_of(event),
        again=answer is not None and answer.provider is not None,
    )


def option_of(one: ShortlistOption) -> Option:
    wait = one.wait
    return Option(
        provider=one.provider,
        provider_name=one.provider_name,
        site=one.site,
        site_name=one.site_name,
        sector=one.sector,
        wait=Wait(wait.weeks, wait.statistic, wait.n, wait.as_at) if wait else None,
        distance_miles=one.distance_miles,
        next_place_on=one.next_place_on,
    )


def intended(cause: Envelope, message: Message) -> Event:
    return NotificationIntended.following(
        cause,
        message_id=message.message_id,
        template=message.template,
        template_version=message.version,
        channel=message.channel,
    )


def failure(cause: Envelope, message: Message, status: Failed) -> Event:
    return NotificationFailed.following(
        cause,
        message_id=message.message_id,
        channel=message.channel,
        reason=status.reason,
        needs_a_person=status.needs_a_person,
    )
