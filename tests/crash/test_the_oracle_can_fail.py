"""Six bugs, planted one at a time, are each seen by the oracle that sees none in the real system."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from fairwait.servers import Stack
from tests.crash.system.oracle.verdict import Kind
from tests.crash.system.plan import Plan
from tests.crash.system.runs import judged_run, scaled
from tests.crash.system.story import Killing

PATHWAYS = 96
SEED = 20260302


@dataclass(frozen=True)
class Planted:
    """A bug, the service it is planted in, where that dies, and what the oracle says one of."""

    bug: str
    service: str
    point: str
    kinds: frozenset[Kind]
    plan: Plan


def plan(**changes: object) -> Plan:
    usual = Plan(scaled("SEED", SEED), scaled("PLANTED_PATHWAYS", PATHWAYS), answers=0, short=True)
    return Plan(**{**vars(usual), **changes})


PLANTED = [
    Planted(
        "offset-before-commit",
        "referral",
        "before-commit:2",
        frozenset({"lost", "gap"}),
        plan(door="kafka"),
    ),
    Planted(
        "marks-outside-the-transaction",
        "matching",
        "before-hand-over:3",
        frozenset({"state"}),
        plan(),
    ),
    Planted(
        "relay-marks-before-the-answer",
        "referral",
        "before-send:3",
        frozenset({"gap"}),
        plan(),
    ),
    Planted(
        "ignored-version-conflict",
        "referral",
        "",
        frozenset({"forked", "lost"}),
        plan(pathways=48, door="fhir", again_every=1, updates=3),
    ),
    Planted(
        "dead-letter-skipped",
        "matching",
        "after-commit:3",
        frozenset({"dead letter"}),
        plan(),
    ),
    Planted(
        "claim-after-send",
        "notifications",
        "after-hand-over:2",
        frozenset({"message"}),
        plan(),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.bug)
async def test_a_planted_bug_is_seen(planted: Planted, own_stack: Stack, tmp_path: Path) -> None:
    commands = {planted.service: ["tests.crash.planted", planted.bug, planted.service]}
    points = {planted.service: [planted.point]} if planted.point else {}

    report = await judged_run(own_stack, tmp_path, planted.plan, Killing(points=points), commands)

    assert sum(report.points.values()) == len(points), f"\n{report}"
    assert planted.kinds & {violation.kind for violation in report.violations}, f"\n{report}"
