"""The deadlines of a transfer: 48 hours for its data set, then a day for the receiver's word."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from chassis.messages import Received
from referral.domain.pathway import Pathway
from referral.domain.steps import Step
from referral.domain.telling import Heard
from referral.domain.transferring import overdue, unconfirmed
from referral.domain.transfers import State, Transfer
from referral.handlers.arriving import origin_of, publish
from referral.telling import said_in
from referral.translation import pathway_id_of
from referral.work import ReferralWork

DATA_DUE: Final = "transfer-data"
RECEIPT_DUE: Final = "transfer-receipt"

Take: TypeAlias = Callable[[Received[Any], ReferralWork], Awaitable[None]]


def with_deadline(take: Take) -> Take:
    """The handler, and after it the timer of each transfer that still lacks its data."""

    async def take_and_time(received: Received[Any], work: ReferralWork) -> None:
        await take(received, work)
        key = pathway_id_of(received.submission.pathway, work.rules.pathway_secret)
        pathway = await work.pathways.known(key)
        _set_timers(pathway, work)

    return take_and_time


def _set_timers(pathway: Pathway, work: ReferralWork) -> None:
    for transfer in pathway.transfers:
        due = {DATA_DUE: _data_due(transfer), RECEIPT_DUE: _receipt_due(transfer)}
        for name, at in due.items():
            if at is None:
                work.cancel_timer(name, transfer.id)
            else:
                work.set_timer(name, transfer.id, at)


def _data_due(transfer: Transfer) -> datetime | None:
    lacking = transfer.state is State.DECIDED and not transfer.overdue
    return transfer.due_at if lacking else None


def _receipt_due(transfer: Transfer) -> datetime | None:
    waiting = transfer.state is State.DATA_SENT and not transfer.unconfirmed
    return transfer.confirm_by if waiting else None


async def raise_alarm(transfer_id: str, work: ReferralWork) -> None:
    """Say that the data set of a transfer is late, once."""
    await _tell_due(DATA_DUE, overdue, transfer_id, work)


async def ask_a_person(transfer_id: str, work: ReferralWork) -> None:
    """Say that a transfer is half done for too long, once: a person has to look."""
    await _tell_due(RECEIPT_DUE, unconfirmed, transfer_id, work)


async def _tell_due(
    name: str,
    due: Callable[[Pathway, str, datetime], Step],
    transfer_id: str,
    work: ReferralWork,
) -> None:
    pathway = await work.pathways.known(transfer_id.partition(".")[0])

    step = due(pathway, transfer_id, work.now)
    if step.pathway == pathway:
        return

    await work.pathways.save(step.pathway)
    said = await publish(step.pathway, step.told, origin_of(pathway.id), work)
    await work.heard.save(
        Heard(
            id=f"{name}.{transfer_id}",
            pathway_id=pathway.id,
            type=name,
            by="referral",
            effective_on=work.today,
            recorded_at=work.now,
            fields={"transfer_id": transfer_id},
            said=said_in(said),
        )
    )
