"""Who tells something of a diary, and what all that is told has in common."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.codes import (
    CodeList,
)
from referral.domain import clock as rtt
from referral.domain.appointments import (
    Appointment,
    named,
)
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells something of the diary, in which message, and when it came."""

    provider: str
    message_id: str
    recorded_at: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Time:
    """Where and when, as told: wall clock time, and the instant where that is needed."""

    site: str | None
    local_start: datetime
    starts_at: datetime | None


def open_one(pathway: Pathway, reference: str, by: Teller) -> Appointment | Problem:
    """The appointment that is meant, while it can still change."""
    found = named(pathway.appointments, by.provider, reference)
    if found is None:
        return Problem(ProblemCode.UNKNOWN_APPOINTMENT, "/reference")
    return found if found.open else Problem(ProblemCode.APPOINTMENT_OVER, "/reference")


def problems_of_reason(reasons: CodeList[Any], reason: str, on: date) -> list[Problem]:
    known = reason in reasons.at(on)
    return [] if known else [Problem(ProblemCode.UNKNOWN_REASON, "/reason")]


def not_later(on: date, by: Teller, pointer: str) -> list[Problem]:
    return [Problem(ProblemCode.DATE_IN_FUTURE, pointer)] if on > by.today else []


def decision_fact(status: str, on: date, by: Teller, *, because: str | None = None) -> rtt.Fact:
    return rtt.Fact(
        status, on, by.recorded_at, by.message_id, by.provider, activity=False, because=because
    )
