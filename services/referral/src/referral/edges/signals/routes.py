"""`POST /signals`: one signal of a national service, as CloudEvent or as delivered."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from chassis.errors import Rejected
from chassis.faults import FHIR_JSON, UNSUPPORTED
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.edges.signals.delivered import read_delivered
from referral.edges.signals.events import (
    STRUCTURED,
    Signal,
    is_structured,
    read_binary,
    read_structured,
)
from referral.edges.signals.intake import take
from referral.edges.signals.meaning import MEANINGS
from referral.faults import FORBIDDEN_ORGANISATION

router = APIRouter(tags=["Signals"])

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object"}}
            for kind in (STRUCTURED, FHIR_JSON, "application/json")
        },
    }
}


class Answer(BaseModel):
    """What became of a signal, durably. `message_id` is our name of it, the same for a repeat."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["applied", "ignored"]
    message_id: str
    reason: str = ""


IGNORED: Final = f"Nothing here follows from this type. Taken are {', '.join(sorted(MEANINGS))}."


@router.post("/signals", summary="Tell what a national service knows", openapi_extra=_BODY)
async def send_signal(
    request: Request, caller: Annotated[Caller, Depends(organisation("referral.write"))]
) -> Answer:
    """A CloudEvent 1.0, structured or binary, or the FHIR Bundle that the Multicast Notification
    Service delivers, with the Patient record of PDS that it points to.

    Known by source and id: sent again, it has no second effect. A type that nothing here follows from
    is answered `ignored`. Only for national services (`FAIRWAIT_REFERRAL__NATIONAL_SERVICES`).
    """
    runtime: Runtime = request.app.state.runtime
    if caller.organisation not in runtime.settings.referral.national_services:
        told = "Signals are told by a national service."
        raise Rejected([FORBIDDEN_ORGANISATION.fault(told, header="Authorization")])
    body = await _body(request)
    try:
        signal = _signal(request, body)
    except Rejected:
        _count(runtime, "other", "unreadable")
        raise
    taken = await take(runtime, signal, body, caller.organisation)
    _count(runtime, signal.attributes.type, taken.outcome)
    if taken.outcome == "refused":
        raise Rejected(taken.faults)
    reason = IGNORED if taken.outcome == "ignored" else ""
    return Answer(outcome=taken.outcome, message_id=taken.message_id, reason=reason)


async def _body(request: Request) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Rejected([UNSUPPORTED.fault(header="Content-Encoding")])
    return await request.body()


def _signal(request: Request, body: bytes) -> Signal:
    kind = request.headers.get("content-type", "")
    if is_structured(kind):
        return read_structured(body)
    if "ce-specversion" in request.headers:
        return read_binary(request.headers, body)
    if kind.partition(";")[0].strip().lower() == FHIR_JSON:
        return read_delivered(body)
    told = f"Send {STRUCTURED}, a CloudEvent in binary mode, or {FHIR_JSON} as it was delivered."
    raise Rejected([UNSUPPORTED.fault(told, header="Content-Type")])


def _count(runtime: Runtime, kind: str, outcome: str) -> None:
    """Labels are names of ours and never what came with a signal."""
    counter = runtime.metrics.counter(
        "signals_total", "Signals of national services.", "type", "outcome"
    )
    counter.labels(kind if kind in MEANINGS else "other", outcome).inc()
