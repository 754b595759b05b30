"""The whole website of the service in one process, over an in-memory store and a clock to set."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import httpx2
from starlette.types import ASGIApp

from chassis.clock import london_date
from chassis.engine import Engine
from chassis.health import Health
from chassis.limits import RateLimit
from chassis.metrics import Metrics
from chassis.service import Service
from chassis.testing import NOW, MemoryStore
from chassis.tokens import Tokens
from chassis.tracing import Tracing
from chassis.units import Units
from chassis.web import Web, create_app
from contracts.events import IdentityRecorded, OfferShortlisted
from notifications.app import notifications
from notifications.handlers import keep_contact, offer_choice
from notifications.settings import NotificationsSettings
from tests.unit.notifications.builders import PATHWAY, RULES, Memory, identity, memory, shortlisted

ORIGIN = "https://choose.example"


@cache
def put_together(environment: str) -> tuple[NotificationsSettings, Service]:
    """Once for all tests: making the pages takes longer than using them."""
    settings = NotificationsSettings.model_validate(
        {
            "service": "notifications",
            "environment": environment,
            "notifications": {"link_secret": RULES.link_secret.decode()},
        }
    )
    return settings, notifications(settings)


@dataclass(slots=True)
class SetClock:
    """A clock that says what it is told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return london_date(self.at)


@dataclass(slots=True)
class Website:
    """The service's HTTP half, what is stored behind it, and its clock."""

    environment: str = "test"
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: SetClock = field(default_factory=SetClock)

    @property
    def memory(self) -> Memory:
        return memory(self.clock.now(), self.store)

    async def offer(
        self, contact: IdentityRecorded | None = None, offer: OfferShortlisted | None = None
    ) -> str:
        """A patient with a list; the path of the link in their message."""
        offer = offer or shortlisted()
        work = self.memory
        await work.run(keep_contact, contact or identity())
        await work.run(offer_choice, offer)
        return f"/choose/{RULES.choice_token(PATHWAY, offer.shortlist_id)}"

    def answers(self) -> list[str]:
        """The types of all events that the pages have published, in order."""
        rows = [row for chunk in self.store.outbox for row in chunk.rows]
        return [dict(row.headers)["ce_type"].decode() for row in rows]

    def app(self) -> ASGIApp:
        settings, service = put_together(self.environment)
        nowhere: Any = None  # Kafka and the outbox; no page touches either
        engine = Engine(service.declaration(), self.store, nowhere, self.clock, nowhere)
        units = Units(engine, self.store, lambda: None)
        health = Health()
        health.started = True
        return create_app(
            Web(
                settings=settings,
                tokens=Tokens(settings.auth),
                health=health,
                metrics=Metrics(),
                tracing=Tracing("notifications", settings.telemetry),
                rates=RateLimit.local(10_000),
                routers=service.routes,
                error_page=service.error_page,
                runtime=SimpleNamespace(units=units, clock=self.clock),
            )
        )


def browser(website: Website) -> httpx2.AsyncClient:
    """A browser without JavaScript: keeps cookies, says where its forms come from."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(website.app()),
        base_url=ORIGIN,
        headers={"accept": "text/html", "sec-fetch-site": "same-origin"},
    )
