"""How pathways are searched: the terms each is found by, and when it last changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeAlias

from referral.domain.pathway import Pathway

_AT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Edition:
    """A pathway as it is kept now, which version of its document that is, and since when."""

    pathway: Pathway
    version: int
    changed_at: datetime

    @property
    def place(self) -> str:
        """Where it stands among all: those changed last come last."""
        return changed_place(self.changed_at, self.pathway.id)


def changed_place(at: datetime, pathway_id: str) -> str:
    return f"{text_of(at)}|{pathway_id}"


def text_of(at: datetime) -> str:
    """Always of one length, so that text sorts as time does."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def is_place(text: str) -> bool:
    """Whether a text begins with a moment that there is."""
    try:
        changed_at(text)
    except ValueError:
        return False
    return True


def changed_at(place: str) -> datetime:
    return datetime.strptime(place.partition("|")[0], _AT).replace(tzinfo=UTC)


Places: TypeAlias = Mapping[str, str]
"""A range of places, as a query has it."""

_FIRST_STEP: Final = timedelta(seconds=1)
_GROWTH: Final = 4  # a year is passed in 14 steps


def steps(places: Places, now: datetime) -> Iterator[Places]:
    """The range in parts that follow each other, each longer than the one before.

    Some stores read all that a range holds, however little is asked for of it.
    """
    start = max(places.get("$gt", ""), places.get("$gte", ""))
    edge, width = changed_at(start) if start else now, _FIRST_STEP
    lower = {name: place for name, place in places.items() if name != "$lt"}
    upper = {name: place for name, place in places.items() if name == "$lt"}
    while now - edge > width:
        edge += width
        width *= _GROWTH
        end = f"{text_of(edge)}|"
        if upper and end >= upper["$lt"]:
            break
        yield {**lower, "$lt": end}
        lower = {"$gte": end}
    yield {**lower, **upper}


# ---- terms


def involving(organisation: str, part: str = "") -> str:
    """Pathways that an organisation may read; with `part` those that have one, such as a Task."""
    return f"{organisation} {part}".rstrip()


def on_day(organisation: str, day: date) -> str:
    """Those with an appointment on a day in London."""
    return f"{organisation} {day.isoformat()}"


def holding(appointment_id: str) -> str:
    """The one with this appointment."""
    return f"appointment {appointment_id}"


def named(identifier: str) -> str:
    """Those that somebody knows by this identifier, or an appointment of theirs."""
    return f"= {identifier}"


def terms_of(pathway: Pathway) -> list[str]:
    """All that a pathway is found by, in order and each once."""
    return sorted(set(_terms(pathway)))


def _terms(pathway: Pathway) -> Iterator[str]:
    appointments = pathway.appointments
    asked = pathway.transfers or any(one.requests for one in appointments)
    for organisation in pathway.involved:
        yield involving(organisation)
        if appointments:
            yield involving(organisation, "Appointment")
        if asked:
            yield involving(organisation, "Task")
        for one in appointments:
            yield on_day(organisation, one.day)
    yield named(pathway.referral.identifier)
    for one in appointments:
        yield holding(one.id)
        if one.reference is not None:
            yield named(one.reference)
