"""Readiness is what the checks say, at once when they fail and also when they hang."""

import asyncio
from collections import Counter

import pytest

from chassis import health as health_module
from chassis.health import Health, Heartbeat
from chassis.metrics import Metrics


def ready_health() -> Health:
    health = Health()
    health.started = True
    return health


async def test_a_check_that_hangs_or_fails_is_a_check_that_says_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health_module, "CHECK_WITHIN", 0.01)
    health = ready_health()

    async def hang() -> str:
        await asyncio.Event().wait()
        return ""

    async def fail() -> str:
        raise ConnectionError("Featherstonehaugh")

    health.register("hanging", hang)
    health.register("failing", fail)

    readiness = await health.readiness()

    assert not readiness.ready
    assert readiness.checks["hanging"].startswith("no answer")
    assert readiness.checks["failing"] == "failed: ConnectionError"


async def test_many_probes_ask_once() -> None:
    health, asked = ready_health(), 0

    async def check() -> str:
        nonlocal asked
        asked += 1
        return ""

    health.register("database", check)

    answers = await asyncio.gather(*(health.readiness() for _ in range(50)))

    assert all(answer.ready for answer in answers)
    assert asked == 1


@pytest.mark.parametrize(("seconds", "well"), [(29, True), (30, True), (31, False)])
async def test_a_heart_that_is_silent_for_longer_than_allowed_is_wrong(
    seconds: float, well: bool
) -> None:
    now = 1000.0
    heartbeat = Heartbeat("a poll", within=30, time=lambda: now)
    assert await heartbeat.check() != ""

    heartbeat.beat()
    now += seconds
    said = await heartbeat.check()

    assert (said == "") is well


def test_outcomes_are_counted_where_they_happen_and_read_when_asked() -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    metrics = Metrics(lambda: outcomes)
    outcomes["referral", "done"] += 500

    assert b'fairwait_events_total{outcome="done",topic="referral"} 500.0' in metrics.render()
