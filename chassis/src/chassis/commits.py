"""Group commit: units of work that are ready at the same time become durable in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from chassis.errors import TransientError, VersionConflict
from chassis.kill_points import reached
from chassis.outbox import EDGE, Chunk
from chassis.together import Together
from chassis.work import Merged, Work

GROUP: Final = 64  # units of work in a transaction
LARGE: Final = 100  # changed documents: they have a transaction of their own, so that nobody waits


class Commits:
    """Commits units of work of edges, pages and timers.

    Each was done apart, over what it read itself, so that one that failed is not among them. Those
    that share no document go into one transaction: there it makes no difference which was first.
    """

    def __init__(self, store: Any, ring: Callable[[], None]) -> None:
        self._store = store
        self._ring = ring
        self._together = Together[Work, None](self._group, most=GROUP)

    async def commit(self, work: Work) -> None:
        """When this returns, the work is durable. Raises `VersionConflict` as the store does."""
        size = len(work.changes)
        if size > LARGE:
            await self._write([work])
        elif size or work.rows:
            await self._together.ask(work)

    async def _group(self, works: Sequence[Work]) -> list[Exception | None]:
        apart, late = _apart(works)
        outcomes = dict(zip(map(id, apart), await self._outcomes(apart), strict=True))
        # What was read is old now, whatever became of those before.
        conflict = VersionConflict("changed by another unit of work of the same group")
        outcomes |= dict.fromkeys(map(id, late), conflict)
        return [outcomes[id(work)] for work in works]

    async def _outcomes(self, works: Sequence[Work]) -> list[Exception | None]:
        """All in one transaction; or, when that is refused because of one, each in its own."""
        outcome = await self._outcome(works)
        if outcome is None or len(works) == 1 or _is_about_all(outcome):
            return [outcome] * len(works)
        return [await self._outcome([work]) for work in works]

    async def _outcome(self, works: Sequence[Work]) -> Exception | None:
        try:
            await self._write(works)
        except Exception as error:  # for whoever asked
            return error
        return None

    async def _write(self, works: Sequence[Work]) -> None:
        rows = [row for work in works for row in work.rows]
        chunks = [Chunk.of(EDGE, rows)] if rows else []
        reached("edge-before-commit")
        await self._store.commit(Merged(works), chunks)
        reached("edge-after-commit")
        if chunks:
            self._ring()


def _apart(works: Sequence[Work]) -> tuple[list[Work], list[Work]]:
    """Those that share no document with one before them, and those that do."""
    taken: set[tuple[str, str]] = set()
    apart, late = [], []
    for work in works:
        changes = work.changes
        if taken.isdisjoint(changes):
            taken |= changes
            apart.append(work)
        else:
            late.append(work)
    return apart, late


def _is_about_all(error: Exception) -> bool:
    """Whether each would meet the error by itself: the database is away, and not one of them bad."""
    return isinstance(error, TransientError) and not isinstance(error, VersionConflict)
