"""Which message goes to which handler, and what a batch reads before they run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from chassis.handlers import Handlers
from chassis.messages import Received
from contracts.event import Event
from contracts.events import (
    AppointmentBooked,
    ProviderChosen,
    ReferralReceived,
    RightToChooseDecided,
    StayChosen,
)
from contracts.identifiers import CapacityId, PathwayId
from contracts.submissions import CapacityOffered, WithdrawalDeclared
from matching import declaring, handlers
from matching.domain.capacity import Slot
from matching.domain.cases import Case, shortlist_name
from matching.domain.declaration import session_name
from matching.domain.offers import Lapsed, Shortlisted
from matching.work import EXPIRE, LAPSE, REMATCH, MatchingWork

E = TypeVar("E", bound=Event)


def consumers() -> Handlers:
    """The handlers of this service."""
    registry = Handlers()

    registry.on(ReferralReceived)(handlers.record_referral)
    registry.on(RightToChooseDecided)(handlers.offer_choice)
    registry.on(ProviderChosen)(handlers.take_choice)
    registry.on(StayChosen)(handlers.take_stay)
    registry.on(AppointmentBooked)(handlers.use_booked_place)
    registry.on_timer(LAPSE)(handlers.lapse_list)
    registry.on_timer(EXPIRE)(handlers.expire_hold)

    registry.on_timer(REMATCH)(handlers.rematch_offered)

    registry.on(CapacityOffered)(declaring.declare_session)
    registry.on(WithdrawalDeclared)(declaring.withdraw_session)
    registry.on_rejected(declaring.refuse_session)
    registry.on_refused(declaring.refuse_unreadable)

    registry.key(_order_of)
    registry.preload(load_shortlists)
    registry.preload(load_places)
    registry.preload(load_declared)
    registry.preload(load_withdrawn)
    return registry


def _order_of(submission: CapacityOffered | WithdrawalDeclared) -> str:
    return submission.capacity_id


# ---- what a batch reads, when the cases of its pathways have been read


async def load_shortlists(messages: Sequence[Any], work: MatchingWork) -> None:
    """What shortlists are made from, and the room for those to be made."""
    decided = {event.pathway_id for event in _of(messages, RightToChooseDecided) if event.applies}
    if not decided:
        return

    await work.shortlists.load(shortlist_name(pathway, 1) for pathway in decided)
    functions = {event.treatment_function for event in _of(messages, ReferralReceived)}
    functions |= {case.referral.treatment_function for case in await _cases(decided, work)}
    await work.sessions.load_functions(sorted(functions))


async def load_places(messages: Sequence[Any], work: MatchingWork) -> None:
    """The sessions in which this batch will take places."""
    booked = [event.session for event in _of(messages, AppointmentBooked)]
    chosen = await _chosen_slots(messages, work)
    await work.sessions.load_diaries(chosen)
    await work.sessions.load([*booked, *await _earliest_sessions(chosen, work)])


async def load_declared(messages: Sequence[Any], work: MatchingWork) -> None:
    """What is known of the sessions that are declared, and the diaries they go into."""
    declared = [
        message
        for message in messages
        if isinstance(message, Received) and isinstance(message.submission, CapacityOffered)
    ]
    await work.sessions.load(
        session_name(one.publisher, one.submission.capacity_id) for one in declared
    )
    await work.sessions.load_diaries(
        (one.submission.site, one.submission.treatment_function) for one in declared
    )


async def load_withdrawn(messages: Sequence[Any], work: MatchingWork) -> None:
    """The sessions from which places are withdrawn, and everybody who has one there."""
    withdrawn = [
        session_name(message.publisher, message.submission.capacity_id)
        for message in messages
        if isinstance(message, Received) and isinstance(message.submission, WithdrawalDeclared)
    ]
    await work.sessions.load(withdrawn)
    sessions = [await work.sessions.get(session) for session in withdrawn]
    touched = (one.held | one.used for one in sessions if one is not None)
    await work.cases.load(pathway for pathways in touched for pathway in pathways)


async def _chosen_slots(messages: Sequence[Any], work: MatchingWork) -> dict[Slot, date]:
    """Where places will be looked for, and from which day on."""
    chosen = {event.pathway_id: event.provider for event in _of(messages, ProviderChosen)}
    return {
        (option.site, case.referral.treatment_function): work.earliest(case.match.places_from)
        for case in await _cases(chosen, work)
        if isinstance(case.match, Shortlisted | Lapsed)
        for option in case.match.options
        if option.provider == chosen[case.pathway_id]
    }


async def _earliest_sessions(chosen: Mapping[Slot, date], work: MatchingWork) -> list[CapacityId]:
    diaries = [(await work.sessions.diary(*slot), since) for slot, since in chosen.items()]
    openings = (next(diary.not_before(since), None) for diary, since in diaries if diary)
    return [opening.session_id for opening in openings if opening is not None]


async def _cases(pathways: Iterable[PathwayId], work: MatchingWork) -> list[Case]:
    cases = [await work.cases.get(pathway) for pathway in pathways]
    return [case for case in cases if case is not None]


def _of(messages: Sequence[Any], kind: type[E]) -> Iterator[E]:
    return (message for message in messages if isinstance(message, kind))
