"""What matching does about each event: load, decide, save, publish."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from chassis.clock import LONDON, london_date
from chassis.errors import NotYet
from contracts.event import Envelope, Event
from contracts.events.appointment import AppointmentBooked
from contracts.events.offer import (
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
)
from contracts.events.referral import ReferralReceived, RightToChooseDecided
from contracts.events.response import ProviderChosen, StayChosen
from contracts.identifiers import PathwayId
from matching import shortlisting
from matching.domain.capacity import Session, hold_place, release_place, use_place
from matching.domain.cases import Case, Referral, Trail
from matching.domain.offers import (
    Choice,
    Match,
    NoChoice,
    Option,
    Shortlisted,
    choose,
    confirm,
    expire,
    hold,
    lapse,
    stay,
)
from matching.work import MatchingWork

NO_OTHER_PROVIDER = "NO_OTHER_PROVIDER"


class NoPlaceForBookingError(Exception):
    """An appointment was made in a session that has no place left: a person has to look."""


# ---- referral → shortlist


async def record_referral(event: ReferralReceived, work: MatchingWork) -> None:
    """Keep what will decide who can treat the patient."""
    case = await work.cases.get(event.pathway_id)
    referral = _referral(event)

    known = Case(event.pathway_id, referral) if case is None else replace(case, referral=referral)
    await work.cases.save(known)


async def offer_choice(event: RightToChooseDecided, work: MatchingWork) -> None:
    """Give a patient who may choose their shortlist; note why another has none."""
    case = await _case(event, work)
    if case.match is not None:
        return

    if event.applies:
        await _shortlist(event.envelope, case, work)
    else:
        await _save(event.envelope, case, NoChoice(event.decision), work)


async def _shortlist(origin: Envelope, case: Case, work: MatchingWork) -> None:
    made = await shortlisting.make(case, work)
    await work.shortlists.save(made.evidence, made.catalogue)

    case = replace(case, lists=case.lists + 1)
    if made.options:
        await _open(origin, case, made, work)
    else:
        await _close_empty(origin, case, made, work)


async def _open(origin: Envelope, case: Case, made: shortlisting.Made, work: MatchingWork) -> None:
    respond_by = work.today + work.rules.respond_within
    options = tuple(Option(option.provider, option.site) for option in made.options)

    offer = Shortlisted(made.shortlist_id, respond_by, made.places_from, options)
    await _save(origin, case, offer, work)
    work.lapse_at(case.pathway_id, _end_of(respond_by))
    await work.publish(
        OfferShortlisted.following(
            origin,
            shortlist_id=made.shortlist_id,
            options=list(made.options),
            shortfall=made.shortlist.shortfall,
            shortfall_reason=made.shortlist.shortfall_reason,
            excluded=made.excluded,
            candidates=made.shortlist.candidates,
            rule_set=made.shortlist.rule_set,
            inputs_hash=made.shortlist.inputs_hash,
            respond_by=respond_by,
            current_provider=case.referral.responsible_provider,
        )
    )


async def _close_empty(
    origin: Envelope, case: Case, made: shortlisting.Made, work: MatchingWork
) -> None:
    await _save(origin, case, NoChoice(NO_OTHER_PROVIDER), work)
    work.stop_timers(case.pathway_id)
    await work.publish(
        OfferNotMade.following(
            origin,
            shortlist_id=made.shortlist_id,
            reason=NO_OTHER_PROVIDER,
            excluded=made.excluded,
            candidates=made.shortlist.candidates,
            rule_set=made.shortlist.rule_set,
            inputs_hash=made.shortlist.inputs_hash,
            current_provider=case.referral.responsible_provider,
        )
    )


# ---- answers


async def take_choice(event: ProviderChosen, work: MatchingWork) -> None:
    """Hold the earliest place at the chosen provider, or offer others when it has none left."""
    case = await _case(event, work)
    choice = choose(
        _decided(case),
        shortlist_id=event.shortlist_id,
        provider=event.provider,
        answered_on=_given_on(event),
    )
    if choice is None:
        return

    session = await _hold_earliest(case, choice, work)
    if session is not None:
        await _accept(event, case, choice, session, work)
        return

    await work.publish(
        OfferUnavailable.after(event, shortlist_id=choice.shortlist_id, provider=event.provider)
    )
    await _shortlist(event.envelope, case, work)


async def _hold_earliest(case: Case, choice: Choice, work: MatchingWork) -> Session | None:
    diary = await work.sessions.diary(choice.option.site, case.referral.treatment_function)
    if diary is None:
        return None

    for opening in diary.not_before(work.earliest(choice.places_from)):
        session = await work.sessions.get(opening.session_id)
        held = None if session is None else hold_place(session, case.pathway_id)
        if held is not None:
            await work.sessions.save(held, before=session, today=work.today)
            return held
    return None


async def _accept(
    event: ProviderChosen, case: Case, choice: Choice, session: Session, work: MatchingWork
) -> None:
    held_until = work.now + work.rules.hold_for
    held = hold(choice, session=session.session_id, held_until=held_until)
    site = work.directory.entry(session.site, work.today)

    await _save(event.envelope, case, held, work)
    work.stop_timers(case.pathway_id)
    work.expire_at(case.pathway_id, held_until)
    await work.publish(
        OfferAccepted.after(
            event,
            shortlist_id=choice.shortlist_id,
            provider=held.provider,
            provider_name=site.provider_name,
            site=session.site,
            site_name=site.name,
            sector=site.sector,
            session=session.session_id,
            local_start=session.local_start,
            starts_at=session.starts_at,
            held_until=held_until,
        )
    )


async def take_stay(event: StayChosen, work: MatchingWork) -> None:
    """Leave the patient where they are, as they wish."""
    case = await _case(event, work)
    stayed = stay(_decided(case), shortlist_id=event.shortlist_id, answered_on=_given_on(event))
    if stayed is None:
        return

    await _save(event.envelope, case, stayed, work)
    work.stop_timers(case.pathway_id)
    await work.publish(
        OfferStayed.after(
            event,
            shortlist_id=stayed.shortlist_id,
            provider=case.referral.responsible_provider,
        )
    )


# ---- booking


async def use_booked_place(event: AppointmentBooked, work: MatchingWork) -> None:
    """The held place is the patient's for good."""
    case = await _case(event, work)
    session = await work.sessions.get(event.session)
    if session is None:
        return  # an appointment in a session that was not declared here

    used = use_place(session, case.pathway_id)
    if used is None:
        raise NoPlaceForBookingError(f"session {event.session} is full")
    await work.sessions.save(used, before=session, today=work.today)

    booked = confirm(
        _decided(case),
        provider=event.provider,
        session=event.session,
        appointment_id=event.appointment_id,
    )
    if booked is not None:
        await _save(event.envelope, case, booked, work)
        work.stop_timers(case.pathway_id)


