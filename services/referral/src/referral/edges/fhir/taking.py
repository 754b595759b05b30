"""A body is taken in: read, mapped, decided like any other submission, and answered as it stands."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from chassis.errors import Rejected
from chassis.faults import INVALID, MALFORMED, Fault
from chassis.messages import hash_of
from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.tracing import current_traceparent
from contracts.events.referral import WayIn
from referral.edges.fhir import headers
from referral.edges.fhir.about import Address
from referral.edges.fhir.answers import resource
from referral.edges.fhir.bodies import Content, Message
from referral.edges.fhir.mapped import Arriving, Mapped
from referral.edges.fhir.meaning import map_content
from referral.edges.fhir.structure import NotJson, validate
from referral.edges.refused import Refused
from referral.handlers.finding import Lookup, answered, find_to_write
from referral.handlers.rejections import Arrival, faults_on_record, refuse_arrival
from referral.repositories import Edition


@dataclass(frozen=True, slots=True)
class Taken:
    """What a body has become: the resource as it is now, and what was odd about the body."""

    edition: Edition
    resource: dict[str, Any]
    warnings: list[Fault]
    message: Message | None


Read = Callable[[bytes], Content]


async def take(
    request: Request, caller: Caller, way_in: WayIn, read: Read, to: Address | None = None
) -> Taken:
    """The resource in the request, kept; `Rejected` when it is turned down, which is kept too.

    With `to` it is an update of that resource of ours.
    """
    headers.check(request, caller.organisation)
    message_id, seen = headers.message_id(request), headers.version_seen(request)
    body = await request.body()
    runtime: Runtime = request.app.state.runtime
    arrival = Arrival(caller.organisation, message_id, hash_of(body), way_in)
    content: Content | None = None
    try:
        odd = _odd(body)
        content = read(body)
        mapped = await _mapped(content, arrival, to, runtime)
    except Refused as refusal:
        if content is not None:
            arrival = replace(arrival, type=content.meaning.type)
        faults = await runtime.units.run(refuse_arrival, arrival, refusal.faults)
        raise Rejected(faults) from None
    edition = await _submit(runtime, arrival, mapped, seen)
    found = resource(content.kind, edition, mapped.name(edition.pathway))
    return Taken(edition, found or {}, [*odd, *mapped.warnings], content.message)


async def _mapped(
    content: Content, arrival: Arrival, to: Address | None, runtime: Runtime
) -> Mapped:
    message = content.message
    told_on = message.on if message else None
    arriving = Arriving(
        arrival.publisher,
        arrival.message_id,
        told_on or runtime.clock.today(),
        update=to is not None or (message is not None and message.reason == "update"),
    )

    async def find(lookup: Lookup) -> Edition | None:
        return await runtime.units.read(find_to_write, lookup, arrival.publisher)

    return await map_content(content, arriving, to, find)


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


async def _submit(runtime: Runtime, arrival: Arrival, mapped: Mapped, seen: int | None) -> Edition:
    received = arrival.with_submission(
        mapped.submission, runtime.clock.now(), current_traceparent(), if_version=seen
    )
    refused, (entry, edition) = await runtime.units.answer(
        received, answered, arrival.publisher, arrival.message_id
    )
    if refused is not None or edition is None:
        raise Rejected(mapped.located(fault) for fault in faults_on_record(refused, entry))
    return edition
