"""What becomes known of a patient, on all their pathways at once.

A provider changes the pathways it has to do with; a national service, such as the Personal
Demographics Service, changes all of them.
"""

from datetime import date
from typing import Literal

from contracts.identifiers import NhsNumber, OdsCode
from contracts.submissions.base import MessageId, Patient, Submission


class PatientSubmission(Submission):
    """The base of all that is about a person and no single pathway."""

    nhs_number: NhsNumber


class PatientChanged(Submission, type="fairwait.submission.patient_changed.v1"):
    """Name, address or ways to reach the patient are now as given. The NHS number stays."""

    patient: Patient


class NhsNumberChanged(PatientSubmission, type="fairwait.submission.nhs_number_changed.v1"):
    """The patient known by `former` has been given `nhs_number` in its place."""

    former: NhsNumber
    changed_on: date


class PatientsMerged(PatientSubmission, type="fairwait.submission.patients_merged.v1"):
    """Two records are one person: what was kept under `merged` belongs to `nhs_number`."""

    merged: NhsNumber
    merged_on: date


class IdentityChangeUndone(PatientSubmission, type="fairwait.submission.identity_change_undone.v1"):
    """A change of number or a merge was a mistake; `undoes` is the message that told it."""

    undoes: MessageId


class PatientDied(PatientSubmission, type="fairwait.submission.patient_died.v1"):
    """The patient has died."""

    died_on: date
    status: Literal["formal", "informal"] = "formal"


class PatientDeathWithdrawn(
    PatientSubmission, type="fairwait.submission.patient_death_withdrawn.v1"
):
    """The patient is alive: their death was recorded by mistake."""


class GpChanged(PatientSubmission, type="fairwait.submission.gp_changed.v1"):
    """The patient is registered with another practice, or with none."""

    practice: OdsCode | None = None
    changed_on: date


class PatientMarkedSensitive(
    PatientSubmission, type="fairwait.submission.patient_marked_sensitive.v1"
):
    """Whether the whereabouts of the patient may be shared (the sensitive flag of PDS)."""

    sensitive: bool
    marked_on: date
