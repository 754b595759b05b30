"""Quiet hours and reminders in London time."""

from datetime import UTC, date, datetime, time

import pytest

from notifications.domain.windows import Window, not_before, reminder_at

WINDOW = Window()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-03-02 07:59", "2026-03-02 08:00"),  # Monday, before
        ("2026-03-02 08:00", "2026-03-02 08:00"),
        ("2026-03-02 17:59", "2026-03-02 17:59"),
        ("2026-03-02 18:00", "2026-03-03 08:00"),
        ("2026-03-06 18:00", "2026-03-09 08:00"),  # Friday evening
        ("2026-03-07 12:00", "2026-03-09 08:00"),  # Saturday
        ("2026-03-27 18:00", "2026-03-30 07:00"),  # the clocks go forward on Sunday
        ("2026-07-01 06:59", "2026-07-01 07:00"),  # summer time
        ("2026-07-01 17:00", "2026-07-02 07:00"),
    ],
)
def test_no_phone_rings_outside_the_hours(now: str, first: str) -> None:
    assert not_before(utc(now), "sms", WINDOW) == utc(first)
    assert not_before(utc(now), "email", WINDOW) == utc(first)


def test_a_letter_makes_no_noise() -> None:
    assert not_before(utc("2026-03-07 03:00"), "letter", WINDOW) == utc("2026-03-07 03:00")


def test_a_bank_holiday_is_no_working_day() -> None:
    easter = Window(closed_on=frozenset([date(2026, 4, 3), date(2026, 4, 6)]))

    assert not_before(utc("2026-04-02 17:30"), "sms", easter) == utc("2026-04-07 07:00")


def test_an_operator_may_set_the_hours_or_lift_them() -> None:
    short = Window(opens=time(10), closes=time(11))

    assert not_before(utc("2026-03-02 09:00"), "sms", short) == utc("2026-03-02 10:00")
    assert not_before(utc("2026-03-07 03:00"), "sms", Window(kept=False)) == utc("2026-03-07 03:00")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-04-07 14:30", "2026-03-31 08:00"),
        ("2026-04-03 09:00", "2026-03-27 09:00"),  # winter time still
        ("2026-10-28 09:00", "2026-10-21 08:00"),
    ],
)
def test_a_reminder_is_at_nine_a_week_before(start: str, due: str) -> None:
    assert reminder_at(datetime.fromisoformat(start)) == utc(due)
