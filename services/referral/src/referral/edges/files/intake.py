"""Rows in batches: one commit for a few hundred, and an outcome for every single one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

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


async def take_rows(units: Units, rows: Sequence[Row], publisher: str, now: Any) -> list[Outcome]:
    """Every row accepted or refused, durably. A repeat is told what was told the first time."""

    async def on(work: Work) -> list[Outcome]:
        wrapped: ReferralWork = units.declaration.wrap(work)
        await _load(rows, publisher, wrapped)
        return [await _take(row, publisher, now, units, work, wrapped) for row in rows]

    return await units.raw(on)


async def _load(rows: Sequence[Row], publisher: str, work: ReferralWork) -> None:
    """Everything that the rows are about, in two reads."""
    await work.intake.load((publisher, row.id) for row in rows)
    await work.pathways.load(
        {
            pathway_id_of(row.submission.pathway, work.rules.pathway_secret)
            for row in rows
            if row.submission is not None
        }
    )


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
