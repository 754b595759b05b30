"""The HTTP edge: sessions that providers declare, the directory, shortlists and their reasons."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ValidationError

from chassis.errors import Rejected
from chassis.faults import FORBIDDEN, NOT_FOUND, of_validation
from chassis.messages import Received, hash_of
from chassis.tokens import Caller
from chassis.web import organisation, read_json
from contracts.submissions import CapacityOffered, WithdrawalDeclared
from matching.directory import Entry
from matching.domain.capacity import Session
from matching.domain.declaration import session_name
from matching.explaining import SiteExplained, explained_sites
from matching.repositories import counts
from matching.views import (
    CapacityView,
    ProviderView,
    ReplayView,
    Seen,
    ShortlistView,
    provider_views,
    replay_view,
    shortlist_view,
)
from matching.work import MatchingWork

router = APIRouter()

OPS = "ops"
S = TypeVar("S", CapacityOffered, WithdrawalDeclared)


# ---- capacity


class Accepted(BaseModel):
    """A session has been taken, now or before."""

    session: str


@router.post(
    "/capacity",
    status_code=201,
    tags=["capacity"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": CapacityOffered.model_json_schema()}},
        }
    },
)
async def declare_capacity(
    request: Request,
    response: Response,
    caller: Annotated[Caller, Depends(organisation("capacity.write"))],
) -> Accepted:
    """Declare a session with places at a site of yours. The same again is harmless."""
    offered = await _receive(request, caller, CapacityOffered)
    session = session_name(caller.organisation, offered.capacity_id)
    response.headers["location"] = f"/capacity/{session}"
    return Accepted(session=session)


class Withdrawn(BaseModel):
    """A withdrawal has been taken, now or before."""

    session: str


@router.post(
    "/capacity/withdrawals",
    status_code=202,
    tags=["capacity"],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": WithdrawalDeclared.model_json_schema()}},
        }
    },
)
async def withdraw_capacity(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("capacity.write"))],
) -> Withdrawn:
    """Withdraw places of a session of yours. Who held one is matched anew; bookings stay."""
    told = await _receive(request, caller, WithdrawalDeclared)
    return Withdrawn(session=session_name(caller.organisation, told.capacity_id))


@router.get("/capacity", tags=["capacity"])
async def list_capacity(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("capacity.write"))],
    provider: Annotated[str, Query(pattern=r"^[0-9A-Z]{3,8}$")] = "",
) -> list[CapacityView]:
    """Your sessions, by start, with how many places are free, held and used."""
    if provider not in ("", caller.organisation):
        raise Rejected([FORBIDDEN.fault("Only a provider's own sessions are shown.")])
    units = request.app.state.runtime.units
    sessions: list[Session] = await units.read(_sessions_of, caller.organisation)
    return [CapacityView.of(session) for session in sessions]


@router.get("/capacity/{session}", tags=["capacity"])
async def show_capacity(
    request: Request,
    session: str,
    caller: Annotated[Caller, Depends(organisation("capacity.write"))],
) -> CapacityView:
    """One session of yours."""
    found = await request.app.state.runtime.units.read(_session, session)
    if found is None or found.provider != caller.organisation:
        raise Rejected([NOT_FOUND.fault()])
    return CapacityView.of(found)


async def _sessions_of(provider: str, work: MatchingWork) -> list[Session]:
    return await work.sessions.of(provider)


async def _session(session_id: str, work: MatchingWork) -> Session | None:
    return await work.sessions.get(session_id)


async def _receive(request: Request, caller: Caller, kind: type[S]) -> S:
    """The submission in the body, taken like one that comes over Kafka."""
    runtime = request.app.state.runtime
    body = await read_json(request)
    try:
        told = kind.model_validate_json(body)
    except ValidationError as error:
        raise Rejected(of_validation(error)) from None
    await runtime.units.receive(
        Received(
            submission=told,
            publisher=caller.organisation,
            message_id=_message_id(told),
            body_hash=hash_of(body),
            way_in="http",
            received_at=runtime.clock.now(),
        )
    )
    return told


def _message_id(told: CapacityOffered | WithdrawalDeclared) -> str:
    if isinstance(told, CapacityOffered):
        return f"capacity/{told.capacity_id}"
    return f"withdrawal/{told.withdrawal_id}"


# ---- directory


@router.get("/providers", tags=["directory"])
async def list_providers(
    request: Request,
    _: Annotated[Caller, Depends(organisation())],
) -> list[ProviderView]:
    """Every provider with its sites: public facts."""
    entries: list[Entry] = await request.app.state.runtime.units.read(_entries)
    return provider_views(entries)


async def _entries(work: MatchingWork) -> list[Entry]:
    return work.directory.entries(work.today)


# ---- shortlists


@router.get("/shortlists/{shortlist_id}", tags=["shortlists"])
async def show_shortlist(
    request: Request,
    shortlist_id: str,
    caller: Annotated[Caller, Depends(organisation("shortlist.read"))],
) -> ShortlistView:
    """The list, and for every site that is not on it all rules that kept it off, with evidence."""
    return shortlist_view(await _seen_by(caller, shortlist_id, request))


@router.get("/shortlists/{shortlist_id}/replay", tags=["shortlists"])
async def replay_shortlist(
    request: Request,
    shortlist_id: str,
    caller: Annotated[Caller, Depends(organisation("shortlist.read"))],
) -> ReplayView:
    """The list made again from what it was made from, and whether it is the same to the byte."""
    seen = await _seen_by(caller, shortlist_id, request)
    return replay_view(seen)


@router.get("/shortlists/{shortlist_id}/why/{ods}", tags=["shortlists"])
async def explain_site(
    request: Request,
    shortlist_id: str,
    ods: str,
    caller: Annotated[Caller, Depends(organisation("shortlist.read"))],
) -> list[SiteExplained]:
    """Why a site, or the sites of a provider, are on the list or not, in plain words."""
    seen = await _seen_by(caller, shortlist_id, request)
    explained = [one for one in explained_sites(seen) if ods in (one.site, one.provider)]
    if not explained:
        raise Rejected([NOT_FOUND.fault()])
    return explained


async def _seen_by(caller: Caller, shortlist_id: str, request: Request) -> Seen:
    """The shortlist, if there is one and the caller may see it; otherwise the same 404."""
    found: Seen | None = await request.app.state.runtime.units.read(
        _seen, shortlist_id, caller.organisation, caller.may(OPS)
    )
    if found is None:
        raise Rejected([NOT_FOUND.fault()])
    return found


async def _seen(shortlist_id: str, caller: str, ops: bool, work: MatchingWork) -> Seen | None:
    evidence = await work.shortlists.get(shortlist_id)
    case = None if evidence is None else await work.cases.get(evidence.pathway_id)
    if evidence is None or case is None:
        return None
    if not ops and not case.referral.may_be_seen_by(caller):
        return None

    catalogue = await work.shortlists.catalogue(evidence.catalogue)
    entries = {entry.site: entry for entry in work.directory.entries(work.today)}
    return Seen(evidence, catalogue, entries)


# ---- operations


@router.get("/counts", tags=["operations"])
async def show_counts(
    request: Request,
    _: Annotated[Caller, Depends(organisation(OPS))],
) -> Mapping[str, Any]:
    """How many sessions, places, shortlists there are, and pathways by the state of their match."""
    return await counts(request.app.state.runtime.mongo)
