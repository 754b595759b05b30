"""The half of the sink that looks like GOV.UK Notify's API, version 2.

One thing is NHS Notify's: a second message with the same reference is refused with 422.
"""

import json
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from notifications.sink.mailbox import Channel, Incoming, Kept, Mailbox

LARGEST = 256 * 1024  # bytes


def routes(mailbox: Mailbox) -> list[Route]:
    async def send(request: Request) -> Response:
        return await _send(mailbox, request)

    async def by_reference(request: Request) -> Response:
        found = mailbox.of_reference(request.query_params.get("reference", ""))
        return JSONResponse({"notifications": [_shown(one) for one in found], "links": {}})

    async def by_id(request: Request) -> Response:
        wanted = request.path_params["id"]
        for one in mailbox.messages:
            if one.id == wanted:
                return JSONResponse(_shown(one))
        return _error(404, "NoResultFound", "No result found")

    return [
        Route("/v2/notifications/{kind}", send, methods=["POST"]),
        Route("/v2/notifications", by_reference, methods=["GET"]),
        Route("/v2/notifications/{id}", by_id, methods=["GET"]),
    ]


async def _send(mailbox: Mailbox, request: Request) -> Response:
    if not request.headers.get("authorization", "").startswith("Bearer "):
        return _error(401, "AuthError", "Unauthorized: authentication token must be provided")
    incoming = await _incoming(request)
    if incoming is None:
        return _error(400, "ValidationError", "The body is not what this kind of message needs")
    match mailbox.next_trouble():
        case "try-later":
            return _error(429, "RateLimitError", "Exceeded rate limit")
        case "refuse":
            return _error(400, "BadRequestError", "Can't send to this recipient")
        case "accept-then-time-out":
            mailbox.keep(incoming)
            await _silence(request)
            return _error(500, "Exception", "Internal server error")
        case None:
            return _kept(mailbox, incoming)


def _kept(mailbox: Mailbox, incoming: Incoming) -> Response:
    if mailbox.of_reference(incoming.reference):
        mailbox.duplicates_refused += 1
        return _error(422, "DuplicateReference", "A message with this reference exists")
    kept = mailbox.keep(incoming)
    return JSONResponse({"id": kept.id, "reference": kept.reference}, 201)


async def _silence(request: Request) -> None:
    """Answer nothing until whoever asked has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _incoming(request: Request) -> Incoming | None:
    kind: Any = request.path_params["kind"]
    body = await request.body()
    if kind not in get_args(Channel) or len(body) > LARGEST:
        return None
    try:
        content = json.loads(body)
        personalisation = content.get("personalisation") or {}
        return Incoming(
            channel=kind,
            reference=str(content["reference"]),
            to=_recipient(kind, content, personalisation),
            subject=str(personalisation.get("subject", "")),
            body=str(personalisation["body"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _recipient(
    kind: Channel, content: dict[str, Any], personalisation: dict[str, Any]
) -> tuple[str, ...]:
    match kind:
        case "sms":
            return (str(content["phone_number"]),)
        case "email":
            return (str(content["email_address"]),)
        case "letter":
            lines = (personalisation.get(f"address_line_{n}") for n in range(1, 8))
            return tuple(str(line) for line in lines if line)


def _shown(one: Kept) -> dict[str, Any]:
    return {
        "id": one.id,
        "reference": one.reference,
        "type": one.channel,
        "status": "received" if one.channel == "letter" else "delivered",
        "subject": one.subject,
        "body": one.body,
        "created_at": one.received_at,
    }


def _error(status: int, error: str, message: str) -> Response:
    return JSONResponse(
        {"status_code": status, "errors": [{"error": error, "message": message}]}, status
    )
