"""What every way in knows of a diary: which side gives a reason, and a moment as wall clock time."""

from datetime import date, datetime
from typing import Final

from contracts.codes import APPOINTMENT_CANCELLATION_REASONS
from referral.domain.appointments import Side, local_time

# Which side gives a reason, as e-RS types it.
_SIDES: Final[dict[str, Side]] = {
    "patient": "patient",
    "provider": "provider",
    "provider_reject": "provider",
}


def side_of(reason: str | None, on: date) -> Side | None:
    """Which side gives this appointment cancellation reason of e-RS; None when it does not say."""
    known = APPOINTMENT_CANCELLATION_REASONS.at(on).get(reason) if reason else None
    return None if known is None else _SIDES.get(known.told_by)


def wall_clock(instant: datetime) -> tuple[datetime, datetime] | None:
    """What clocks in London show at an instant, and that instant; None for one beyond calendars.

    With both, the hour that comes twice on the night clocks go back is told apart.
    """
    try:
        return local_time(instant), instant
    except OverflowError:
        return None
