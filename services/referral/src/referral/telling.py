"""What happened on a pathway, as events on the wire."""

from typing import assert_never

from contracts.event import Envelope, Event
from contracts.events import (
    AdmissionNoted,
    AppointmentAttended,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentChangeDecided,
    AppointmentChangeRequested,
    AppointmentDeleted,
    AppointmentMissed,
    AppointmentRebooked,
    ChoiceWaived,
    ClockContinued,
    ClockCorrected,
    ClockNullified,
    ClockStarted,
    ClockStopped,
    DeathRecorded,
    PracticeChanged,
    ReferralAmended,
    ReferralTransferred,
    ReferralWithdrawn,
    RightToChooseDecided,
    RightToMoveDecided,
    RttPeriod,
    TransferBegun,
    TransferDataSent,
    TransferEnded,
    TransferOverdue,
)
from contracts.events import DeathWithdrawn as DeathWithdrawnEvent
from referral.domain import clock as rtt
from referral.domain import steps
from referral.domain.appointments import Appointment, Cancelled, Deleted, Missed
from referral.domain.choice import RightDecision, Waiver
from referral.domain.pathway import Cancellation, Death, Pathway, RightToMove
from referral.domain.source import SourceCheck
from referral.domain.steps import Told
from referral.domain.transfers import State
from referral.domain.waiting import days_waited


def event_of(pathway: Pathway, told: Told, origin: Envelope) -> Event:
    """The event that says so. `pathway` is as it is afterwards."""
    match told:
        case rtt.Started() | rtt.Continued() | rtt.Ended() | rtt.Corrected():
            return clock_event(told, origin)
        case (
            steps.Booked()
            | steps.Rebooked()
            | steps.ChangeAsked()
            | steps.ChangeDecided()
            | steps.Over()
            | steps.Seen()
            | steps.AdmissionMoved()
        ):
            return _appointment_event(told, origin)
        case steps.TransferTold():
            return _transfer_event(pathway, told, origin)
        case Waiver() | RightDecision() | RightToMove():
            return _right_event(told, origin)
        case (
            steps.Amended()
            | Cancellation()
            | Death()
            | steps.DeathWithdrawn()
            | steps.PracticeMoved()
        ):
            return _referral_event(told, origin)
        case _:
            assert_never(told)


# ---- the clock


def clock_event(change: rtt.Change, origin: Envelope) -> Event:
    match change:
        case rtt.Started():
            return ClockStarted.following(
                origin, started_on=change.started_on, status=change.status
            )
        case rtt.Continued():
            return ClockContinued.following(
                origin, effective_on=change.effective_on, status=change.status
            )
        case rtt.Ended(void=True):
            return ClockNullified.following(
                origin,
                started_on=change.started_on,
                nullified_on=change.stopped_on,
                status=change.status,
            )
        case rtt.Ended():
            return ClockStopped.following(
                origin,
                started_on=change.started_on,
                stopped_on=change.stopped_on,
                status=change.status,
                days_waited=days_waited(change.started_on, change.stopped_on),
            )
        case rtt.Corrected():
            return ClockCorrected.following(
                origin,
                because=change.because,
                effective_on=change.effective_on,
                periods=[_period(one) for one in change.after],
                before=[_period(one) for one in change.before],
            )
        case _:
            assert_never(change)


def _period(period: rtt.Period) -> RttPeriod:
    return RttPeriod(
        started_on=period.started_on,
        start_status=period.start_status,
        stopped_on=period.stopped_on,
        stop_status=period.stop_status,
    )


# ---- appointments


def _appointment_event(
    told: (
        steps.Booked
        | steps.Rebooked
        | steps.ChangeAsked
        | steps.ChangeDecided
        | steps.Over
        | steps.Seen
        | steps.AdmissionMoved
    ),
    origin: Envelope,
) -> Event:
    match told:
        case steps.Booked():
            return AppointmentBooked.following(
                origin, **_time(told.appointment), session=told.appointment.session
            )
        case steps.Rebooked():
            return _rebooked(told, origin)
        case steps.ChangeAsked():
            return AppointmentChangeRequested.following(
                origin,
                appointment_id=told.appointment.id,
                provider=told.appointment.provider,
                request_id=told.request.id,
                requested_on=told.request.on,
                reason=told.request.reason,
            )
        case steps.ChangeDecided():
            return AppointmentChangeDecided.following(
                origin,
                appointment_id=told.appointment.id,
                provider=told.appointment.provider,
                request_id=told.request.id,
                decided_on=told.request.decided_on,
                granted=told.request.granted,
            )
        case steps.Over():
            return _over(told.appointment, told.end, origin)
        case steps.Seen():
            return AppointmentAttended.following(
                origin,
                **_place(told.appointment),
                attended_on=told.attended.on,
                attendance=told.attended.attendance,
                outcome=told.attended.outcome,
            )
        case steps.AdmissionMoved():
            return _admission(told, origin)
        case _:
            assert_never(told)


def _place(appointment: Appointment) -> dict[str, str]:
    return {
        "appointment_id": appointment.id,
        "provider": appointment.provider,
        "site": appointment.site,
    }


def _time(appointment: Appointment) -> dict[str, object]:
    return {
        **_place(appointment),
        "local_start": appointment.local_start,
        "starts_at": appointment.starts_at,
        "booked_on": appointment.booked_on,
    }


