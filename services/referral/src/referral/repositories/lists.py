"""How a trust's list is found: the names a pathway is listed under, and its place in each."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, repeat
from typing import Any, Final, TypeAlias

from chassis.work import State
from referral.domain.listing import (
    DeadlineKind,
    Starts,
    Waiting,
    dates_to_keep,
    is_listed,
    keys_of,
)
from referral.domain.pathway import Pathway, PathwayStatus

Due: TypeAlias = tuple[DeadlineKind, date]

# Days from one step through a list to the next. A step reads what is between two places, however
# many there are before and after; some stores read all that an open range holds.
_STEPS: Final = (1, 2, 4, 8, 16, 28)
_LONG_AGO: Final = (520, 260, 156, 104)  # weeks; few wait so long


def windows(starts: Starts, after: str, today: date) -> Iterator[dict[str, str]]:
    """Ranges of places that follow each other from the place `after` to the end of `starts`."""
    beginning = date.fromisoformat(after.partition("|")[0]) if after else starts.first
    last = min(starts.last or today, today)
    bound: dict[str, str] = {"$gt": after} if after else {}
    if not after and beginning is not None:
        bound = {"$gte": _first_place(beginning)}
    for edge in _edges(beginning, last, today):
        yield {**bound, "$lt": _first_place(edge)}
        bound = {"$gte": _first_place(edge)}


def _edges(beginning: date | None, last: date, today: date) -> Iterator[date]:
    """Where one window ends and the next begins; the last edge is the day after `last`."""
    end = last + timedelta(days=1)
    edge = beginning
    if edge is None:
        edge = today - timedelta(weeks=_LONG_AGO[-1])
        yield from (day for weeks in _LONG_AGO if (day := today - timedelta(weeks=weeks)) < end)
    for step in chain(_STEPS, repeat(_STEPS[-1])):
        edge += timedelta(days=step)
        if edge >= end:
            break
        yield edge
    yield end


def _first_place(day: date) -> str:
    return f"{day.isoformat()}|"


def place_range(starts: Starts) -> dict[str, dict[str, str]]:
    bounds = {}
    if starts.first is not None:
        bounds["$gte"] = _first_place(starts.first)
    if starts.last is not None:
        bounds["$lt"] = _first_place(starts.last + timedelta(days=1))
    return {"place": bounds} if bounds else {}


def due_range(due: Due | None) -> dict[str, Any]:
    if due is None:
        return {}
    kind, by = due
    return {f"dates.{kind}": {"$lte": by.isoformat()}}


def on_lists(pathway: Pathway) -> State:
    """What the lists of a trust are found and filled by; nothing for a clock that has stopped."""
    if not is_listed(pathway):
        return {}
    dates = {kind.value: day.isoformat() for kind, day in dates_to_keep(pathway).items()}
    return {"lists": keys_of(pathway), **({"dates": dates} if dates else {})}


def waiting(pathway_id: str, state: State) -> Waiting:
    referral = state["referral"]
    return Waiting(
        pathway_id=pathway_id,
        identifier=referral["identifier"],
        issuer=referral["issuer"],
        status=PathwayStatus(state["status"]),
        treatment_function=referral["treatment_function"],
        priority=referral["priority"],
        started_on=date.fromisoformat(state["place"].partition("|")[0]),
        dates={
            DeadlineKind(kind): date.fromisoformat(day)
            for kind, day in state.get("dates", {}).items()
        },
    )
