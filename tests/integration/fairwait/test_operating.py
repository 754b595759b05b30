"""Operator commands over a real database: what they show, what they send, what they keep."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from chassis.dead_letters import DEAD_LETTERS, bury
from chassis.mongo import OUTBOX, Mongo, MongoStore
from chassis.parking import BLOCKED, ERROR, PARKED
from chassis.work import Work
from fairwait.commands import dead_letters, parked
from fairwait.servers import Stack

LETTER = "submission:3:17"
SECRET = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"


@pytest.fixture
async def mongo(
    empty_stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Mongo]:
    """The database of referral, which the commands find by the environment."""
    monkeypatch.setenv("FAIRWAIT_MONGO__URI", empty_stack.mongo_uri)
    monkeypatch.chdir(tmp_path)
    mongo = Mongo(empty_stack.mongo_uri, "fairwait_referral")
    await mongo.prepare([DEAD_LETTERS, PARKED, OUTBOX, "pathways"], [])
    yield mongo
    mongo.close()


async def a_dead_letter(mongo: Mongo) -> None:
    record: ConsumerRecord[Any, Any] = ConsumerRecord(
        topic="submission",
        partition=3,
        offset=17,
        timestamp=0,
        timestamp_type=0,
        key=b"a key",
        value=b"not an event of Ada",
        checksum=None,
        serialized_key_size=5,
        serialized_value_size=19,
        headers=(("authorization", SECRET.encode()), ("content-type", b"text/plain")),
    )
    store = MongoStore(mongo)
    work = Work(store, service="referral", streams={}, now=datetime.now(UTC))
    await bury(work, record, "submission.referral.dlt", "neither binary nor structured")
    await store.commit(work)


async def test_a_service_without_dead_letters_says_so(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await asyncio.to_thread(dead_letters.list_letters, "referral")

    assert code == 0
    assert "referral has no dead letters" in capsys.readouterr().out


async def test_a_dead_letter_is_listed_with_its_reason_and_size(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_dead_letter(mongo)

    await asyncio.to_thread(dead_letters.list_letters, "referral")

    shown = " ".join(capsys.readouterr().out.split())
    assert f"{LETTER} open" in shown
    assert "19 neither binary nor structured" in shown


async def test_what_is_shown_holds_neither_content_nor_credential(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_dead_letter(mongo)

    await asyncio.to_thread(dead_letters.show, "referral", LETTER)

    shown = capsys.readouterr().out
    assert json.loads(shown)["bytes"] == 19
    assert json.loads(shown)["headers"]["content-type"] == "text/plain"
    assert "Ada" not in shown
    assert SECRET not in shown


async def test_the_content_is_shown_to_whoever_asks(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_dead_letter(mongo)

    await asyncio.to_thread(dead_letters.show, "referral", LETTER, content=True)

    assert json.loads(capsys.readouterr().out)["content"] == "not an event of Ada"


async def test_a_replay_waits_to_be_sent_and_keeps_its_reason(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_dead_letter(mongo)

    code = await asyncio.to_thread(
        dead_letters.replay, "referral", LETTER, reason="the sender has a new release"
    )

    letter = await mongo.db[DEAD_LETTERS].find_one({"_id": LETTER})
    assert code == 0
    assert await mongo.db[OUTBOX].count_documents({}) == 1
    assert letter["state"]["status"] == "replayed"
    assert letter["state"]["replayed_because"] == ["the sender has a new release"]


async def test_what_has_been_sent_again_is_not_sent_twice(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_dead_letter(mongo)
    await asyncio.to_thread(dead_letters.replay, "referral", LETTER, reason="a new release")

    code = await asyncio.to_thread(dead_letters.replay, "referral", LETTER, reason="again")

    assert code == 1
    assert await mongo.db[OUTBOX].count_documents({}) == 1
    assert "replayed" in capsys.readouterr().err


async def test_a_replay_needs_a_reason_and_a_letter(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    without_reason = await asyncio.to_thread(dead_letters.replay, "referral", LETTER, reason="  ")
    without_letter = await asyncio.to_thread(
        dead_letters.replay, "referral", LETTER, reason="a new release"
    )

    assert without_reason == 2
    assert without_letter == 1


async def test_a_blocked_key_is_tried_again_at_once(mongo: Mongo) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    state = {
        "key": "k",
        "collection": "pathways",
        "topic": "offer",
        "sequence": 2,
        "publisher": None,
        "reason": BLOCKED,
        "error": "KeyError",
        "attempts": 8,
        "next_try": at,
        "deadline": at,
        "at": at,
        "record": {},
    }
    await mongo.db[PARKED].insert_one({"_id": "offer:3:5", "v": 1, "state": state})
    await mongo.db["pathways"].insert_one(
        {"_id": "k", "v": 1, "state": None, "parked": 1, "blocked": True}
    )

    code = await asyncio.to_thread(parked.retry, "referral", "offer:3:5")

    record = await mongo.db[PARKED].find_one({"_id": "offer:3:5"})
    pathway = await mongo.db["pathways"].find_one({"_id": "k"})
    assert code == 0
    assert (record["state"]["reason"], record["state"]["attempts"]) == (ERROR, 0)
    assert pathway["blocked"] is False


async def test_a_record_that_is_not_parked_cannot_be_tried_again(
    mongo: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await asyncio.to_thread(parked.retry, "referral", "offer:3:5")

    assert code == 1
    assert "no parked record" in capsys.readouterr().err
