"""The FHIR addresses of resources: take one in, give it back, say what we can do."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from chassis.errors import Rejected
from chassis.faults import FHIR_JSON, NOT_FOUND
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.asking import asked
from referral.edges.fhir import examples, headers
from referral.edges.fhir.about import Address
from referral.edges.fhir.answers import resource
from referral.edges.fhir.answers.messages import message_response
from referral.edges.fhir.answers.outcomes import outcome, warning_header
from referral.edges.fhir.answers.parts import etag
from referral.edges.fhir.bodies import read_message, read_resource
from referral.edges.fhir.capabilities import capability_statement
from referral.edges.fhir.meaning import lookup_of
from referral.edges.fhir.taking import Taken, take
from referral.handlers.finding import read_edition
from referral.handlers.reading import Question
from referral.repositories import Edition

router = APIRouter(tags=["FHIR R4"])

BASE: Final = "/FHIR/R4"
ANSWER: Final[dict[str, Any]] = {"content": {FHIR_JSON: {"schema": {"type": "object"}}}}
_READ: Final[dict[int | str, dict[str, Any]]] = {
    200: ANSWER,
    304: {"description": "The version in If-None-Match is the one that is kept."},
}
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
_IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag that was read: another version is not changed (412).",
    "schema": {"type": "string", "pattern": r'^(W/)?"[0-9]{1,9}"$'},
}


def _takes(example: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    """The part of OpenAPI about a body that FastAPI does not see, because we read it ourselves."""
    content = {FHIR_JSON: {"schema": {"type": "object"}, "example": example}}
    return {
        "requestBody": {"required": True, "content": content},
        "parameters": [*_PARAMETERS, *more],
    }


Writer = Annotated[Caller, Depends(organisation("referral.write"))]
OurId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
TaskId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}\.[0-9a-f]{1,31}$")]
Reader = Annotated[Question, Depends(asked)]


# ---- taken in


@router.post(
    f"{BASE}/ServiceRequest",
    status_code=201,
    responses={201: ANSWER},
    openapi_extra=_takes(examples.SERVICE_REQUEST),
    summary="Refer a patient",
)
async def create_service_request(request: Request, caller: Writer) -> Response:
    """A ServiceRequest with its Patient contained, or a Bundle of both."""
    return await _create(request, caller, "ServiceRequest")


@router.post(
    f"{BASE}/Appointment",
    status_code=201,
    responses={201: ANSWER},
    openapi_extra=_takes(examples.APPOINTMENT),
    summary="Tell of an appointment",
)
async def create_appointment(request: Request, caller: Writer) -> Response:
    """An appointment of the provider's own diary: booked, or what became of one told before."""
    return await _create(request, caller, "Appointment")


@router.post(
    f"{BASE}/Task",
    status_code=201,
    responses={201: ANSWER},
    openapi_extra=_takes(examples.TASK),
    summary="Ask for another time, or for a transfer",
)
async def create_task(request: Request, caller: Writer) -> Response:
    """A wish for another time for an appointment, or a transfer to another provider."""
    return await _create(request, caller, "Task")


@router.put(
    f"{BASE}/ServiceRequest/{{id}}",
    responses={200: ANSWER},
    openapi_extra=_takes(examples.SERVICE_REQUEST, _IF_MATCH),
    summary="Change a referral, or call it off",
)
async def update_service_request(request: Request, caller: Writer, id: OurId) -> Response:
    """The whole referral as it is now: active, revoked, or entered in error."""
    return await _update(request, caller, Address("ServiceRequest", id))


@router.put(
    f"{BASE}/Appointment/{{id}}",
    responses={200: ANSWER},
    openapi_extra=_takes(examples.APPOINTMENT, _IF_MATCH),
    summary="Tell what became of an appointment",
)
async def update_appointment(request: Request, caller: Writer, id: OurId) -> Response:
    """The whole appointment as it is now: at another time, cancelled, missed, attended, deleted."""
    return await _update(request, caller, Address("Appointment", id))


