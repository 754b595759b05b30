"""The unit of work of this service: its repositories, and the rules that come from settings."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar, cast

from chassis.work import Work
from contracts.event import Event
from referral.repositories import AuditTrail, HeardOf, Intake, Pathways
from referral.repositories.persons import Persons
from referral.settings import ReferralSettings

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Rules:
    """What handlers decide by and an operator sets."""

    pathway_secret: str
    allow_synthetic: bool
    national_services: frozenset[str] = frozenset({"X26"})

    @classmethod
    def of(cls, settings: ReferralSettings) -> "Rules":
        secret = settings.referral.pathway_secret.get_secret_value()
        national = frozenset(settings.referral.national_services)
        return cls(secret, settings.takes_synthetic, national)

    def __repr__(self) -> str:
        return "Rules(...)"


class ReferralWork:
    """One unit of work over pathways, what came in, and who read what."""

    def __init__(self, work: Work, rules: Rules) -> None:
        self._work = work
        self.rules = rules
        self.pathways = Pathways(work, rules.pathway_secret)
        self.intake = Intake(work)
        self.heard = HeardOf(work)
        self.persons = Persons(work, rules.pathway_secret)
        self.audit = AuditTrail(work)

    @property
    def now(self) -> datetime:
        return self._work.now

    @property
    def today(self) -> date:
        """The calendar date in London."""
        return self._work.today

    def set_timer(self, name: str, subject: str, due_at: datetime) -> None:
        """Call the timer's handler once, at or soon after `due_at`."""
        self._work.set_timer(name, subject, due_at)

    def cancel_timer(self, name: str, subject: str) -> None:
        self._work.cancel_timer(name, subject)

    async def publish(self, event: E) -> E:
        """Send the event with this work; what comes back is numbered and can be a cause."""
        await self._work.publish(event)
        return cast(E, self._work.published[-1])
