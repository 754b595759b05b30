"""Which submission is decided by which rule: one line each."""

from collections.abc import Mapping
from typing import Any, Final

from chassis.messages import Received
from contracts import submissions as told
from contracts.submissions import Submission
from referral.domain import changing, diary, reports, transferring
from referral.domain.appointments import Cancelled, ChangeRequest, Deleted
from referral.domain.choice import Waiver
from referral.domain.diary import Teller, Time
from referral.domain.missing import Conditions
from referral.domain.pathway import Pathway
from referral.domain.steps import Result
from referral.domain.transfers import DataSet
from referral.handlers import people, submissions, transfers
from referral.handlers.arriving import (
    Handler,
    its_providers,
    its_providers_and_referrer,
    step_of_pathway,
)
from referral.work import ReferralWork


def _teller(received: Received[Submission], work: ReferralWork) -> Teller:
    return Teller(received.publisher, received.message_id, work.now, work.today)


# ---- the referral


def _change(p: Pathway, r: Received[told.ReferralChanged], work: ReferralWork) -> Result:
    given = r.submission.model_dump(exclude_none=True, exclude={"pathway", "changed_on"})
    if "circumstances" in given:
        given["circumstances"] = tuple(sorted(set(given["circumstances"])))
    return changing.amend(p, r.submission.changed_on, given, work.today)


def _call_off(p: Pathway, r: Received[told.ReferralCancelled], work: ReferralWork) -> Result:
    cancelled = changing.cancellation_of(r.submission.cancelled_on, r.submission.reason, work.now)
    return changing.call_off(p, cancelled, r.message_id, r.publisher, work.today)


def _waive(p: Pathway, r: Received[told.ChoiceNotOffered], work: ReferralWork) -> Result:
    waiver = Waiver(r.submission.decided_on, r.submission.reason, p.right.policy_text, r.publisher)
    return changing.waive(p, waiver, work.today)


def _override(p: Pathway, r: Received[told.RightOverridden], work: ReferralWork) -> Result:
    s = r.submission
    return changing.override(p, s.decision, s.reason, r.publisher, s.decided_on, work.today)


def _move(p: Pathway, r: Received[told.MoveRequested], work: ReferralWork) -> Result:
    exceptions = frozenset[str](r.submission.exceptions)
    return changing.ask_to_move(p, r.submission.requested_on, exceptions, work.today)


# ---- the clock


def _report(p: Pathway, r: Received[told.ClockReported], work: ReferralWork) -> Result:
    s = r.submission
    report = reports.Report(
        status=s.rtt_status,
        on=s.effective_on,
        publisher=r.publisher,
        message_id=r.message_id,
        recorded_at=work.now,
        administrative=s.administrative,
        because=s.because,
        decided_by=s.decided_by,
        agreed_on=s.agreed_with_patient_on,
        policy=s.policy,
        corrects=s.corrects,
    )
    return reports.report(p, report, work.today)


def _take_back(p: Pathway, r: Received[told.ClockReportWithdrawn], work: ReferralWork) -> Result:
    return reports.take_back(p, r.submission.withdraws, r.publisher, work.now)


# ---- the diary


def _book(p: Pathway, r: Received[told.BookingRecorded], work: ReferralWork) -> Result:
    s = r.submission
    booking = diary.Booking(
        reference=s.reference,
        time=Time(s.site, s.local_start, s.starts_at),
        contact=s.contact,
        booked_on=s.booked_on,
        accepted_on=s.accepted_on,
        offered_on=s.offered_on,
    )
    return diary.book(p, booking, _teller(r, work))


def _rebook(p: Pathway, r: Received[told.RebookingRecorded], work: ReferralWork) -> Result:
    s = r.submission
    time = Time(s.site, s.local_start, s.starts_at)
    move = diary.Move(s.reference, time, s.moved_by, s.moved_on or work.today, s.reason)
    return diary.rebook(p, move, _teller(r, work))


def _ask(p: Pathway, r: Received[told.ChangeRequestRecorded], work: ReferralWork) -> Result:
    s = r.submission
    request = ChangeRequest(s.request, s.requested_on, s.reason)
    return diary.ask_for_change(p, s.reference, request, _teller(r, work))


def _decide(p: Pathway, r: Received[told.ChangeDecisionRecorded], work: ReferralWork) -> Result:
    s = r.submission
    time = Time(s.site, s.local_start, s.starts_at) if s.local_start is not None else None
    decision = diary.ChangeDecision(s.reference, s.request, s.decided_on, s.granted, time)
    return diary.decide_change(p, decision, _teller(r, work))


def _cancel(p: Pathway, r: Received[told.CancellationRecorded], work: ReferralWork) -> Result:
    s = r.submission
    end = Cancelled(s.cancelled_on, s.cancelled_by, s.reason, s.clinical)
    return diary.cancel(p, s.reference, end, _teller(r, work))


