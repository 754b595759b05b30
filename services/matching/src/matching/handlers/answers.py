"""What patients answer: a place held for a choice, or everything left as it is."""

from datetime import date

from chassis.clock import london_date
from contracts.event import Event
from contracts.events.offer import OfferAccepted, OfferStayed, OfferTaskOpened, OfferUnavailable
from contracts.events.response import ProviderChosen, StayChosen
from matching.domain.capacity import Session, hold_place
from matching.domain.cases import Case
from matching.domain.offers import Choice, choose, hold, stay
from matching.handlers.choice import shortlist
from matching.handlers.steps import case_of, decided, move_on
from matching.work import MatchingWork


async def take_choice(event: ProviderChosen, work: MatchingWork) -> None:
    """Hold the earliest place at the chosen provider, or offer others when it has none left."""
    case = await case_of(event, work)
    choice = choose(
        decided(case),
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
    if not await shortlist(event.envelope, case, work):
        await work.publish(
            OfferTaskOpened.after(event, task="no_other_offer", provider=event.provider)
        )


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

    await move_on(event.envelope, case, held, work)
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
    case = await case_of(event, work)
    stayed = stay(decided(case), shortlist_id=event.shortlist_id, answered_on=_given_on(event))
    if stayed is None:
        return

    await move_on(event.envelope, case, stayed, work)
    work.stop_timers(case.pathway_id)
    await work.publish(
        OfferStayed.after(
            event,
            shortlist_id=stayed.shortlist_id,
            provider=case.referral.responsible_provider,
        )
    )


def _given_on(answer: Event) -> date:
    """The day the patient answered, however late it reaches us."""
    return london_date(answer.envelope.time)
