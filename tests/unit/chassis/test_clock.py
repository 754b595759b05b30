"""Time is what a clock says: London dates, and for simulations what a file holds."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from chassis.clock import SimulatedClock, SystemClock, clock_of, london_date, write_instant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 6, 1, 22, 59, tzinfo=UTC), date(2026, 6, 1)),
        (datetime(2026, 6, 1, 23, 0, tzinfo=UTC), date(2026, 6, 2)),
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), date(2026, 12, 1)),
        (datetime(2026, 12, 2, 0, 0, tzinfo=UTC), date(2026, 12, 2)),
    ],
)
def test_a_day_begins_at_midnight_in_london(instant: datetime, day: date) -> None:
    assert london_date(instant) == day


def test_all_who_read_the_file_have_the_same_time(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    write_instant(file, NOON)
    one, other = SimulatedClock(file), clock_of(file)

    for hours in range(1, 50):
        one.advance(timedelta(hours=1))
        assert other.now() == NOON + timedelta(hours=hours)
    assert other.today() == date(2026, 6, 3)


def test_simulated_time_never_goes_back(tmp_path: Path) -> None:
    write_instant(tmp_path / "clock", NOON)

    with pytest.raises(ValueError, match="backwards"):
        SimulatedClock(tmp_path / "clock").set(NOON - timedelta(seconds=1))


@pytest.mark.parametrize("text", ["", "now", "2026-06-01T12:00:00"])
def test_a_file_without_an_instant_stops_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock").write_text(text)

    with pytest.raises(ValueError, match=r"isoformat|time zone"):
        SimulatedClock(tmp_path / "clock")


def test_without_a_file_time_is_real() -> None:
    clock = clock_of(None)

    assert isinstance(clock, SystemClock)
    assert clock.now().tzinfo is UTC
