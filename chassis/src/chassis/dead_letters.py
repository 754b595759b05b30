"""Dead letters: records that no retry can make readable, kept with their bytes and the reason.

Each is in the database, where people list, show and replay it, and on the dead letter topic of
its reader. A replay sends the original record again; after three that end here again only a
person can help.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from chassis.messages import position
from chassis.work import Row, Work

DEAD_LETTERS = "dead_letters"
REPLAY_HEADER = "fairwait_dead_letter"
MAX_REPLAYS = 3

OPEN, REPLAYED, HUMAN_ONLY = "open", "replayed", "human_only"


async def bury(work: Work, record: ConsumerRecord[Any, Any], topic: str, reason: str) -> Row | None:
    """Keep an unreadable record; the row for its dead letter topic, or None for a repeat."""
    letters = work.documents(DEAD_LETTERS)
    replayed = _replay_of(record)
    if replayed is not None and (letter := await letters.get(replayed)) is not None:
        await letters.put(replayed, _came_back(letter, reason))
        return None
    letter_id = position(record)
    if await letters.get(letter_id) is not None:
        return None
    await letters.put(
        letter_id,
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": record.key,
            "value": record.value,
            "headers": [list(header) for header in record.headers],
            "reason": reason,
            "status": OPEN,
            "replays": 0,
            "at": datetime.now(UTC),
        },
    )
    return Row(topic, record.key, record.value, [*record.headers, *_why(letter_id, reason)])


def _why(letter_id: str, reason: str) -> list[tuple[str, bytes]]:
    return [
        ("fairwait_dead_letter", letter_id.encode()),
        ("fairwait_reason", reason.encode()),
    ]


def _replay_of(record: ConsumerRecord[Any, Any]) -> str | None:
    for name, content in record.headers:
        if name == REPLAY_HEADER:
            return str(content, "utf-8", "replace")
    return None


def _came_back(letter: Mapping[str, Any], reason: str) -> dict[str, Any]:
    final = letter["replays"] >= MAX_REPLAYS
    return {**letter, "reason": reason, "status": HUMAN_ONLY if final else OPEN}


class NotReplayable(Exception):
    """There is no such letter, or it came back too often."""


async def replay(letter_id: str, work: Work) -> None:
    """Send the original record again, byte for byte, to the topic it came from."""
    letters = work.documents(DEAD_LETTERS)
    letter = await letters.get(letter_id)
    if letter is None:
        raise NotReplayable(f"no dead letter {letter_id}")
    if letter["status"] != OPEN:
        raise NotReplayable(f"dead letter {letter_id} is {letter['status']}")
    await letters.put(letter_id, {**letter, "status": REPLAYED, "replays": letter["replays"] + 1})
    headers = [(name, bytes(content)) for name, content in letter["headers"]]
    headers.append((REPLAY_HEADER, letter_id.encode()))
    work.rows.append(Row(letter["topic"], letter["key"], letter["value"], headers))
