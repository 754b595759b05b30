"""Nothing is lost and nothing is doubled, whatever dies: the whole system, killed and judged.

2,000 pathways with several events each come in by FHIR and by the topic. Meanwhile every service
dies at every named point of the engine, all die in the same moment, and the database dies. One
patient in five answers on the pages, the others let their offer lapse. On Apache Kafka
(`make test-kafka`) the broker dies too, in a smaller run.

FAIRWAIT_CRASH_PATHWAYS, FAIRWAIT_CRASH_SEED and `--log-level=INFO` (progress) scale and show it;
`python -m tests.crash.system` does the same by hand.
"""

import random
from pathlib import Path

import pytest

from chassis.kill_points import NAMES
from fairwait.servers import Stack
from tests.crash.system.plan import Plan
from tests.crash.system.runs import everything_dies, judged_run, scaled

PATHWAYS, PATHWAYS_ON_KAFKA = 2_000, 300
LEAST_KILLS = 24


@pytest.mark.slow
async def test_whatever_dies_nothing_is_lost_and_nothing_doubled(
    own_stack: Stack, tmp_path: Path
) -> None:
    usual = PATHWAYS_ON_KAFKA if own_stack.durable else PATHWAYS
    seed = scaled("SEED", random.randrange(1_000_000))
    plan = Plan(seed, scaled("PATHWAYS", usual))
    killing = everything_dies(seed, kafka=own_stack.durable)

    report = await judged_run(own_stack, tmp_path, plan, killing)

    assert not report.violations, f"\n{report}"
    assert report.kills >= LEAST_KILLS, f"\n{report}"
    assert set(report.points) == set(NAMES), f"\n{report}"
    assert report.blows["mongo"], f"\n{report}"
    assert bool(report.blows["kafka"]) == own_stack.durable, f"\n{report}"
