"""Counting where documents are kept gives the same in the database as in memory."""

from typing import Any

from chassis.mongo import Index, Mongo, MongoStore
from chassis.testing import NOW, MemoryStore
from chassis.work import Counts, Work
from fairwait.servers import Stack

STATES: list[dict[str, Any]] = [
    {"owner": "a", "kind": "x", "parts": [{"code": "p"}, {"code": "q"}], "tags": ["t"]},
    {"owner": "a", "kind": "x", "parts": [{"code": "p"}], "tags": []},
    {"owner": "a", "kind": "y", "parts": []},
    {"owner": "b", "kind": "x", "parts": [{"code": "p"}], "tags": ["t", "u"]},
]


async def counted(store: Any) -> list[Counts]:
    work = Work(store, service="test", streams={}, now=NOW)
    for number, state in enumerate(STATES):
        await work.documents("things").put(str(number), state)
    await store.commit(work)

    things = Work(store, service="test", streams={}, now=NOW).documents("things")
    return [
        await things.count({"owner": "a"}),
        await things.count({"owner": "c"}),
        await things.count({"owner": "a"}, by=("kind", "absent")),
        await things.count({"owner": "a"}, by=("kind", "parts.code"), each="parts"),
        await things.count({"owner": {"$in": ["a", "b"]}}, by=("tags",), each="tags"),
    ]


async def test_both_stores_count_the_same(empty_stack: Stack) -> None:
    mongo = Mongo(empty_stack.mongo_uri, "fairwait_counting")
    try:
        await mongo.prepare(["things"], [Index("things", ("owner",))])
        found = await counted(MongoStore(mongo))
    finally:
        mongo.close()

    assert found == await counted(MemoryStore())
    assert found == [
        {(): 3},
        {},
        {("x", None): 2, ("y", None): 1},
        {("x", "p"): 2, ("x", "q"): 1},
        {("t",): 2, ("u",): 1},
    ]