def _miss(p: Pathway, r: Received[told.NonAttendanceRecorded], work: ReferralWork) -> Result:
    s = r.submission
    conditions = Conditions(
        s.clearly_communicated,
        s.not_against_clinical_interest,
        s.under_published_policy,
        s.vulnerable_protected,
    )
    missed = diary.NonAttendance(
        s.reference, s.missed_on, s.attendance, s.reason, s.discharged, conditions
    )
    return diary.miss(p, missed, _teller(r, work))


def _delete(p: Pathway, r: Received[told.DeletionRecorded], work: ReferralWork) -> Result:
    end = Deleted(r.submission.deleted_on)
    return diary.delete(p, r.submission.reference, end, _teller(r, work))


def _admit(p: Pathway, r: Received[told.AdmissionRecorded], work: ReferralWork) -> Result:
    s = r.submission
    step = diary.AdmissionStepTold(
        s.reference, s.step, s.on, s.site, s.decided_to_admit_on, s.treated, s.rtt_status
    )
    return diary.admit(p, step, _teller(r, work))


# ---- transfers


def _transfer(p: Pathway, r: Received[told.TransferDecided], work: ReferralWork) -> Result:
    s = r.submission
    given = s.model_dump(
        exclude={"pathway", "reference", "receiving_provider", "decided_on", "reason"}
    )
    data = DataSet(**{**given, "organisations": tuple(s.organisations)})
    decision = transferring.Decision(
        s.reference, s.receiving_provider, s.decided_on, s.reason, data
    )
    return transferring.decide(p, decision, r.publisher, work.now, work.today)


def _receive(p: Pathway, r: Received[told.TransferReceived], work: ReferralWork) -> Result:
    s = r.submission
    return transferring.receive(p, s.reference, r.publisher, s.received_on, work.now, work.today)


def _keep(p: Pathway, r: Received[told.TransferCancelled], work: ReferralWork) -> Result:
    s = r.submission
    return transferring.call_off(p, s.reference, r.publisher, s.cancelled_on, work.today)


def _holds_it(pathway: Pathway, publisher: str, _: object) -> bool:
    return publisher == pathway.provider


def _has_a_part(pathway: Pathway, publisher: str, received: Received[Any]) -> bool:
    named = transferring.named(pathway, received.submission.reference, publisher)
    return named is not None or its_providers(pathway, publisher, received)


HANDLERS: Final[Mapping[type[Submission], Handler[Any]]] = {
    told.ReferralMade: submissions.receive_referral,
    told.AttendanceRecorded: submissions.record_attendance,
    told.ReferralChanged: step_of_pathway(
        told.ReferralChanged, _change, may=its_providers_and_referrer
    ),
    told.ReferralCancelled: step_of_pathway(
        told.ReferralCancelled, _call_off, may=its_providers_and_referrer
    ),
    told.ChoiceNotOffered: step_of_pathway(
        told.ChoiceNotOffered, _waive, may=its_providers_and_referrer
    ),
    told.RightOverridden: step_of_pathway(
        told.RightOverridden, _override, may=its_providers_and_referrer
    ),
    told.MoveRequested: step_of_pathway(told.MoveRequested, _move, may=its_providers_and_referrer),
    told.ClockReported: step_of_pathway(told.ClockReported, _report),
    told.ClockReportWithdrawn: step_of_pathway(told.ClockReportWithdrawn, _take_back),
    told.BookingRecorded: step_of_pathway(told.BookingRecorded, _book),
    told.RebookingRecorded: step_of_pathway(told.RebookingRecorded, _rebook),
    told.ChangeRequestRecorded: step_of_pathway(told.ChangeRequestRecorded, _ask),
    told.ChangeDecisionRecorded: step_of_pathway(told.ChangeDecisionRecorded, _decide),
    told.CancellationRecorded: step_of_pathway(told.CancellationRecorded, _cancel),
    told.NonAttendanceRecorded: step_of_pathway(told.NonAttendanceRecorded, _miss),
    told.DeletionRecorded: step_of_pathway(told.DeletionRecorded, _delete),
    told.AdmissionRecorded: step_of_pathway(told.AdmissionRecorded, _admit),
    told.TransferDecided: transfers.with_deadline(
        step_of_pathway(told.TransferDecided, _transfer, may=_holds_it)
    ),
    told.TransferReceived: transfers.with_deadline(
        step_of_pathway(told.TransferReceived, _receive, may=_has_a_part)
    ),
    told.TransferCancelled: transfers.with_deadline(
        step_of_pathway(told.TransferCancelled, _keep, may=_has_a_part)
    ),
    told.PatientChanged: people.change_person,
    told.NhsNumberChanged: people.change_number,
    told.PatientsMerged: people.merge,
    told.IdentityChangeUndone: people.undo,
    told.PatientDied: people.record_death,
    told.PatientDeathWithdrawn: people.withdraw_death,
    told.GpChanged: people.change_practice,
    told.PatientMarkedSensitive: people.mark_sensitive,
}


async def take(received: Received[Any], work: ReferralWork) -> None:
    """Decide any submission of this service. Raises `Rejected` with everything that is wrong."""
    await HANDLERS[type(received.submission)](received, work)
