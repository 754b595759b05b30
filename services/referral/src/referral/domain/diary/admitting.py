"""One step of an admission, and what it does to the clock."""

from dataclasses import dataclass, replace
from datetime import date

from referral.domain import clock as rtt
from referral.domain.admissions import Admission, after
from referral.domain.admissions import Step as AdmissionStep
from referral.domain.diary.common import (
    Teller,
    decision_fact,
)
from referral.domain.pathway import Pathway, appointment_id
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import (
    AdmissionMoved,
    Result,
    Step,
    Told,
    problems_of,
    with_facts,
    without_facts,
)


@dataclass(frozen=True, slots=True)
class AdmissionStepTold:
    reference: str
    step: AdmissionStep
    on: date
    site: str | None
    decided_to_admit_on: date | None
    treated: bool | None
    rtt_status: str | None


def admit(pathway: Pathway, told: AdmissionStepTold, by: Teller) -> Result:
    """The pathway after one step of an admission, and what that did to the clock."""
    problems = _problems(pathway, told, by)
    if problems:
        return problems
    admission = _admission(pathway, told, by)
    moved = _on_the_clock(pathway, admission, told, by)
    if isinstance(moved, rtt.Refusal):
        return problems_of(moved, date_pointer="/on")
    if told.rtt_status is not None and told.step == "admitted":
        admission = replace(admission, clock_source=by.message_id)
    others = tuple(one for one in pathway.admissions if one.id != admission.id)
    after_it = replace(moved.pathway, admissions=(*others, admission))
    told_of_it: tuple[Told, ...] = (AdmissionMoved(admission, told.step, told.on), *moved.told)
    return Step(after_it, told_of_it)


def _problems(pathway: Pathway, told: AdmissionStepTold, by: Teller) -> list[Problem]:
    """A stay of somebody who has died can still be told, a new one cannot be planned."""
    planned = told.step == "planned"
    decided_on = told.decided_to_admit_on
    checks = (
        (
            pathway.never_was or (planned and pathway.over),
            ProblemCode.REFERRAL_OVER,
            "/pathway",
        ),
        (not planned and told.on > by.today, ProblemCode.DATE_IN_FUTURE, "/on"),
        (
            decided_on is not None and decided_on > by.today,
            ProblemCode.DATE_IN_FUTURE,
            "/decided_to_admit_on",
        ),
        (
            told.treated is False and told.rtt_status == rtt.TREATED,
            ProblemCode.RTT_STATUS_NOT_ALLOWED,
            "/rtt_status",
        ),
    )
    return [Problem(code, pointer) for wrong, code, pointer in checks if wrong]


def _admission(pathway: Pathway, told: AdmissionStepTold, by: Teller) -> Admission:
    own_id = appointment_id(pathway.id, by.provider, "admission", told.reference)
    new = Admission(own_id, by.provider, told.site or by.provider)
    known = next((one for one in pathway.admissions if one.id == own_id), new)
    known = replace(
        known,
        site=told.site or known.site,
        decided_to_admit_on=told.decided_to_admit_on or known.decided_to_admit_on,
        treated=known.treated if told.treated is None else told.treated,
    )
    return after(known, told.step, told.on)


def _on_the_clock(
    pathway: Pathway, admission: Admission, told: AdmissionStepTold, by: Teller
) -> Step | rtt.Refusal:
    """Admission for treatment stops the clock that day; untreated after all, the clock goes on."""
    untreated = told.step == "cancelled" or (told.step == "discharged" and told.treated is False)
    if untreated and admission.clock_source is not None:
        undone = without_facts(pathway, admission.clock_source, by.provider, by.recorded_at)
        return undone or Step(pathway)
    if told.rtt_status is None or told.step in {"planned", "cancelled"}:
        return Step(pathway)
    moved = pathway.has_moved_to(by.provider, told.on)
    fact = replace(
        decision_fact(told.rtt_status, told.on, by), activity=True, by_another_provider=moved
    )
    return with_facts(pathway, [fact])
