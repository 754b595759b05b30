"""The servers start, answer, and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from fairwait.servers import SecantusMongo, ServerFailed, Stack, TansuKafka
from tests.kafka import consumed, create_topic, produce
from tests.stacks import emptied


async def test_a_record_that_was_sent_is_read(empty_stack: Stack) -> None:
    await create_topic(empty_stack, "greetings")

    await produce(empty_stack, "greetings", [b"one", b"two"])

    assert await consumed(empty_stack, "greetings", 2) == [b"one", b"two"]


async def test_an_emptied_stack_holds_nothing_of_the_test_before(empty_stack: Stack) -> None:
    await create_topic(empty_stack, "letters")
    await produce(empty_stack, "letters", [b"a"])

    await emptied(empty_stack)
    await create_topic(empty_stack, "letters")
    await produce(empty_stack, "letters", [b"b"])

    assert await consumed(empty_stack, "letters", 1) == [b"b"]


async def test_a_transaction_spans_collections(empty_stack: Stack) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(empty_stack.mongo_uri)
    database = client["wards"]

    async with client.start_session() as session, await session.start_transaction():
        await database["beds"].insert_one({"_id": 1}, session=session)
        await database["nurses"].insert_one({"_id": 1}, session=session)

    assert await database["beds"].count_documents({"_id": 1}) == 1
    assert await database["nurses"].count_documents({"_id": 1}) == 1
    await client.close()


async def test_a_stopped_server_is_gone(tmp_path: Path) -> None:
    servers = [SecantusMongo(tmp_path), TansuKafka(tmp_path)]
    for server in servers:
        await server.start()
    pids = [server.pid or 0 for server in servers]
    assert all(pids)

    for server in servers:
        await server.stop()

    assert not any(is_running(pid) for pid in pids)


async def test_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(tmp_path), stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]

    parent.kill()
    await parent.wait()

    assert len(pids) == 2
    async with asyncio.timeout(10):
        while any(is_running(pid) for pid in pids):  # noqa: ASYNC110 - not our children: no event
            await asyncio.sleep(0.01)


async def test_two_runs_cannot_share_a_directory(tmp_path: Path) -> None:
    async with Stack.start("embedded", directory=tmp_path):
        with pytest.raises(ServerFailed, match="another run uses"):
            async with Stack.start("embedded", directory=tmp_path):
                pass


async def test_a_server_does_not_take_another_ones_answer_for_its_own(tmp_path: Path) -> None:
    first = TansuKafka(tmp_path / "first")
    second = TansuKafka(tmp_path / "second")
    second.port = first.port
    await first.start()

    with pytest.raises(ServerFailed, match=f"something else listens on port {first.port}"):
        await second.start()

    await first.stop()


async def test_a_server_that_ends_while_starting_shows_its_log(tmp_path: Path) -> None:
    mongo = SecantusMongo(tmp_path)
    (tmp_path / "mongo").write_text("a file where the store wants a folder")

    with pytest.raises(ServerFailed, match=r"mongo ended while it was starting(.|\n)*\w"):
        await mongo.start()

    assert mongo.pid is None


PARENT = """
import asyncio, sys
from pathlib import Path
from fairwait.servers import Stack

async def main():
    async with Stack.start("embedded", directory=Path(sys.argv[1])) as stack:
        print(stack.kafka.pid, stack.mongo.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return True
