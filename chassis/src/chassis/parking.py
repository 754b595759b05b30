"""Parking: a record that cannot be applied now waits beside the stream, in the order of its key.

Four reasons: a gap in the sequence, a cause that has not come (`NotYet`), an unknown error, or
another parked record of the same key before it. Everyone else's records flow on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from chassis.messages import position
from chassis.work import Slot, State, Work

log = structlog.get_logger()

PARKED = "parked"

GAP, NOT_YET, ERROR, BLOCKED = "gap", "not_yet", "error", "blocked"

TRIES = 8
DEADLINE = timedelta(minutes=5)
REMIND_AFTER = timedelta(hours=1)


def next_try(attempts: int, now: datetime) -> datetime:
    """Doubling from 1 second, capped at 90: eight tries take about five minutes."""
    return now + timedelta(seconds=min(2 ** (attempts - 1), 90))


async def park(
    work: Work,
    slot: Slot,
    record: ConsumerRecord[Any, Any],
    *,
    collection: str,
    sequence: int,
    publisher: str | None,
    reason: str,
    error: Exception | None,
) -> bool:
    """Keep the record in the parked store; False when it is there already."""
    parked = work.documents(PARKED)
    if await parked.get(position(record)) is not None:
        return False
    now = datetime.now(UTC)  # the operator's time: a simulated clock must not hold up a retry
    await parked.put(
        position(record),
        {
            "key": slot.id,
            "collection": collection,
            "topic": record.topic,
            "sequence": sequence,
            "publisher": publisher,
            "reason": reason,
            "error": type(error).__name__ if error else None,
            "attempts": 1 if reason == ERROR else 0,
            "next_try": next_try(1, now),
            "deadline": now + DEADLINE,
            "at": now,
            "record": _stored(record),
        },
    )
    work.change(slot, "parked", slot.parked + 1)
    return True


async def of_key(work: Work, key: str) -> list[tuple[str, State]]:
    """What is parked of one key, in the order it has to be applied; this work's own included."""
    documents = work.documents(PARKED)
    found = dict(await documents.query({"key": key}))
    for slot in documents.changed():
        if slot.state is not None and slot.state["key"] == key:
            found[slot.id] = slot.state
    return sorted(found.items(), key=lambda one: _order(one[1]))


def _order(state: State) -> tuple[str, int, int, int]:
    record = state["record"]
    return state["topic"], state["sequence"], record["partition"], record["offset"]


async def waits(work: Work, slot: Slot, topic: str) -> bool:
    """Whether an earlier record of this key and topic is parked."""
    if not slot.parked:
        return False
    return any(state["topic"] == topic for _, state in await of_key(work, slot.id))


async def release(work: Work, slot: Slot, parked_id: str) -> None:
    await work.documents(PARKED).delete(parked_id)
    work.change(slot, "parked", slot.parked - 1)


async def failed_again(
    work: Work,
    slot: Slot,
    parked_id: str,
    state: State,
    error: Exception,
    now: datetime,
) -> None:
    """Plan the next try, or after the last one block the key until a person has looked."""
    attempts = state["attempts"] + 1
    changed = {**state, "attempts": attempts, "error": type(error).__name__}
    if attempts < TRIES:
        changed["next_try"] = next_try(attempts, now)
    else:
        changed["reason"] = BLOCKED
        work.change(slot, "blocked", True)
        log.error("key.blocked", key=slot.id, position=parked_id, error=type(error).__name__)
    await work.documents(PARKED).put(parked_id, changed)


async def unblock(work: Work, parked_id: str) -> None:
    """A person has looked: the failed record of this key is tried again at once."""
    documents = work.documents(PARKED)
    state = await documents.get(parked_id)
    if state is None:
        raise KeyError(parked_id)
    slot = await work.documents(state["collection"]).slot(state["key"])
    work.change(slot, "blocked", False)
    await documents.put(
        parked_id, {**state, "reason": ERROR, "attempts": 0, "next_try": state["at"]}
    )


def report(
    record: ConsumerRecord[Any, Any], key: str, reason: str, error: Exception | None
) -> None:
    """Say in the log that a record parked; loudly when it is an error of ours."""
    if error is None:
        log.info("record.parked", position=position(record), key=key, reason=reason)
    else:
        log.error("record.parked", position=position(record), key=key, exc_info=error)


def _stored(record: ConsumerRecord[Any, Any]) -> Mapping[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": record.key,
        "value": record.value,
        "headers": [list(header) for header in record.headers],
    }


def record_of(state: State) -> ConsumerRecord[Any, Any]:
    """The record as it came, from the parked store."""
    kept = state["record"]
    return ConsumerRecord(
        topic=kept["topic"],
        partition=kept["partition"],
        offset=kept["offset"],
        timestamp=kept["timestamp"],
        timestamp_type=0,
        key=kept["key"],
        value=kept["value"],
        checksum=None,
        serialized_key_size=len(kept["key"] or b""),
        serialized_value_size=len(kept["value"] or b""),
        headers=tuple((name, content) for name, content in kept["headers"]),
    )
