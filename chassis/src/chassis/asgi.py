"""What happens to every HTTP request before a route sees it: ids, limits, headers, the last catch."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars
from uuid_utils.compat import uuid7

from chassis.faults import SERVER_ERROR, UNAVAILABLE, Fault
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.tracing import Tracing

log = structlog.get_logger()

Render = Callable[[Request, list[Fault], dict[str, str]], Response]

PROBES: Final = frozenset(["/livez", "/readyz", "/readyz/edge", "/startupz", "/metrics"])
SLOW: Final = 2.0  # seconds after which an answer is worth a line
GONE: Final = 499  # as web servers count who hung up before the answer: no fault of ours

_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'"
)
_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the outermost middleware reports to and asks."""

    health: Health
    metrics: Metrics
    tracing: Tracing
    render: Render


class Outermost:
    """Ids on request, response and every log line; security headers; one catch for what is left."""

    def __init__(self, app: ASGIApp, surroundings: Surroundings) -> None:
        self._app = app
        self._around = surroundings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if scope["path"] in PROBES:
            return await self._app(scope, receive, _Sender(send, {}))
        return await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        request_id = _id(headers.get("x-request-id")) or str(uuid7())
        correlation_id = _id(headers.get("x-correlation-id")) or request_id
        scope.setdefault("state", {}).update(request_id=request_id, correlation_id=correlation_id)

        sender = _Sender(send, {"x-request-id": request_id, "x-correlation-id": correlation_id})
        started = time.perf_counter()
        trace = self._around.tracing.request(
            f"{scope['method']} request", headers.get("traceparent", ""), request_id
        )
        with bound_contextvars(request_id=request_id, correlation_id=correlation_id), trace:
            await self._guarded(scope, receive, sender)
            self._record(scope, sender.status, time.perf_counter() - started)

    async def _guarded(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        request = Request(scope)
        if not self._around.health.started:
            busy = self._around.render(request, [UNAVAILABLE.fault()], {"retry-after": "2"})
            return await busy(scope, receive, sender)
        try:
            return await self._app(scope, receive, sender)
        except ClientDisconnect:
            sender.status = sender.status or GONE
        except Exception as error:  # nobody else is left who could answer
            log.error("request.failed", route=route_of(scope), exc_info=error)
            if sender.status:
                raise  # half an answer is out: let the server cut the connection
            failed = self._around.render(request, [SERVER_ERROR.fault()], {})
            return await failed(scope, receive, sender)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), str(scope["method"])
        known = method if method in _METHODS else "other"
        self._around.metrics.answered(known, route, status, seconds=seconds)
        if status >= 400 or seconds > SLOW:
            log.info(
                "request.answered",
                method=known, route=route, status=status, milliseconds=round(seconds * 1000),
            )  # fmt: skip


_METHODS: Final = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def route_of(scope: MutableMapping[str, Any]) -> str:
    """The template of the address (`/pathways/{pathway_id}`); the address itself may be a secret."""
    return str(getattr(scope.get("route"), "path", "") or "none")


def _id(given: str | None) -> str:
    return given if given and _ID.fullmatch(given) else ""


class _Sender:
    """Adds headers to the start of an answer, and remembers its status."""

    def __init__(self, send: Send, ids: dict[str, str]) -> None:
        self._send = send
        self._ids = ids
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.update(self._ids)
        await self._send(message)


class BodyRefused(HTTPException):
    """The body is too large (413) or too slow (408). The connection is closed with the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status, headers={"connection": "close"})


SLOWEST: Final = 64 * 1024  # bytes a second that an upload has to keep up after its first seconds


class Bodies:
    """Counts a body as it arrives and stops reading at the limit or when time is up.

    `uploads` are routes that read a long body piece by piece: each with a limit of its own, and with
    time by how much has come. Only waiting for the sender counts there, not what is done meanwhile.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int,
        seconds: float,
        uploads: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds
        self._uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        limit = self._uploads.get(scope.get("path", ""))
        if limit is not None:
            return await self._app(scope, self._uploaded(scope, receive, limit), send)
        return await self._app(scope, self._counted(scope, receive), send)

    def _uploaded(self, scope: Scope, receive: Receive, limit: int) -> Receive:
        declared = Headers(scope=scope).get("content-length", "0")
        now = asyncio.get_running_loop().time
        size, waited, more = 0, 0.0, True

        async def counted() -> Message:
            nonlocal size, waited, more
            if not more:
                return await receive()
            if declared.isdigit() and int(declared) > limit:
                raise BodyRefused(413)
            begun = now()
            try:
                async with asyncio.timeout(self._seconds + size / SLOWEST - waited):
                    message = await receive()
            except TimeoutError:
                raise BodyRefused(408) from None
            waited += now() - begun
            size += len(message.get("body", b""))
            if size > limit:
                raise BodyRefused(413)
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        return counted

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        declared = Headers(scope=scope).get("content-length", "0")
        deadline = asyncio.get_running_loop().time() + self._seconds
        size, more = 0, True

        async def counted() -> Message:
            nonlocal size, more
            if not more:
                return await receive()  # what follows a body is a disconnect, whenever it comes
            if declared.isdigit() and int(declared) > self._limit:
                raise BodyRefused(413)
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise BodyRefused(408) from None
            size += len(message.get("body", b""))
            if size > self._limit:
                raise BodyRefused(413)
            more = message["type"] == "http.request" and message.get("more_body", False)
            return message

        return counted
