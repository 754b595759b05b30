"""What a clock did, as events."""

from typing import assert_never

from contracts.event import Envelope, Event
from contracts.events import (
    ClockContinued,
    ClockCorrected,
    ClockNullified,
    ClockStarted,
    ClockStopped,
    RttPeriod,
)
from referral.domain import clock as rtt
from referral.domain.waiting import days_waited


def clock_event(change: rtt.Change, origin: Envelope) -> Event:
    match change:
        case rtt.Started():
            return ClockStarted.following(
                origin, started_on=change.started_on, status=change.status
            )
        case rtt.Continued():
            return ClockContinued.following(
                origin, effective_on=change.effective_on, status=change.status
            )
        case rtt.Ended(void=True):
            return ClockNullified.following(
                origin,
                started_on=change.started_on,
                nullified_on=change.stopped_on,
                status=change.status,
            )
        case rtt.Ended():
            return ClockStopped.following(
                origin,
                started_on=change.started_on,
                stopped_on=change.stopped_on,
                status=change.status,
                days_waited=days_waited(change.started_on, change.stopped_on),
            )
        case rtt.Corrected():
            return ClockCorrected.following(
                origin,
                because=change.because,
                effective_on=change.effective_on,
                periods=[_period(one) for one in change.after],
                before=[_period(one) for one in change.before],
            )
        case _:
            assert_never(change)


def _period(period: rtt.Period) -> RttPeriod:
    return RttPeriod(
        started_on=period.started_on,
        start_status=period.start_status,
        stopped_on=period.stopped_on,
        stop_status=period.stop_status,
    )
