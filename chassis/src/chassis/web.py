"""The HTTP half of a service: an application with the same manners for every route.

A service adds routers; errors, limits, ids, health, metrics and the API's own pages are here.
"""

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from chassis import faults
from chassis.asgi import CONTENT_SECURITY_POLICY, Bodies, Outermost, Surroundings
from chassis.errors import Rejected, TransientError, Unreadable
from chassis.faults import FHIR_JSON, PROBLEM_JSON, Fault, Kind
from chassis.health import Health
from chassis.limits import RateLimit, Throttled
from chassis.metrics import CONTENT_TYPE, Metrics
from chassis.settings import Settings
from chassis.tokens import Caller, TokenRefused, Tokens
from chassis.tracing import Tracing

STATIC: Final = Path(__file__).parent / "static"
FHIR: Final = "/FHIR/"
MAX_DEPTH: Final = 64

ErrorPage = Callable[[Request, Sequence[Fault]], Response | None]
"""A service's own page for people who made a mistake; None leaves it to problem+json."""


@dataclass(frozen=True, slots=True)
class Web:
    """What the HTTP half of a service needs from its process."""

    settings: Settings
    tokens: Tokens
    health: Health
    metrics: Metrics
    tracing: Tracing
    rates: RateLimit
    routers: Sequence[APIRouter] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    kinds: Sequence[Kind] = ()
    error_page: ErrorPage | None = None
    uploads: Mapping[str, int] = field(default_factory=dict)
    runtime: Any = None


def create_app(web: Web) -> FastAPI:
    """The application. Routes find the runtime as `request.app.state.runtime`."""
    app = FastAPI(
        title=f"Fairwait {web.settings.service}",
        version=_version(),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.runtime, app.state.tokens, app.state.rates = web.runtime, web.tokens, web.rates
    app.state.error_page = web.error_page

    _answer_errors(app)
    app.include_router(_operations(web))
    app.include_router(_pages(web))
    for router in web.routers:
        app.include_router(router)
    app.mount("/docs/assets", StaticFiles(directory=STATIC))
    for path, mounted in web.mounts.items():
        app.mount(path, mounted)

    http = web.settings.http
    around = Surroundings(web.health, web.metrics, web.tracing, _render)
    app.add_middleware(
        Bodies,
        limit=http.body_limit_bytes,
        seconds=http.body_timeout_seconds,
        uploads=web.uploads,
    )
    app.add_middleware(Outermost, surroundings=around)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _version() -> str:
    from importlib.metadata import version

    return version("fairwait-chassis")


# ---- errors


def refusal(request: Request, found: Sequence[Fault], headers: Mapping[str, str]) -> Response:
    """The faults in the protocol of the route: OperationOutcome below /FHIR/, else problem+json."""
    status = faults.status_of(found)
    if request.url.path.startswith(FHIR):
        return _json(faults.operation_outcome(found), status, FHIR_JSON, headers)
    page = getattr(request.app.state, "error_page", None) if "app" in request.scope else None
    if page is not None and "text/html" in request.headers.get("accept", ""):
        shown: Response | None = page(request, found)
        if shown is not None:
            shown.headers.update(headers)
            return shown
    instance = f"urn:request:{getattr(request.state, 'request_id', '')}"
    return _json(faults.problem_json(found, instance), status, PROBLEM_JSON, headers)


def _render(request: Request, found: list[Fault], headers: dict[str, str]) -> Response:
    return refusal(request, found, headers)


def _json(body: Any, status: int, media_type: str, headers: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(body), status, dict(headers), media_type)


def _answer_errors(app: FastAPI) -> None:
    async def invalid(request: Request, error: Any) -> Response:
        found = faults.of_request(error.errors()) or [faults.INVALID.fault()]
        return refusal(request, found[: faults.MAX_FAULTS], {})

    async def http(request: Request, error: Any) -> Response:
        # The detail is left out: who wrote it did not know where it would be shown.
        kind = faults.of_status(error.status_code)
        fault = Fault(kind.code, error.status_code, kind.message, fhir_code=kind.fhir_code)
        return refusal(request, [fault], error.headers or {})

    async def rejected(request: Request, error: Any) -> Response:
        headers = {}
        if isinstance(error, Throttled):
            headers["retry-after"] = str(error.retry_after)
        if faults.status_of(error.faults) == 401:
            headers["www-authenticate"] = "Bearer"
        return refusal(request, error.faults, headers)

    async def transient(request: Request, error: Any) -> Response:
        return refusal(request, [faults.UNAVAILABLE.fault()], {"retry-after": "2"})

    async def unreadable(request: Request, error: Any) -> Response:
        return refusal(request, [faults.BAD_REQUEST.fault()], {})

    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Rejected, rejected)
    app.add_exception_handler(TransientError, transient)
    app.add_exception_handler(Unreadable, unreadable)