def _rebooked(told: steps.Rebooked, origin: Envelope) -> Event:
    appointment = told.appointment
    return AppointmentRebooked.following(
        origin,
        **_place(appointment),
        local_start=appointment.local_start,
        starts_at=appointment.starts_at,
        moved_on=told.on,
        moved_by=told.by,
        reason=told.reason,
        left_session=told.left_session,
    )


def _over(appointment: Appointment, end: Cancelled | Missed | Deleted, origin: Envelope) -> Event:
    place = _place(appointment)
    match end:
        case Cancelled():
            return AppointmentCancelled.following(
                origin,
                **place,
                cancelled_on=end.on,
                cancelled_by=end.by,
                reason=end.reason,
                must_reoffer=end.must_reoffer,
                left_session=_declared(appointment),
            )
        case Missed():
            return AppointmentMissed.following(
                origin,
                **place,
                missed_on=end.on,
                attendance=end.attendance,
                reason=end.reason,
                first_activity=end.first_activity,
                clearly_communicated=end.clearly_communicated,
                discharged=end.discharged,
            )
        case Deleted():
            return AppointmentDeleted.following(
                origin, **place, deleted_on=end.on, left_session=_declared(appointment)
            )
        case _:
            assert_never(end)


def _declared(appointment: Appointment) -> str | None:
    """The declared session an appointment was in; None for the provider's own diary."""
    own = f"own.{appointment.id}"
    return appointment.session if appointment.session != own else None


def _admission(told: steps.AdmissionMoved, origin: Envelope) -> Event:
    admission = told.admission
    return AdmissionNoted.following(
        origin,
        admission_id=admission.id,
        provider=admission.provider,
        site=admission.site,
        step=told.step,
        on=told.on,
        decided_to_admit_on=admission.decided_to_admit_on,
        treated=admission.treated,
    )


# ---- the referral


def _referral_event(
    told: steps.Amended | Cancellation | Death | steps.DeathWithdrawn | steps.PracticeMoved,
    origin: Envelope,
) -> Event:
    match told:
        case steps.Amended():
            return ReferralAmended.following(origin, changed_on=told.on, **_amended(told))
        case Cancellation():
            return ReferralWithdrawn.following(
                origin, cancelled_on=told.on, reason=told.reason, never_was=told.never_was
            )
        case Death():
            return DeathRecorded.following(origin, died_on=told.on, status=told.status)
        case steps.DeathWithdrawn():
            return DeathWithdrawnEvent.following(origin)
        case steps.PracticeMoved():
            return PracticeChanged.following(origin, practice=told.practice, changed_on=told.on)
        case _:
            assert_never(told)


def _amended(told: steps.Amended) -> dict[str, object]:
    changes = {name: value for name, value in told.changes.items() if name != "circumstances"}
    source = changes.pop("source", None)
    if isinstance(source, SourceCheck):
        changes["source_of_referral"] = source.code
        changes["source_validity"] = source.validity.value
    return changes


def _right_event(told: Waiver | RightDecision | RightToMove, origin: Envelope) -> Event:
    match told:
        case Waiver():
            return ChoiceWaived.following(
                origin, decided_on=told.on, reason=told.reason, policy_text=told.policy_text
            )
        case RightDecision():
            return right_event(told, origin)
        case RightToMove():
            return RightToMoveDecided.following(
                origin,
                requested_on=told.requested_on,
                decision=told.decision,
                applies=told.applies,
                rule_set=told.rule_set,
                policy_text=told.policy_text,
                evidence=told.evidence,
            )
        case _:
            assert_never(told)


def right_event(right: RightDecision, origin: Envelope) -> RightToChooseDecided:
    return RightToChooseDecided.following(
        origin,
        decision=right.decision.value,
        applies=right.applies,
        rule_set=right.rule_set,
        policy_text=right.policy_text,
        evidence=right.evidence,
    )


# ---- transfers


def _transfer_event(pathway: Pathway, told: steps.TransferTold, origin: Envelope) -> Event:
    transfer = told.transfer
    sides = {
        "transfer_id": transfer.id,
        "referring_provider": transfer.referring_provider,
        "receiving_provider": transfer.receiving_provider,
    }
    match told.what:
        case "begun":
            return TransferBegun.following(
                origin,
                **sides,
                decided_on=transfer.decided_on,
                reason=transfer.reason,
                moves_responsibility=transfer.moves_responsibility,
                due_at=transfer.due_at,
            )
        case "data_sent":
            return TransferDataSent.following(
                origin, **sides, sent_on=transfer.sent_on, in_time=transfer.in_time
            )
        case "overdue":
            return TransferOverdue.following(
                origin, **sides, due_at=transfer.due_at, missing=list(told.missing)
            )
        case "transferred":
            return ReferralTransferred.following(
                origin,
                transfer_id=transfer.id,
                from_provider=transfer.referring_provider,
                to_provider=transfer.receiving_provider,
                effective_on=transfer.ended_on,
                started_on=pathway.started_on,
            )
        case "ended":
            return TransferEnded.following(
                origin,
                transfer_id=transfer.id,
                receiving_provider=transfer.receiving_provider,
                ended_on=transfer.ended_on,
                outcome="received" if transfer.state is State.RECEIVED else "cancelled",
            )
        case _:
            assert_never(told.what)
