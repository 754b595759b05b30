"""What happens to a shortlist that nobody answers."""

from dataclasses import replace

from contracts.events.offer import OfferLapsed
from contracts.identifiers import PathwayId
from matching.domain.offers import lapse
from matching.handlers.steps import origin
from matching.work import MatchingWork


async def lapse_list(pathway: PathwayId, work: MatchingWork) -> None:
    """Return a patient who has not answered to the place they have."""
    case = await work.cases.get(pathway)
    lapsed = None if case is None or case.match is None else lapse(case.match, work.today)
    if case is None or lapsed is None:
        return

    await work.cases.save(replace(case, match=lapsed))
    await work.publish(
        OfferLapsed.following(
            origin(case),
            shortlist_id=lapsed.shortlist_id,
            provider=case.referral.responsible_provider,
        )
    )
