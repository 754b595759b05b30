"""When a message may reach a patient: quiet hours and reminders, in London time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.domain.contact import Channel

LONDON = ZoneInfo("Europe/London")
REMIND_DAYS_BEFORE = 7
REMIND_AT = time(9, 0)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which a phone may ring: NHS Notify's own are weekdays from 8am to 6pm.

    `closed_on` are bank holidays. A window that is not `kept` lets everything through.
    """

    opens: time = time(8, 0)
    closes: time = time(18, 0)
    closed_on: Collection[date] = frozenset()
    kept: bool = True


def not_before(now: datetime, channel: Channel, window: Window) -> datetime:
    """The first moment from `now` on at which this channel may be used. Letters need no window."""
    if channel == "letter" or not window.kept:
        return now
    here = now.astimezone(LONDON)
    if _working(here.date(), window) and here.time() < window.closes:
        return max(now, _at(here.date(), window.opens))
    day = here.date() + timedelta(days=1)
    while not _working(day, window):
        day += timedelta(days=1)
    return _at(day, window.opens)


def reminder_at(local_start: datetime) -> datetime:
    """9am London time a week before an appointment."""
    return _at(local_start.date() - timedelta(days=REMIND_DAYS_BEFORE), REMIND_AT)


def _working(day: date, window: Window) -> bool:
    return day.weekday() < SATURDAY and day not in window.closed_on


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON).astimezone(UTC)
