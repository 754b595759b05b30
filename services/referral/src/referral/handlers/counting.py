"""What became of a publisher's messages, day by day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from contracts.submissions import ReferralMade
from referral.domain.completeness import ITEMS
from referral.repositories import Days, Listed
from referral.work import ReferralWork


@dataclass(slots=True)
class Counted:
    """Messages of one day that came by one way. A message counts once for each of its reasons."""

    accepted: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Complete:
    """Accepted referrals of one day, and how many of them gave each item that may be left out."""

    referrals: int
    given: Mapping[str, int]


async def rejected_of(
    publisher: str, days: Days, after: str, limit: int, work: ReferralWork
) -> tuple[list[Listed], bool]:
    """The rejected messages of a publisher, the newest first, and whether there are more."""
    found = await work.intake.rejected(publisher, days, after, limit + 1)
    return found[:limit], len(found) > limit


async def count_messages(
    publisher: str, days: Days, work: ReferralWork
) -> dict[tuple[str, str], Counted]:
    """By day and way in."""
    found: defaultdict[tuple[str, str], Counted] = defaultdict(Counted)
    by = ("day", "way_in")
    accepted = await work.intake.count("accepted", publisher, days, by=by)
    for (day, way_in), number in accepted.items():
        found[day, way_in].accepted = number
    rejected = await work.intake.count("rejected", publisher, days, by=by)
    for (day, way_in), number in rejected.items():
        found[day, way_in].rejected = number
    reasons = await work.intake.count("rejected", publisher, days, by=(*by, "codes"), each="codes")
    for (day, way_in, code), number in sorted(reasons.items()):
        found[day, way_in].reasons[code] = number
    return dict(sorted(found.items()))


async def count_items(publisher: str, days: Days, work: ReferralWork) -> dict[str, Complete]:
    """By day, the referrals that were accepted."""
    by_type = await work.intake.count("accepted", publisher, days, by=("day", "type"))
    lacking = await work.intake.count(
        "accepted", publisher, days, by=("day", "lacking"), each="lacking"
    )
    referrals = {day: n for (day, kind), n in by_type.items() if kind == ReferralMade.type}
    return {
        day: Complete(number, _given(number, day, lacking))
        for day, number in sorted(referrals.items())
    }


def _given(referrals: int, day: str, lacking: Mapping[tuple[Any, ...], int]) -> dict[str, int]:
    return {item: referrals - lacking.get((day, item), 0) for item in ITEMS}


async def balance(
    day: date | None, statuses: Sequence[str], work: ReferralWork
) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Messages by publisher and verdict, and pathways by state, as they are now."""
    messages = await work.intake.totals(day.isoformat() if day else None)
    by_publisher = {(publisher, verdict): n for (publisher, verdict), n in messages.items()}
    return by_publisher, await work.pathways.statuses(statuses)
