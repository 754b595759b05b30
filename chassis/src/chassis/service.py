"""A service as one process: declared in its `app.py`, put together, run and stopped here."""

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter
from starlette.types import ASGIApp

from chassis import idempotency, kill_points, logs
from chassis.clock import Clock, clock_of
from chassis.engine import Declaration
from chassis.errors import TransientError
from chassis.faults import Kind
from chassis.handlers import Handlers
from chassis.health import Health
from chassis.idempotency import Idempotency
from chassis.kafka_security import broker_security, client_arguments
from chassis.limits import RateLimit, Turns
from chassis.machinery import Machinery, Servers
from chassis.messages import Authenticate
from chassis.metrics import Metrics
from chassis.mongo import Index, Mongo
from chassis.settings import RefusedSettings, Settings, load
from chassis.tokens import TokenRefused, Tokens
from chassis.tracing import Tracing
from chassis.units import Units
from chassis.web import ErrorPage, Web, create_app
from chassis.work import Work
from contracts.event import Envelope
from contracts.topics import Service as Name
from contracts.topics import read_by

STOP_WITHIN: Final = 10.0  # seconds from the signal to the end of the process
ANSWER_WITHIN: Final = 3  # seconds that requests at hand get of those
OBSERVE_EVERY: Final = 10.0  # seconds
BROKEN_AFTER: Final = 30.0  # seconds that a producer may fail before that counts

BAD_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h

log = structlog.get_logger()

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a service is: its handlers, documents, routes and jobs.

    `streams` maps a topic it writes to the collection whose documents number the events;
    `keyed_by` maps a topic it reads to the collection whose documents remember what was applied, or
    is one collection for all of them. `uploads` maps the addresses that read a long body piece by
    piece to the bytes they take.
    """

    name: Name
    handlers: Handlers
    streams: Mapping[str, str]
    keyed_by: str | Mapping[str, str]
    work: Callable[[Work], Any]
    settings: type[Settings] = Settings
    routes: Sequence[APIRouter] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    indexes: Sequence[Index] = ()
    collections: Sequence[str] = ()
    background: Sequence[Callable[["Runtime"], Awaitable[None]]] = ()
    kinds: Sequence[Kind] = ()
    error_page: ErrorPage | None = None
    uploads: Mapping[str, int] = field(default_factory=dict)

    def declaration(self) -> Declaration:
        """The part that the engine works by."""
        keyed_by = self.keyed_by
        if isinstance(keyed_by, str):
            keyed_by = {topic.name: keyed_by for topic in read_by(self.name)}
        return Declaration(self.name, self.handlers, self.streams, keyed_by, self.work)


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of a running service, for its routes (`request.app.state.runtime`) and jobs."""

    service: Service
    settings: Any
    clock: Clock
    machinery: Machinery
    tokens: Tokens
    metrics: Metrics
    health: Health
    tracing: Tracing
    rates: RateLimit
    turns: Turns
    idempotency: Idempotency

    @property
    def units(self) -> Units:
        return self.machinery.units

    @property
    def mongo(self) -> Mongo:
        return self.machinery.mongo


def build(service: Service, settings: Settings) -> Runtime:
    """Puts a service together. Nothing is connected yet; a running event loop is needed."""
    clock, tokens = clock_of(settings.clock.file), Tokens(settings.auth)
    machinery = Machinery(
        service.declaration(),
        _servers(settings),
        clock,
        _authenticator(tokens),
        indexes=(*idempotency.INDEXES, *service.indexes),
        collections=(idempotency.COLLECTION, *service.collections),
    )
    runtime = Runtime(
        service=service,
        settings=settings,
        clock=clock,
        machinery=machinery,
        tokens=tokens,
        metrics=Metrics(lambda: machinery.engine.outcomes),
        health=Health(),
        tracing=Tracing(service.name, settings.telemetry),
        rates=RateLimit.of(settings),
        turns=Turns(settings.http.work_at_once),
        idempotency=Idempotency(machinery.units),
    )
    _register_checks(runtime)
    _observe_engine(runtime)
    return runtime


def _observe_engine(runtime: Runtime) -> None:
    """Metrics and spans of every batch, and a trace for every story that begins here."""
    tracing, metrics = runtime.tracing, runtime.metrics

    def observe(envelopes: Sequence[Envelope], records: int, started: int) -> None:
        metrics.batch(records, seconds=(time.time_ns() - started) / 1e9)
        tracing.batch("events process", envelopes, started)

    runtime.machinery.engine.observe = observe
    runtime.machinery.engine.trace = tracing.received


def application(runtime: Runtime) -> ASGIApp:
    """The HTTP application of a service."""
    service = runtime.service
    return create_app(
        Web(
            settings=runtime.settings,
            tokens=runtime.tokens,
            health=runtime.health,
            metrics=runtime.metrics,
            tracing=runtime.tracing,
            rates=runtime.rates,
            routers=service.routes,
            mounts=service.mounts,
            kinds=service.kinds,
            error_page=service.error_page,
            uploads=service.uploads,
            runtime=runtime,
        )
    )


def _servers(settings: Settings) -> Servers:
    return Servers(
        kafka=settings.kafka.bootstrap,
        mongo=settings.mongo.uri.get_secret_value(),
        database=settings.mongo.database,
        idempotence=settings.kafka.idempotence,
        replication=settings.replication,
        instance_id=settings.kafka.instance_id or None,
        batch_records=settings.kafka.batch_records,
        session_ms=settings.kafka.session_ms,
        security=client_arguments(settings.kafka),
        broker_security=broker_security(settings.kafka),
    )


