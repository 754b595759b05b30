"""The deadline of a transfer: 48 hours for its data set, then an alarm."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from chassis.messages import Received
from contracts.event import Envelope
from referral.domain.pathway import Pathway
from referral.domain.telling import Heard
from referral.domain.transferring import overdue
from referral.domain.transfers import State
from referral.handlers.arriving import publish
from referral.telling import said_in
from referral.translation import pathway_id_of
from referral.work import ReferralWork

DATA_DUE: Final = "transfer-data"

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
        if transfer.state is State.DECIDED and not transfer.overdue:
            work.set_timer(DATA_DUE, transfer.id, transfer.due_at)
        else:
            work.cancel_timer(DATA_DUE, transfer.id)


async def raise_alarm(transfer_id: str, work: ReferralWork) -> None:
    """Say that the data set of a transfer is late, once."""
    pathway = await work.pathways.known(transfer_id.partition(".")[0])

    step = overdue(pathway, transfer_id, work.now)
    if step.pathway == pathway:
        return

    await work.pathways.save(step.pathway)
    origin = Envelope(pathway.id, correlation_id=f"referral.{pathway.id}.1")
    said = await publish(step.pathway, step.told, origin, work)
    await work.heard.save(
        Heard(
            id=f"{DATA_DUE}.{transfer_id}",
            pathway_id=pathway.id,
            type=DATA_DUE,
            by="referral",
            effective_on=work.today,
            recorded_at=work.now,
            fields={"transfer_id": transfer_id},
            said=said_in(said),
        )
    )
