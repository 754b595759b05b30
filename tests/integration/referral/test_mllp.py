"""The listener on a real socket: splitting, order, time limits, TLS, and its end."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from chassis.errors import TransientError
from chassis.limits import RateLimit, Turns
from referral.edges.hl7v2.framing import Framer, framed
from referral.edges.hl7v2.intake import Intake
from referral.edges.hl7v2.server import Counts, Listener, Pace
from referral.edges.hl7v2.settings import MllpSection
from tests.integration.referral.certificates import Authority
from tests.unit.referral.builders import TRUST, types
from tests.unit.referral.hl7v2.messages import referral, segment
from tests.unit.referral.site import Site, made

HOST = "127.0.0.1"


@asynccontextmanager
async def listening(
    directory: Path,
    *,
    environment: str = "development",
    rates: RateLimit | None = None,
    **given: Any,
) -> AsyncIterator[tuple[Site, Listener]]:
    site = made(directory)
    settings = MllpSection(**{"organisation": TRUST, "message_seconds": 5.0, **given})
    intake = Intake(
        site.app.state.runtime,
        environment=environment,
        facilities=settings.facilities,
        character_set=settings.character_set,
    )
    pace = Pace(rates or RateLimit.local(settings.messages_per_minute), Turns(4))
    async with Listener(intake, settings, Counts(CollectorRegistry()), pace) as listener:
        yield site, listener


class Client:
    """A sender of messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = Framer()
        self._answers: list[bytes] = []

    @classmethod
    async def connected(cls, port: int, tls: ssl.SSLContext | None = None) -> "Client":
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection(HOST, port, ssl=tls, server_hostname=name))

    async def write(self, content: bytes) -> None:
        self._writer.write(content)
        await self._writer.drain()

    async def send(self, content: bytes) -> bytes:
        await self.write(framed(content))
        return await self.answer()

    async def answer(self) -> bytes:
        """The next acknowledgement; empty when the connection is closed."""
        while not self._answers:
            chunk = await self._reader.read(65536)
            if not chunk:
                return b""
            self._answers += [frame.content for frame in self._framer.feed(chunk)]
        return self._answers.pop(0)

    async def finish(self) -> list[bytes]:
        """All answers that are still to come, when nothing more is sent."""
        self._writer.write_eof()
        answers = []
        while answer := await self.answer():
            answers.append(answer)
        await self.close()
        return answers

    async def pour(self, content: bytes, times: int) -> None:
        for _ in range(times):
            await self.write(content)
            await asyncio.sleep(0)

    async def close(self) -> None:
        self._writer.close()


def code(answer: bytes) -> str:
    return segment(answer, "MSA")[1] if answer else "closed"


async def test_a_referral_is_acknowledged(tmp_path: Path) -> None:
    async with listening(tmp_path) as (site, listener):
        client = await Client.connected(listener.port)

        answer = await client.send(referral())
        await client.close()

    assert code(answer) == "AA"
    assert types(site.events)[0] == "referral.received"


async def test_one_answer_a_message_in_the_order_they_were_sent(tmp_path: Path) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)

        await client.write(b"".join(framed(referral(id=f"m-{n}")) for n in range(20)))
        answers = [await client.answer() for _ in range(20)]
        await client.close()

    assert [segment(one, "MSA")[2] for one in answers] == [f"m-{n}" for n in range(20)]


async def test_an_answer_comes_after_the_message_and_its_events_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path) as (site, listener):
        kept, reached, may_commit = site.store.commit, asyncio.Event(), asyncio.Event()

        async def held(*arguments: Any) -> None:
            reached.set()
            await may_commit.wait()
            await kept(*arguments)

        monkeypatch.setattr(site.store, "commit", held)
        client = await Client.connected(listener.port)
        await client.write(framed(referral()))
        answer = asyncio.create_task(client.answer())
        await reached.wait()
        assert not answer.done()
        assert site.events == []

        may_commit.set()
        assert code(await answer) == "AA"
        assert types(site.events)[0] == "referral.received"
        await client.close()


async def test_messages_of_one_application_are_taken_one_by_one_on_all_its_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path) as (site, listener):
        kept, at_once = site.store.commit, []
        inside = 0

        async def slow(*arguments: Any) -> None:
            nonlocal inside
            inside += 1
            at_once.append(inside)
            for _ in range(20):
                await asyncio.sleep(0)
            await kept(*arguments)
            inside -= 1

        monkeypatch.setattr(site.store, "commit", slow)
        clients = [await Client.connected(listener.port) for _ in range(4)]
        sent = [one.send(referral(id=f"m-{n}")) for n, one in enumerate(clients)]
        answers = await asyncio.gather(*sent)
        for client in clients:
            await client.close()

    assert [code(one) for one in answers] == ["AA"] * 4
    assert at_once == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "junk",
    [b"\x1c\r" * 10, b"GET / HTTP/1.1\r\n\r\n", b"\x0bMSH|half", b"\x00\xff" * 5000],
    ids=["ends", "http", "half a message", "binary"],
)
async def test_a_line_finds_its_feet_after_junk(tmp_path: Path, junk: bytes) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)
        first = await client.send(referral())

        await client.write(junk)
        second = await client.send(referral(id="m-2"))
        await client.close()

    assert (code(first), code(second)) == ("AA", "AA")


