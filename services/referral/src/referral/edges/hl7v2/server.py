"""The MLLP listener: connections, who they belong to, time limits, and an orderly end."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge

from chassis.errors import TransientError
from chassis.limits import RateLimit, Turns
from chassis.service import Runtime
from referral.edges.hl7v2.framing import LIMIT, Frame, Framer, framed
from referral.edges.hl7v2.intake import Answered, Intake
from referral.edges.hl7v2.settings import MllpSection

log = structlog.get_logger()

CHUNK: Final = 64 * 1024
FINISH_WITHIN: Final = 3.0  # seconds that a message at hand gets when the service stops


async def listen(runtime: Runtime) -> None:
    """Serves until cancelled; returns at once where no port is set."""
    own: MllpSection = runtime.settings.referral.mllp
    if not own.port:
        return
    intake = Intake(
        runtime,
        environment=runtime.settings.environment,
        facilities=own.facilities,
        character_set=own.character_set,
    )
    rates = RateLimit.of(runtime.settings, own.messages_per_minute)
    pace = Pace(rates, runtime.turns)
    try:
        async with Listener(intake, own, Counts(runtime.metrics.registry), pace):
            log.info("hl7v2.listening", port=own.port, tls=own.tls)
            await asyncio.Event().wait()
    finally:
        rates.close()


class Counts:
    """Metrics of the listener. Labels are names of ours and never what came with a message."""

    def __init__(self, registry: Any) -> None:
        self.messages = Metric(
            "fairwait_hl7v2_messages_total", "HL7 v2 messages.", ("kind", "outcome"),
            registry=registry,
        )  # fmt: skip
        self.connections = Gauge(
            "fairwait_hl7v2_connections", "Open MLLP connections.", registry=registry
        )
        self.junk = Metric(
            "fairwait_hl7v2_junk_bytes_total", "Bytes outside of messages.", registry=registry
        )


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast messages of one organisation are taken, so that the others get theirs."""

    rates: RateLimit
    turns: Turns

    async def room(self, organisation: str) -> None:
        """Waits until a message of this organisation may be taken."""
        # A line may be as busy as it is: it takes nothing from what its trust may ask over HTTP.
        await self.rates.wait(f"hl7v2|{organisation}")


class Listener:
    """An open port. On leaving, messages at hand are answered and connections closed."""

    def __init__(self, intake: Intake, settings: MllpSection, counts: Counts, pace: Pace) -> None:
        self._intake = intake
        self._settings = settings
        self._counts = counts
        self._pace = pace
        self._open: Counter[str] = Counter()
        self._connections: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> "Listener":
        settings = self._settings
        self._server = await asyncio.start_server(
            self._accept,
            settings.host,
            settings.port,
            ssl=tls_context(settings) if settings.tls else None,
            ssl_handshake_timeout=settings.message_seconds if settings.tls else None,
        )
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        self._stopping.set()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=FINISH_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connection(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._counts.connections.inc()
        try:
            organisation = self._organisation(writer)
            if organisation is None:
                log.warning("hl7v2.unknown_client")
            elif self._full(organisation):
                log.warning("hl7v2.too_many_connections")
            else:
                self._open[organisation] += 1
                try:
                    await self._converse(reader, writer, organisation)
                finally:
                    self._open[organisation] -= 1
        except (ConnectionError, TimeoutError, ssl.SSLError) as error:
            log.info("hl7v2.connection_lost", error=type(error).__name__)
        finally:
            self._counts.connections.dec()
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await asyncio.wait_for(writer.wait_closed(), FINISH_WITHIN)

    def _full(self, organisation: str) -> bool:
        everybody = len(self._connections) > self._settings.connections
        return everybody or self._open[organisation] >= self._settings.connections_each

    def _organisation(self, writer: asyncio.StreamWriter) -> str | None:
        if not self._settings.tls:
            return self._settings.organisation
        names = names_of(writer.get_extra_info("peercert") or {})
        known = {self._settings.certificates.get(name) for name in names} - {None}
        # Names of two organisations in one certificate are nobody's.
        return known.pop() if len(known) == 1 else None

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, organisation: str
    ) -> None:
        framer, arriving = Framer(), Arriving(self._settings)
        while True:
            chunk = await self._read(reader, arriving.seconds_left(inside=framer.inside))
            if not chunk:
                return
            before = framer.junk
            for frame in framer.feed(chunk):
                arriving.ended()
                await self._answer(frame, writer, organisation)
            self._counts.junk.inc(framer.junk - before)
            if framer.junk > LIMIT:
                log.warning("hl7v2.only_junk")
                return

    async def _read(self, reader: asyncio.StreamReader, seconds: float) -> bytes:
        """The next bytes; none when the sender is gone or too slow, or the service stops."""
        reading = asyncio.ensure_future(reader.read(CHUNK))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait(
                (reading, stopping), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            return reading.result() if reading.done() else b""
        finally:
            reading.cancel()
            stopping.cancel()

    async def _answer(self, frame: Frame, writer: asyncio.StreamWriter, organisation: str) -> None:
        for message in self._intake.messages(frame):
            answered = await self._kept(message, organisation)
            self._counts.messages.labels(answered.kind, answered.outcome).inc()
            writer.writelines(framed(one) for one in answered.acknowledgements)
            await asyncio.wait_for(writer.drain(), self._settings.message_seconds)

    async def _kept(self, message: Frame, organisation: str) -> Answered:
        """Tries for as long as a sender waits. After that it hears nothing, and sends again.

        One that is too fast is not hung up on: its message is taken when there is room for it.
        """
        await self._pace.room(organisation)
        pause = 0.1
        async with asyncio.timeout(self._settings.message_seconds):
            while True:
                try:
                    async with self._pace.turns.of(organisation):
                        return await self._intake.answer(message, organisation)
                except TransientError:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, 2.0)


class Arriving:
    """How long a connection may still take: idle between messages, hurried within one."""

    def __init__(self, settings: MllpSection) -> None:
        self._settings = settings
        self._deadline: float | None = None

    def seconds_left(self, *, inside: bool) -> float:
        if not inside:
            self._deadline = None
            return self._settings.idle_seconds
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + self._settings.message_seconds
        return max(0.0, self._deadline - now)

    def ended(self) -> None:
        self._deadline = None


# ---- TLS


def tls_context(settings: MllpSection) -> ssl.SSLContext:
    """A server that shows its certificate and asks for one that our own authority has signed."""
    assert settings.certificate_file is not None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=settings.ca_file)
    context.load_cert_chain(settings.certificate_file, settings.key_file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def names_of(certificate: dict[str, Any]) -> Iterable[str]:
    """The names a certificate is for: the alternative names, and the common name."""
    subject = (pair for parts in certificate.get("subject", ()) for pair in parts)
    names = {value for key, value in subject if key == "commonName"}
    return names | {value for key, value in certificate.get("subjectAltName", ()) if key == "DNS"}
