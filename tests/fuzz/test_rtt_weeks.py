"""Weeks of 100,000 random histories, counted twice in two ways, in every run."""

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from contracts.codes import RTT_STATUSES
from referral.domain.clock import Fact, rebuild
from referral.domain.waiting import days_waited, is_over, week_band, weeks_waited

Days = npt.NDArray[np.int64]

HISTORIES, PARTS = 100_000, 4  # in parts, so that workers share them
START, TOLD = date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)
STATUSES = sorted(RTT_STATUSES.at(START))


def history(chance: random.Random) -> list[Fact]:
    facts = [Fact("10", START, TOLD, "receipt", "RJ1", activity=False)]
    for number in range(chance.randrange(9)):
        on = START + timedelta(days=chance.randrange(800))
        status, moved = chance.choice(STATUSES), chance.random() < 0.5
        facts.append(Fact(status, on, TOLD, f"m{number}", "RJ1", True, moved))
    return facts


@pytest.mark.parametrize("part", range(PARTS))
def test_weeks_counted_in_two_ways_agree(part: int) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}, part {part}")  # noqa: T201  # shown when it fails
    chance = random.Random(seed)
    starts: list[int] = []
    ends: list[int] = []
    found: list[tuple[int, int, bool]] = []
    for _ in range(HISTORIES // PARTS):
        as_at = START + timedelta(days=chance.randrange(1_200))
        for period in rebuild(history(chance)).periods:
            until = period.stopped_on or max(as_at, period.started_on)
            days = days_waited(period.started_on, until)
            starts.append(period.started_on.toordinal())
            ends.append(until.toordinal())
            found.append((weeks_waited(days), week_band(days), is_over(days, 18)))
    start: Days = np.array(starts)
    end: Days = np.array(ends)

    # The other way: how often the weekday of the start has come round in the calendar.
    weeks = passed(start, end)
    longer = passed(start, end - 1)
    told = np.array(found)
    assert np.array_equal(told[:, 0], weeks)
    assert np.array_equal(told[:, 1], np.clip(longer, 0, 104))
    assert np.array_equal(told[:, 2].astype(bool), longer >= 18)


def passed(start: Days, end: Days) -> Days:
    """How many days after `start` and up to `end` have its weekday."""
    first, last = int(start.min()), int(end.max()) + 1
    weekdays = np.arange(first, last) % 7
    came = np.cumsum(weekdays == np.arange(7)[:, None], axis=1)
    weekday = start % 7
    return np.asarray(came[weekday, np.maximum(end, start) - first] - came[weekday, start - first])
