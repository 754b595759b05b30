"""What the measurements of the ways in share: referral alone on its servers, and people to refer."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from chassis.kafka import create_topics
from chassis.mongo import OUTBOX, Mongo
from chassis.tokens import DevelopmentIssuer
from fairwait.servers import Stack
from fairwait.system.program import Program, inherited
from fairwait.world.people import nhs_numbers
from tests.bench.rig import free_port

TRUST: Final = "RJ1"
PRACTICE: Final = "A81001"
DATABASE: Final = "fairwait_referral"
FUNCTIONS: Final = ("100", "101", "110", "120", "130", "502")
PATIENCE: Final = 600.0  # seconds


@dataclass(frozen=True, slots=True)
class Edge:
    """A referral service that runs, and how to reach it."""

    stack: Stack
    directory: Path
    url: str
    mllp: int
    mongo: Mongo
    pid: int

    async def outbox_empty(self) -> float:
        """Waits until everything accepted is with the broker; the seconds that took."""
        began = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            while await self.mongo.db[OUTBOX].find_one({}, {"_id": 1}):
                await asyncio.sleep(0.02)
        return time.perf_counter() - began


@asynccontextmanager
async def referral_alone() -> AsyncIterator[Edge]:
    """The service as a process of its own on the embedded servers, in a new world."""
    with TemporaryDirectory() as name:
        directory = Path(name)
        async with Stack.start(directory=directory) as stack:
            await create_topics(stack.kafka_bootstrap, replication=1)
            http, mllp = free_port(), free_port()
            program = _program(stack, directory, http, mllp)
            mongo = Mongo(stack.mongo_uri, DATABASE)
            await program.start()
            try:
                assert program.pid is not None
                yield Edge(stack, directory, program.url, mllp, mongo, program.pid)
            finally:
                mongo.close()
                await program.stop()


def _program(stack: Stack, directory: Path, http: int, mllp: int) -> Program:
    issuer = DevelopmentIssuer(directory / "issuer")
    environment = {
        **inherited(),
        **stack.environment(),
        "FAIRWAIT_KAFKA__SESSION_MS": "6000",
        "FAIRWAIT_ENVIRONMENT": "development",
        "FAIRWAIT_AUTH__ISSUER": issuer.issuer,
        "FAIRWAIT_AUTH__JWKS": str(issuer.jwks),
        "FAIRWAIT_AUTH__ALGORITHM": issuer.algorithm,
        "FAIRWAIT_HTTP__PORT": str(http),
        "FAIRWAIT_HTTP__REQUESTS_PER_MINUTE": "1000000",
        "FAIRWAIT_REFERRAL__MLLP__PORT": str(mllp),
        "FAIRWAIT_REFERRAL__MLLP__ORGANISATION": TRUST,
        "FAIRWAIT_REFERRAL__MLLP__MESSAGES_PER_MINUTE": "1000000",
    }
    return Program(
        "referral",
        ["referral"],
        port=http,
        path="/readyz",
        environment=environment,
        logs=directory / "logs",
    )


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has taken so far; 0 where there is no /proc to tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def referrals(first: int = 0) -> Iterator[dict[str, Any]]:
    """The fields of referrals to one trust, each of another person; there is a lot of them."""
    today = datetime.now(UTC).date()
    for number, nhs_number in enumerate(nhs_numbers(100_000)):
        if number >= first:
            yield _referral(number, nhs_number, today)


def _referral(number: int, nhs_number: str, today: date) -> dict[str, Any]:
    born = date(1930, 1, 1) + timedelta(days=number * 37 % 29_000)
    return {
        "pathway": {"identifier": f"PPI{number:09}", "issuer": TRUST},
        "patient": {
            "nhs_number": nhs_number,
            "given_name": "Ada",
            "family_name": f"Example-{number % 997}",
            "birth_date": born.isoformat(),
            "sex": "12"[number % 2],
            "postcode": f"SW{1 + number % 9}A 1AA",
            "phone": f"07700900{number % 1000:03}",
        },
        "responsible_provider": TRUST,
        "referring_organisation": PRACTICE,
        "treatment_function": FUNCTIONS[number % len(FUNCTIONS)],
        "priority": "1",
        "source_of_referral": "03",
        "received_on": (today - timedelta(days=1 + number % 300)).isoformat(),
        "commissioner": "QMJ",
    }
