"""A visit: for a short time after the date of birth was given, one browser may answer one link.

The cookie is signed, bound to the link and to its path. Forms carry a second token made from the
visit, and a request that says it comes from elsewhere is refused.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "visit"

Form = Literal["birth-date", "hospital", "check"]


@dataclass(frozen=True, slots=True)
class Visit:
    """`answer` is what was picked and not confirmed yet: a provider code, or `stay`."""

    id: str
    link: str
    until: int
    answer: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Visits:
    """Begins visits, writes them into cookies and reads them back."""

    secret: bytes
    length: timedelta
    secure: bool

    def begin(self, link: str, now: datetime) -> Visit:
        return Visit(secrets.token_urlsafe(12), link, int((now + self.length).timestamp()))

    def of(self, request: Request, link: str, now: datetime) -> Visit | None:
        """The visit of this browser to this link, while it lasts."""
        try:
            content: Any = self._serializer.loads(request.cookies.get(COOKIE, ""))
            visit = Visit(*content)
        except (BadData, TypeError):
            return None
        mine = hmac.compare_digest(visit.link.encode(), link.encode())
        return visit if mine and visit.until > now.timestamp() else None

    def keep(self, response: Response, visit: Visit, path: str) -> None:
        """Put the visit into the browser, for this link's pages only."""
        content = [visit.id, visit.link, visit.until, visit.answer, visit.done]
        response.set_cookie(
            COOKIE,
            str(self._serializer.dumps(content)),
            path=path,
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def form(self, form: Form, of: str) -> str:
        """The token of a form. `of` is the visit's id, before there is one the link's hash."""
        named = f"{form}\x00{of}".encode()
        return hmac.new(self._key("form"), named, hashlib.sha256).hexdigest()

    def is_form(self, given: str, form: Form, of: str) -> bool:
        return hmac.compare_digest(self.form(form, of).encode(), given.encode())

    @property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(
            self._key("visit"), signer_kwargs={"digest_method": hashlib.sha256}
        )

    def _key(self, purpose: str) -> bytes:
        return hmac.new(self.secret, purpose.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "Visits(...)"


def answering(visit: Visit, answer: str) -> Visit:
    """The visit with this answer picked."""
    return replace(visit, answer=answer)
