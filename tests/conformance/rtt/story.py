"""A pathway's story, as the tables tell it, run through the rules of the referral service.

A story is steps separated by semicolons, each a date, a verb and what it needs:

    2026-01-05 referred; 2026-01-12 booked A 2026-02-02T09:00; 2026-02-02 missed A communicated

`told=2026-03-01` says that a step became known later than it happened, `by=NV7` who told it, and
`as=m1` names the message so that a later one can take it back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from referral.domain import changing, diary, people, reports, transferring
from referral.domain import clock as rtt
from referral.domain.acceptance import problems_of
from referral.domain.admissions import Step as AdmissionStep
from referral.domain.appointments import Cancelled, ChangeRequest, Deleted, Side
from referral.domain.attending import Attendance, attend
from referral.domain.choice import Shortlist, Waiver
from referral.domain.diary import Teller, Time
from referral.domain.missing import Conditions
from referral.domain.pathway import Pathway, Person, Referral, opened, with_shortlist
from referral.domain.problems import Problem
from referral.domain.records import Death
from referral.domain.source import SourceCheck, SourceValidity
from referral.domain.steps import Result, Step
from referral.domain.transfers import DataSet
from tests.conformance.rtt.words import Words, words_of

TRUST: Final = "RJ1"
PERSON: Final = Person(
    "9990000018", "Ada", "Example", date(1961, 5, 4), "2", "SW1A 1AA", ("1 Example Street",)
)


@dataclass
class Story:
    """A pathway in the making, and what was refused on the way."""

    pathway: Pathway | None = None
    refused: list[str] = field(default_factory=list)
    corrections: int = 0

    def go(self, step: str) -> None:
        words = words_of(step)
        if words.verb == "referred":
            self._refer(words)
            return
        assert self.pathway is not None, "a story begins with a referral"
        result = VERBS[words.verb](self.pathway, words)
        if isinstance(result, Step):
            self.pathway = result.pathway
            self.corrections += sum(isinstance(one, rtt.Corrected) for one in result.told)
        else:
            self.refused += [problem.code.value for problem in result]

    def _refer(self, words: Words) -> None:
        referral = _referral(words)
        problems = problems_of(PERSON, referral, words.told_on, allow_synthetic=True)
        self.refused += [problem.code.value for problem in problems]
        if not problems:
            self.pathway = _opened(referral, words)


def told(text: str) -> Story:
    """The pathway after all steps of a story."""
    story = Story()
    for step in filter(None, (part.strip() for part in text.split(";"))):
        story.go(step)
    return story


def periods_of(pathway: Pathway) -> str:
    """The periods as the tables write them: `2026-01-05 10 .. 2026-03-02 30, 2026-05-01 11 ..`."""
    return ", ".join(_period(one) for one in pathway.history.periods)


def _period(period: rtt.Period) -> str:
    end = f" {period.stopped_on} {period.stop_status}" if period.stopped_on else ""
    return f"{period.started_on} {period.start_status} ..{end}"


def _referral(words: Words) -> Referral:
    return Referral(
        identifier="000000070000",
        issuer="X09",
        publisher=words.by,
        message_id="referral",
        way_in="kafka",
        responsible_provider=TRUST,
        referring_organisation="A81001",
        treatment_function="110",
        priority=words.get("priority", "1"),
        source=SourceCheck(SourceValidity.VALID, words.get("source", "03")),
        received_on=words.on,
        commissioner=None,
        administrative_category="01",
        circumstances=(),
        travel_limit_miles=None,
        recorded_at=words.recorded_at,
        separate_condition=words.has("separate"),
        interface_service=words.has("interface-service"),
    )


def _opened(referral: Referral, words: Words) -> Pathway:
    pathway = opened("0" * 32, PERSON, referral)
    if words.has("unoffered"):
        return pathway
    return with_shortlist(
        pathway, Shortlist("s-1", options=5, offered_on=words.on, outcome="stayed")
    )


# ---- what happens


def _seen(pathway: Pathway, words: Words) -> Result:
    visit = Attendance(
        provider=words.by,
        on=words.on,
        attendance="5",
        outcome="2",
        rtt_status=words.first,
        message_id=words.message,
        recorded_at=words.recorded_at,
    )
    return attend(pathway, visit, words.told_on)


def _reported(pathway: Pathway, words: Words) -> Result:
    clinician = words.has("clinician")
    report = reports.Report(
        status=words.first,
        on=words.on,
        publisher=words.by,
        message_id=words.message,
        recorded_at=words.recorded_at,
        administrative=words.has("administrative"),
        because=words.get("because") or None,
        decided_by="C1234567" if clinician else None,
        agreed_on=words.on if words.has("agreed") else None,
        policy="local access policy 7" if words.has("policy") else None,
        corrects=words.get("corrects") or None,
    )
    return reports.report(pathway, report, words.told_on)


def _taken_back(pathway: Pathway, words: Words) -> Result:
    return reports.take_back(pathway, words.first, words.by, words.recorded_at)


def _booked(pathway: Pathway, words: Words) -> Result:
    booking = diary.Booking(
        reference=words.first,
        time=Time(None, words.second_time, None),
        contact=None,
        booked_on=words.on,
        accepted_on=words.day("accepted"),
        offered_on=words.day("offered"),
    )
    return diary.book(pathway, booking, _teller(words))


def _moved(pathway: Pathway, words: Words) -> Result:
    move = diary.Move(
        words.first,
        Time(None, words.second_time, None),
        _side(words),
        words.on,
        "NOT_SPECIFIED",
    )
    return diary.rebook(pathway, move, _teller(words))


def _asked(pathway: Pathway, words: Words) -> Result:
    request = ChangeRequest("c-1", words.on, "PATIENT_HOLIDAY")
    return diary.ask_for_change(pathway, words.first, request, _teller(words))


def _refused(pathway: Pathway, words: Words) -> Result:
    decision = diary.ChangeDecision(words.first, "c-1", words.on, False, None)
    return diary.decide_change(pathway, decision, _teller(words))


def _granted(pathway: Pathway, words: Words) -> Result:
    time_ = Time(None, words.second_time, None)
    decision = diary.ChangeDecision(words.first, "c-1", words.on, True, time_)
    return diary.decide_change(pathway, decision, _teller(words))


def _cancelled(pathway: Pathway, words: Words) -> Result:
    end = Cancelled(words.on, _side(words), "NOT_SPECIFIED")
    return diary.cancel(pathway, words.first, end, _teller(words))


def _deleted(pathway: Pathway, words: Words) -> Result:
    return diary.delete(pathway, words.first, Deleted(words.on), _teller(words))


def _missed(pathway: Pathway, words: Words) -> Result:
    missed = diary.NonAttendance(
        reference=words.first,
        on=words.on,
        attendance="7" if words.has("late") else "3",
        reason="NOT_SPECIFIED",
        discharged=words.has("discharged"),
        conditions=Conditions(
            words.has("communicated"),
            words.has("no-harm"),
            words.has("policy"),
            words.has("vulnerable-protected"),
        ),
    )
    return diary.miss(pathway, missed, _teller(words))


STEPS: Final[dict[str, AdmissionStep]] = {
    "planned": "planned",
    "admitted": "admitted",
    "stood-down": "cancelled",
    "went-home": "discharged",
}


def _admission(pathway: Pathway, words: Words) -> Result:
    step = STEPS[words.verb]
    return diary.admit(
        pathway,
        diary.AdmissionStepTold(
            reference=words.first,
            step=step,
            on=words.on,
            site=None,
            decided_to_admit_on=None,
            treated=False if words.has("untreated") else None,
            rtt_status=words.get("status") or None,
        ),
        _teller(words),
    )


def _called_off(pathway: Pathway, words: Words) -> Result:
    told_ = changing.cancellation_of(words.on, words.first, words.recorded_at)
    return changing.call_off(pathway, told_, words.message, words.by, words.told_on)


def _waived(pathway: Pathway, words: Words) -> Result:
    waiver = Waiver(words.on, words.first, pathway.right.policy_text, words.by)
    return changing.waive(pathway, waiver, words.told_on)


def _overridden(pathway: Pathway, words: Words) -> Result:
    reason = "CIRCUMSTANCE_NOT_ON_REFERRAL"
    return changing.override(pathway, words.first, reason, words.by, words.on, words.told_on)


def _urgent(pathway: Pathway, words: Words) -> Result:
    return changing.amend(pathway, words.on, {"priority": words.first}, words.told_on)


def _asks_to_move(pathway: Pathway, words: Words) -> Result:
    return changing.ask_to_move(pathway, words.on, frozenset(words.plain), words.told_on)


def _redirected(pathway: Pathway, words: Words) -> Result:
    return changing.amend(pathway, words.on, {"treatment_function": words.first}, words.told_on)


def _died(pathway: Pathway, words: Words) -> Result:
    death = Death(words.on, "formal", "X26", words.message, words.recorded_at)
    return people.died(pathway, death)


def _alive(pathway: Pathway, words: Words) -> Result:
    return people.alive(pathway, words.recorded_at)


def _transfer(pathway: Pathway, words: Words) -> Result:
    complete = DataSet(
        rtt_status=words.get("status", "20"),
        rtt_start=words.day("start") or pathway.started_on,
        referring_treatment_function="110",
        receiving_treatment_function="110",
        care_professional="A Surgeon",
        referrer_code="C1234567",
        contact="Transfers desk",
        gp_name="A Doctor",
        gp_practice="A81001",
        local_patient_id="A1",
        service_requested_on=words.on,
        organisations=_organisations(pathway, words),
    )
    data = DataSet() if words.has("decision-only") else complete
    if words.has("without-contact"):
        data = replace(data, contact=None)
    reference = words.get("ref", "T")
    decision = transferring.Decision(
        reference, words.first, words.on, words.get("reason", "01"), data
    )
    return transferring.decide(pathway, decision, words.by, words.recorded_at, words.told_on)


def _organisations(pathway: Pathway, words: Words) -> tuple[str, ...]:
    """Everybody who has had the patient, or whom the story names."""
    named = words.get("organisations")
    return (named,) if named else tuple(one.provider for one in pathway.custody)


def _received(pathway: Pathway, words: Words) -> Result:
    reference = words.get("ref", "T")
    return transferring.receive(
        pathway, reference, words.first, words.on, words.recorded_at, words.told_on
    )


def _stays(pathway: Pathway, words: Words) -> Result:
    return transferring.call_off(pathway, "T", words.by, words.on, words.told_on)


def _teller(words: Words) -> Teller:
    return Teller(words.by, words.message, words.recorded_at, words.told_on)


def _side(words: Words) -> Side:
    return "patient" if words.has("patient") else "provider"


VERBS: Final[dict[str, Callable[[Pathway, Words], Step | list[Problem]]]] = {
    "seen": _seen,
    "reported": _reported,
    "taken-back": _taken_back,
    "booked": _booked,
    "moved": _moved,
    "change-asked": _asked,
    "change-refused": _refused,
    "change-granted": _granted,
    "cancelled": _cancelled,
    "deleted": _deleted,
    "missed": _missed,
    "planned": _admission,
    "admitted": _admission,
    "stood-down": _admission,
    "went-home": _admission,
    "called-off": _called_off,
    "redirected": _redirected,
    "prioritised": _urgent,
    "waived": _waived,
    "overridden": _overridden,
    "asks-to-move": _asks_to_move,
    "died": _died,
    "alive": _alive,
    "transfer": _transfer,
    "received": _received,
    "stays": _stays,
}
