"""How many messages came in, what became of them, and how complete they were, day by day."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from chassis.service import Runtime
from chassis.tokens import Caller
from chassis.web import organisation
from referral.api.tables import AS_FILE, Format, table, wants_csv
from referral.asking import OnDays, Publisher
from referral.domain.completeness import ITEMS
from referral.domain.pathway import PathwayStatus
from referral.handlers.counting import Counted, balance, count_items, count_messages
from referral.views import View

router = APIRouter(tags=["Submissions"])


class DayCount(View):
    """`reasons` counts rejected messages by code; one with two reasons is in both."""

    day: date
    way_in: str
    accepted: int
    rejected: int
    reasons: dict[str, int]


class DayCounts(View):
    publisher: str
    days: list[DayCount]


@router.get(
    "/submission-counts",
    summary="Messages accepted and rejected, by day, way in and reason",
    response_model=DayCounts,
    responses=AS_FILE,
)
async def submission_counts(
    request: Request, publisher: Publisher, days: OnDays, format: Format = None
) -> Any:
    """Of the London days from `since` to `until`; a day on which nothing came is not in it."""
    runtime: Runtime = request.app.state.runtime
    counted: dict[tuple[str, str], Counted] = await runtime.units.read(
        count_messages, publisher, days
    )
    found = [
        DayCount(
            day=date.fromisoformat(day),
            way_in=way_in,
            accepted=one.accepted,
            rejected=one.rejected,
            reasons=one.reasons,
        )
        for (day, way_in), one in counted.items()
    ]
    if not wants_csv(request, format):
        return DayCounts(publisher=publisher, days=found)
    rows: list[Sequence[Any]] = [("day", "way_in", "outcome", "reason", "messages")]
    for one in found:
        rows.append((one.day, one.way_in, "accepted", None, one.accepted))
        rows.append((one.day, one.way_in, "rejected", None, one.rejected))
        rows += [(one.day, one.way_in, "rejected", code, n) for code, n in one.reasons.items()]
    return table(f"submission-counts-{days[0]}-{days[1]}", rows)


class DayCompleteness(View):
    """`given` says how many of the accepted referrals gave an item that may be left out."""

    day: date
    referrals: int
    given: dict[str, int]


class Completeness(View):
    publisher: str
    days: list[DayCompleteness]


@router.get(
    "/completeness",
    summary="How complete the referrals of your organisation are, by day",
    response_model=Completeness,
    responses=AS_FILE,
)
async def completeness(
    request: Request, publisher: Publisher, days: OnDays, format: Format = None
) -> Any:
    """Of the referrals accepted on the London days from `since` to `until`.

    A source of referral counts as given when it can be read; whether it is right is another matter.
    """
    runtime: Runtime = request.app.state.runtime
    counted = await runtime.units.read(count_items, publisher, days)
    found = [
        DayCompleteness(day=date.fromisoformat(day), referrals=one.referrals, given=dict(one.given))
        for day, one in counted.items()
    ]
    if not wants_csv(request, format):
        return Completeness(publisher=publisher, days=found)
    rows: list[Sequence[Any]] = [("day", "referrals", *ITEMS)]
    rows += [(one.day, one.referrals, *(one.given[item] for item in ITEMS)) for one in found]
    return table(f"completeness-{days[0]}-{days[1]}", rows)


# ---- the balance


class Count(View):
    accepted: int = 0
    rejected: int = 0


class Counts(View):
    """Submissions of a day, or of all days, and the pathways there are now by state."""

    accepted: int
    rejected: int
    publishers: dict[str, Count]
    pathways: dict[str, int]


@router.get("/counts", summary="Submissions and pathways, for the balance")
async def counts(
    request: Request,
    caller: Annotated[Caller, Depends(organisation("ops"))],
    day: date | None = None,
) -> Counts:
    """Submissions by publisher, of one London day or of all; pathways by state, as they are now."""
    runtime: Runtime = request.app.state.runtime
    messages, pathways = await runtime.units.read(
        balance, day, [status.value for status in PathwayStatus]
    )
    publishers: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (publisher, verdict), number in sorted(messages.items()):
        publishers[publisher][verdict] = number
    return Counts(
        accepted=sum(one.get("accepted", 0) for one in publishers.values()),
        rejected=sum(one.get("rejected", 0) for one in publishers.values()),
        publishers={name: Count(**numbers) for name, numbers in publishers.items()},
        pathways=pathways,
    )
