"""Every route has the same manners: what is wrong is said, what was sent is not repeated."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, Response
from starlette.types import Message

from chassis.asgi import Bodies
from chassis.errors import Rejected, TransientError
from chassis.faults import Fault
from chassis.health import Health
from chassis.limits import RateLimit
from chassis.metrics import Metrics
from chassis.settings import HttpSettings, Settings, TelemetrySettings
from chassis.tokens import Caller, DevelopmentIssuer, Tokens
from chassis.tracing import Tracing, current_traceparent, read_spans
from chassis.web import Web, check_json, create_app, organisation, read_json

CANARY = "Featherstonehaugh 943 476 5919"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int
    on: date


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/things")
    async def add(thing: Thing, limit: int = 1) -> dict[str, int]:
        return {"count": thing.count}

    @router.post("/FHIR/R4/Thing")
    async def add_fhir(request: Request) -> Response:
        return Response(await read_json(request), media_type="application/fhir+json")

    @router.get("/FHIR/R4/Thing/{thing_id}")
    async def find(thing_id: str, count: int) -> dict[str, int]:
        raise Rejected([Fault("no_thing", 404, "No such thing.", fhir_code="not-found")])

    @router.get("/mine")
    async def mine(
        caller: Annotated[Caller, Depends(organisation("pathway.read"))],
    ) -> dict[str, str]:
        return {"organisation": caller.organisation}

    @router.get("/broken")
    async def broken() -> None:
        raise ValueError(CANARY)

    @router.get("/away")
    async def away() -> None:
        raise TransientError("MongoDB: AutoReconnect")

    @router.get("/trace")
    async def trace() -> dict[str, str]:
        return {"traceparent": current_traceparent()}

    return router


def error_page(request: Request, faults: Any) -> Response | None:
    return HTMLResponse("<h1>Sorry</h1>", faults[0].status)


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "issuer")


@pytest.fixture
def app(issuer: DevelopmentIssuer, tmp_path: Path) -> FastAPI:
    telemetry = TelemetrySettings(sample_ratio=1, spans_file=tmp_path / "spans.ndjson")
    health = Health()
    health.started = True
    return create_app(
        Web(
            settings=Settings(
                service="referral",
                http=HttpSettings(body_limit_bytes=2048, body_timeout_seconds=0.05),
            ),
            tokens=Tokens(issuer.settings()),
            health=health,
            metrics=Metrics(),
            tracing=Tracing("referral", telemetry),
            rates=RateLimit.local(3),
            routers=[routes()],
            error_page=error_page,
            runtime=health,
        )
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_valid_request_is_answered_with_ids_and_safe_headers(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(
        "/things",
        json={"count": 1, "on": "2026-11-25"},
        headers={"X-Request-Id": "r-1", "X-Correlation-Id": "c-1"},
    )

    assert answer.status_code == 200
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "c-1")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "é", "<script>"])
async def test_an_id_that_is_not_in_its_form_is_replaced(
    client: httpx2.AsyncClient, given: str
) -> None:
    answer = await client.get("/livez2", headers={b"X-Request-Id": given.encode()})

    assert answer.headers["x-request-id"] not in ("", given)
    assert answer.headers["x-correlation-id"] == answer.headers["x-request-id"]


BAD_REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/things", {"json": {"count": CANARY, "on": CANARY}}, 422),
    ("POST", "/things", {"json": {"count": 1, "on": "2026-02-30", CANARY: CANARY}}, 422),
    ("POST", "/things?limit=" + CANARY, {"json": {"count": 1, "on": "2026-11-25"}}, 422),
    ("POST", "/things", {"content": f'{{"count": "{CANARY}', "headers": {"content-type": "application/json"}}, 400),
    ("POST", "/things", {"content": CANARY.encode()}, 422),
    ("GET", "/" + CANARY, {}, 404),
    ("PUT", "/things", {"json": {}}, 405),
    ("GET", "/mine", {}, 401),
    ("GET", "/mine", {"headers": {"authorization": f"Bearer {CANARY}"}}, 401),
    ("GET", "/mine", {"headers": {"authorization": "Basic YTpi"}}, 401),
    ("GET", "/broken", {}, 500),
    ("GET", "/away", {}, 503),
    ("GET", f"/FHIR/R4/Thing/{CANARY}?count=1", {}, 404),
    ("GET", f"/FHIR/R4/Thing/1?count={CANARY}", {}, 422),
    ("GET", f"/FHIR/R4/{CANARY}", {}, 404),
    ("DELETE", "/FHIR/R4/Thing", {}, 405),
    ("POST", "/FHIR/R4/Thing", {"content": CANARY, "headers": {"content-type": "text/xml"}}, 415),
    ("POST", "/FHIR/R4/Thing", {"content": CANARY, "headers": {"content-type": "application/fhir+json"}}, 400),
    ("POST", "/FHIR/R4/Thing", {"content": "x" * 3000, "headers": {"content-type": "application/json"}}, 413),
]  # fmt: skip


@pytest.mark.parametrize(("method", "url", "arguments", "status"), BAD_REQUESTS)
async def test_what_is_wrong_is_said_in_the_protocol_of_the_route_without_what_was_sent(
    client: httpx2.AsyncClient, method: str, url: str, arguments: dict[str, Any], status: int
) -> None:
    answer = await client.request(method, url, **arguments)

    assert answer.status_code == status
    assert "Featherstonehaugh" not in answer.text
    body = answer.json()
    if url.startswith("/FHIR/"):
        assert answer.headers["content-type"] == "application/fhir+json"
        assert body["resourceType"] == "OperationOutcome"
        assert body["issue"][0]["details"]["coding"][0]["code"].startswith("REC_")
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["status"] == status
        assert body["code"]
        assert body["instance"] == f"urn:request:{answer.headers['x-request-id']}"


async def test_each_fault_has_its_pointer(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/things", json={"count": "x"})

    assert {error["pointer"]: error["code"] for error in answer.json()["errors"]} == {
        "#/count": "invalid",
        "#/on": "required",
    }


async def test_statuses_carry_the_headers_that_clients_act_on(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/mine")).headers["www-authenticate"] == "Bearer"
    assert (await client.get("/away")).headers["retry-after"] == "2"
    assert (await client.put("/things")).headers["allow"] == "POST"


async def test_a_person_gets_a_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nothing", headers={"accept": "text/html"})

    assert (answer.status_code, answer.text) == (404, "<h1>Sorry</h1>")


async def test_a_caller_needs_the_scope_and_has_a_limit_of_its_own(
    client: httpx2.AsyncClient, issuer: DevelopmentIssuer
) -> None:
    async def ask(organisation: str, *scopes: str) -> httpx2.Response:
        token = issuer.token(organisation, scopes)
        return await client.get("/mine", headers={"authorization": f"Bearer {token}"})

    assert (await ask("RJ1", "pathway.read")).json() == {"organisation": "RJ1"}
    assert (await ask("RJ1", "ops")).status_code == 403
    assert (await ask("RJ1", "pathway.read")).status_code == 200
    throttled = await ask("RJ1", "pathway.read")
    assert throttled.status_code == 429
    assert 1 <= int(throttled.headers["retry-after"]) <= 60
    assert (await ask("RRV", "pathway.read")).status_code == 200


# ---- bodies


async def test_a_body_without_a_length_is_cut_off_at_the_limit(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10_000_000:
            sent += 1000
            yield b"x" * 1000

    answer = await client.post(
        "/FHIR/R4/Thing", content=endless(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_no_byte_is_read_of_a_body_that_says_it_is_too_long() -> None:
    asked: list[Message] = []

    async def receive() -> Message:
        asked.append({})
        return {"type": "http.request", "body": b"", "more_body": False}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "headers": [(b"content-length", b"1000000000")]}
    with pytest.raises(Exception, match="413"):
        await Bodies(app, limit=1024, seconds=1)(scope, receive, send)
    assert asked == []


def pieces(*bodies: bytes, then: Callable[[], Awaitable[None]] | None = None) -> Any:
    """What a server hands over for a body that comes in pieces."""
    left = [*bodies]

    async def receive() -> Message:
        if not left and then is not None:
            await then()
        body = left.pop(0) if left else b""
        return {"type": "http.request", "body": body, "more_body": True}

    return receive


async def read_as_upload(receive: Any, *, limit: int, seconds: float) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            continue

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "path": "/files", "headers": []}
    bodies = Bodies(app, limit=10, seconds=seconds, uploads={"/files": limit})
    await bodies(scope, receive, send)


async def test_an_upload_has_a_limit_of_its_own() -> None:
    with pytest.raises(Exception, match="413"):
        await read_as_upload(pieces(*[b"x" * 100] * 50), limit=4000, seconds=1)


async def test_an_upload_that_stops_coming_is_given_up() -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Exception, match="408"):
        await read_as_upload(pieces(b"x" * 100, then=never), limit=4000, seconds=0.05)


async def test_a_body_that_does_not_arrive_is_given_up(client: httpx2.AsyncClient) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await client.post(
        "/FHIR/R4/Thing", content=stalled(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 408


@pytest.mark.parametrize(("depth", "taken"), [(64, True), (65, False), (900, False), (5000, False)])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"a":', "}")])
def test_json_is_nested_sixty_four_deep_at_most(
    depth: int, taken: bool, left: str, right: str
) -> None:
    inside = "" if left == "[" else "1"
    body = (left * depth + inside + right * depth).encode()

    if taken:
        check_json(body)
    else:
        with pytest.raises(Rejected):
            check_json(body)


def test_brackets_in_texts_and_side_by_side_are_not_depth() -> None:
    check_json(json.dumps({"a": "[{" * 500, "b": [[]] * 500}).encode())


# ---- operations


async def test_probes_tell_start_from_stop(app: FastAPI, client: httpx2.AsyncClient) -> None:
    health: Health = app.state.runtime
    wrong = ""

    async def consumer() -> str:
        return wrong

    async def database() -> str:
        return ""

    health.register("consumer", consumer)
    health.register("database", database, edge=True)
    assert (await client.get("/readyz")).status_code == 200

    wrong = "not polling"
    health.register("consumer", consumer)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["consumer"]) == (503, "not polling")
    assert (await client.get("/readyz/edge")).status_code == 200
    assert (await client.get("/livez")).status_code == 200

    health.stopping = True
    assert (await client.get("/readyz/edge")).status_code == 503
    assert (await client.get("/livez")).status_code == 200


async def test_before_the_start_only_probes_are_answered(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    app.state.runtime.started = False

    assert (await client.get("/startupz")).status_code == 503
    assert (await client.get("/trace")).status_code == 503
    assert (await client.get("/livez")).status_code == 200


async def test_metrics_know_routes_and_not_addresses(client: httpx2.AsyncClient) -> None:
    await client.get(f"/FHIR/R4/Thing/{CANARY}?count=1")
    await client.get(f"/{CANARY}")

    text = (await client.get("/metrics")).text

    assert 'route="/FHIR/R4/Thing/{thing_id}",status="404"' in text
    assert "Featherstonehaugh" not in text


async def test_the_pages_about_the_api_come_from_here_alone(client: httpx2.AsyncClient) -> None:
    for page in ("/docs", "/asyncapi", "/faults"):
        answer = await client.get(page)
        assert answer.status_code == 200
        assert "http" not in answer.text
        assert "<script>" not in answer.text
    assert (await client.get("/asyncapi.json")).json()["asyncapi"].startswith("3.")
    for asset in ("swagger/swagger-ui-bundle.js", "asyncapi/asyncapi.js", "swagger/swagger-ui.css"):
        assert (await client.get(f"/docs/assets/{asset}")).status_code == 200


async def test_the_description_tells_our_own_refusals(client: httpx2.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()

    assert schema["openapi"].startswith("3.1")
    plain = schema["paths"]["/things"]["post"]["responses"]["4XX"]["content"]
    fhir = schema["paths"]["/FHIR/R4/Thing"]["post"]["responses"]["4XX"]["content"]
    assert list(plain) == ["application/problem+json"]
    assert list(fhir) == ["application/fhir+json"]
    assert "HTTPValidationError" not in json.dumps(schema)
    assert "/livez" not in schema["paths"]


async def test_a_request_goes_on_with_its_trace(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    incoming = f"00-{trace_id}-{span_id}-00"

    answer = await client.get("/trace", headers={"traceparent": incoming})

    onward = answer.json()["traceparent"]
    assert onward[3:35] == trace_id
    (span,) = read_spans(tmp_path / "spans.ndjson")
    assert (span["trace_id"], span["span_id"], span["parent_id"]) == (
        trace_id,
        onward[36:52],
        span_id,
    )


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    capsys.readouterr()
