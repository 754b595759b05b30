"""The days of a run. The clock stands still on each, so that nothing depends on how fast we are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def at(day: date, hour: int) -> datetime:
    """The instant of a full hour in London."""
    return datetime.combine(day, time(hour), LONDON).astimezone(UTC)


CAPACITY_DECLARED = at(date(2026, 2, 27), 15)

REFERRAL_DAY = date(2026, 3, 2)  # a Monday
REFERRED = at(REFERRAL_DAY, 10)

# Some answer on the day, some think it over for a week. Answers are due by 16 March.
ANSWER_DAYS = (REFERRAL_DAY, date(2026, 3, 9))
LAPSED = at(date(2026, 3, 17), 10)

# More than three weeks after the last answer, so that every patient of a clinic gets the same
# session whenever they answered; not on the bank holidays of 3 and 6 April.
CLINIC_DAYS = (
    date(2026, 3, 31), date(2026, 4, 2), date(2026, 4, 8), date(2026, 4, 10), date(2026, 4, 14),
    date(2026, 4, 16),
)  # fmt: skip
REMINDER_DAYS = (
    date(2026, 3, 24), date(2026, 3, 26), date(2026, 4, 1), date(2026, 4, 7), date(2026, 4, 9),
)  # fmt: skip

CLOSED = date(2026, 4, 20)  # the data set is built as at this day
LATER_CLINIC_DAY = date(2026, 6, 2)  # for whoever is referred on that day


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A day on which something happens after the choices are made."""

    on: date
    clinics: bool

    @property
    def ends(self) -> datetime:
        """The clinics are over, reminders may still be sent."""
        return at(self.on, 17)


def later_days() -> tuple[Day, ...]:
    """Clinics and the days that only bring reminders, in order."""
    clinics = {Day(day, clinics=True) for day in CLINIC_DAYS}
    quiet = {Day(day, clinics=False) for day in REMINDER_DAYS}
    return tuple(sorted(clinics | quiet))
