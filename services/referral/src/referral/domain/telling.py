"""Who told what of a pathway, when, and by which way: the parts that its story is made of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was told onwards of a pathway, by the type of its event."""

    pathway_id: str
    type: str
    effective_on: date
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """What another part of the system told of a pathway, and what was told onwards because of it.

    `by` is who said it: a patient, or a service for its own part.
    """

    id: str
    pathway_id: str
    type: str
    by: str
    effective_on: date
    recorded_at: datetime
    fields: dict[str, Any]
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a publisher about a pathway, and what was told onwards because of it."""

    publisher: str
    message_id: str
    way_in: str
    type: str
    effective_on: date
    recorded_at: datetime
    verdict: Verdict
    problems: tuple[dict[str, str], ...] = ()
    said: tuple[Said, ...] = ()
