"""Calendar dates in London, by which the whole NHS counts."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = "Europe/London"
LONDON: Final = ZoneInfo(ZONE)


def london_date(instant: datetime) -> date:
    """The date in London at an aware instant."""
    return instant.astimezone(LONDON).date()
