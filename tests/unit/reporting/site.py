"""Reporting's HTTP application over documents in memory."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import FastAPI

from chassis.health import Health
from chassis.limits import RateLimit
from chassis.metrics import Metrics
from chassis.settings import TelemetrySettings
from chassis.tokens import Tokens
from chassis.tracing import Tracing
from chassis.web import Web, create_app
from reporting.app import service
from reporting.settings import ReportingSection, ReportingSettings
from tests.unit.reporting.memory import NOW, MemoryUnits


class StandingClock:
    """The day of the stories, standing still."""

    def now(self) -> datetime:
        return NOW

    def today(self) -> date:
        return NOW.date()


@dataclass(frozen=True)
class MemoryRuntime:
    settings: Any
    units: MemoryUnits
    clock: StandingClock


def site(units: MemoryUnits, section: ReportingSection, tokens: Tokens | None = None) -> FastAPI:
    settings = ReportingSettings(service="reporting", reporting=section)
    health = Health()
    health.started = True
    return create_app(
        Web(
            settings=settings,
            tokens=tokens or Tokens(settings.auth),
            health=health,
            metrics=Metrics(),
            tracing=Tracing("reporting", TelemetrySettings()),
            rates=RateLimit.local(1_000),
            routers=service.routes,
            mounts=service.mounts,
            error_page=service.error_page,
            runtime=MemoryRuntime(settings, units, StandingClock()),
        )
    )
