"""The service's HTTP application, its real handlers and units of work, over documents in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx2
import orjson
from fastapi import FastAPI

from chassis.clock import london_date
from chassis.engine import Engine
from chassis.health import Health
from chassis.limits import RateLimit, Turns
from chassis.metrics import Metrics
from chassis.outbox import Outbox
from chassis.settings import TelemetrySettings
from chassis.testing import NOW, MemoryStore
from chassis.tokens import DevelopmentIssuer, Tokens
from chassis.tracing import Tracing
from chassis.units import Units
from chassis.web import Web, create_app
from contracts.event import Event, read
from referral.app import referral
from referral.settings import ReferralSection, ReferralSettings
from tests.unit.referral.builders import SECRET, TRUST

WRITE, READ = "referral.write", "pathway.read"


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
    settings: ReferralSettings
    units: Units
    clock: StandingClock
    turns: Turns
    metrics: Metrics


@dataclass
class Site:
    """The application with a client of one trust."""

    app: FastAPI
    store: MemoryStore
    issuer: DevelopmentIssuer
    client: httpx2.AsyncClient
    clock: StandingClock
    ids: int = 0

    def token(self, organisation: str = TRUST, *scopes: str) -> str:
        return self.issuer.token(organisation, scopes or (WRITE, READ))

    def next_id(self) -> str:
        self.ids += 1
        return f"r-{self.ids}"

    async def post(
        self,
        path: str,
        body: bytes | dict[str, Any],
        *,
        organisation: str = TRUST,
        request_id: str = "",
        **headers: str,
    ) -> httpx2.Response:
        """POST to the FHIR edge; a header is given as `content_type="..."`."""
        given = self._headers(organisation, request_id, headers)
        return await self.client.post(f"/FHIR/R4/{path}", content=_bytes(body), headers=given)

    async def put(
        self,
        path: str,
        body: bytes | dict[str, Any],
        *,
        organisation: str = TRUST,
        request_id: str = "",
        **headers: str,
    ) -> httpx2.Response:
        """PUT to the FHIR edge."""
        given = self._headers(organisation, request_id, headers)
        return await self.client.put(f"/FHIR/R4/{path}", content=_bytes(body), headers=given)

    async def search(
        self, kind: str, *, organisation: str = TRUST, reason: str = "booking", **form: str
    ) -> httpx2.Response:
        """POST to `_search` of the FHIR edge; a dash in a name is given as two underscores."""
        headers = {"authorization": f"Bearer {self.token(organisation)}", "fairwait-reason": reason}
        told = {name.replace("__", "-"): value for name, value in form.items()}
        return await self.client.post(f"/FHIR/R4/{kind}/_search", data=told, headers=headers)

    def _headers(
        self, organisation: str, request_id: str, others: dict[str, str]
    ) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token(organisation)}",
            "content-type": "application/fhir+json; version=1.0.0",
            "x-request-id": request_id or self.next_id(),
            **{name.replace("_", "-"): value for name, value in others.items()},
        }

    async def get(
        self, path: str, *, organisation: str = TRUST, reason: str = "validation", **query: str
    ) -> httpx2.Response:
        headers = {
            "authorization": f"Bearer {self.token(organisation)}",
            **({"fairwait-reason": reason} if reason else {}),
        }
        return await self.client.get(path, headers=headers, params=query or None)

    @property
    def events(self) -> list[Event]:
        """Everything that has left, in order."""
        rows = [row for chunk in self.store.outbox for row in chunk.rows]
        return [read(row.value, row.headers) for row in rows]


def _bytes(body: bytes | dict[str, Any]) -> bytes:
    return body if isinstance(body, bytes) else orjson.dumps(body)


def made(directory: Path, **section: Any) -> Site:
    """The application; its client is to be closed by whoever uses it."""
    issuer = DevelopmentIssuer(directory / "issuer")
    settings = ReferralSettings(
        service="referral",
        auth=issuer.settings(),
        referral=ReferralSection(**{"pathway_secret": SECRET, **section}),
    )
    service, store, clock = referral(settings), MemoryStore(), StandingClock()
    tokens, health = Tokens(settings.auth), Health()
    health.started = True

    def authenticate(token: str, at: datetime, scope: str) -> str:
        return tokens.verify(token, at).organisation

    metrics = Metrics()
    engine = Engine(service.declaration(), store, cast(Outbox, None), clock, authenticate)
    units = Units(engine, store, lambda: None)
    app = create_app(
        Web(
            settings=settings,
            tokens=tokens,
            health=health,
            metrics=metrics,
            tracing=Tracing("referral", TelemetrySettings()),
            rates=RateLimit.local(100_000),
            routers=service.routes,
            kinds=service.kinds,
            error_page=service.error_page,
            uploads=service.uploads,
            runtime=MemoryRuntime(settings, units, clock, Turns(4), metrics),
        )
    )
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx2.AsyncClient(transport=transport, base_url="http://test")
    return Site(app, store, issuer, client, clock)


@asynccontextmanager
async def site(directory: Path, **section: Any) -> AsyncIterator[Site]:
    built = made(directory, **section)
    async with built.client:
        yield built


DAY = timedelta(days=1)
