"""Waits and weeks at their edges: the day before, the day, the day after."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.domain.weeks import (
    age_band,
    days_waited,
    is_over,
    rtt_band,
    wait_band,
    week_ending,
)
from reporting.views import silence


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0, "0-18"),
        (126, "0-18"),
        (127, "18-40"),
        (280, "18-40"),
        (281, "40-52"),
        (364, "40-52"),
        (365, "52-65"),
        (455, "52-65"),
        (456, "65-78"),
        (546, "65-78"),
        (547, "78-104"),
        (728, "78-104"),
        (729, "104+"),
    ],
)
def test_weekly_bands_have_strict_lower_bounds(days: int, band: str) -> None:
    assert wait_band(days) == band


@pytest.mark.parametrize(
    ("days", "band"),
    [(0, 0), (7, 0), (8, 1), (14, 1), (15, 2), (126, 17), (127, 18), (728, 103), (729, 104)],
)
def test_monthly_bands_are_a_week_wide_and_end_over_104(days: int, band: int) -> None:
    assert rtt_band(days) == band


@given(st.integers(0, 5_000))
def test_both_bandings_agree_on_eighteen_weeks(days: int) -> None:
    assert (
        is_over(days, 18) == (days > 126) == (rtt_band(days) >= 18) == (wait_band(days) != "0-18")
    )


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_a_week_ends_on_the_sunday_on_or_after_the_day(day: date) -> None:
    sunday = week_ending(day)

    assert sunday.weekday() == 6
    assert timedelta(0) <= sunday - day <= timedelta(6)


@pytest.mark.parametrize(
    ("start", "days"),
    [
        (date(2026, 3, 31), 0),
        (date(2026, 3, 28), 3),  # over the change to summer time
        (date(2026, 4, 1), None),  # after the end
        (date(1900, 1, 1), None),  # not known
        (date(1900, 1, 2), 46_109),
    ],
)
def test_a_start_that_cannot_be_right_gives_no_wait(start: date, days: int | None) -> None:
    assert days_waited(start, date(2026, 3, 31)) == days


@pytest.mark.parametrize(
    ("age", "band"), [(0, "0-17"), (17, "0-17"), (18, "18-24"), (84, "75-84"), (85, "85+")]
)
def test_age_bands(age: int, band: str) -> None:
    assert age_band(age) == band


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, None), (60, None), (61, "1 minute"), (179, "2 minutes"), (7_200, "2 hours")],
)
def test_silence_is_told_from_a_minute_on(seconds: int, told: str | None) -> None:
    newest = datetime(2026, 3, 31, tzinfo=UTC)

    assert silence(newest.isoformat(), newest + timedelta(seconds=seconds)) == told
    assert silence(None, newest) is None
