"""Sessions and diaries under writers that read at different moments: they never come apart."""

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import VersionConflict
from chassis.testing import NOW, MemoryStore
from chassis.work import Work
from matching.app import STREAMS
from matching.declaring import declaration_of
from matching.domain.capacity import (
    Session,
    hold_place,
    release_place,
    use_place,
)
from matching.domain.declaration import session_of
from matching.repositories import DIARIES, SESSIONS, Sessions
from tests.unit.matching.stories import EARLIEST, TODAY, offered, received

SITE, FUNCTION = "NT219", "110"
Change = Callable[[Session], Session | None]


def session(name: str) -> Session:
    """One of two sessions of a site, with room for two."""
    offer = offered(SITE, capacity_id=name, places=2)
    return session_of(declaration_of(received(offer)))


class Writer:
    """A unit of work that has read the diary, and maybe others went on since."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._work = Work(store, service="matching", streams=STREAMS, now=NOW)
        documents = self._work.documents
        self.sessions = Sessions(documents(SESSIONS), documents(DIARIES))

    async def read_diary(self) -> None:
        await self.sessions.load_diaries([(SITE, FUNCTION)])

    async def write(self, name: str, change: Change) -> None:
        before = await self.sessions.get(f"NT2.{name}")
        after = session(name) if before is None else change(before)
        if after is not None:
            await self.sessions.save(after, before=before, today=TODAY)
        await self._store.commit(self._work)


async def go(store: MemoryStore, steps: list[tuple[str, Change, bool]]) -> None:
    """Take the steps; one that reads ahead has read the diary before the step in front of it."""
    late: Callable[[], Awaitable[None]] | None = None
    for name, change, reads_ahead in steps:
        if reads_ahead and late is None:
            writer = Writer(store)
            await writer.read_diary()
            late = _later(store, writer, name, change)
            continue
        await Writer(store).write(name, change)
        if late is not None:
            await late()
            late = None
    if late is not None:
        await late()


def _later(
    store: MemoryStore, writer: Writer, name: str, change: Change
) -> Callable[[], Awaitable[None]]:
    async def write() -> None:
        try:
            await writer.write(name, change)
        except VersionConflict:
            await Writer(store).write(name, change)  # as the engine does: again from the start

    return write


def by(pathway: str, what: Callable[[Session, str], Session | None]) -> Change:
    return lambda found: what(found, pathway)


CHANGES = [by(who * 32, what) for who in "abc" for what in (hold_place, use_place, release_place)]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(CHANGES), st.booleans())))
def test_the_diary_lists_exactly_the_sessions_with_room(
    steps: list[tuple[str, Change, bool]],
) -> None:
    store = MemoryStore()

    asyncio.run(go(store, steps))

    asyncio.run(_in_step(store))


async def _in_step(store: MemoryStore) -> None:
    kept = Writer(store).sessions
    found = [one for name in "xy" if (one := await kept.get(f"NT2.{name}")) is not None]
    diary = await kept.diary(SITE, FUNCTION)
    listed = [] if diary is None else [one.session_id for one in diary.not_before(EARLIEST)]

    assert listed == [one.session_id for one in found if one.free]
    assert all(len(one.held | one.used) <= one.places for one in found)
