"""What a provider says of the clock itself, corrects, and takes back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from contracts.codes import RTT_STATUSES, UnknownCode
from contracts.identifiers import names_a_consultant
from referral.domain import clock as rtt
from referral.domain.missing import TWO_WEEK_WAIT
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import Result, problems_of, with_facts, without_facts

DECLINED_OFFERS: Final = "declined_offers"

# What a new period after a stop may be for (2.3): a decision to treat ends monitoring; after
# treatment only other treatment, or the second side of a bilateral procedure, starts a clock.
_NEW_PERIODS: Final = {
    "monitoring_ended": rtt.Monitoring,
    "new_treatment": rtt.Stopped,
    "bilateral_ready": rtt.Stopped,
}
_DECISIONS: Final = rtt.MONITORING_STATUSES | {
    rtt.FIRST_ACTIVITY,
    rtt.AFTER_MONITORING,
    rtt.DECIDED_AGAINST,
    rtt.DIED,
    rtt.DID_NOT_ATTEND,
    "35",
}


@dataclass(frozen=True, slots=True)
class Report:
    """An RTT status that took effect on a day, as told by `publisher`."""

    status: str
    on: date
    publisher: str
    message_id: str
    recorded_at: datetime
    administrative: bool = False
    because: str | None = None
    decided_by: str | None = None
    agreed_on: date | None = None
    policy: str | None = None
    corrects: str | None = None


def report(pathway: Pathway, told: Report, today: date) -> Result:
    """The pathway after a report of its clock, or everything that is wrong with it."""
    if pathway.never_was:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    problems = [
        *_dates(pathway, told, today),
        *_administrative(told),
        *_non_attendance(pathway, told),
        *_declined_offers(told),
        *_new_period(pathway, told),
        *_correction(pathway, told),
    ]
    if problems:
        return problems
    step = with_facts(
        pathway,
        [_fact_of(pathway, told)],
        takes_back=told.corrects,
        because="corrected" if told.corrects else "late",
    )
    return (
        problems_of(step, date_pointer="/effective_on") if isinstance(step, rtt.Refusal) else step
    )


def take_back(pathway: Pathway, message_id: str, publisher: str, at: datetime) -> Result:
    """The pathway as if a message had never told anything of its clock."""
    step = without_facts(pathway, message_id, publisher, at)
    if step is None or message_id == pathway.referral.message_id:
        return [Problem(ProblemCode.UNKNOWN_MESSAGE, "/withdraws")]
    if isinstance(step, rtt.Refusal):
        return problems_of(step, date_pointer="/withdraws", status_pointer="/withdraws")
    return step


def _dates(pathway: Pathway, told: Report, today: date) -> list[Problem]:
    if told.on > today:
        return [Problem(ProblemCode.DATE_IN_FUTURE, "/effective_on")]
    if told.on < pathway.referral.received_on:
        return [Problem(ProblemCode.BEFORE_REFERRAL, "/effective_on")]
    return []


def _administrative(told: Report) -> list[Problem]:
    """A clock-stop administrative event carries one of six statuses, and never 33 (2.2, trap T26)."""
    if not told.administrative:
        return []
    try:
        allowed = RTT_STATUSES.get(told.status, told.on).clock_stop_event
    except UnknownCode:
        return []
    return [] if allowed else [Problem(ProblemCode.NOT_A_CLOCK_STOP_EVENT, "/rtt_status")]


def _non_attendance(pathway: Pathway, told: Report) -> list[Problem]:
    """The first appointment of an urgent suspected cancer referral never nullifies a clock (2.4)."""
    urgent = pathway.referral.priority == TWO_WEEK_WAIT
    if told.status == rtt.DID_NOT_ATTEND and urgent:
        return [Problem(ProblemCode.RTT_STATUS_NOT_ALLOWED, "/rtt_status")]
    return []


def _declined_offers(told: Report) -> list[Problem]:
    """No clock stops because offers were declined, unless a clinician decides (trap T11)."""
    if told.because != DECLINED_OFFERS:
        return []
    if told.status not in rtt.MONITORING_STATUSES:
        return [Problem(ProblemCode.REASON_DOES_NOT_FIT, "/because")]
    named = told.decided_by is not None and names_a_consultant(told.decided_by)
    given = {
        "/decided_by": named,
        "/agreed_with_patient_on": told.agreed_on is not None and told.agreed_on <= told.on,
        "/policy": told.policy is not None,
    }
    return [
        Problem(ProblemCode.CLINICIAN_DECISION_NEEDED, pointer)
        for pointer, is_given in given.items()
        if not is_given
    ]


def _new_period(pathway: Pathway, told: Report) -> list[Problem]:
    """The reason for a new period has to fit the clock on the day before it starts."""
    expected = _NEW_PERIODS.get(told.because or "")
    if expected is None:
        return []
    if told.status == rtt.AFTER_MONITORING and isinstance(pathway.clock_on(told.on), expected):
        return []
    return [Problem(ProblemCode.REASON_DOES_NOT_FIT, "/because")]


def _correction(pathway: Pathway, told: Report) -> list[Problem]:
    if told.corrects is None:
        return []
    own = any(
        (fact.source, fact.actor) == (told.corrects, told.publisher) and fact.stands
        for fact in pathway.facts
    )
    is_receipt = told.corrects == pathway.referral.message_id
    return [] if own and not is_receipt else [Problem(ProblemCode.UNKNOWN_MESSAGE, "/corrects")]


def _fact_of(pathway: Pathway, told: Report) -> rtt.Fact:
    """While a clock ticks its start status is the first activity; otherwise it is a decision."""
    decision = told.administrative or told.status in _DECISIONS
    ticking = isinstance(pathway.clock_on(told.on), rtt.Ticking)
    first_activity = told.status in rtt.FIRST_STATUSES and ticking
    return rtt.Fact(
        status=told.status,
        effective_on=told.on,
        recorded_at=told.recorded_at,
        source=told.message_id,
        actor=told.publisher,
        activity=first_activity or not decision,
        by_another_provider=pathway.has_moved_to(told.publisher, told.on),
        because=told.because,
    )
