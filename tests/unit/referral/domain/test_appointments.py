"""Appointments on the two nights a year when clocks change, and which of them a visit was."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.domain.appointments import (
    Appointment,
    Attended,
    attended_appointment,
    instants_of,
    is_held,
    local_time,
    replaced,
)


def local(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("wall", "instants"),
    [
        # 29 March 2026, clocks go from 1am to 2am
        (local(2026, 3, 29, 0, 59), [datetime(2026, 3, 29, 0, 59, tzinfo=UTC)]),
        (local(2026, 3, 29, 1, 30), []),
        (local(2026, 3, 29, 2, 0), [datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]),
        # 25 October 2026, clocks go from 2am to 1am
        (local(2026, 10, 25, 0, 59), [datetime(2026, 10, 24, 23, 59, tzinfo=UTC)]),
        (
            local(2026, 10, 25, 1, 30),
            [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)],
        ),
        (local(2026, 10, 25, 2, 0), [datetime(2026, 10, 25, 2, 0, tzinfo=UTC)]),
    ],
)
def test_a_local_time_is_no_moment_one_or_two(wall: datetime, instants: list[datetime]) -> None:
    assert list(instants_of(wall)) == instants


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)))  # noqa: DTZ001
def test_every_instant_is_among_the_moments_of_its_local_time(naive: datetime) -> None:
    instant = naive.replace(tzinfo=UTC)

    assert instant in instants_of(local_time(instant))


def test_the_hour_that_comes_twice_is_two_appointments_with_one_local_time() -> None:
    first = Appointment(
        "a", "RJ1", "RJ101", date(2026, 3, 2), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    )
    second = Appointment(
        "b", "RJ1", "RJ101", date(2026, 3, 2), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    )

    assert first.local_start == second.local_start == local(2026, 10, 25, 1, 30)
    assert first.starts_at != second.starts_at


@pytest.mark.parametrize(("seconds", "held"), [(-1, True), (0, True), (1, False)])
def test_a_place_is_held_to_its_last_moment(seconds: int, held: bool) -> None:
    until = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)

    assert is_held(until, until + timedelta(seconds=seconds)) is held


def test_a_visit_is_the_appointment_of_its_day_else_the_first_open_one() -> None:
    soon = Appointment("a", "NV7", "NV701", date(2026, 3, 2), datetime(2026, 3, 9, 9, tzinfo=UTC))
    later = Appointment("b", "NV7", "NV701", date(2026, 3, 2), datetime(2026, 3, 20, 9, tzinfo=UTC))
    elsewhere = Appointment("c", "RJ1", "RJ101", date(2026, 3, 2))
    both = (later, soon, elsewhere)

    assert attended_appointment(both, "NV7", date(2026, 3, 20)) == later
    assert attended_appointment(both, "NV7", date(2026, 3, 12)) == soon
    assert attended_appointment(both, "RR8", date(2026, 3, 12)) is None


def test_an_attended_appointment_is_not_attended_again() -> None:
    seen = Appointment(
        "a", "NV7", "NV701", date(2026, 3, 2), attended=Attended(date(2026, 3, 9), "5", "1")
    )

    assert attended_appointment((seen,), "NV7", date(2026, 3, 9)) is None
    assert replaced((), seen) == (seen,)