@router.put(
    f"{BASE}/Task/{{id}}",
    responses={200: ANSWER},
    openapi_extra=_takes(examples.TASK, _IF_MATCH),
    summary="Answer a wish, or go on with a transfer",
)
async def update_task(request: Request, caller: Writer, id: TaskId) -> Response:
    """The whole task as it is now."""
    return await _update(request, caller, Address("Task", id))


@router.post(
    f"{BASE}/$process-message",
    responses={200: ANSWER},
    openapi_extra=_takes(examples.MESSAGE),
    summary="Refer, book, change or cancel by a BaRS message",
)
async def process_message(request: Request, caller: Writer) -> Response:
    """A message Bundle: MessageHeader first, its focus a ServiceRequest or an Appointment."""
    taken = await take(request, caller, "bars", read_message)
    assert taken.message is not None
    body = message_response(
        taken.edition,
        taken.resource,
        taken.warnings,
        message=taken.message,
        request_id=headers.message_id(request),
    )
    return fhir(body, 200, {})


async def _create(request: Request, caller: Caller, type: str) -> Response:
    taken = await take(request, caller, "fhir", lambda body: read_resource(body, type))
    location = f"{BASE}/{type}/{taken.resource['id']}"
    return _answer(request, taken, 201, {"location": location})


async def _update(request: Request, caller: Caller, to: Address) -> Response:
    taken = await take(request, caller, "fhir", lambda body: read_resource(body, to.type), to)
    return _answer(request, taken, 200, {})


# ---- given back


@router.get(f"{BASE}/ServiceRequest/{{id}}", responses=_READ, summary="Read a referral")
async def read_service_request(request: Request, id: OurId, question: Reader) -> Response:
    """A referral of a pathway that the caller has to do with."""
    return await _read(request, Address("ServiceRequest", id), question)


@router.get(f"{BASE}/Appointment/{{id}}", responses=_READ, summary="Read an appointment")
async def read_appointment(request: Request, id: OurId, question: Reader) -> Response:
    """An appointment of a pathway that the caller has to do with."""
    return await _read(request, Address("Appointment", id), question)


@router.get(f"{BASE}/Task/{{id}}", responses=_READ, summary="Read a task")
async def read_task(request: Request, id: TaskId, question: Reader) -> Response:
    """A task of a pathway that the caller has to do with."""
    return await _read(request, Address("Task", id), question)


async def _read(request: Request, address: Address, question: Question) -> Response:
    headers.check_accept(request)
    runtime: Runtime = request.app.state.runtime

    def shows(edition: Edition) -> bool:
        return resource(address.type, edition, address.id) is not None

    edition = await runtime.units.run(read_edition, lookup_of(address), question, shows)
    found = resource(address.type, edition, address.id) if edition else None
    if edition is None or found is None:
        raise Rejected([NOT_FOUND.fault()])
    if headers.has_seen(request, etag(edition)):
        return Response(status_code=304, headers={"etag": etag(edition)})
    return fhir(found, 200, {"etag": etag(edition)})


@router.get(f"{BASE}/metadata", responses={200: ANSWER}, summary="What this edge can do")
async def metadata(request: Request) -> Response:
    headers.check_accept(request)
    return fhir(capability_statement(), 200, {})


# ---- answering


def _answer(request: Request, taken: Taken, status: int, extra: dict[str, str]) -> Response:
    extra = {**extra, "etag": etag(taken.edition)}
    match _preference(request):
        case "minimal":
            return Response(status_code=status, headers=_with_warnings(extra, taken))
        case "OperationOutcome":
            return fhir(outcome(taken.warnings), status, extra)
        case _:
            return fhir(taken.resource, status, _with_warnings(extra, taken))


def _preference(request: Request) -> str:
    for part in request.headers.get("prefer", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "return":
            return value.strip()
    return "representation"


def _with_warnings(extra: dict[str, str], taken: Taken) -> dict[str, str]:
    if not taken.warnings:
        return extra
    return {**extra, "warning": warning_header(taken.warnings)}


def fhir(body: dict[str, Any], status: int, extra: dict[str, str]) -> Response:
    return Response(orjson.dumps(body), status, extra, FHIR_JSON)
