"""Whoever reads patient data says why; who asks comes from the credential."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, FORBIDDEN
from chassis.tokens import Caller
from chassis.web import organisation
from contracts.identifiers import OdsCode
from referral.faults import REASON_REQUIRED
from referral.handlers.reading import Question
from referral.repositories import Days

REASON: Final = "Fairwait-Reason"


class Reason(StrEnum):
    """Why patient data is read."""

    DIRECT_CARE = "direct-care"
    VALIDATION = "validation"
    BOOKING = "booking"
    COMPLAINT = "complaint"
    AUDIT = "audit"


async def asked(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("pathway.read"))],
    reason: Annotated[
        str | None, Header(alias=REASON, description=f"One of {', '.join(Reason)}.")
    ] = None,
) -> Question:
    """A dependency: the question as it goes on record."""
    if reason is None or reason not in set(Reason):
        raise Rejected([REASON_REQUIRED.fault(header=REASON)])
    return question_of(request, caller, reason)


def question_of(request: Request, caller: Caller, reason: str) -> Question:
    """What a request asks, by whom and why; by its route, never by its address."""
    what = f"{request.method} {request.scope['route'].path}"
    return Question(caller.organisation, caller.subject, reason, request.state.request_id, what)


SCOPES_OF_PUBLISHERS: Final = frozenset(["referral.write", "pathway.read", "ops"])
"""Any of these lets an organisation ask what became of its own messages."""


async def publisher(
    caller: Annotated[Caller, Depends(organisation())],
    publisher: Annotated[
        OdsCode | None, Query(description="Another organisation than yours; for operators (ops).")
    ] = None,
) -> str:
    """A dependency: whose messages are asked about; one's own, or anybody's for an operator."""
    if publisher not in {None, caller.organisation}:
        if caller.may("ops"):
            return str(publisher)
        raise Rejected([FORBIDDEN.fault("Only operators may ask about others (scope ops).")])
    if not caller.scopes & SCOPES_OF_PUBLISHERS:
        raise Rejected([FORBIDDEN.fault("The token lacks the scope referral.write.")])
    return caller.organisation


LONGEST: Final = 92  # days of one question


async def days(
    request: Request,
    since: Annotated[
        date | None, Query(description="The first day; six days before the last unless given.")
    ] = None,
    until: Annotated[date | None, Query(description="The last day; today unless given.")] = None,
) -> Days:
    """A dependency: the London days that are asked about, both ends included."""
    return days_between(since, until, request.app.state.runtime.clock.today())


def days_between(since: date | None, until: date | None, today: date) -> Days:
    """The days from one to another; the last seven unless given."""
    last = until or today
    first = since or last - timedelta(days=min(6, (last - date.min).days))
    if not 0 <= (last - first).days < LONGEST:
        raise Rejected([BAD_REQUEST.fault(f"Ask about one day up to {LONGEST} days in order.")])
    return first, last


Publisher = Annotated[str, Depends(publisher)]
OnDays = Annotated[Days, Depends(days)]
