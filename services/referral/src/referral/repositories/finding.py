"""How pathways are searched: the terms each is found by, and when it last changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from referral.domain.pathway import Pathway

_AT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"  # of one length, so that text sorts as time does


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
    return at.astimezone(UTC).strftime(_AT)


def changed_at(place: str) -> datetime:
    return datetime.strptime(place.partition("|")[0], _AT).replace(tzinfo=UTC)


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
