"""The unit of work of this service: its repositories, what it knows, and the rules from settings."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chassis.work import Work
from contracts.event import Event
from contracts.identifiers import PathwayId
from matching.directory import Directory
from matching.repositories import (
    CATALOGUES,
    DIARIES,
    MATCHES,
    SESSIONS,
    SHORTLISTS,
    Cases,
    Refusals,
    Sessions,
    Shortlists,
)

LAPSE = "lapse"
EXPIRE = "expire"
REMATCH = "rematch"


@dataclass(frozen=True, slots=True)
class Rules:
    """What handlers decide by and an operator sets."""

    respond_within: timedelta = timedelta(days=14)
    hold_for: timedelta = timedelta(hours=48)
    notice: timedelta = timedelta(days=21)
    soonest: timedelta = timedelta(days=3)
    travel_limit_miles: int | None = None


class MatchingWork:
    """One unit of work over cases, sessions and shortlists."""

    def __init__(self, work: Work, directory: Directory, rules: Rules) -> None:
        self._work = work
        self.directory = directory
        self.rules = rules
        self.cases = Cases(work.documents(MATCHES))
        self.sessions = Sessions(work.documents(SESSIONS), work.documents(DIARIES))
        self.refusals = Refusals(work.documents(SESSIONS))
        self.shortlists = Shortlists(work.documents(SHORTLISTS), work.documents(CATALOGUES))

    @property
    def now(self) -> datetime:
        return self._work.now

    @property
    def today(self) -> date:
        return self._work.today

    def earliest(self, places_from: date) -> date:
        """The first day that a place may be on, for a list that counted from `places_from`."""
        return max(places_from, self.today + self.rules.soonest)

    async def publish(self, event: Event) -> None:
        await self._work.publish(event)

    def lapse_at(self, pathway: PathwayId, due_at: datetime) -> None:
        """Have the shortlist of this pathway looked at then, and no longer at another time."""
        self._work.set_timer(LAPSE, pathway, due_at)

    def expire_at(self, pathway: PathwayId, due_at: datetime) -> None:
        """Have the hold of this pathway looked at then, and no longer at another time."""
        self._work.set_timer(EXPIRE, pathway, due_at)

    def rematch_at(self, slot: str, due_at: datetime) -> None:
        """Have those matched anew then who were offered a slot that has no place left in time."""
        self._work.set_timer(REMATCH, slot, due_at)

    def stop_timers(self, pathway: PathwayId) -> None:
        """Nothing is left to lapse or to expire."""
        self._work.cancel_timer(LAPSE, pathway)
        self._work.cancel_timer(EXPIRE, pathway)
