"""Appointments and admissions, as the provider that keeps the diary tells them.

`local_start` is wall clock time in Europe/London without a zone; `starts_at` is the same moment
with its offset, and is needed only in the hour that comes twice on the night clocks go back.
`reference` is the provider's own name of the appointment, or ours (`appointment_id`).
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, NaiveDatetime

from contracts.identifiers import OdsCode
from contracts.submissions.base import PathwayKey, Reason, Reference, RttStatusCode, Submission


class AttendanceRecorded(Submission, type="fairwait.submission.attendance_recorded.v1"):
    """The patient attended; `rtt_status` says what that did to the clock (20, 21, 30, ...)."""

    pathway: PathwayKey
    attended_on: date
    attendance: Annotated[str, Field(pattern=r"^[56]$")] = "5"
    outcome: Annotated[str, Field(pattern=r"^[123]$")]
    rtt_status: Annotated[str, Field(pattern=r"^\d\d$")]


class BookingRecorded(Submission, type="fairwait.submission.booking_recorded.v1"):
    """The patient has an appointment that the provider booked itself.

    `accepted_on` and `offered_on` are the days the patient accepted it and was offered it: after a
    first appointment was missed, the new clock starts on the first of them that is known.
    """

    pathway: PathwayKey
    reference: Reference
    site: OdsCode | None = None
    local_start: NaiveDatetime
    starts_at: AwareDatetime | None = None
    contact: Annotated[str, Field(pattern=r"^[1-4]$")] | None = None
    booked_on: date | None = None
    accepted_on: date | None = None
    offered_on: date | None = None


class RebookingRecorded(Submission, type="fairwait.submission.rebooking_recorded.v1"):
    """An appointment was moved to another time or place; it was neither missed nor cancelled."""

    pathway: PathwayKey
    reference: Reference
    site: OdsCode | None = None
    local_start: NaiveDatetime
    starts_at: AwareDatetime | None = None
    moved_by: Literal["patient", "provider"]
    moved_on: date | None = None
    reason: Reason = "NOT_SPECIFIED"


class ChangeRequestRecorded(Submission, type="fairwait.submission.change_request_recorded.v1"):
    """The patient asks for another time. The appointment stays theirs until somebody decides."""

    pathway: PathwayKey
    reference: Reference
    request: Reference
    requested_on: date
    reason: Reason = "NOT_SPECIFIED"


class ChangeDecisionRecorded(Submission, type="fairwait.submission.change_decision_recorded.v1"):
    """A request for another time was decided: granted with the new time, or refused."""

    pathway: PathwayKey
    reference: Reference
    request: Reference
    decided_on: date
    granted: bool
    site: OdsCode | None = None
    local_start: NaiveDatetime | None = None
    starts_at: AwareDatetime | None = None


class CancellationRecorded(Submission, type="fairwait.submission.cancellation_recorded.v1"):
    """An appointment was cancelled ahead of its time. No cancellation nullifies a clock.

    `reason` is an appointment cancellation reason of e-RS, `clinical` CANCELLATION REASON (01, 02).
    """

    pathway: PathwayKey
    reference: Reference
    cancelled_by: Literal["patient", "provider"]
    cancelled_on: date
    reason: Reason = "NOT_SPECIFIED"
    clinical: Annotated[str, Field(pattern=r"^0[12]$")] | None = None


class NonAttendanceRecorded(Submission, type="fairwait.submission.non_attendance_recorded.v1"):
    """The patient did not attend (3), or came too late to be seen (7).

    `reason` is a non-attendance reason of e-RS. `clearly_communicated` says whether the patient was
    told of the appointment clearly; without that a clock is never nullified. `discharged` needs all
    three of the conditions after it (NHS Data Dictionary, RTT rules on non-attendance).
    """

    pathway: PathwayKey
    reference: Reference
    missed_on: date
    attendance: Annotated[str, Field(pattern=r"^[37]$")] = "3"
    reason: Reason = "NOT_SPECIFIED"
    clearly_communicated: bool = False
    discharged: bool = False
    not_against_clinical_interest: bool = False
    under_published_policy: bool = False
    vulnerable_protected: bool = False


class DeletionRecorded(Submission, type="fairwait.submission.deletion_recorded.v1"):
    """An appointment was entered by mistake, or its slot given back: it was never the patient's."""

    pathway: PathwayKey
    reference: Reference
    deleted_on: date


class AdmissionRecorded(Submission, type="fairwait.submission.admission_recorded.v1"):
    """A step of an admission: a date given (TCI), admitted, called off, or discharged.

    `rtt_status` 30 with `admitted` stops the clock on the day of admission. When the treatment is
    then called off, the clock goes on as if it had not stopped.
    """

    pathway: PathwayKey
    reference: Reference
    step: Literal["planned", "admitted", "cancelled", "discharged"]
    on: date
    site: OdsCode | None = None
    decided_to_admit_on: date | None = None
    treated: bool | None = None
    rtt_status: RttStatusCode | None = None
    reason: Reason = "NOT_SPECIFIED"
