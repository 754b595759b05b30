"""The whole service over real servers: an event comes in, a message goes out, an answer comes back."""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from chassis.clock import write_instant
from chassis.kafka import create_topics
from chassis.service import run
from chassis.testing import NOW
from contracts.event import Event, read
from fairwait.servers import Stack
from fairwait.servers.child import free_port
from notifications.app import notifications
from notifications.settings import NotificationsSettings
from notifications.sink.app import Sink, running
from tests.integration.chassis.world import Publisher, everything, until
from tests.integration.notifications.sending import of, pathway
from tests.unit.notifications.builders import identity, shortlisted


@dataclass(frozen=True, slots=True)
class Running:
    """The service and the sink, and where the pages are."""

    sink: Sink
    url: str


@asynccontextmanager
async def serving(stack: Stack, directory: Path) -> AsyncIterator[Running]:
    write_instant(directory / "clock", NOW)
    async with running(directory) as sink:
        settings = _settings(stack, directory, sink)
        stop = asyncio.Event()
        service = asyncio.create_task(run(notifications(settings), settings, stop))
        url = f"http://127.0.0.1:{settings.http.port}"
        try:
            await until(lambda: _ready(url))
            yield Running(sink, url)
        finally:
            stop.set()
            assert await service == 0


def _settings(stack: Stack, directory: Path, sink: Sink) -> NotificationsSettings:
    port = free_port()
    return NotificationsSettings.model_validate(
        {
            "service": "notifications",
            "kafka": {"bootstrap": stack.kafka_bootstrap, "idempotence": stack.idempotence},
            "mongo": {"uri": stack.mongo_uri, "database": "notifications_service"},
            "clock": {"file": directory / "clock"},
            "http": {"port": port},
            "notifications": {
                "public_url": f"http://127.0.0.1:{port}",
                "email": {"port": sink.smtp_port, "lookup_url": f"{sink.url}/messages"},
                "notify": {"base_url": sink.url},
            },
        }
    )


async def _ready(url: str) -> bool:
    async with httpx2.AsyncClient() as client:
        try:
            return (await client.get(f"{url}/readyz")).status_code == 200
        except httpx2.TransportError:
            return False


def messages(sink: Sink, number: int) -> Callable[[], bool]:
    return lambda: len(sink.mailbox.messages) >= number


async def answer(sink: Sink, number: int, provider: str) -> None:
    """What a patient does with the message of this number."""
    found = re.search(r"https?://\S+/choose/\S+", sink.mailbox.messages[number].body)
    assert found
    link = found[0]
    async with httpx2.AsyncClient() as browser:
        for step, fields in (
            ("", {"day": "31", "month": "3", "year": "1980"}),
            ("/hospital", {"answer": provider}),
            ("/check", {}),
        ):
            form = re.search(r'name="form" value="([^"]+)"', (await browser.get(link + step)).text)
            assert form
            sent = await browser.post(link + step, data={"form": form[1], **fields})
            assert sent.status_code == 303


async def events(stack: Stack, topic: str) -> list[Event]:
    return [read(one.value, one.headers) for one in await everything(stack, topic)]


async def test_a_list_becomes_a_message_and_an_answer_an_event(
    empty_stack: Stack, tmp_path: Path
) -> None:
    async with serving(empty_stack, tmp_path) as service, Publisher(empty_stack) as publisher:
        offers = [publisher.number(of(n, shortlisted())) for n in (1, 2)]
        contacts = [publisher.number(of(n, identity())) for n in (1, 2)]
        await publisher.send([offers[0], contacts[0], contacts[1], offers[1]])
        await until(messages(service.sink, 2))

        await answer(service.sink, 0, "RJ2")
        await answer(service.sink, 1, "stay")

        await until(lambda: said(empty_stack, "response", 2))

    responses = await events(empty_stack, "response")
    assert {one.type for one in responses} == {
        "fairwait.response.provider_chosen.v1",
        "fairwait.response.stay_chosen.v1",
    }
    assert {one.subject for one in responses} == {pathway(1), pathway(2)}
    notices = await events(empty_stack, "notification")
    for subject in (pathway(1), pathway(2)):
        told = [(one.sequence, one.type.split(".")[2]) for one in notices if one.subject == subject]
        # A record may come twice on the wire; readers know it by its number.
        assert list(dict.fromkeys(told)) == [(1, "intended"), (2, "handed_over")]


async def said(stack: Stack, topic: str, number: int) -> bool:
    return len(await everything(stack, topic)) >= number


ARMED = "from chassis import kill_points as k; k.arm({name!r}, 1); from notifications.__main__ import run; run()"


@asynccontextmanager
async def process(
    stack: Stack, directory: Path, sink: Sink, kill_point: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as a process of its own, which may die of SIGKILL at a kill point."""
    own = "FAIRWAIT_NOTIFICATIONS__"
    environment = {
        **os.environ,
        **stack.environment(),
        "FAIRWAIT_CLOCK__FILE": str(directory / "clock"),
        "FAIRWAIT_HTTP__PORT": str(free_port()),
        f"{own}EMAIL__PORT": str(sink.smtp_port),
        f"{own}EMAIL__LOOKUP_URL": f"{sink.url}/messages",
        f"{own}NOTIFY__BASE_URL": sink.url,
        f"{own}SENDER__LEASE_SECONDS": "5",
    }
    command = ["-c", ARMED.format(name=kill_point)] if kill_point else ["-m", "notifications"]
    started = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kill_point", ["after-hand-over", "before-hand-over"])
async def test_a_process_killed_around_the_hand_over_tells_everybody_once(
    empty_stack: Stack, tmp_path: Path, kill_point: str
) -> None:
    patients = range(1, 21)
    write_instant(tmp_path / "clock", NOW)
    await create_topics(empty_stack.kafka_bootstrap, replication=1)
    async with running(tmp_path) as sink, Publisher(empty_stack) as publisher:
        async with process(empty_stack, tmp_path, sink, kill_point) as doomed:
            for n in patients:
                contact = {"email": None} if n % 2 else {}
                await publisher.send([publisher.number(of(n, identity(**contact)))])
                await publisher.send([publisher.number(of(n, shortlisted()))])
            assert await doomed.wait() == -signal.SIGKILL
        async with process(empty_stack, tmp_path, sink):
            await until(lambda: said(empty_stack, "notification", 2 * len(patients)), 90)

        references = [one.reference for one in sink.mailbox.messages]
        assert len(references) == len(set(references)) == len(patients)
        assert sink.mailbox.duplicates_refused == 0
    types = Counter(one.type.split(".")[2] for one in await events(empty_stack, "notification"))
    assert (types["intended"], types["handed_over"]) == (len(patients), len(patients))
