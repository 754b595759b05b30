"""Whoever reads patient data says why; who asks comes from the credential."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from chassis.errors import Rejected
from chassis.tokens import Caller
from chassis.web import organisation
from referral.faults import REASON_REQUIRED
from referral.handlers.reading import Question

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
    what = f"{request.method} {request.scope['route'].path}"
    return Question(caller.organisation, caller.subject, reason, request.state.request_id, what)