# ---- callers

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="Token of an organisation")


def organisation(scope: str = "") -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, with this scope, within the rate limit; else 401, 403 or 429."""

    async def caller(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        return await admitted(request, credentials.credentials if credentials else "", scope)

    return caller


async def admitted(request: Request, token: str, scope: str = "") -> Caller:
    """The caller that a token names, with this scope, within the rate limit; else 401, 403 or 429."""
    if not token:
        raise Rejected([faults.UNAUTHORISED.fault()])
    found = await _authenticated(request.app.state.tokens, token)
    await request.app.state.rates.take(found.organisation)
    if scope and not found.may(scope):
        raise Rejected([faults.FORBIDDEN.fault(f"The token lacks the scope {scope}.")])
    return found


async def _authenticated(tokens: Tokens, token: str) -> Caller:
    try:
        # Always the real time: a simulated clock must not wake a token that has expired.
        return await tokens.authenticate(token, datetime.now(UTC))
    except TokenRefused:
        raise Rejected([faults.UNAUTHORISED.fault()]) from None


# ---- bodies


async def read_json(request: Request, *, depth: int = MAX_DEPTH) -> bytes:
    """The body of a raw route: JSON by its type and its form, not nested deeper than `depth`.

    The size was checked as it arrived. Raises `Rejected` otherwise.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Rejected([faults.UNSUPPORTED.fault(header="Content-Type")])
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Rejected([faults.UNSUPPORTED.fault(header="Content-Encoding")])
    body = await request.body()
    check_json(body, depth=depth)
    return body


