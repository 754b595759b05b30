"""From a referral to a shortlist: whether the patient may choose, and among whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from chassis.clock import LONDON
from contracts.event import Envelope
from contracts.events.offer import OfferNotMade, OfferShortlisted
from contracts.events.referral import ReferralReceived, RightToChooseDecided
from matching import shortlisting
from matching.domain.cases import Case, Referral
from matching.domain.offers import NoChoice, Option, Shortlisted
from matching.handlers.steps import case_of, move_on
from matching.work import MatchingWork

NO_OTHER_PROVIDER: Final = "NO_OTHER_PROVIDER"


async def record_referral(event: ReferralReceived, work: MatchingWork) -> None:
    """Keep what will decide who can treat the patient."""
    case = await work.cases.get(event.pathway_id)
    referral = _referral(event)

    known = Case(event.pathway_id, referral) if case is None else replace(case, referral=referral)
    await work.cases.save(known)


async def offer_choice(event: RightToChooseDecided, work: MatchingWork) -> None:
    """Give a patient who may choose their shortlist; note why another has none."""
    case = await case_of(event, work)
    if case.match is not None:
        return

    if event.applies:
        await shortlist(event.envelope, case, work)
    else:
        await move_on(event.envelope, case, NoChoice(event.decision), work)


async def shortlist(origin: Envelope, case: Case, work: MatchingWork) -> bool:
    """Make the next list of this case and offer it, or say that there is nobody to offer."""
    made = await shortlisting.make(case, work)
    await work.shortlists.save(made.evidence, made.catalogue)

    case = replace(case, lists=case.lists + 1)
    if made.options:
        await _open(origin, case, made, work)
    else:
        await _close_empty(origin, case, made, work)
    return bool(made.options)


async def _open(origin: Envelope, case: Case, made: shortlisting.Made, work: MatchingWork) -> None:
    respond_by = work.today + work.rules.respond_within
    options = tuple(Option(option.provider, option.site) for option in made.options)

    offer = Shortlisted(made.shortlist_id, respond_by, made.places_from, options)
    await move_on(origin, case, offer, work)
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
    await move_on(origin, case, NoChoice(NO_OTHER_PROVIDER), work)
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
