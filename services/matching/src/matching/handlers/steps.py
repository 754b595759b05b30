"""Steps that several handlers share: finding a case, moving it on, following its story."""

from dataclasses import replace

from chassis.errors import NotYet
from contracts.event import Envelope, Event
from matching.domain.cases import Case, Trail
from matching.domain.offers import Match
from matching.work import MatchingWork


async def case_of(event: Event, work: MatchingWork) -> Case:
    """The case that an event is about; `NotYet` before its referral."""
    case = await work.cases.get(event.pathway_id)
    if case is None:
        raise NotYet("referral.received of this pathway")
    return case


def decided(case: Case) -> Match:
    """The match of a case; `NotYet` before it is known whether the patient may choose."""
    if case.match is None:
        raise NotYet("referral.right_decided of this pathway")
    return case.match


async def move_on(origin: Envelope, case: Case, match_: Match, work: MatchingWork) -> None:
    """Keep the case in its new state, with the event that brought it there."""
    trail = Trail(origin.id, origin.correlation_id, origin.traceparent)
    await work.cases.save(replace(case, match=match_, trail=trail))


def origin(case: Case) -> Envelope:
    """The envelope to follow when a timer moves the case on."""
    trail = case.trail
    return Envelope(
        case.pathway_id,
        id=trail.event_id,
        correlation_id=trail.correlation_id,
        traceparent=trail.traceparent,
    )
