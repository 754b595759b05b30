"""What happened to appointments and admissions, as events."""

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
)
from referral.domain import steps
from referral.domain.appointments import Appointment, Cancelled, Deleted, Missed


def diary_event(
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