def check_json(body: bytes, *, depth: int = MAX_DEPTH) -> None:
    """Raises `Rejected` for bytes that are no JSON in UTF-8, or are nested too deeply."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Rejected([faults.MALFORMED.fault()]) from None
    # So few brackets cannot nest too deeply; most bodies are told by counting.
    if body.count(b"[") + body.count(b"{") > depth and _depth_exceeds(parsed, depth):
        raise Rejected([faults.TOO_DEEP.fault()])


def _depth_exceeds(parsed: Any, depth: int) -> bool:
    level = [parsed]
    for _ in range(depth):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


# ---- operations


def _operations(web: Web) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    health = web.health

    @router.get("/livez")
    async def livez() -> Response:
        return PlainTextResponse("ok")

    @router.get("/startupz")
    async def startupz() -> Response:
        return PlainTextResponse("ok" if health.started else "starting", _status(health.started))

    @router.get("/readyz")
    @router.get("/readyz/edge")
    async def readyz(request: Request) -> Response:
        readiness = await health.readiness(edge=request.url.path.endswith("/edge"))
        body = {"ready": readiness.ready, "checks": readiness.checks}
        return JSONResponse(body, _status(readiness.ready))

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(web.metrics.render(), media_type=CONTENT_TYPE)

    return router


def _status(good: bool) -> int:
    return 200 if good else 503


# ---- pages about the API

_DOCS_CSP: Final = (
    f"{CONTENT_SECURITY_POLICY}; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
)
# The AsyncAPI component compiles schema checks when it starts. It shows nothing but our own file.
_ASYNCAPI_CSP: Final = f"{_DOCS_CSP}; script-src 'self' 'unsafe-eval'; font-src 'self' data:"

_SWAGGER_JS: Final = """\
window.onload = () => SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
});
"""
_ASYNCAPI_JS: Final = """\
window.onload = () => AsyncApiStandalone.render(
  {schema: {url: "/asyncapi.json"}, config: {show: {sidebar: true}}}, document.getElementById("api"),
);
"""


def _pages(web: Web) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    title = escape(f"Fairwait {web.settings.service}")

    @router.get("/docs")
    async def docs() -> Response:
        page = _page(
            title, "swagger/swagger-ui.css", "swagger/swagger-ui-bundle.js", "/docs/api.js"
        )
        return HTMLResponse(page, headers={"content-security-policy": _DOCS_CSP})

    @router.get("/docs/api.js")
    async def docs_script() -> Response:
        return Response(_SWAGGER_JS, media_type="text/javascript")

    @router.get("/asyncapi")
    async def events() -> Response:
        page = _page(title, "asyncapi/asyncapi.css", "asyncapi/asyncapi.js", "/docs/events.js")
        return HTMLResponse(page, headers={"content-security-policy": _ASYNCAPI_CSP})

    @router.get("/docs/events.js")
    async def events_script() -> Response:
        return Response(_ASYNCAPI_JS, media_type="text/javascript")

    @router.get("/asyncapi.json")
    async def asyncapi() -> Response:
        return Response(orjson.dumps(_asyncapi()), media_type="application/json")

    @router.get("/faults")
    async def catalogue() -> Response:
        return HTMLResponse(_catalogue([*faults.CATALOGUE.values(), *web.kinds]))

    return router


def _page(title: str, style: str, script: str, start: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="/docs/assets/{style}">'
        '<link rel="icon" href="/docs/assets/swagger/favicon.png"></head>'
        f'<body><div id="api"></div><script src="/docs/assets/{script}"></script>'
        f'<script src="{start}"></script></body></html>'
    )


def _asyncapi() -> Any:
    document: Any = importlib.import_module("contracts.asyncapi").document
    return document()


def _catalogue(kinds: Sequence[Kind]) -> str:
    rows = "".join(
        f'<tr id="{escape(kind.code)}"><td>{escape(kind.code)}<td>{kind.status}'
        f"<td>{escape(kind.message)}"
        for kind in kinds
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Faults</title></head>'
        f"<body><h1>Faults</h1><table><tr><th>Code<th>Status<th>Meaning{rows}</table></body></html>"
    )


# ---- OpenAPI


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _describe_refusals(operation["responses"], fhir=path.startswith(FHIR))
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas.update(_SCHEMAS)
        app.openapi_schema = schema
    return app.openapi_schema


def _describe_refusals(responses: dict[str, Any], *, fhir: bool) -> None:
    media_type, name = (FHIR_JSON, "OperationOutcome") if fhir else (PROBLEM_JSON, "Problem")
    content = {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    responses.pop("422", None)
    responses.setdefault(
        "4XX", {"description": "What is wrong with the request.", "content": content}
    )
    responses.setdefault("5XX", {"description": "What is wrong here.", "content": content})


_TEXT: Final = {"type": "string"}
_SCHEMAS: Final[dict[str, Any]] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. Values that were sent are never repeated.",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "code": _TEXT,
            "instance": {"type": "string", "format": "uri-reference"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["code", "detail"],
                    "properties": {
                        "code": _TEXT, "detail": _TEXT, "pointer": _TEXT, "header": _TEXT,
                    },
                },
            },
        },
    },
    "OperationOutcome": {
        "type": "object",
        "description": "FHIR R4. Values that were sent are never repeated.",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        },
    },
}  # fmt: skip
