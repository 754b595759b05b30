"""The FHIR addresses: take a referral, give it back, say what we can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from chassis.errors import Rejected
from chassis.faults import FHIR_JSON, INVALID, MALFORMED, NOT_FOUND, Fault
from chassis.messages import Received, hash_of
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.tracing import current_traceparent
from chassis.web import organisation
from contracts.events.referral import WayIn
from referral.asking import asked
from referral.domain.pathway import Pathway
from referral.edges.fhir import headers
from referral.edges.fhir.answers import (
    capability_statement,
    message_response,
    outcome,
    service_request,
    warning_header,
)
from referral.edges.fhir.bodies import read_message, read_request
from referral.edges.fhir.examples import MESSAGE, SERVICE_REQUEST
from referral.edges.fhir.reading import Refused
from referral.edges.fhir.request import Mapped
from referral.edges.fhir.structure import NotJson, validate
from referral.handlers.reading import Question, outcome_of, read_pathway
from referral.handlers.rejections import Arrival, refuse_arrival

router = APIRouter(tags=["FHIR R4"])

BASE: Final = "/FHIR/R4"
_ANSWER: Final[dict[str, Any]] = {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}
_PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "X-Request-Id",
        "in": "header",
        "required": True,
        "description": "Yours, one for each referral: sent again, it has no second effect.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
    },
    {"name": "X-Correlation-Id", "in": "header", "schema": {"type": "string"}},
    {"name": "NHSD-Target-Identifier", "in": "header", "schema": {"type": "string"}},
    {"name": "NHSD-End-User-Organisation", "in": "header", "schema": {"type": "string"}},
]


def _takes(example: dict[str, Any]) -> dict[str, Any]:
    """The part of OpenAPI about a body that FastAPI does not see, because we read it ourselves."""
    content = {FHIR_JSON: {"schema": {"type": "object"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}, "parameters": _PARAMETERS}


Writer = Annotated[Caller, Depends(organisation("referral.write"))]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A referral that is in, and what was odd about the body that brought it."""

    pathway: Pathway
    warnings: list[Fault]


@router.post(
    f"{BASE}/ServiceRequest",
    status_code=201,
    responses={201: _ANSWER},
    openapi_extra=_takes(SERVICE_REQUEST),
    summary="Refer a patient",
)
async def create_service_request(request: Request, caller: Writer) -> Response:
    """A ServiceRequest with its Patient contained, or a Bundle of both."""
    accepted, _ = await _take(request, caller, "fhir", lambda body: (read_request(body), ""))
    location = f"{BASE}/ServiceRequest/{accepted.pathway.id}"
    extra = {"location": location, "etag": 'W/"1"'}
    match _preference(request):
        case "minimal":
            return Response(status_code=201, headers=_with_warnings(extra, accepted))
        case "OperationOutcome":
            return _fhir(outcome(accepted.warnings), 201, extra)
        case _:
            body = service_request(accepted.pathway)
            return _fhir(body, 201, _with_warnings(extra, accepted))


@router.post(
    f"{BASE}/$process-message",
    responses={200: _ANSWER},
    openapi_extra=_takes(MESSAGE),
    summary="Refer a patient by a BaRS message",
)
async def process_message(request: Request, caller: Writer) -> Response:
    """A message Bundle: MessageHeader first, event servicerequest-request, reason new."""
    accepted, answers = await _take(request, caller, "bars", read_message)
    body = message_response(
        accepted.pathway,
        accepted.warnings,
        answers=answers,
        request_id=headers.message_id(request),
    )
    return _fhir(body, 200, {})


@router.get(f"{BASE}/ServiceRequest/{{id}}", responses={200: _ANSWER}, summary="Read a referral")
async def read_service_request(
    request: Request,
    id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
    question: Annotated[Question, Depends(asked)],
) -> Response:
    """A referral of a pathway that the caller has to do with."""
    headers.check_accept(request)
    runtime: Runtime = request.app.state.runtime
    pathway = await runtime.units.run(read_pathway, id, question)
    if pathway is None:
        raise Rejected([NOT_FOUND.fault()])
    return _fhir(service_request(pathway), 200, {"etag": 'W/"1"'})


@router.get(f"{BASE}/metadata", responses={200: _ANSWER}, summary="What this edge can do")
async def metadata(request: Request) -> Response:
    headers.check_accept(request)
    return _fhir(capability_statement(), 200, {})


# ---- taking a body in

Read = Callable[[bytes], tuple[Mapped, str]]


async def _take(
    request: Request, caller: Caller, way_in: WayIn, read: Read
) -> tuple[Accepted, str]:
    """The referral in the request, kept; `Rejected` when it is turned down, which is kept too."""
    headers.check(request, caller.organisation)
    message_id = headers.message_id(request)
    body = await request.body()
    runtime: Runtime = request.app.state.runtime
    arrival = Arrival(caller.organisation, message_id, hash_of(body), way_in)
    try:
        odd = _odd(body)
        mapped, answers = read(body)
    except Refused as refusal:
        faults = await runtime.units.run(refuse_arrival, arrival, refusal.faults)
        raise Rejected(faults) from None
    pathway = await _submit(runtime, arrival, mapped)
    return Accepted(pathway, [*odd, *mapped.warnings]), answers


def _odd(body: bytes) -> list[Fault]:
    """What R4 does not allow in the body. Only what could be read in two ways keeps it out."""
    try:
        issues = validate(body)
    except NotJson as error:
        raise Refused([MALFORMED.fault(str(error))]) from None
    twice = [
        INVALID.fault(issue.message, expression=issue.expression)
        for issue in issues
        if issue.ambiguous
    ]
    if twice:
        raise Refused(twice)
    return [
        Fault("warning", 200, one.message, fhir_code="structure", expression=one.expression)
        for one in issues
    ]


async def _submit(runtime: Runtime, arrival: Arrival, mapped: Mapped) -> Pathway:
    received = Received(
        mapped.submission,
        arrival.publisher,
        arrival.message_id,
        arrival.body_hash,
        arrival.way_in,
        runtime.clock.now(),
        current_traceparent(),
    )
    try:
        await runtime.units.receive(received)
    except Rejected as refusal:
        raise Rejected(mapped.located(fault) for fault in refusal.faults) from None
    entry, pathway = await runtime.units.read(outcome_of, arrival.publisher, arrival.message_id)
    if pathway is None:
        raise Rejected(mapped.located(fault) for fault in (entry.faults if entry else ()))
    return pathway


# ---- answering


def _preference(request: Request) -> str:
    for part in request.headers.get("prefer", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "return":
            return value.strip()
    return "representation"


def _with_warnings(extra: dict[str, str], accepted: Accepted) -> dict[str, str]:
    if not accepted.warnings:
        return extra
    return {**extra, "warning": warning_header(accepted.warnings)}


def _fhir(body: dict[str, Any], status: int, extra: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, extra, FHIR_JSON)
