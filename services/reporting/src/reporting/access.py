"""Who may read the data set: organisations with scope dataset.read, and nobody else."""

from typing import Annotated, Final

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chassis.web import organisation

ANYBODY: Final = "anybody"  # who reads where the service is open: one's own machine

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT")
_with_scope = organisation("dataset.read")

log = structlog.get_logger()


async def reader(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> str:
    """The organisation that reads. 401 or 403 without the right token, unless all is open."""
    if request.app.state.runtime.settings.reporting.open:
        return ANYBODY
    caller = await _with_scope(request, credentials)
    return caller.organisation


Reader = Annotated[str, Depends(reader)]


def note_access(who: str, what: str, release: str = "") -> None:
    """The internal edition is exact, so that who read what is on record."""
    log.info("dataset.read", organisation=who, what=what, release=release)
