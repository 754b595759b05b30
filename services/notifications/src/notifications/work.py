"""The unit of work of this service: its repositories, and the rules that come from settings."""

from dataclasses import dataclass
from datetime import date, datetime

from chassis.work import Work
from contracts.event import Event
from notifications.domain import links
from notifications.domain.windows import Window
from notifications.repositories import MessageRepository, PatientRepository


@dataclass(frozen=True, slots=True)
class Rules:
    """What handlers decide by and an operator sets."""

    link_secret: bytes
    window: Window

    def choice_token(self, pathway_id: str, shortlist_id: str) -> str:
        """The token of the link to one shortlist of one pathway."""
        return links.token(
            self.link_secret, pathway_id=pathway_id, purpose=links.CHOOSE, subject=shortlist_id
        )

    def __repr__(self) -> str:
        return "Rules(...)"


class NotificationsWork:
    """One unit of work over patients and messages."""

    def __init__(self, work: Work, rules: Rules) -> None:
        self._work = work
        self.rules = rules
        self.patients = PatientRepository(work)
        self.messages = MessageRepository(work)

    @property
    def now(self) -> datetime:
        return self._work.now

    @property
    def today(self) -> date:
        return self._work.today

    async def publish(self, event: Event) -> None:
        await self._work.publish(event)

    def set_timer(self, name: str, subject: str, due_at: datetime) -> None:
        self._work.set_timer(name, subject, due_at)

    def cancel_timer(self, name: str, subject: str) -> None:
        self._work.cancel_timer(name, subject)
