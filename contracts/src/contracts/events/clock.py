"""Facts of the referral service about an RTT clock that did not simply go on.

A clock that starts, continues or stops is in `contracts.events.referral`.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.topics import REFERRAL


class ClockNullified(Event, type="fairwait.referral.clock_nullified.v1", topic=REFERRAL):
    """The patient missed the first activity: the period counts nowhere (status 33)."""

    started_on: date
    nullified_on: date
    status: str = Field(default="33", pattern=r"^[0-9]{2}$")


class RttPeriod(BaseModel):
    """One RTT period; open while `stopped_on` is null, void when it stopped with 33."""

    model_config = ConfigDict(frozen=True)

    started_on: date
    start_status: str
    stopped_on: date | None = None
    stop_status: str | None = None


class ClockCorrected(Event, type="fairwait.referral.clock_corrected.v1", topic=REFERRAL):
    """A late, corrected or withdrawn fact changed what was said of the clock before.

    `periods` are all periods as they are known now, and take the place of everything told earlier;
    `before` is how they were known until then. `effective_on` is the day of the fact.
    """

    because: Literal["late", "corrected", "withdrawn"]
    effective_on: date
    periods: list[RttPeriod]
    before: list[RttPeriod]