async def test_bytes_may_come_one_by_one_and_with_noise(tmp_path: Path) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)

        for byte in b"noise" + framed(referral()):
            await client.write(bytes([byte]))
        answer = await client.answer()
        await client.close()

    assert code(answer) == "AA"


async def test_a_slow_sender_is_hung_up_on(tmp_path: Path) -> None:
    async with listening(tmp_path, message_seconds=0.2) as (_, listener):
        client = await Client.connected(listener.port)

        await client.write(b"\x0bMSH|half")

        assert await client.answer() == b""


async def test_a_sender_that_is_too_fast_is_answered_late_and_not_hung_up_on(
    tmp_path: Path,
) -> None:
    began = time.monotonic()

    async def room(caller: str) -> bool:
        return time.monotonic() - began > 1.5

    async def room_at(caller: str) -> float:
        return time.time() + 0.1

    rates = RateLimit(1, room, room_at)
    async with listening(tmp_path, rates=rates, message_seconds=0.3) as (_, listener):
        client = await Client.connected(listener.port)

        answer = await client.send(referral())
        await client.close()

    assert code(answer) == "AA"


async def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async with listening(tmp_path, idle_seconds=0.1) as (_, listener):
        client = await Client.connected(listener.port)

        assert await client.answer() == b""


async def test_only_junk_is_hung_up_on(tmp_path: Path) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)

        with pytest.raises(ConnectionError):
            await client.pour(b"x" * 65536, times=100)


async def test_a_message_that_is_too_long_is_answered_and_the_next_one_taken(
    tmp_path: Path,
) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)

        too_long = await client.send(referral() + b"NTE|1||" + b"x" * 2_000_000)
        next_one = await client.send(referral(id="m-2"))
        await client.close()

    assert (code(too_long), code(next_one)) == ("AR", "AA")


async def test_a_hundred_thousand_segments_are_refused(tmp_path: Path) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)

        answer = await client.send(referral() + b"NTE|1\r" * 100_000)
        await client.close()

    assert code(answer) == "AE"


async def test_more_connections_than_allowed_are_closed(tmp_path: Path) -> None:
    async with listening(tmp_path, connections=1) as (_, listener):
        first = await Client.connected(listener.port)
        await first.send(referral())

        second = await Client.connected(listener.port)

        assert await second.answer() == b""
        await first.close()


async def test_nothing_goes_back_while_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path, message_seconds=0.3) as (site, listener):
        kept = site.store.commit

        async def away(*arguments: Any) -> None:
            raise TransientError("the database is away")

        monkeypatch.setattr(site.store, "commit", away)
        client = await Client.connected(listener.port)
        assert await client.send(referral()) == b""

        monkeypatch.setattr(site.store, "commit", kept)
        again = await Client.connected(listener.port)
        assert code(await again.send(referral())) == "AA"
        await again.close()


async def test_a_stop_closes_connections(tmp_path: Path) -> None:
    async with listening(tmp_path) as (_, listener):
        client = await Client.connected(listener.port)
        await client.send(referral())

    assert await client.answer() == b""


# ---- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def secured(authority: Authority) -> dict[str, Any]:
    certificate, key = authority.issue("localhost")
    return {
        "organisation": None,
        "certificates": {"pas.rj1.test": TRUST},
        "certificate_file": certificate,
        "key_file": key,
        "ca_file": authority.certificate,
    }


def presenting(authority: Authority, name: str, issuer: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate)
    context.load_cert_chain(*issuer.issue(name))
    return context


async def test_the_certificate_says_whose_messages_they_are(
    tmp_path: Path, authority: Authority
) -> None:
    async with listening(tmp_path, **secured(authority)) as (site, listener):
        tls = presenting(authority, "pas.rj1.test", authority)
        client = await Client.connected(listener.port, tls)

        answer = await client.send(referral())
        await client.close()

    assert code(answer) == "AA"
    assert types(site.events)[0] == "referral.received"


async def test_a_certificate_that_names_nobody_known_is_not_heard(
    tmp_path: Path, authority: Authority
) -> None:
    async with listening(tmp_path, **secured(authority)) as (_, listener):
        tls = presenting(authority, "somebody.test", authority)
        client = await Client.connected(listener.port, tls)

        assert await client.answer() == b""


@pytest.mark.parametrize("presents", ["nothing", "a forged one"])
async def test_without_a_certificate_of_ours_nothing_is_heard(
    tmp_path: Path, authority: Authority, presents: str
) -> None:
    async with listening(tmp_path / "site", **secured(authority)) as (site, listener):
        if presents == "nothing":
            tls = ssl.create_default_context(cafile=authority.certificate)
        else:
            forger = Authority(tmp_path)
            tls = presenting(authority, "pas.rj1.test", forger)

        assert await heard(listener.port, tls) == b""

    assert site.events == []


async def heard(port: int, tls: ssl.SSLContext) -> bytes:
    """The answer to a referral; empty when the server wants nothing to do with us."""
    try:
        client = await Client.connected(port, tls)
        return await client.send(referral())
    except (ssl.SSLError, ConnectionError):
        return b""
