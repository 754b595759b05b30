"""The unit of work of reporting."""

from dataclasses import dataclass
from datetime import date, datetime

from chassis.work import Work
from contracts.event import Event
from reporting.repositories import (
    PATHWAYS,
    RELEASES,
    SESSIONS,
    Ledger,
    Records,
    Releases,
    collection_of,
)

STREAMS = {"dataset": RELEASES}


@dataclass(frozen=True, slots=True)
class ReportingWork:
    """What a batch or a request of reporting reads and changes."""

    work: Work
    ledger: Ledger
    pathways: Records
    sessions: Records
    releases: Releases

    @classmethod
    def over(cls, work: Work) -> "ReportingWork":
        return cls(
            work, Ledger(work), Records(work, PATHWAYS), Records(work, SESSIONS), Releases(work)
        )

    @property
    def now(self) -> datetime:
        return self.work.now

    @property
    def today(self) -> date:
        return self.work.today

    def records(self, topic: str) -> Records:
        """The records that events of this topic are about."""
        return self.sessions if collection_of(topic) == SESSIONS else self.pathways

    async def publish(self, event: Event) -> None:
        await self.work.publish(event)
