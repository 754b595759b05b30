"""Signing in by token, with the reason for reading, for as long as the browser is open.

The cookie holds the token itself, so that every page judges it anew as the API does: a token that
has expired or was withdrawn opens nothing. No script can read it, and no other site can send it.
"""

from typing import Annotated, Final

from fastapi import Depends, Request, Response

from chassis.errors import Rejected
from chassis.faults import UNAUTHORISED
from chassis.tokens import Caller
from chassis.web import admitted
from referral.asking import Reason, question_of
from referral.handlers.reading import Question

COOKIE: Final = "signed-in"
PATH: Final = "/pages"
LONGEST: Final = 3_500  # characters; browsers keep cookies of some 4,000


def sign_in(response: Response, token: str, reason: Reason, *, secure: bool) -> None:
    """Put token and reason into the browser, for our pages only."""
    response.set_cookie(
        COOKIE,
        f"{reason}.{token}",
        path=PATH,
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def sign_out(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH)


async def member(request: Request) -> Caller:
    """A dependency: whoever is signed in, with whatever scopes."""
    _, token = _kept(request)
    return await admitted(request, token)


async def reader(request: Request) -> Question:
    """A dependency: whoever is signed in and may read patient data, and why they do."""
    reason, token = _kept(request)
    caller = await admitted(request, token, "pathway.read")
    return question_of(request, caller, reason.value)


def _kept(request: Request) -> tuple[Reason, str]:
    reason, _, token = request.cookies.get(COOKIE, "").partition(".")
    if reason not in set(Reason) or not token:
        raise Rejected([UNAUTHORISED.fault()])
    return Reason(reason), token


Member = Annotated[Caller, Depends(member)]
Reader = Annotated[Question, Depends(reader)]