# ---- time


async def lapse_list(pathway: PathwayId, work: MatchingWork) -> None:
    """Return a patient who has not answered to the place they have."""
    case = await work.cases.get(pathway)
    lapsed = None if case is None or case.match is None else lapse(case.match, work.today)
    if case is None or lapsed is None:
        return

    await work.cases.save(replace(case, match=lapsed))
    await work.publish(
        OfferLapsed.following(
            _origin(case),
            shortlist_id=lapsed.shortlist_id,
            provider=case.referral.responsible_provider,
        )
    )


async def expire_hold(pathway: PathwayId, work: MatchingWork) -> None:
    """Give back a place that was not booked in time, and offer the patient a choice again."""
    case = await work.cases.get(pathway)
    expired = None if case is None or case.match is None else expire(case.match, work.now)
    if case is None or expired is None:
        return

    session = await work.sessions.get(expired.session)
    if session is not None:
        freed = release_place(session, pathway)
        await work.sessions.save(freed, before=session, today=work.today)
    await work.publish(
        OfferExpired.following(
            _origin(case),
            shortlist_id=expired.shortlist_id,
            provider=expired.provider,
            session=expired.session,
        )
    )
    await _shortlist(_origin(case), case, work)


# ---- parts


async def _case(event: Event, work: MatchingWork) -> Case:
    case = await work.cases.get(event.pathway_id)
    if case is None:
        raise NotYet("referral.received of this pathway")
    return case


def _decided(case: Case) -> Match:
    if case.match is None:
        raise NotYet("referral.right_decided of this pathway")
    return case.match


async def _save(origin: Envelope, case: Case, match_: Match, work: MatchingWork) -> None:
    trail = Trail(origin.id, origin.correlation_id, origin.traceparent)
    await work.cases.save(replace(case, match=match_, trail=trail))


def _origin(case: Case) -> Envelope:
    """The envelope to follow when a timer moves the case on."""
    trail = case.trail
    return Envelope(
        case.pathway_id,
        id=trail.event_id,
        correlation_id=trail.correlation_id,
        traceparent=trail.traceparent,
    )


def _given_on(answer: Event) -> date:
    """The day the patient answered, however late it reaches us."""
    return london_date(answer.envelope.time)


def _end_of(day: date) -> datetime:
    """The midnight in London that ends this day."""
    return datetime.combine(day + timedelta(days=1), time(), LONDON).astimezone(UTC)


def _referral(event: ReferralReceived) -> Referral:
    return Referral(
        publisher=event.publisher,
        responsible_provider=event.responsible_provider,
        referring_organisation=event.referring_organisation,
        treatment_function=event.treatment_function,
        priority=event.priority,
        received_on=event.received_on,
        age=event.age,
        sex=event.sex,
        outward=event.outward,
        travel_limit_miles=event.travel_limit_miles,
    )
