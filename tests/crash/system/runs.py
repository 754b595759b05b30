"""Runs as tests want them: how large, what dies, and what the oracle says."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairwait.servers import Stack
from tests.crash.system.killer import TIMER_POINTS, Blow, points_of
from tests.crash.system.oracle import Violation, judged, read, summary
from tests.crash.system.plan import Plan
from tests.crash.system.story import Killing, live
from tests.crash.system.whole import SERVICES


@dataclass(frozen=True)
class Report:
    """What a run came to."""

    seed: int
    directory: Path
    pathways: int
    kills: int
    points: Counter[str]
    blows: Counter[str]
    events: Mapping[str, int]
    left: str
    violations: list[Violation]

    def __str__(self) -> str:
        points = ", ".join(f"{name} {number}" for name, number in sorted(self.points.items()))
        blows = ", ".join(f"{name} {number}" for name, number in sorted(self.blows.items()))
        return "\n".join(
            [
                f"seed {self.seed}, {self.pathways} pathways, kept in {self.directory}",
                f"{self.kills} kills; at points: {points}; from outside: {blows}",
                ", ".join(f"{number} {name}" for name, number in sorted(self.events.items())),
                f"left to do: {self.left or 'nothing'}",
                summary(self.violations),
            ]
        )


def everything_dies(seed: int, *, kafka: bool) -> Killing:
    """Every point of every service, everything at once, the servers in between."""
    server: Sequence[Blow] = ("mongo", "kafka") if kafka else ("mongo",)
    return Killing(
        points={name: points_of(name, seed) for name in SERVICES},
        timer_points=TIMER_POINTS,
        referring=(*server, *server),
        lapsing=(*server, "services", *server),
        treating=(*server, "services", *server, "shutdown"),
    )


async def judged_run(
    stack: Stack,
    directory: Path,
    plan: Plan,
    killing: Killing,
    commands: Mapping[str, Sequence[str]] | None = None,
) -> Report:
    """One run and its verdict."""
    told, killer = await live(stack, directory, plan, killing, commands)
    found = await read(
        history=told.whole.history,
        mongo=stack.mongo_uri,
        kafka=stack.kafka_bootstrap,
        mailbox=told.whole.mailbox,
        dataset=told.whole.dataset,
        release=told.release["release"],
        unbalanced=told.counts["unbalanced"],
    )
    return Report(
        seed=plan.seed,
        directory=directory,
        pathways=plan.pathways,
        kills=killer.total,
        points=killer.points,
        blows=killer.kills,
        events={name: len(records) for name, records in found.events.items()},
        left=told.left,
        violations=judged(found),
    )


def scaled(name: str, usual: int) -> int:
    """A number that the environment may change."""
    return int(os.environ.get(f"FAIRWAIT_CRASH_{name}", usual))
