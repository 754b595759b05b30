"""What patients type, read the way they write it, with errors that say what to do."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from notifications.domain.words import MONTHS

Part = Literal["day", "month", "year"]
PARTS: tuple[Part, ...] = ("day", "month", "year")
OLDEST = 1880


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and in which boxes."""

    error: str
    parts: tuple[Part, ...] = ()


def birth_date(day: str, month: str, year: str, today: date) -> date | Mistake:
    """A date of birth in three boxes. The month may be a name."""
    given = {"day": day.strip(), "month": month.strip(), "year": year.strip()}
    missing = tuple(part for part in PARTS if not given[part])
    if len(missing) == len(PARTS):
        return Mistake("Enter your date of birth", PARTS)
    if missing:
        return Mistake(f"Date of birth must include a {' and '.join(missing)}", missing)

    found = _date(given["day"], _month_number(given["month"]), given["year"])
    if found is None or found.year < OLDEST:
        return Mistake("Date of birth must be a real date", PARTS)
    if found > today:
        return Mistake("Date of birth must be in the past", PARTS)
    return found


def _date(day: str, month: str, year: str) -> date | None:
    if not all(one.isascii() and one.isdigit() and len(one) <= 4 for one in (day, month, year)):
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month_number(text: str) -> str:
    if len(text) >= 3:
        for number, name in enumerate(MONTHS, start=1):
            if name.lower().startswith(text.lower()):
                return str(number)
    return text
