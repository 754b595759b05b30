"""What a withdrawal means for patients: something else is offered, or a person is told."""

from collections.abc import Iterable
from typing import Final

from contracts.events.capacity import WithdrawalReason
from contracts.events.offer import OfferTaskOpened, OfferWithdrawn
from contracts.identifiers import OdsCode, PathwayId
from matching.domain.capacity import Session, slot_of
from matching.domain.cases import Case
from matching.domain.offers import Held, Shortlisted
from matching.handlers.choice import shortlist
from matching.handlers.steps import origin
from matching.work import MatchingWork

AT_ONCE: Final = 50
"""How many patients are matched anew in one transaction."""


async def displace(
    session: Session,
    displaced: Iterable[PathwayId],
    reason: WithdrawalReason,
    work: MatchingWork,
) -> None:
    """Match those anew who held a place that is gone."""
    for pathway in displaced:
        case = await work.cases.get(pathway)
        if case is None or not isinstance(case.match, Held):
            continue
        if case.match.session == session.session_id:
            await _rematch(case, session.provider, session, reason, work)


async def alert_booked(session: Session, reason: WithdrawalReason, work: MatchingWork) -> None:
    """Have a person look at every appointment in a session whose booked places were withdrawn."""
    for pathway in sorted(session.used):
        case = await work.cases.get(pathway)
        if case is None:
            continue
        await work.publish(
            OfferTaskOpened.following(
                origin(case),
                task="place_withdrawn",
                provider=session.provider,
                session=session.session_id,
                reason=reason,
            )
        )


async def rematch_offered(slot: str, work: MatchingWork) -> None:
    """Match those anew whose list names a slot in which no place in time is left.

    So many at a time; the timer comes again until there are none.
    """
    diary = await work.sessions.diary(*slot_of(slot))
    last_day = None if diary is None else diary.last_on(work.earliest(work.today))
    cases = await work.cases.offered(slot_of(slot), places_from=last_day, limit=AT_ONCE)

    for case in cases:
        if isinstance(case.match, Shortlisted):
            await _rematch(case, _provider_at(case.match, slot), None, None, work)
    if len(cases) == AT_ONCE:
        work.rematch_at(slot, work.now)


async def _rematch(
    case: Case,
    provider: OdsCode,
    session: Session | None,
    reason: WithdrawalReason | None,
    work: MatchingWork,
) -> None:
    if not isinstance(case.match, Held | Shortlisted):
        return
    session_id = None if session is None else session.session_id
    work.stop_timers(case.pathway_id)
    await work.publish(
        OfferWithdrawn.following(
            origin(case),
            shortlist_id=case.match.shortlist_id,
            provider=provider,
            session=session_id,
        )
    )
    if not await shortlist(origin(case), case, work):
        await work.publish(
            OfferTaskOpened.following(
                origin(case),
                task="no_other_offer",
                provider=provider,
                session=session_id,
                reason=reason,
            )
        )


def _provider_at(offer: Shortlisted, slot: str) -> OdsCode:
    site, _ = slot_of(slot)
    return next(option.provider for option in offer.options if option.site == site)
