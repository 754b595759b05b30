"""A declared session: what is taken, and everything that is wrong with one that is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from matching.domain.declaration import (
    LONGEST_ID,
    Declaration,
    Wrong,
    instant_of,
    session_of,
    wrong_with,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DECLARED = Declaration(
    publisher="RR8",
    capacity_id="knees-1",
    site="RR801",
    treatment_function="110",
    local_start=datetime(2026, 4, 7, 9, 30),  # noqa: DTZ001 - wall clock time in London
    places=4,
)


def wrong(declared: Declaration, *, provider_of_site: str | None = "RR8") -> list[Wrong]:
    return wrong_with(declared, provider_of_site=provider_of_site, now=NOW, today=NOW.date())


def starting(local_start: datetime) -> Declaration:
    return replace(DECLARED, local_start=local_start)


def local(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


def test_a_sound_session_is_taken_with_all_places_free() -> None:
    assert wrong(DECLARED) == []

    session = session_of(DECLARED)

    assert session.free == 4
    assert session.session_id == "RR8.knees-1"


def test_everything_wrong_is_told_at_once() -> None:
    hopeless = replace(
        DECLARED,
        capacity_id="x" * (LONGEST_ID + 1),
        treatment_function="510",
        local_start=local(NOW - timedelta(days=1)),
    )

    assert wrong(hopeless, provider_of_site=None) == [
        Wrong.ID_TOO_LONG,
        Wrong.UNKNOWN_SITE,
        Wrong.UNKNOWN_TREATMENT_FUNCTION,
        Wrong.IN_THE_PAST,
    ]


def test_an_id_as_long_as_may_be_still_names_a_session() -> None:
    longest = replace(DECLARED, publisher="8HA03001", capacity_id="x" * LONGEST_ID)

    assert wrong(longest, provider_of_site="8HA03001") == []
    assert len(session_of(longest).session_id) == 64


def test_a_session_at_a_site_of_somebody_else_is_refused() -> None:
    assert wrong(DECLARED, provider_of_site="RX1") == [Wrong.NOT_ITS_PROVIDER]


@pytest.mark.parametrize(("minutes", "expected"), [(0, [Wrong.IN_THE_PAST]), (1, [])])
def test_a_session_begins_after_now(minutes: int, expected: list[Wrong]) -> None:
    assert wrong(starting(local(NOW + timedelta(minutes=minutes)))) == expected


@pytest.mark.parametrize(("days", "expected"), [(731, []), (732, [Wrong.TOO_FAR_AHEAD])])
def test_a_session_more_than_two_years_away_is_a_slip_of_the_pen(
    days: int, expected: list[Wrong]
) -> None:
    start = local(NOW + timedelta(days=days))

    assert wrong(starting(start)) == expected


def test_a_start_with_an_offset_is_no_wall_clock_time() -> None:
    assert wrong(starting(NOW + timedelta(days=30))) == [Wrong.NOT_WALL_CLOCK]


def test_the_hour_that_the_clocks_skip_does_not_exist() -> None:
    skipped = datetime(2026, 3, 29, 1, 30)  # noqa: DTZ001 - wall clock time in London

    assert wrong(starting(skipped)) == [Wrong.NO_SUCH_TIME]


def test_the_hour_that_comes_twice_means_the_first() -> None:
    twice = datetime(2026, 10, 25, 1, 30)  # noqa: DTZ001 - wall clock time in London

    assert instant_of(twice) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert wrong(starting(twice)) == []


def test_summer_time_is_an_hour_ahead() -> None:
    assert instant_of(DECLARED.local_start) == datetime(2026, 4, 7, 8, 30, tzinfo=UTC)
