"""Sessions with places, and which of them a patient gets: the earliest that still has room."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeAlias

from contracts.identifiers import CapacityId, OdsCode, PathwayId, TreatmentFunctionCode

Slot: TypeAlias = tuple[OdsCode, TreatmentFunctionCode]
"""A site and what it does there: the places of one diary."""


def slot_id(slot: Slot) -> str:
    """One name for a slot."""
    return "|".join(slot)


def slot_of(id: str) -> Slot:
    """The slot of this name."""
    site, function = id.split("|")
    return site, function


def monday_of(day: date) -> date:
    """The first day of the week of this day."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class Session:
    """A clinic or list with room for `places` patients of one treatment function.

    `local_start` is the wall clock time in Europe/London, `starts_at` the same moment in UTC. A
    place is taken by a pathway, never twice by the same one; held and used together never exceed
    the places that are left of those declared after withdrawals.
    """

    session_id: CapacityId
    provider: OdsCode
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    starts_at: datetime
    places: int
    held: frozenset[PathwayId] = frozenset()
    used: frozenset[PathwayId] = frozenset()
    withdrawn: int = 0
    withdrawals: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.taken > self.left or self.held & self.used:
            raise ValueError(f"session {self.session_id} would give a place twice")

    @property
    def taken(self) -> int:
        """Places that somebody has."""
        return len(self.held) + len(self.used)

    @property
    def left(self) -> int:
        """Places that were declared and not withdrawn."""
        return self.places - self.withdrawn

    @property
    def free(self) -> int:
        """Places that nobody has."""
        return self.left - self.taken

    @property
    def week(self) -> date:
        """The Monday of the week it is in."""
        return monday_of(self.local_start.date())

    def has(self, pathway: PathwayId) -> bool:
        """Whether the pathway holds or uses a place here."""
        return pathway in self.held or pathway in self.used


def same_offer(one: Session, other: Session) -> bool:
    """Whether two declarations say the same, whatever has become of the places since."""
    return _untouched(one) == _untouched(other)


def hold_place(session: Session, pathway: PathwayId) -> Session | None:
    """The session with a place held for this pathway; None when it is full.

    Unchanged when the pathway has a place here already.
    """
    if session.has(pathway):
        return session
    if not session.free:
        return None
    return replace(session, held=session.held | {pathway})


def use_place(session: Session, pathway: PathwayId) -> Session | None:
    """The session with this pathway's place booked; None when it holds none and none is free."""
    if pathway in session.used:
        return session
    if pathway not in session.held and not session.free:
        return None
    return replace(session, held=session.held - {pathway}, used=session.used | {pathway})


def release_place(session: Session, pathway: PathwayId) -> Session:
    """The session without this pathway's hold. A booked place stays booked."""
    return replace(session, held=session.held - {pathway}) if pathway in session.held else session


# ---- withdrawal


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A session after a withdrawal, and whom it touches.

    `displaced` held places that are gone. `at_risk` is how many booked places the provider
    withdrew although patients have appointments in them: those places stay, for a person to see to.
    """

    session: Session
    places: int
    displaced: tuple[PathwayId, ...]
    at_risk: int


def withdraw(session: Session, withdrawal_id: str, places: int | None) -> Withdrawn | None:
    """Take out so many places, or all: free ones first, then held ones, never booked ones.

    None when this withdrawal is known.
    """
    if withdrawal_id in session.withdrawals:
        return None

    asked = session.left if places is None else min(places, session.left)
    gone = min(asked, session.left - len(session.used))
    room = session.left - gone - len(session.used)
    # By id, so that two replicas displace the same patients.
    kept = frozenset(sorted(session.held)[:room])

    after = replace(
        session,
        held=kept,
        withdrawn=session.withdrawn + gone,
        withdrawals=session.withdrawals | {withdrawal_id},
    )
    return Withdrawn(after, gone, tuple(sorted(session.held - kept)), asked - gone)


def _untouched(session: Session) -> Session:
    return replace(
        session,
        held=frozenset(),
        used=frozenset(),
        withdrawn=0,
        withdrawals=frozenset(),
    )


# ---- which session


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A session with room, as the diary of its site lists it.

    Ordered by start, then id, so that two replicas offer the same session.
    """

    local_start: datetime
    session_id: CapacityId


@dataclass(frozen=True, slots=True)
class Diary:
    """The sessions with room at one site for one treatment function, earliest first.

    It changes only when a session is declared, fills up or gets a place back, so that many
    patients can take places in one session without all of them writing here.
    """

    site: OdsCode
    provider: OdsCode
    treatment_function: TreatmentFunctionCode
    openings: tuple[Opening, ...] = ()

    def next_on(self, earliest: date) -> date | None:
        """The first day with a place, not before `earliest`."""
        return next((opening.local_start.date() for opening in self.not_before(earliest)), None)

    def last_on(self, earliest: date) -> date | None:
        """The last day with a place, not before `earliest`."""
        days = [opening.local_start.date() for opening in self.not_before(earliest)]
        return days[-1] if days else None

    def not_before(self, earliest: date) -> Iterator[Opening]:
        """The openings from the beginning of that day on, in the order to offer them."""
        return (opening for opening in self.openings if opening.local_start.date() >= earliest)


def noted(diary: Diary, session: Session) -> Diary:
    """The diary after something happened to this session: there if it has room, else not."""
    opening = Opening(session.local_start, session.session_id)
    openings = [other for other in diary.openings if other != opening]
    if session.free:
        insort(openings, opening)
    return replace(diary, openings=tuple(openings))


def changes_diary(before: Session | None, after: Session) -> bool:
    """Whether the session began or ceased to have room, so that its diary must be written.

    Always written then, even if it seems to be right already: what was read of it may be older
    than the session, and only a write finds that out.
    """
    had_room = before is not None and before.free > 0
    return had_room != (after.free > 0)


def without_past(diary: Diary, today: date) -> Diary:
    """The diary without the days before today, so that it does not grow for ever."""
    if not diary.openings or diary.openings[0].local_start.date() >= today:
        return diary
    return replace(diary, openings=tuple(diary.not_before(today)))