def _authenticator(tokens: Tokens) -> Authenticate:
    def organisation(token: str, at: datetime, scope: str) -> str:
        caller = tokens.verify(token, at)
        if scope not in caller.scopes:
            raise TokenRefused("the token lacks the scope that this submission needs")
        return caller.organisation

    return organisation


# ---- health


def _register_checks(runtime: Runtime) -> None:
    machinery, health = runtime.machinery, runtime.health

    async def database() -> str:
        await machinery.mongo.ping()
        return ""

    async def consumer() -> str:
        if machinery.subscription.braked:
            return "held by the brake"
        return "" if machinery.subscription.polling else "not polling"

    async def producer() -> str:
        broken = machinery.producer.broken_since
        failing = 0.0 if broken is None else asyncio.get_running_loop().time() - broken
        return f"failing for {failing:.0f} s" if failing > BROKEN_AFTER else ""

    health.register("database", database, edge=True)
    health.register("consumer", consumer)
    health.register("producer", producer)


async def _observe(runtime: Runtime) -> None:
    """Keeps the gauges up to date."""
    machinery = runtime.machinery
    while True:
        try:
            chunks = await machinery.outbox.waiting()
            runtime.metrics.engine(
                outbox_chunks=chunks, braked=machinery.subscription.braked is not None
            )
        except Exception as error:  # the database is away: readiness says so, a gauge need not
            log.debug("gauges.not_read", error=type(error).__name__)
        await asyncio.sleep(OBSERVE_EVERY)


# ---- running


def main(service: Service) -> NoReturn:
    """Runs a service until SIGTERM or SIGINT, and ends the process.

    Exit code 0 after an orderly stop, 78 for refused settings, 1 when a part has died.
    """
    main_with(service.settings, service.name, lambda _: service)


def main_with(kind: type[S], name: Name, make: Callable[[S], Service]) -> NoReturn:
    """`main` for a service whose handlers depend on its settings."""
    try:
        settings = load(kind, name)
    except RefusedSettings as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BAD_SETTINGS)
    logs.configure(name, settings.logs.level)
    kill_points.arm_as_set(settings.kill_point)
    service = make(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_until_signal(service, settings)))


async def _until_signal(service: Service, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await run(service, settings, stop)


async def run(service: Service, settings: Settings, stop: asyncio.Event) -> int:
    """Runs a service until `stop` is set or a part dies; the exit code of the process."""
    runtime = build(service, settings)
    server = _Server(_config(application(runtime)))
    try:
        sockets = [_listen(settings.http.host, settings.http.port)]
    except OSError as error:
        log.critical("http.not_listening", port=settings.http.port, exc_info=error)
        return 1

    http = asyncio.create_task(server.serve(sockets), name="http")
    work = asyncio.create_task(_work(runtime), name="work")
    waiting = asyncio.create_task(stop.wait(), name="stop")
    await asyncio.wait([http, work, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()

    code = 0 if stop.is_set() and not work.done() and not http.done() else _death(http, work)
    return await _stop(runtime, server, http, work) or code


def _death(*parts: asyncio.Task[None]) -> int:
    for part in parts:
        if part.done() and not part.cancelled():
            log.critical("part.died", part=part.get_name(), exc_info=part.exception())
    return 1


async def _work(runtime: Runtime) -> None:
    """Starts the engine, waiting for the servers as long as it takes, and watches its parts."""
    machinery, service = runtime.machinery, runtime.service
    await _until_it_works("database", machinery.prepare)
    jobs = machinery.jobs()
    runtime.health.started = True
    log.info("service.started", port=runtime.settings.http.port)

    async with asyncio.TaskGroup() as parts:
        parts.create_task(_first_to_end(jobs))
        parts.create_task(runtime.tokens.keep_fresh())
        parts.create_task(runtime.idempotency.forget())
        parts.create_task(_observe(runtime))
        for job in service.background:
            parts.create_task(_awaited(job(runtime)))
        await _until_it_works("kafka", machinery.connect)
        _settle_garbage_collector()


async def _awaited(job: Awaitable[None]) -> None:
    await job


async def _first_to_end(jobs: Sequence[asyncio.Task[None]]) -> None:
    done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    ended = done.pop()
    raise RuntimeError(f"{ended.get_name()} has ended") from ended.exception()


async def _until_it_works(what: str, step: Callable[[], Awaitable[None]]) -> None:
    failures = 0
    while True:
        try:
            return await step()
        except TransientError as error:
            failures += 1
            log.warning("start.waiting", server=what, failures=failures, exc_info=error)
            await asyncio.sleep(min(0.25 * 2**failures, 5.0))


def _settle_garbage_collector() -> None:
    # What start-up made lives as long as the process; a collection need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


async def _stop(
    runtime: Runtime, server: "_Server", http: asyncio.Task[None], work: asyncio.Task[None]
) -> int:
    """Not ready, no new requests, the last batch finished, everything closed, in this order."""
    log.info("service.stopping")
    runtime.health.stopping = True
    server.should_exit = True
    code = 0
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await asyncio.wait([http])
            work.cancel()
            await asyncio.wait([work])
            await runtime.machinery.stop()
    except Exception as error:
        log.error("service.not_stopped_in_order", exc_info=error)
        code = 1
    runtime.rates.close()
    await asyncio.to_thread(runtime.tracing.flush)
    log.info("service.stopped")
    return code


# ---- the HTTP server


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process stops in our order, not in its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=ANSWER_WITHIN,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)
