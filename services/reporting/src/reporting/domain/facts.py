"""What we keep of an event for counting: the least that a row, a figure or a check needs.

Names, places of home, message contents and the evidence of decisions stay in the ledger.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from pydantic import TypeAdapter

Sector: TypeAlias = Literal["NHS", "IS"]


@dataclass(frozen=True, slots=True)
class Referred:
    """A referral came in."""

    publisher: str
    way_in: str
    provider: str
    referring: str | None
    treatment_function: str
    priority: str
    source: str | None
    source_validity: str
    received_on: date
    age: int
    sex: str
    commissioner: str | None
    synthetic: bool
    kind: Literal["referred"] = "referred"


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was sent could not be accepted. It is about no pathway."""

    publisher: str
    submission_type: str
    codes: tuple[str, ...]
    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class RightDecided:
    """Whether the legal right to choose applies."""

    decision: str
    applies: bool
    rule_set: str
    kind: Literal["right_decided"] = "right_decided"


@dataclass(frozen=True, slots=True)
class Started:
    """The RTT clock ticks."""

    on: date
    status: str
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class Continued:
    """An activity that did not stop the RTT clock."""

    on: date
    status: str
    kind: Literal["continued"] = "continued"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The RTT clock stopped."""

    started_on: date
    on: date
    status: str
    kind: Literal["stopped"] = "stopped"


@dataclass(frozen=True, slots=True)
class Shortlisted:
    """The patient can choose. `options` are distinct providers, each with its sector."""

    shortlist: str
    options: tuple[tuple[str, Sector], ...]
    informed: bool
    shortfall: int
    shortfall_reason: str | None
    candidates: int
    rule_set: str
    kind: Literal["shortlisted"] = "shortlisted"


@dataclass(frozen=True, slots=True)
class NotMade:
    """The patient may choose and there was no provider to offer."""

    shortlist: str
    reason: str
    candidates: int
    rule_set: str
    kind: Literal["not_made"] = "not_made"


@dataclass(frozen=True, slots=True)
class Chose:
    """The patient chose a provider of the list."""

    shortlist: str
    provider: str
    answered_by: str
    kind: Literal["chose"] = "chose"


@dataclass(frozen=True, slots=True)
class ChoseToStay:
    """The patient chose to stay where they are."""

    shortlist: str
    answered_by: str
    kind: Literal["chose_to_stay"] = "chose_to_stay"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A place is held at the provider that the patient chose."""

    shortlist: str
    provider: str
    sector: Sector
    site: str
    session: str
    kind: Literal["accepted"] = "accepted"


@dataclass(frozen=True, slots=True)
class Ended:
    """An offer came to an end without a place."""

    how: Literal["unavailable", "stayed", "lapsed", "expired"]
    shortlist: str
    provider: str
    kind: Literal["ended"] = "ended"


@dataclass(frozen=True, slots=True)
class Booked:
    """The patient has an appointment; `local_start` is wall clock time in London."""

    appointment: str
    provider: str
    site: str
    session: str
    local_start: datetime
    booked_on: date
    kind: Literal["booked"] = "booked"


@dataclass(frozen=True, slots=True)
class Attended:
    """The patient came and was seen."""

    appointment: str
    provider: str
    site: str
    on: date
    attendance: str
    outcome: str
    kind: Literal["attended"] = "attended"


@dataclass(frozen=True, slots=True)
class Admission:
    """The newest step of an admission, or of the wait for one since it was decided on."""

    admission: str
    provider: str
    step: Literal["planned", "admitted", "cancelled", "discharged"]
    on: date
    decided_on: date | None
    kind: Literal["admission"] = "admission"


@dataclass(frozen=True, slots=True)
class Transferred:
    """Another provider is responsible from a day on; the start of the clock stays."""

    from_provider: str
    to_provider: str
    on: date
    kind: Literal["transferred"] = "transferred"


@dataclass(frozen=True, slots=True)
class Messaged:
    """A step of a message to the patient."""

    message: str
    step: Literal["intended", "handed_over", "delivered", "failed"]
    channel: str
    template: str | None = None
    kind: Literal["messaged"] = "messaged"


@dataclass(frozen=True, slots=True)
class Declared:
    """A provider declared a session with places."""

    provider: str
    site: str
    treatment_function: str
    local_start: datetime
    places: int
    kind: Literal["declared"] = "declared"


@dataclass(frozen=True, slots=True)
class Unnamed:
    """An event of a type that is not counted yet; it is in the ledger and in the totals."""

    kind: Literal["unnamed"] = "unnamed"


Fact: TypeAlias = (
    Referred
    | Refused
    | RightDecided
    | Started
    | Continued
    | Stopped
    | Shortlisted
    | NotMade
    | Chose
    | ChoseToStay
    | Accepted
    | Ended
    | Booked
    | Attended
    | Admission
    | Transferred
    | Messaged
    | Declared
    | Unnamed
)


class Source(NamedTuple):
    """The place of an event in its story: `sequence` counts from 1 per topic and subject."""

    topic: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Said:
    """A fact, the event that said it, and when its writer said it."""

    source: Source
    at: datetime
    fact: Fact


_KINDS: dict[str, TypeAdapter[Any]] = {
    kind.__dataclass_fields__["kind"].default: TypeAdapter(kind) for kind in get_args(Fact)
}


def to_document(fact: Fact) -> dict[str, Any]:
    """The fact as JSON types, for storing."""
    document: dict[str, Any] = _KINDS[fact.kind].dump_python(fact, mode="json")
    return document


def from_document(document: dict[str, Any]) -> Fact:
    """The fact that `to_document` wrote."""
    fact: Fact = _KINDS[document["kind"]].validate_python(document)
    return fact
