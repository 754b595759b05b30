"""Pages of a list: a cursor names the last place that was shown, and the next page begins after it."""

import base64
import binascii
import re
from typing import Annotated, Final

from fastapi import Query, Request, Response

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST

Cursor = Annotated[str, Query(max_length=300)]
Limit = Annotated[int, Query(ge=1, le=100)]

PATHWAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\|[0-9a-f]{32}")


def cursor_of(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_in(cursor: str, form: re.Pattern[str] = PATHWAY) -> str:
    """The place that a cursor of ours names; refused when it is none of ours."""
    if not cursor:
        return ""
    try:
        place = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        place = ""
    if form.fullmatch(place) is None:
        raise Rejected([BAD_REQUEST.fault("This cursor is none of ours.")])
    return place


def link_to_next(request: Request, response: Response, place: str | None) -> str | None:
    """The cursor of the page after `place`, told in the Link header too; None on the last page."""
    if place is None:
        return None
    cursor = cursor_of(place)
    address = request.url.include_query_params(cursor=cursor)
    response.headers["link"] = f'<{address.path}?{address.query}>; rel="next"'
    return cursor
