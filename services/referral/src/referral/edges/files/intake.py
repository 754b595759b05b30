"""Rows in batches: one commit for a few hundred, and an outcome for every single one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import structlog

from chassis.engine import receive
from chassis.errors import TransientError
from chassis.faults import SERVER_ERROR, Fault
from chassis.messages import Received
from chassis.units import Units
from chassis.work import Work
from referral.edges.files.rows import Row
from referral.handlers.rejections import Arrival, refuse_arrival
from referral.translation import pathway_id_of
from referral.work import ReferralWork

log = structlog.get_logger()

BATCH: Final = 250  # rows of one commit


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row. `repeated` when it was on record already, whatever its verdict."""

    row: Row
    repeated: bool
    faults: tuple[Fault, ...] = ()


Outcomes: TypeAlias = asyncio.Task[list[Outcome]]
Take: TypeAlias = Callable[[Sequence[Row], Outcomes | None], Coroutine[Any, Any, list[Outcome]]]


async def take_in_order(
    batches: AsyncIterator[list[Row]], take: Take, tell: Callable[[list[Outcome]], None]
) -> None:
    """`take` all batches and `tell` their outcomes, in order.

    While one is being committed the next is read and decided; it is committed after that one, so
    that of two rows about a pathway the first one counts.
    """
    under_way: deque[Outcomes] = deque()
    try:
        async for rows in batches:
            before = under_way[-1] if under_way else None
            under_way.append(asyncio.create_task(take(rows, before)))
            if before is not None:
                tell(await before)
                del under_way[0]
        if under_way:
            tell(await under_way[-1])
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def take_rows(
    units: Units, rows: Sequence[Row], publisher: str, now: Any, before: Outcomes | None
) -> list[Outcome]:
    """Every row accepted or refused, durably. A repeat is told what was told the first time.

    Nothing of them is durable unless all that came `before` is.
    """

    async def on(work: Work) -> list[Outcome]:
        wrapped: ReferralWork = units.declaration.wrap(work)
        await _load(rows, publisher, wrapped)
        outcomes = [await _take(row, publisher, now, units, work, wrapped) for row in rows]
        if before is not None:
            await asyncio.wait([before])
            before.result()
        return outcomes

    return await units.raw(on)


async def _load(rows: Sequence[Row], publisher: str, work: ReferralWork) -> None:
    """Everything that the rows are about, in three reads."""
    submissions = [row.submission for row in rows if row.submission is not None]
    await work.intake.load((publisher, row.id) for row in rows)
    await work.pathways.load(
        {pathway_id_of(one.pathway, work.rules.pathway_secret) for one in submissions}
    )
    await work.persons.load({one.patient.nhs_number for one in submissions})


async def _take(
    row: Row, publisher: str, now: Any, units: Units, work: Work, wrapped: ReferralWork
) -> Outcome:
    known = await wrapped.intake.get(publisher, row.id)
    if known is not None:
        return Outcome(row, repeated=True, faults=known.faults)
    savepoint = work.savepoint()
    try:
        faults = await _new(row, publisher, now, units, work, wrapped)
    except TransientError:
        raise
    except Exception as error:  # one row that we cannot handle does not cost the others
        work.undo(savepoint)
        log.error("file.row_failed", line=row.line, exc_info=error)
        faults = [SERVER_ERROR.fault()]
    return Outcome(row, repeated=False, faults=tuple(faults))


async def _new(
    row: Row, publisher: str, now: Any, units: Units, work: Work, wrapped: ReferralWork
) -> list[Fault]:
    if row.submission is None:
        arrival = Arrival(publisher, row.id, row.id, "file")
        return await refuse_arrival(arrival, list(row.faults), wrapped)
    received = Received(row.submission, publisher, row.id, row.id, "file", now)
    refusal = await receive(received, units.declaration.handlers, work, wrapped)
    return refusal.faults if refusal is not None else []
