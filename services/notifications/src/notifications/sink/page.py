"""The page that shows every message, and the same as JSON."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from chassis.pages.assets import Assets
from chassis.pages.moulds import Moulds
from notifications.domain.words import appointment_time
from notifications.pages.routes import HEADERS
from notifications.sink.mailbox import Kept, Mailbox, Trouble

PER_PAGE = 50
LONDON = ZoneInfo("Europe/London")
CHANNELS = {"email": "Email", "sms": "Text message", "letter": "Letter"}
TROUBLES: tuple[Trouble, ...] = ("accept-then-time-out", "try-later", "refuse")

_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a paragraph. Only an address that begins with http is a link."""

    text: str
    link: bool = False


def routes(mailbox: Mailbox, moulds: Moulds) -> list[Route]:
    async def page(request: Request) -> Response:
        html = moulds.fill("messages", _values(mailbox, request))
        return HTMLResponse(html, headers=HEADERS)

    async def messages(request: Request) -> Response:
        return JSONResponse(_listed(mailbox, request))

    async def counts(request: Request) -> Response:
        return JSONResponse(_counts(mailbox))

    async def trouble(request: Request) -> Response:
        asked: Any = await request.json()
        if asked.get("kind") not in TROUBLES:
            return JSONResponse({"kinds": TROUBLES}, 400)
        mailbox.make_trouble(asked["kind"], int(asked.get("times", 1)))
        return RedirectResponse("/", 303)

    return [
        Route("/", page),
        Route("/messages", messages),
        Route("/counts", counts),
        Route("/trouble", trouble, methods=["POST"]),
        Route("/assets/{path:path}", Assets.load().serve),
    ]


def _listed(mailbox: Mailbox, request: Request) -> dict[str, Any]:
    """Oldest first, so that `after` (the number of the last one seen) asks for what is new."""
    query = request.query_params
    if "reference" in query:
        found = mailbox.of_reference(query["reference"])
    else:
        found = mailbox.matching(query.get("q", ""), after=_number(query.get("after")))
    limit = _number(query.get("limit")) or len(found)
    return {"messages": [asdict(one) for one in found[:limit]], "total": len(mailbox.messages)}


def _counts(mailbox: Mailbox) -> dict[str, int]:
    references = {one.reference for one in mailbox.messages}
    return {
        "messages": len(mailbox.messages),
        "references": len(references),
        "duplicates_kept": len(mailbox.messages) - len(references),
        "duplicates_refused": mailbox.duplicates_refused,
    }


def _values(mailbox: Mailbox, request: Request) -> dict[str, Any]:
    text, first = request.query_params.get("q", ""), _number(request.query_params.get("from"))
    found = mailbox.matching(text)[::-1]
    shown = found[first : first + PER_PAGE]
    older, newer = first + PER_PAGE, first - PER_PAGE
    return {
        "q": text,
        "total": _messages(len(mailbox.messages)),
        "summary": f"{_messages(len(found))} found" if text else "",
        "messages": [_shown(one) for one in shown],
        "older": _link(text, older) if older < len(found) else "",
        "newer": _link(text, max(newer, 0)) if first else "",
    }


def _messages(number: int) -> str:
    return "1 message" if number == 1 else f"{number:,} messages"


def _link(text: str, first: int) -> str:
    return f"/?{urlencode({'q': text, 'from': first})}"


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _shown(one: Kept) -> dict[str, Any]:
    received = datetime.fromisoformat(one.received_at).astimezone(LONDON)
    paragraphs = re.split(r"\n\s*\n", one.body)
    return {
        "subject": one.subject or "Text message",
        "channel": CHANNELS[one.channel],
        "to": ", ".join(one.to),
        "received_at": f"Received {appointment_time(received)}",
        "pathway": one.reference.partition(".")[0],
        "paragraphs": [_parts(" ".join(paragraph.split("\n"))) for paragraph in paragraphs],
    }


def _parts(paragraph: str) -> list[Part]:
    parts, at = [], 0
    for link in _LINK.finditer(paragraph):
        parts += [Part(paragraph[at : link.start()]), Part(link.group(), link=True)]
        at = link.end()
    return [part for part in (*parts, Part(paragraph[at:])) if part.text]
