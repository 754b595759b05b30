"""The whole system: servers, services and sink, started together and stopped in order."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from chassis.clock import SimulatedClock, write_instant
from chassis.kafka import create_topics
from chassis.tokens import DevelopmentIssuer
from contracts.topics import Service
from fairwait.servers import NativeKafka, ServerFailed, Stack, TansuKafka
from fairwait.servers.child import HOST, Child
from fairwait.system.newness import check_that_it_is_new
from fairwait.system.ports import SMTP, ports
from fairwait.system.program import Program, inherited
from fairwait.system.record import Record, forget

SERVICES: tuple[Service, ...] = ("referral", "matching", "notifications", "reporting")
SINK = "sink"
WATCH_EVERY = 0.25  # seconds

Environment = Mapping[str, str]


@dataclass(frozen=True)
class System:
    """A running system."""

    directory: Path
    stack: Stack
    programs: tuple[Program, ...]
    issuer: DevelopmentIssuer
    clock: SimulatedClock

    def url(self, name: str) -> str:
        """Where a service, or the sink, is."""
        return next(program.url for program in self.programs if program.name == name)

    @property
    def children(self) -> tuple[Child, ...]:
        kafka, mongo = self.stack.kafka, self.stack.mongo
        servers = (*kafka.brokers, mongo) if isinstance(kafka, NativeKafka) else (kafka, mongo)
        return (*self.programs, *(one for one in servers if isinstance(one, Child)))

    def record(self) -> Record:
        return Record(
            pid=os.getpid(),
            urls={program.name: program.url for program in self.programs},
            kafka=self.stack.kafka_bootstrap,
            idempotence=self.stack.idempotence,
            mongo=self.stack.mongo_uri,
        )

    async def watch(self) -> NoReturn:
        """Raises `ServerFailed` when a process has ended, with the last of its log."""
        while True:
            for child in self.children:
                if child.pid is None:
                    raise ServerFailed(_end_of(child))
            await asyncio.sleep(WATCH_EVERY)


def _end_of(child: Child) -> str:
    ended = child.how_it_ended() if isinstance(child, Program) else None
    return ended or child.report("ended by itself")


@asynccontextmanager
async def running_system(directory: Path, begins: datetime) -> AsyncIterator[System]:
    """All of it, ready, in a new world whose clock stands at `begins`; stopped at the end.

    `directory` is an absolute path. Services stop before the servers they write to.
    """
    with ports() as chosen:
        async with Stack.start(directory=directory) as stack:
            await check_that_it_is_new(stack)
            _make_room(directory)
            write_instant(directory / "clock", begins)
            issuer = DevelopmentIssuer(directory / "issuer")
            settings = _settings(directory, stack, issuer, chosen)
            system = System(
                directory=directory,
                stack=stack,
                programs=_programs(directory, chosen, settings),
                issuer=issuer,
                clock=SimulatedClock(directory / "clock"),
            )
            async with _started(system):
                yield system


def _make_room(directory: Path) -> None:
    """What an earlier run of this directory left and a new world must not find."""
    for name in ("logs", "sink", "dataset"):
        shutil.rmtree(directory / name, ignore_errors=True)
    (directory / "clock").unlink(missing_ok=True)


@asynccontextmanager
async def _started(system: System) -> AsyncIterator[None]:
    try:
        await _start(system)
        system.record().write(system.directory)
        yield
    finally:
        forget(system.directory)
        await asyncio.gather(*(program.stop() for program in system.programs))


async def _start(system: System) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(create_topics(system.stack.kafka_bootstrap, replication=1))
            for program in system.programs:
                group.create_task(program.start())
    except* ServerFailed as failures:
        raise failures.exceptions[0] from None


# ---- what runs, and with which settings


def _programs(
    directory: Path, chosen: Mapping[str, int], settings: Environment
) -> tuple[Program, ...]:
    logs = directory / "logs"
    services = [
        Program(
            name,
            [name],
            port=chosen[name],
            path="/readyz",
            environment={**settings, "FAIRWAIT_HTTP__PORT": str(chosen[name])},
            logs=logs,
        )
        for name in SERVICES
    ]
    sink = Program(
        SINK,
        [
            "notifications.sink",
            *("--directory", str(directory / SINK)),
            *("--http-port", str(chosen[SINK])),
            *("--smtp-port", str(chosen[SMTP])),
        ],
        port=chosen[SINK],
        path="/counts",
        environment=settings,
        logs=logs,
    )
    return (*services, sink)


def _settings(
    directory: Path, stack: Stack, issuer: DevelopmentIssuer, chosen: Mapping[str, int]
) -> Environment:
    """The environment of every process. Each reads its own section and those of all."""
    sink = f"http://{HOST}:{chosen[SINK]}"
    return {
        **_quick_groups(stack),
        **inherited(),
        **stack.environment(),
        "FAIRWAIT_ENVIRONMENT": "development",
        "FAIRWAIT_AUTH__ISSUER": issuer.issuer,
        "FAIRWAIT_AUTH__JWKS": str(issuer.jwks),
        "FAIRWAIT_AUTH__ALGORITHM": issuer.algorithm,
        "FAIRWAIT_CLOCK__FILE": str(directory / "clock"),
        "FAIRWAIT_HTTP__REQUESTS_PER_MINUTE": "100000",
        "FAIRWAIT_NOTIFICATIONS__PUBLIC_URL": f"http://{HOST}:{chosen['notifications']}",
        "FAIRWAIT_NOTIFICATIONS__EMAIL__HOST": HOST,
        "FAIRWAIT_NOTIFICATIONS__EMAIL__PORT": str(chosen[SMTP]),
        "FAIRWAIT_NOTIFICATIONS__EMAIL__LOOKUP_URL": f"{sink}/messages",
        "FAIRWAIT_NOTIFICATIONS__NOTIFY__BASE_URL": sink,
        "FAIRWAIT_REPORTING__DIRECTORY": str(directory / "dataset"),
        "FAIRWAIT_REPORTING__OPEN": "true",
    }


def _quick_groups(stack: Stack) -> Environment:
    """Tansu lets a new group wait for half a session, in case that more members come: none do."""
    if not isinstance(stack.kafka, TansuKafka):
        return {}
    return {"FAIRWAIT_KAFKA__SESSION_MS": "6000"}
