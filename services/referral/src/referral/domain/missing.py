"""What a missed appointment does to the clock.

Source: NHS Data Dictionary, RTT rules on non-attendance (domain reference, 2.4). A cancellation, and
a wish for another time, are never a non-attendance and reach none of this.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from referral.domain import clock as rtt

TWO_WEEK_WAIT: Final = "3"  # PRIORITY TYPE: urgent suspected cancer


class Effect(StrEnum):
    """What becomes of the clock."""

    NULLIFIES = "nullifies"
    STOPS = "stops"
    NONE = "none"

    @property
    def status(self) -> str | None:
        """The RTT status that says so."""
        return {Effect.NULLIFIES: rtt.DID_NOT_ATTEND, Effect.STOPS: rtt.DECIDED_AGAINST}.get(self)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to hold for a patient to be discharged because they did not come: all of it."""

    clearly_communicated: bool
    not_against_clinical_interest: bool
    under_published_policy: bool
    vulnerable_protected: bool

    def lacking(self) -> tuple[str, ...]:
        """The names of those that do not hold."""
        held = {
            "clearly_communicated": self.clearly_communicated,
            "not_against_clinical_interest": self.not_against_clinical_interest,
            "under_published_policy": self.under_published_policy,
            "vulnerable_protected": self.vulnerable_protected,
        }
        return tuple(name for name, holds in held.items() if not holds)


def effect_of(
    *, first_activity: bool, clearly_communicated: bool, priority: str, discharged: bool
) -> Effect:
    """What a missed appointment does to a clock that ticks. A discharge was checked before."""
    nullifies = first_activity and clearly_communicated and priority != TWO_WEEK_WAIT
    if nullifies:
        return Effect.NULLIFIES
    return Effect.STOPS if discharged else Effect.NONE


def restart_date(accepted_on: date | None, offered_on: date | None, missed_on: date) -> date:
    """The start of the new clock once the patient is booked again."""
    return accepted_on or offered_on or missed_on
