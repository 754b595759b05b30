"""The whole story of a pathway: all that was told of it and all that followed, in order.

Every part took effect on a day and has been known since a moment, so the story can be asked as it
stood on one day and as far as it was known on another, like the clock itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from referral.domain import clock as rtt
from referral.domain.days import london_date
from referral.domain.pathway import Pathway, as_seen
from referral.domain.telling import Heard, Message, Said

EVENT: Final = "event"  # the way in of what another part of the system told


class Kind(StrEnum):
    """What a part of a story is about. Parts of one moment are in this order."""

    SUBMISSION = "submission"
    REFERRAL = "referral"
    PERSON = "person"
    FACT = "fact"
    PERIOD = "period"
    CLOCK = "clock"
    CHOICE = "choice"
    TRANSFER = "transfer"
    APPOINTMENT = "appointment"
    ADMISSION = "admission"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing: on which day it took effect, since when it is known, who said it and which way."""

    kind: Kind
    what: str
    effective_on: date
    recorded_at: datetime
    by: str
    way_in: str
    message_id: str | None = None
    withdrawn_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def story(
    whole: Pathway,
    messages: Sequence[Message],
    heard: Sequence[Heard],
    *,
    as_at: date,
    known_on: date,
) -> list[Part]:
    """The parts that had taken effect by one day, as far as they were known on another, in order."""
    pathway = as_seen(whole, as_at=as_at, known_on=known_on)
    ways = {(one.publisher, one.message_id): one.way_in for one in messages}
    parts = [
        *(part for one in messages for part in _of_message(one, whole.id)),
        *(part for one in heard for part in _of_heard(one, whole.id)),
        *(_of_fact(fact, ways) for fact in pathway.facts),
        *_of_periods(pathway, ways),
    ]
    known = (
        one
        for one in parts
        if one.effective_on <= as_at and london_date(one.recorded_at) <= known_on
    )
    return sorted(known, key=_place)


_ORDER: Final = {kind: number for number, kind in enumerate(Kind)}


def _place(part: Part) -> tuple[date, datetime, int, str, str]:
    return (
        part.effective_on,
        part.recorded_at,
        _ORDER[part.kind],
        part.message_id or "",
        part.what,
    )


# ---- what was told


def _of_message(message: Message, pathway_id: str) -> Iterator[Part]:
    yield Part(
        Kind.SUBMISSION,
        name_of(message.type),
        message.effective_on,
        message.recorded_at,
        message.publisher,
        message.way_in,
        message.message_id,
        details={
            "verdict": message.verdict,
            **({"problems": list(message.problems)} if message.problems else {}),
        },
    )
    for said in _about(message.said, pathway_id):
        yield _told_onwards(
            said, message.recorded_at, message.publisher, message.way_in, message.message_id
        )


def _of_heard(heard: Heard, pathway_id: str) -> Iterator[Part]:
    yield Part(
        _kind(heard.type),
        name_of(heard.type),
        heard.effective_on,
        heard.recorded_at,
        heard.by,
        EVENT,
        heard.id,
        details=heard.fields,
    )
    for said in _about(heard.said, pathway_id):
        yield _told_onwards(said, heard.recorded_at, heard.by, EVENT, heard.id)


def _told_onwards(said: Said, at: datetime, by: str, way_in: str, because_of: str) -> Part:
    return Part(
        _kind(said.type),
        name_of(said.type),
        said.effective_on,
        at,
        by,
        way_in,
        because_of,
        details=said.fields,
    )


# Told by the facts and the periods themselves.
_PLAIN_CLOCK: Final = frozenset(
    ["clock_started", "clock_continued", "clock_stopped", "clock_nullified"]
)


def _about(said: Iterable[Said], pathway_id: str) -> Iterator[Said]:
    return (
        one
        for one in said
        if one.pathway_id == pathway_id and name_of(one.type).split(".")[-1] not in _PLAIN_CLOCK
    )


def name_of(type: str) -> str:
    """`appointment.booked` of `fairwait.appointment.booked.v1`."""
    return type.removeprefix("fairwait.").rpartition(".v")[0] or type


_KINDS: Final = (
    ("offer.", Kind.CHOICE),
    ("response.", Kind.CHOICE),
    ("referral.right_", Kind.CHOICE),
    ("referral.choice_", Kind.CHOICE),
    ("referral.transfer", Kind.TRANSFER),
    ("transfer-", Kind.TRANSFER),
    ("referral.clock_", Kind.CLOCK),
    ("referral.patient_", Kind.PERSON),
    ("referral.practice_", Kind.PERSON),
    ("identity.", Kind.PERSON),
    ("appointment.admission_", Kind.ADMISSION),
    ("appointment.", Kind.APPOINTMENT),
)


def _kind(type: str) -> Kind:
    name = name_of(type)
    return next((kind for start, kind in _KINDS if name.startswith(start)), Kind.REFERRAL)


# ---- the clock

Ways = Mapping[tuple[str, str], str]


def _of_fact(fact: rtt.Fact, ways: Ways) -> Part:
    return Part(
        Kind.FACT,
        f"rtt.{fact.status}",
        fact.effective_on,
        fact.recorded_at,
        fact.actor,
        ways.get((fact.actor, fact.source), EVENT),
        fact.source,
        fact.withdrawn_at,
        {
            "rtt_status": fact.status,
            "activity": fact.activity,
            **({"because": fact.because} if fact.because else {}),
        },
    )


def _of_periods(pathway: Pathway, ways: Ways) -> Iterator[Part]:
    for period in pathway.history.periods:
        yield _edge("period.started", period.start_status, period.started_on, pathway, ways)
        if period.stopped_on is not None and period.stop_status is not None:
            yield _edge("period.ended", period.stop_status, period.stopped_on, pathway, ways)


def _edge(what: str, status: str, on: date, pathway: Pathway, ways: Ways) -> Part:
    """The beginning or the end of a period, as told by the first fact that says so."""
    facts = [
        one
        for one in pathway.facts
        if one.stands and (one.status, one.effective_on) == (status, on)
    ]
    fact = min(facts, key=lambda one: (one.recorded_at, one.source))
    return Part(
        Kind.PERIOD,
        what,
        on,
        fact.recorded_at,
        fact.actor,
        ways.get((fact.actor, fact.source), EVENT),
        fact.source,
        details={"rtt_status": status},
    )
