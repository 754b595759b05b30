"""Numbers, dates and waits as the NHS writes them."""

from datetime import date, datetime, time

import pytest

from notifications.domain import words
from notifications.domain.choice import Option, Statistic, Wait, by_wait

JANUARY = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (time(17), "5pm"),
        (time(17, 30), "5:30pm"),
        (time(9, 5), "9:05am"),
        (time(12), "midday"),
        (time(12, 15), "12:15pm"),
        (time(0), "midnight"),
        (time(0, 10), "12:10am"),
    ],
)
def test_times(at: time, said: str) -> None:
    assert words.clock_time(at) == said


def test_dates() -> None:
    assert words.long_date(date(2026, 12, 4)) == "Friday 4 December 2026"
    start = datetime(2026, 12, 4, 17, 30)  # noqa: DTZ001 - wall clock
    assert words.appointment_time(start) == "Friday 4 December 2026 at 5:30pm"


@pytest.mark.parametrize(
    ("weeks", "statistic", "people", "said"),
    [
        (14.0, "median", 4321, "Half of patients wait less than 14 weeks (4,321 people waiting, January 2026)"),
        (14.1, "median", 999, "Half of patients wait less than 15 weeks (999 people waiting, January 2026)"),
        (0.0, "median", 1, "Half of patients wait less than 1 week (1 person waiting, January 2026)"),
        (43.2, "p92", 10, "92 out of 100 patients wait less than 44 weeks (10 people waiting, January 2026)"),
        (9.6, "mean", 10, "Patients wait about 10 weeks on average (10 people waiting, January 2026)"),
    ],
)  # fmt: skip
def test_a_wait_is_never_without_its_statistic_its_number_and_its_date(
    weeks: float, statistic: Statistic, people: int, said: str
) -> None:
    assert words.wait(Wait(weeks, statistic, people, JANUARY)) == said


def test_what_is_not_known_is_said_to_be_not_known() -> None:
    assert words.wait(None) == "Waiting time: not known"
    assert words.distance(None) == "Distance: not known"


@pytest.mark.parametrize(
    ("miles", "said"),
    [
        (0.4, "Less than 1 mile away (straight line)"),
        (1.2, "1 mile away (straight line)"),
        (7.5, "8 miles away (straight line)"),
    ],
)
def test_distances_are_whole_miles_in_a_straight_line(miles: float, said: str) -> None:
    assert words.distance(miles) == said


def option(provider: str, weeks: float | None) -> Option:
    wait = None if weeks is None else Wait(weeks, "median", 1, JANUARY)
    return Option(provider, "Trust", f"{provider}01", "Hospital", "NHS", wait)


def test_the_shortest_wait_comes_first_and_the_unknown_last() -> None:
    given = (option("A", None), option("B", 9.0), option("C", 2.5), option("D", 9.0))

    assert [one.provider for one in by_wait(given)] == ["C", "B", "D", "A"]


def test_a_hospital_with_the_name_of_its_organisation_is_named_once() -> None:
    same = Option("NV7", "Spire Leeds", "NV701", "SPIRE LEEDS", "IS")

    assert words.place(same) == "SPIRE LEEDS"
    assert words.kind(same) == "Independent hospital, free on the NHS"
    assert words.place(option("A", None)) == "Hospital, Trust"
