"""The whole system in a new world: servers, four services, the sink, one clock."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chassis.clock import SimulatedClock, write_instant
from chassis.kafka import create_topics
from chassis.tokens import DevelopmentIssuer
from fairwait.servers import Stack
from fairwait.servers.child import HOST, free_port
from fairwait.system.program import inherited
from fairwait.world.calendar import CAPACITY_DECLARED
from tests.crash.system.plan import PATHWAY_SECRET
from tests.crash.system.processes import ROOT, Fleet, Process

SERVICES: Final = ("referral", "matching", "notifications", "reporting")
SINK: Final = "sink"


@dataclass(frozen=True)
class Whole:
    """Everything that runs, and where it keeps what it makes."""

    directory: Path
    stack: Stack
    fleet: Fleet
    issuer: DevelopmentIssuer
    clock: SimulatedClock

    def url(self, name: str) -> str:
        return self.fleet[name].url

    @property
    def history(self) -> Path:
        return self.directory / "history.ndjson"

    @property
    def mailbox(self) -> Path:
        return self.directory / "sink" / "messages.ndjson"

    @property
    def dataset(self) -> Path:
        return self.directory / "dataset"


@asynccontextmanager
async def whole_system(
    stack: Stack, directory: Path, commands: Mapping[str, Sequence[str]]
) -> AsyncIterator[Whole]:
    """All of it, ready, in a directory that is there. `commands` are those that are not
    `python -m <service>`.
    """
    write_instant(directory / "clock", CAPACITY_DECLARED)
    issuer = DevelopmentIssuer(directory / "issuer")
    fleet = _fleet(directory, stack, issuer, commands)
    whole = Whole(directory, stack, fleet, issuer, SimulatedClock(directory / "clock"))
    try:
        await create_topics(stack.kafka_bootstrap, replication=1)
        await fleet.start()
        yield whole
    finally:
        await fleet.stop()


def _fleet(
    directory: Path,
    stack: Stack,
    issuer: DevelopmentIssuer,
    commands: Mapping[str, Sequence[str]],
) -> Fleet:
    logs = directory / "logs"
    logs.mkdir(exist_ok=True)
    smtp, sink_port = free_port(), free_port()
    ports = {name: free_port() for name in SERVICES}
    settings = _settings(directory, stack, issuer, ports, sink_port, smtp)
    services = [
        Process(
            name,
            commands.get(name, [name]),
            {**settings, "FAIRWAIT_HTTP__PORT": str(ports[name])},
            logs,
            "/readyz",
            ports[name],
        )
        for name in SERVICES
    ]
    sink = Process(
        SINK,
        [
            "notifications.sink",
            *("--directory", str(directory / SINK)),
            *("--http-port", str(sink_port), "--smtp-port", str(smtp)),
        ],
        settings,
        logs,
        "/counts",
        sink_port,
    )
    return Fleet([sink, *services], stack.mongo_uri)


def _settings(
    directory: Path,
    stack: Stack,
    issuer: DevelopmentIssuer,
    ports: Mapping[str, int],
    sink_port: int,
    smtp: int,
) -> dict[str, str]:
    sink = f"http://{HOST}:{sink_port}"
    return {
        **inherited(),
        **stack.environment(),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "FAIRWAIT_ENVIRONMENT": "development",
        "FAIRWAIT_AUTH__ISSUER": issuer.issuer,
        "FAIRWAIT_AUTH__JWKS": str(issuer.jwks),
        "FAIRWAIT_AUTH__ALGORITHM": issuer.algorithm,
        "FAIRWAIT_CLOCK__FILE": str(directory / "clock"),
        "FAIRWAIT_HTTP__REQUESTS_PER_MINUTE": "100000",
        "FAIRWAIT_KAFKA__SESSION_MS": "6000",
        "FAIRWAIT_LOGS__LEVEL": "warning",
        "FAIRWAIT_REFERRAL__PATHWAY_SECRET": PATHWAY_SECRET,
        "FAIRWAIT_NOTIFICATIONS__PUBLIC_URL": f"http://{HOST}:{ports['notifications']}",
        "FAIRWAIT_NOTIFICATIONS__EMAIL__HOST": HOST,
        "FAIRWAIT_NOTIFICATIONS__EMAIL__PORT": str(smtp),
        "FAIRWAIT_NOTIFICATIONS__EMAIL__LOOKUP_URL": f"{sink}/messages",
        "FAIRWAIT_NOTIFICATIONS__NOTIFY__BASE_URL": sink,
        "FAIRWAIT_NOTIFICATIONS__SENDER__BATCH": "50",
        "FAIRWAIT_NOTIFICATIONS__SENDER__LEASE_SECONDS": "10",
        "FAIRWAIT_REPORTING__DIRECTORY": str(directory / "dataset"),
        "FAIRWAIT_REPORTING__OPEN": "true",
    }


@asynccontextmanager
async def watched(whole: Whole) -> AsyncIterator[None]:
    """Within the block every process that dies is started again; one that dies by itself ends it."""
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(whole.fleet.watch())
        try:
            yield
        finally:
            watching.cancel()
