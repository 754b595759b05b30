"""What became of a transfer, as events."""

from typing import assert_never

from contracts.event import Envelope, Event
from contracts.events import (
    ReferralTransferred,
    TransferBegun,
    TransferDataSent,
    TransferEnded,
    TransferOverdue,
    TransferUnconfirmed,
)
from referral.domain import steps
from referral.domain.pathway import Pathway
from referral.domain.transfers import State


def transfer_event(pathway: Pathway, told: steps.TransferTold, origin: Envelope) -> Event:
    transfer = told.transfer
    sides = {
        "transfer_id": transfer.id,
        "referring_provider": transfer.referring_provider,
        "receiving_provider": transfer.receiving_provider,
    }
    match told.what:
        case "begun":
            return TransferBegun.following(
                origin,
                **sides,
                decided_on=transfer.decided_on,
                reason=transfer.reason,
                moves_responsibility=transfer.moves_responsibility,
                due_at=transfer.due_at,
            )
        case "data_sent":
            return TransferDataSent.following(
                origin, **sides, sent_on=transfer.sent_on, in_time=transfer.in_time
            )
        case "overdue":
            return TransferOverdue.following(
                origin, **sides, due_at=transfer.due_at, missing=list(told.missing)
            )
        case "unconfirmed":
            return TransferUnconfirmed.following(origin, **sides, confirm_by=transfer.confirm_by)
        case "transferred":
            return ReferralTransferred.following(
                origin,
                transfer_id=transfer.id,
                from_provider=transfer.referring_provider,
                to_provider=transfer.receiving_provider,
                effective_on=transfer.ended_on,
                started_on=pathway.started_on,
            )
        case "ended":
            return TransferEnded.following(
                origin,
                transfer_id=transfer.id,
                receiving_provider=transfer.receiving_provider,
                ended_on=transfer.ended_on,
                outcome="received" if transfer.state is State.RECEIVED else "cancelled",
            )
        case _:
            assert_never(told.what)
