"""Matching's HTTP application with its real handlers, over documents in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import httpx2
import orjson

from chassis.clock import london_date
from chassis.engine import Engine
from chassis.health import Health
from chassis.limits import RateLimit
from chassis.metrics import Metrics
from chassis.outbox import Outbox
from chassis.settings import TelemetrySettings
from chassis.testing import NOW, MemoryStore
from chassis.tokens import DevelopmentIssuer, Tokens
from chassis.tracing import Tracing
from chassis.units import Units
from chassis.web import Web, create_app
from contracts.event import Event, read
from matching.app import matching
from matching.settings import MatchingSettings
from tests.unit.matching.worlds import directory

SCOPES = ("capacity.write", "shortlist.read")


@dataclass
class StandingClock:
    """A time that moves when a test says so."""

    instant: datetime = NOW

    def now(self) -> datetime:
        return self.instant

    def today(self) -> date:
        return london_date(self.instant)


@dataclass(frozen=True)
class MemoryRuntime:
    settings: MatchingSettings
    units: Units
    clock: StandingClock


@dataclass
class Site:
    """The application, asked by any organisation."""

    store: MemoryStore
    issuer: DevelopmentIssuer
    client: httpx2.AsyncClient
    units: Units

    def headers(self, organisation: str, scopes: tuple[str, ...]) -> dict[str, str]:
        return {"authorization": f"Bearer {self.issuer.token(organisation, scopes)}"}

    async def get(
        self, path: str, organisation: str, *scopes: str, **query: str
    ) -> httpx2.Response:
        headers = self.headers(organisation, scopes or SCOPES)
        return await self.client.get(path, headers=headers, params=query or None)

    async def post(
        self, path: str, body: bytes | dict[str, Any], organisation: str, *scopes: str
    ) -> httpx2.Response:
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = self.headers(organisation, scopes or SCOPES)
        headers["content-type"] = "application/json"
        return await self.client.post(path, content=content, headers=headers)

    @property
    def events(self) -> list[Event]:
        """Everything that has left, in order."""
        rows = [row for chunk in self.store.outbox for row in chunk.rows]
        return [read(row.value, row.headers) for row in rows]


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    issuer = DevelopmentIssuer(folder / "issuer")
    settings = MatchingSettings(service="matching", auth=issuer.settings())
    service, store, clock = matching(settings, directory()), MemoryStore(), StandingClock()
    tokens, health = Tokens(settings.auth), Health()
    health.started = True

    def authenticate(token: str, at: datetime, scope: str) -> str:
        return tokens.verify(token, at).organisation

    engine = Engine(service.declaration(), store, cast(Outbox, None), clock, authenticate)
    units = Units(engine, store, lambda: None)
    app = create_app(
        Web(
            settings=settings,
            tokens=tokens,
            health=health,
            metrics=Metrics(),
            tracing=Tracing("matching", TelemetrySettings()),
            rates=RateLimit.local(100_000),
            routers=service.routes,
            runtime=MemoryRuntime(settings, units, clock),
        )
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Site(store, issuer, client, units)
