"""Days, weeks and ages, at their edges."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.domain.waiting import (
    BREACH_WEEKS,
    age_on,
    days_waited,
    is_over,
    week_band,
    weeks_waited,
)


@pytest.mark.parametrize(("days", "over"), [(125, False), (126, False), (127, True)])
def test_eighteen_weeks_exactly_are_within_eighteen_weeks(days: int, over: bool) -> None:
    assert is_over(days, BREACH_WEEKS) is over


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0, 0),
        (7, 0),
        (8, 1),
        (14, 1),
        (15, 2),
        (126, 17),
        (127, 18),
        (728, 103),
        (729, 104),
        (9999, 104),
    ],
)
def test_a_wait_is_counted_in_the_band_of_the_published_file(days: int, band: int) -> None:
    assert week_band(days) == band


def test_the_first_cohort_of_pidmas_waited_280_days() -> None:
    assert days_waited(date(2023, 1, 22), date(2023, 10, 29)) == 280


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 3000))
def test_weeks_computed_in_two_ways_agree(start: date, days: int) -> None:
    counted = days_waited(start, start + timedelta(days=days))

    assert counted == days
    assert weeks_waited(counted) == counted // 7
    assert is_over(counted, weeks_waited(counted)) is (counted % 7 != 0)


@pytest.mark.parametrize(
    ("on", "age"),
    [(date(2026, 5, 3), 64), (date(2026, 5, 4), 65), (date(2026, 5, 5), 65)],
)
def test_a_year_older_on_the_birthday(on: date, age: int) -> None:
    assert age_on(date(1961, 5, 4), on) == age


@pytest.mark.parametrize(
    ("on", "age"), [(date(2025, 2, 28), 24), (date(2025, 3, 1), 25), (date(2024, 2, 29), 24)]
)
def test_somebody_born_on_29_february_is_older_from_1_march(on: date, age: int) -> None:
    assert age_on(date(2000, 2, 29), on) == age
