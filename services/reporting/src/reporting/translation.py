"""From an event on the wire to the fact that is counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from contracts.event import Envelope, Event, UnknownType, read
from contracts.events import (
    AdmissionNoted,
    AppointmentAttended,
    AppointmentBooked,
    CapacityDeclared,
    CapacityRefused,
    ClockContinued,
    ClockCorrected,
    ClockNullified,
    ClockStarted,
    ClockStopped,
    NotificationDelivered,
    NotificationFailed,
    NotificationHandedOver,
    NotificationIntended,
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    ReferralReceived,
    ReferralTransferred,
    RightToChooseDecided,
    StayChosen,
    SubmissionRejected,
)
from contracts.topics import BY_NAME
from reporting.domain import facts
from reporting.domain.facts import Fact, Said, Source


@dataclass(frozen=True, slots=True)
class Told:
    """What came with a record: the name of its type, its subject, its id, and what it says."""

    type: str
    subject: str
    event_id: str
    said: Said


VOID = "33"  # RTT status of a period that is not counted


def said_by(event: Event) -> Said:
    """What an event says, for counting. An event nobody counts yet is `Unnamed`."""
    translate = _TRANSLATIONS.get(type(event), _unnamed)
    return Said(Source(event.topic.name, event.sequence), event.envelope.time, translate(event))


def told_by(event: Event) -> Told:
    """What an event tells."""
    return Told(event.type, event.subject, event.id, said_by(event))


def told_in(topic: str, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Told:
    """What a record tells. One of a type that a newer writer knows has a place and says nothing."""
    try:
        return told_by(read(value, headers))
    except UnknownType as unknown:
        return _untold(BY_NAME[topic].name, str(unknown), unknown.envelope)


def _untold(topic: str, event_type: str, envelope: Envelope) -> Told:
    source = Source(topic, envelope.sequence)
    said = Said(source, envelope.time, facts.Unnamed())
    return Told(event_type, envelope.subject, envelope.id, said)


def _referred(event: ReferralReceived) -> Fact:
    return facts.Referred(
        publisher=event.publisher,
        way_in=event.way_in,
        provider=event.responsible_provider,
        referring=event.referring_organisation,
        treatment_function=event.treatment_function,
        priority=event.priority,
        source=event.source_of_referral,
        source_validity=event.source_validity,
        received_on=event.received_on,
        age=event.age,
        sex=event.sex,
        commissioner=event.commissioner,
        synthetic=event.synthetic,
    )


def _refused(event: SubmissionRejected) -> Fact:
    codes = tuple(problem.code for problem in event.problems)
    return facts.Refused(event.publisher, event.submission_type, codes)


def _capacity_refused(event: CapacityRefused) -> Fact:
    return facts.Refused(event.publisher, "capacity", tuple(event.problems))


def _right_decided(event: RightToChooseDecided) -> Fact:
    return facts.RightDecided(event.decision, event.applies, event.rule_set)


def _started(event: ClockStarted) -> Fact:
    return facts.Started(event.started_on, event.status)


def _continued(event: ClockContinued) -> Fact:
    return facts.Continued(event.effective_on, event.status)


def _stopped(event: ClockStopped) -> Fact:
    return facts.Stopped(event.started_on, event.stopped_on, event.status)


def _nullified(event: ClockNullified) -> Fact:
    return facts.Stopped(event.started_on, event.nullified_on, event.status)


def _corrected(event: ClockCorrected) -> Fact:
    """The newest period as it is known now; one that never was is counted nowhere."""
    if not event.periods:
        started_on = event.before[-1].started_on if event.before else event.effective_on
        return facts.Stopped(started_on, started_on, VOID)
    newest = event.periods[-1]
    if newest.stopped_on is None or newest.stop_status is None:
        return facts.Started(newest.started_on, newest.start_status)
    return facts.Stopped(newest.started_on, newest.stopped_on, newest.stop_status)


def _shortlisted(event: OfferShortlisted) -> Fact:
    shown = (option.wait and option.distance_miles is not None for option in event.options)
    return facts.Shortlisted(
        shortlist=event.shortlist_id,
        options=tuple((option.provider, option.sector) for option in event.options),
        informed=all(shown),
        shortfall=event.shortfall,
        shortfall_reason=event.shortfall_reason,
        candidates=event.candidates,
        rule_set=event.rule_set,
    )


def _not_made(event: OfferNotMade) -> Fact:
    return facts.NotMade(event.shortlist_id, event.reason, event.candidates, event.rule_set)


def _chose(event: ProviderChosen) -> Fact:
    return facts.Chose(event.shortlist_id, event.provider, event.answered_by)


def _chose_to_stay(event: StayChosen) -> Fact:
    return facts.ChoseToStay(event.shortlist_id, event.answered_by)


def _accepted(event: OfferAccepted) -> Fact:
    return facts.Accepted(
        event.shortlist_id, event.provider, event.sector, event.site, event.session
    )


def _unavailable(event: OfferUnavailable) -> Fact:
    return facts.Ended("unavailable", event.shortlist_id, event.provider)


def _stayed(event: OfferStayed) -> Fact:
    return facts.Ended("stayed", event.shortlist_id, event.provider)


def _lapsed(event: OfferLapsed) -> Fact:
    return facts.Ended("lapsed", event.shortlist_id, event.provider)


def _expired(event: OfferExpired) -> Fact:
    return facts.Ended("expired", event.shortlist_id, event.provider)


def _booked(event: AppointmentBooked) -> Fact:
    return facts.Booked(
        appointment=event.appointment_id,
        provider=event.provider,
        site=event.site,
        session=event.session,
        local_start=event.local_start,
        booked_on=event.booked_on,
    )


def _attended(event: AppointmentAttended) -> Fact:
    return facts.Attended(
        appointment=event.appointment_id,
        provider=event.provider,
        site=event.site,
        on=event.attended_on,
        attendance=event.attendance,
        outcome=event.outcome,
    )


def _admission(event: AdmissionNoted) -> Fact:
    return facts.Admission(
        event.admission_id, event.provider, event.step, event.on, event.decided_to_admit_on
    )


def _transferred(event: ReferralTransferred) -> Fact:
    return facts.Transferred(event.from_provider, event.to_provider, event.effective_on)


def _intended(event: NotificationIntended) -> Fact:
    return facts.Messaged(event.message_id, "intended", event.channel, event.template)


def _handed_over(event: NotificationHandedOver) -> Fact:
    return facts.Messaged(event.message_id, "handed_over", event.channel)


def _delivered(event: NotificationDelivered) -> Fact:
    return facts.Messaged(event.message_id, "delivered", event.channel)


def _failed(event: NotificationFailed) -> Fact:
    return facts.Messaged(event.message_id, "failed", event.channel)


def _declared(event: CapacityDeclared) -> Fact:
    return facts.Declared(
        event.provider, event.site, event.treatment_function, event.local_start, event.places
    )


def _unnamed(_: Event) -> Fact:
    return facts.Unnamed()


_TRANSLATIONS: dict[type[Event], Callable[[Any], Fact]] = {
    ReferralReceived: _referred,
    SubmissionRejected: _refused,
    CapacityRefused: _capacity_refused,
    RightToChooseDecided: _right_decided,
    ClockStarted: _started,
    ClockContinued: _continued,
    ClockStopped: _stopped,
    ClockNullified: _nullified,
    ClockCorrected: _corrected,
    OfferShortlisted: _shortlisted,
    OfferNotMade: _not_made,
    ProviderChosen: _chose,
    StayChosen: _chose_to_stay,
    OfferAccepted: _accepted,
    OfferUnavailable: _unavailable,
    OfferStayed: _stayed,
    OfferLapsed: _lapsed,
    OfferExpired: _expired,
    AppointmentBooked: _booked,
    AppointmentAttended: _attended,
    AdmissionNoted: _admission,
    ReferralTransferred: _transferred,
    NotificationIntended: _intended,
    NotificationHandedOver: _handed_over,
    NotificationDelivered: _delivered,
    NotificationFailed: _failed,
    CapacityDeclared: _declared,
}
