"""A service as a process: it starts, answers, stops in order, and says so when a part dies."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response

from chassis.idempotency import Answer, RequestKey
from chassis.limits import RateLimit, Throttled
from chassis.service import BAD_SETTINGS, Runtime, Service, run
from chassis.settings import HttpSettings, KafkaSettings, MongoSettings, Settings, TelemetrySettings
from chassis.testing import NOW
from chassis.tracing import Tracing, read_spans
from chassis.work import Work
from contracts.events import ClockStarted
from fairwait.servers import Stack
from tests.integration.chassis.small import small
from tests.integration.chassis.world import Publisher, everything, until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def settings_for(
    stack: Stack, port: int, mongo: str = "", telemetry: TelemetrySettings | None = None
) -> Settings:
    return Settings(
        service="matching",
        kafka=KafkaSettings(bootstrap=stack.kafka_bootstrap, idempotence=stack.idempotence),
        mongo=MongoSettings.model_validate(
            {"uri": mongo or stack.mongo_uri, "database": f"fairwait_{port}"}
        ),
        http=HttpSettings(port=port),
        telemetry=telemetry or TelemetrySettings(),
    )


class Running:
    def __init__(self, port: int, stop: asyncio.Event, task: "asyncio.Task[int]") -> None:
        self.client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}")
        self.stop = stop
        self.task = task

    async def is_ready(self) -> bool:
        try:
            return (await self.client.get("/readyz")).status_code == 200
        except httpx2.TransportError:
            return False

    async def end(self) -> int:
        self.stop.set()
        async with asyncio.timeout(12):
            return await self.task


@asynccontextmanager
async def started(
    stack: Stack, service: Service, telemetry: TelemetrySettings | None = None
) -> AsyncIterator[Running]:
    port, stop = free_port(), asyncio.Event()
    settings = settings_for(stack, port, telemetry=telemetry)
    task = asyncio.create_task(run(service, settings, stop))
    running = Running(port, stop, task)
    try:
        yield running
    finally:
        await running.client.aclose()
        await running.end()


def counting() -> APIRouter:
    router = APIRouter()

    async def add(work: Work) -> Answer:
        documents = work.documents("matches")
        count = (await documents.get("count") or {"n": 0})["n"] + 1
        await documents.put("count", {"n": count})
        return Answer(201, b'{"n": %d}' % count)

    @router.post("/count")
    async def count(request: Request) -> Response:
        runtime: Runtime = request.app.state.runtime
        key = RequestKey.of(
            caller="RJ1",
            operation="POST /count",
            key=request.headers["idempotency-key"],
            body=await request.body(),
        )
        answer = await runtime.idempotency.run(key, add)
        return Response(answer.body, answer.status, media_type=answer.media_type)

    return router


async def test_a_service_starts_answers_once_per_key_and_stops_without_leftovers(
    stack: Stack,
) -> None:
    before = asyncio.all_tasks()
    async with started(stack, small(routes=[counting()])) as service:
        await until(service.is_ready)

        async def post(key: str, body: str) -> httpx2.Response:
            headers = {"idempotency-key": key}
            return await service.client.post("/count", content=body, headers=headers)

        first, again, other, second = (
            await post("k-1", "a"), await post("k-1", "a"), await post("k-1", "b"), await post("k-2", "a")
        )  # fmt: skip
        many = await asyncio.gather(*(post("k-3", "a") for _ in range(10)))
        metrics = (await service.client.get("/metrics")).text

        begun = time.monotonic()
        code = await service.end()
        took = time.monotonic() - begun

    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"n": 1})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert second.json() == {"n": 2}
    assert {one.status_code for one in many} <= {201, 409}
    assert {one.json()["n"] for one in many if one.status_code == 201} == {3}
    assert 'route="/count"' in metrics
    assert code == 0
    assert took < 10
    await until(lambda: not {task for task in asyncio.all_tasks() - before if not task.done()})


async def test_an_event_is_followed_by_its_trace_and_counted(
    empty_stack: Stack, tmp_path: Path
) -> None:
    telemetry = TelemetrySettings(sample_ratio=1, spans_file=tmp_path / "spans.ndjson")
    traceparent = Tracing("referral", telemetry).begin("RJ1:message-1")
    event = ClockStarted.about("a" * 32, started_on=date(2026, 3, 2), status="10")
    event = event.published(
        sequence=1, source="urn:fairwait:referral", now=NOW, traceparent=traceparent
    )

    async with started(empty_stack, small(), telemetry) as service:
        await until(service.is_ready)
        async with Publisher(empty_stack) as publisher:
            await publisher.send([event])
        await until(lambda: list(read_spans(tmp_path / "spans.ndjson")))
        metrics = (await service.client.get("/metrics")).text
        (answer,) = await everything(empty_stack, "offer")

    _, span = read_spans(tmp_path / "spans.ndjson")
    assert (span["service"], span["trace_id"]) == ("fairwait-matching", traceparent[3:35])
    assert dict(answer.headers)["ce_traceparent"].decode() == traceparent
    assert 'fairwait_events_total{outcome="done",topic="referral"} 1.0' in metrics


async def test_a_dead_part_ends_the_process_with_an_error(stack: Stack) -> None:
    async def die(runtime: Runtime) -> None:
        raise RuntimeError("a bug")

    async with started(stack, small(background=[die])) as service:
        async with asyncio.timeout(30):
            assert await asyncio.shield(service.task) == 1


async def test_a_port_that_is_taken_ends_the_process_with_an_error(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(stack, taken.getsockname()[1])

        assert await run(small(), settings, asyncio.Event()) == 1


async def test_without_a_database_a_service_lives_is_not_ready_and_stops(stack: Stack) -> None:
    port, stop = free_port(), asyncio.Event()
    settings = settings_for(stack, port, mongo=f"mongodb://127.0.0.1:{free_port()}/")
    running = Running(port, stop, asyncio.create_task(run(small(), settings, stop)))

    async def lives() -> bool:
        try:
            return (await running.client.get("/livez")).status_code == 200
        except httpx2.TransportError:
            return False

    await until(lives)
    assert (await running.client.get("/startupz")).status_code == 503
    assert not await running.is_ready()
    await running.client.aclose()
    assert await running.end() == 0


async def process(environment: dict[str, str]) -> asyncio.subprocess.Process:
    names = {name: text for name, text in os.environ.items() if not name.startswith("FAIRWAIT_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.chassis.small",
        env=names | environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_process_in_order(stack: Stack, number: int) -> None:
    port = free_port()
    child = await process(stack.environment() | {"FAIRWAIT_HTTP__PORT": str(port)})
    service = Running(port, asyncio.Event(), asyncio.current_task())  # type: ignore[arg-type]
    try:
        await until(service.is_ready)
        child.send_signal(number)
        async with asyncio.timeout(12):
            out, errors = await child.communicate()
    finally:
        await service.client.aclose()
        if child.returncode is None:
            child.kill()

    assert child.returncode == 0
    assert errors == b""
    assert b'"event":"service.stopped"' in out.splitlines()[-1]


async def test_refused_settings_end_a_process_before_it_starts() -> None:
    child = await process({"FAIRWAIT_MONGO__URI": "mongodb://db/?w=1", "FAIRWAIT_MONGO__URRI": "x"})
    out, errors = await child.communicate()

    assert child.returncode == BAD_SETTINGS
    assert out == b""
    assert len(errors.splitlines()) == 2


def test_declarations_may_name_one_collection_for_all_topics() -> None:
    declared: Any = small().declaration().keyed_by

    assert set(declared.values()) == {"matches"}


async def test_a_limit_kept_in_the_database_holds_for_all_copies(stack: Stack) -> None:
    database = f"fairwait_{free_port()}"
    one, other = (RateLimit.shared(3, stack.mongo_uri, database) for _ in range(2))

    await one.take("RJ1")
    await other.take("RJ1")
    await one.take("RJ1")

    with pytest.raises(Throttled) as throttled:
        await other.take("RJ1")
    assert 1 <= throttled.value.retry_after <= 60
    await other.take("RRV")
    one.close()
    other.close()
