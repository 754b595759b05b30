"""Group commit: each caller has its own outcome, and it is as if one had come after the other."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, cast

import pytest

from chassis.engine import Declaration, Engine
from chassis.errors import TransientError, VersionConflict
from chassis.handlers import Handlers
from chassis.outbox import Chunk, Outbox
from chassis.testing import NOW, MemoryStore
from chassis.units import Units
from chassis.work import Changes, Work
from contracts.event import read
from contracts.events import OfferStayed

SEEDS = range(40)


class Clock:
    def now(self) -> Any:
        return NOW

    def today(self) -> Any:
        return NOW.date()


class SlowStore(MemoryStore):
    """Takes some turns of the loop for everything, and may be told to fail."""

    def __init__(self, random: Random | None = None) -> None:
        super().__init__()
        self.random = random or Random(1)
        self.commits: list[int] = []
        self.slower = 0  # turns that a commit takes more than a read
        self.fails: list[Exception] = []
        self.refuses = ""

    async def load(self, collection: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        await self._turns()
        return await super().load(collection, ids)

    async def commit(self, work: Changes, chunks: Sequence[Chunk] = ()) -> None:
        await self._turns(self.slower)
        ids = [slot.id for one in work.collections.values() for slot in one.changed()]
        if self.fails:
            raise self.fails.pop()
        if self.refuses in ids:
            raise ValueError("a document that cannot be stored")
        await super().commit(work, chunks)
        self.commits.append(len(ids))

    async def _turns(self, more: int = 0) -> None:
        for _ in range(self.random.randint(1, 4) + more):
            await asyncio.sleep(0)


def units_over(store: MemoryStore) -> Units:
    declaration = Declaration("matching", Handlers(), {"offer": "matches"}, {}, lambda work: work)
    engine = Engine(declaration, store, cast(Outbox, None), Clock(), lambda *_: "")
    return Units(engine, store, lambda: None)


async def count(key: str, by: int, work: Work) -> int:
    """Adds to a number and tells it: what comes of it depends on what was there."""
    documents = work.documents("matches")
    total = (await documents.get(key) or {"n": 0})["n"] + by
    await documents.put(key, {"n": total})
    await work.publish(OfferStayed.about(key, shortlist_id=f"{total}", provider="RJ1"))
    return cast(int, total)


async def start(units: Units, *calls: tuple[Any, ...]) -> list[Any]:
    runs = (units.run(function, *arguments) for function, *arguments in calls)
    return await asyncio.gather(*runs, return_exceptions=True)


def totals(store: MemoryStore) -> dict[str, int]:
    return {id: one["state"]["n"] for id, one in store.collections["matches"].items()}


def sequences(store: MemoryStore) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for chunk in store.outbox:
        for row in chunk.rows:
            event = read(row.value, row.headers)
            found[event.subject].append(event.sequence)
    return dict(found)


async def test_requests_at_the_same_time_share_a_transaction() -> None:
    store = SlowStore()

    answers = await start(units_over(store), *((count, f"k-{n}", n) for n in range(20)))

    assert answers == list(range(20))
    assert sum(store.commits) == 20
    assert len(store.commits) < 8
    assert len(store.outbox) == len(store.commits)


async def test_a_request_alone_has_a_transaction_at_once() -> None:
    store = SlowStore()
    units = units_over(store)

    for number in range(3):
        assert await units.run(count, "k", 1) == number + 1

    assert store.commits == [1, 1, 1]


async def test_what_fails_before_its_commit_leaves_nothing_and_the_others_all() -> None:
    async def fail(key: str, work: Work) -> None:
        await count(key, 1, work)
        raise LookupError(key)

    store = SlowStore()

    answers = await start(
        units_over(store),
        (count, "a", 1), (fail, "b"), (count, "c", 1), (fail, "a"), (count, "d", 1),
    )  # fmt: skip

    assert [type(one) for one in answers] == [int, LookupError, int, LookupError, int]
    assert totals(store) == {"a": 1, "c": 1, "d": 1}
    assert sequences(store) == {"a": [1], "c": [1], "d": [1]}


async def test_one_that_the_store_refuses_fails_alone() -> None:
    store = SlowStore()
    store.refuses = "bad"
    keys = ["a", "b", "bad", "c", "d"]

    answers = await start(units_over(store), *((count, key, 1) for key in keys))

    assert [type(one) for one in answers] == [int, int, ValueError, int, int]
    assert totals(store) == dict.fromkeys("abcd", 1)


async def test_when_the_store_is_away_everybody_of_the_group_hears_it_and_nothing_is_kept() -> None:
    store = SlowStore()
    units = units_over(store)
    store.fails = [TransientError("away"), TransientError("away")]

    answers = await start(units, *((count, f"k-{n}", 1) for n in range(5)))

    assert [type(one) for one in answers] == [TransientError] * 5
    assert totals(store) == {}
    assert store.outbox == []
    assert await start(units, (count, "k-1", 1)) == [1]


async def test_a_document_that_two_change_is_changed_by_one_after_the_other() -> None:
    store = SlowStore()

    answers = await start(units_over(store), *((count, "k", 1) for _ in range(8)))

    assert sorted(answers) == list(range(1, 9))
    assert sequences(store) == {"k": list(range(1, 9))}


async def test_another_process_that_was_faster_costs_its_own_request_another_turn_only() -> None:
    store = SlowStore()
    store.slower = 10
    runs: Counter[str] = Counter()

    async def counted(key: str, work: Work) -> int:
        runs[key] += 1
        total = await count(key, 1, work)
        if key == "c" and runs[key] == 1:
            other = Work(store, service="matching", streams={}, now=NOW)
            await other.documents("matches").put("c", {"n": 10})
            await MemoryStore.commit(store, other)
        return total

    answers = await start(units_over(store), *((counted, key) for key in "abcde"))

    assert answers == [1, 1, 11, 1, 1]
    assert runs == {"a": 1, "b": 1, "c": 2, "d": 1, "e": 1}


async def test_a_large_piece_of_work_holds_up_nobody() -> None:
    async def many(work: Work) -> None:
        for number in range(200):
            await count(f"m-{number}", 1, work)

    store = SlowStore()

    await start(units_over(store), (many,), *((count, f"k-{n}", 1) for n in range(10)))

    assert 200 in store.commits
    assert sum(store.commits) == 210


async def test_who_gives_up_waiting_leaves_nothing_or_all() -> None:
    for turns in range(30):
        store = SlowStore(Random(turns))
        units = units_over(store)
        others = asyncio.ensure_future(start(units, *((count, f"k-{n}", 1) for n in range(4))))
        gone = asyncio.create_task(units.run(count, "gone", 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        gone.cancel()

        assert await others == [1, 1, 1, 1]
        assert totals(store).keys() - {"gone"} == {f"k-{n}" for n in range(4)}
        kept = "gone" in totals(store)
        assert sequences(store).get("gone", []) == ([1] if kept else [])


# ---- grouped is as one by one


@dataclass(frozen=True)
class Call:
    """A request: what it adds to each of some keys, and whether it fails in the end."""

    keys: tuple[str, ...]
    by: int
    fails: bool

    async def __call__(self, work: Work) -> dict[str, int]:
        told = {key: await count(key, self.by, work) for key in self.keys}
        if self.fails:
            raise LookupError("on purpose")
        return told


def calls_of(random: Random) -> list[Call]:
    keys = [f"k-{number}" for number in range(random.choice((2, 12, 40)))]
    return [
        Call(
            tuple(random.sample(keys, random.randint(1, min(3, len(keys))))),
            random.randint(1, 9),
            random.random() < 0.2,
        )
        for _ in range(random.randint(1, 14))
    ]


@pytest.mark.parametrize("seed", SEEDS)
async def test_grouped_is_as_one_by_one(seed: int) -> None:
    """Whatever the group, there is an order in which one by one gives the same answers and rows."""
    random = Random(seed)
    calls, store = calls_of(random), SlowStore(random)
    # Other writers are faster now and then, or the whole is refused for a reason of one.
    store.fails = [VersionConflict("test") for _ in range(random.randint(0, 3))]

    answers = await start(units_over(store), *((call,) for call in calls))

    assert [isinstance(one, LookupError) for one in answers] == [call.fails for call in calls]
    expected: dict[str, int] = defaultdict(int)
    for call, told in _in_order(calls, answers):
        for key in call.keys:
            expected[key] += call.by
            assert told[key] == expected[key], f"seed {seed}"
    assert totals(store) == expected
    numbers = Counter(key for call in calls if not call.fails for key in call.keys)
    assert sequences(store) == {key: list(range(1, n + 1)) for key, n in numbers.items()}
    assert {id: one["v"] for id, one in store.collections["matches"].items()} == dict(numbers)


def _in_order(calls: Sequence[Call], answers: Sequence[Any]) -> list[tuple[Call, dict[str, int]]]:
    """Those that succeeded, each after all that it has seen: no key goes back in any of them."""
    rest = [
        (call, told) for call, told in zip(calls, answers, strict=True) if isinstance(told, dict)
    ]
    reached: dict[str, int] = defaultdict(int)
    order = []
    while rest:
        ready = next(
            (one for one in rest if all(reached[k] + one[0].by == one[1][k] for k in one[0].keys)),
            None,
        )
        assert ready is not None, "no order of the requests explains these answers"
        rest.remove(ready)
        reached.update(ready[1])
        order.append(ready)
    return order
