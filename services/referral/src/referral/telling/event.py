"""Any happening on a pathway, as an event."""

from typing import assert_never

from contracts.event import Envelope, Event
from referral.domain import clock as rtt
from referral.domain import steps
from referral.domain.choice import RightDecision, Waiver
from referral.domain.pathway import Pathway
from referral.domain.records import Cancellation, Death, RightToMove
from referral.domain.steps import Told
from referral.telling.clock import clock_event
from referral.telling.diary import diary_event
from referral.telling.rights import decision_event, referral_event
from referral.telling.transfers import transfer_event


def event_of(pathway: Pathway, told: Told, origin: Envelope) -> Event:
    """The event that says so. `pathway` is as it is afterwards."""
    match told:
        case rtt.Started() | rtt.Continued() | rtt.Ended() | rtt.Corrected():
            return clock_event(told, origin)
        case (
            steps.Booked()
            | steps.Rebooked()
            | steps.ChangeAsked()
            | steps.ChangeDecided()
            | steps.Over()
            | steps.Seen()
            | steps.AdmissionMoved()
        ):
            return diary_event(told, origin)
        case steps.TransferTold():
            return transfer_event(pathway, told, origin)
        case Waiver() | RightDecision() | RightToMove():
            return decision_event(told, origin)
        case (
            steps.Amended()
            | Cancellation()
            | Death()
            | steps.DeathWithdrawn()
            | steps.PracticeMoved()
        ):
            return referral_event(told, origin)
        case _:
            assert_never(told)
