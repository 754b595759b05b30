"""Pages of results: a place as text for an address, and the Bundle of a page."""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from referral.handlers.finding import Page, Place
from referral.repositories.finding import is_place

_PLACE: Final = re.compile(
    r"(?P<changed>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z\|[0-9a-f]{32})"
    r"\|(?P<shown>[0-9]{1,7})\|(?P<person>(?:[0-9a-f]{32})?)"
)


def text_of(place: Place, person: str) -> str:
    """`person` is a pathway of the person that was searched for, so that no number is needed."""
    told = f"{place.changed}|{place.shown}|{person}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def place_in(text: str) -> tuple[Place, str] | None:
    """The place and the person that a page of ours begins with; None when it is none of ours."""
    try:
        told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    found = _PLACE.fullmatch(told)
    if found is None or not is_place(found["changed"]):
        return None
    return Place(found["changed"], int(found["shown"])), found["person"]


def searchset(
    base: str,
    type: str,
    shown: Sequence[tuple[str, str]],
    page: Page,
    *,
    first: bool,
    of_person: bool,
) -> dict[str, Any]:
    """The Bundle of a page. The total is told where it is known: when there is one page."""
    links = [{"relation": "self", "url": _address(base, type, shown)}]
    if page.next is not None:
        rest = [(name, value) for name, value in shown if name != "_page"]
        person = page.pathway_ids[0] if of_person else ""
        place = text_of(page.next, person)
        links.append({"relation": "next", "url": _address(base, type, [*rest, ("_page", place)])})
    entries = [
        {
            "fullUrl": f"{base}/{type}/{one['id']}",
            "resource": one,
            "search": {"mode": "match"},
        }
        for one in page.results
    ]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if first and page.next is None:
        bundle["total"] = len(entries)
    return {**bundle, **({"entry": entries} if entries else {})}


def _address(base: str, type: str, shown: Sequence[tuple[str, str]]) -> str:
    query = urlencode(shown)
    return f"{base}/{type}{'?' if query else ''}{query}"
