"""What organisations outside Fairwait may send: the messages of topic `submission`.

A publisher sends CloudEvents 1.0, in binary or structured mode, with its own id (unique for that
publisher: a second one with the same id is a repeat) and its signed token, without any word before
it, in the header `authorization`. The organisation is taken from that token, never from the message.
"""

from contracts.submissions.appointments import (
    AdmissionRecorded,
    AttendanceRecorded,
    BookingRecorded,
    CancellationRecorded,
    ChangeDecisionRecorded,
    ChangeRequestRecorded,
    DeletionRecorded,
    NonAttendanceRecorded,
    RebookingRecorded,
)
from contracts.submissions.base import TYPES, PathwayKey, Patient, Submission
from contracts.submissions.capacity import (
    CapacityOffered,
    WithdrawalDeclared,
)
from contracts.submissions.clock import ClockReported, ClockReportWithdrawn
from contracts.submissions.identity import (
    GpChanged,
    IdentityChangeUndone,
    NhsNumberChanged,
    PatientChanged,
    PatientDeathWithdrawn,
    PatientDied,
    PatientMarkedSensitive,
    PatientsMerged,
    PatientSubmission,
)
from contracts.submissions.referrals import (
    ChoiceNotOffered,
    Circumstance,
    MoveRequested,
    ReferralCancelled,
    ReferralChanged,
    ReferralMade,
    RightOverridden,
)
from contracts.submissions.transfers import TransferCancelled, TransferDecided, TransferReceived

__all__ = [
    "TYPES",
    "AdmissionRecorded",
    "AttendanceRecorded",
    "BookingRecorded",
    "CancellationRecorded",
    "CapacityOffered",
    "ChangeDecisionRecorded",
    "ChangeRequestRecorded",
    "ChoiceNotOffered",
    "Circumstance",
    "ClockReportWithdrawn",
    "ClockReported",
    "DeletionRecorded",
    "GpChanged",
    "IdentityChangeUndone",
    "MoveRequested",
    "NhsNumberChanged",
    "NonAttendanceRecorded",
    "PathwayKey",
    "Patient",
    "PatientChanged",
    "PatientDeathWithdrawn",
    "PatientDied",
    "PatientMarkedSensitive",
    "PatientSubmission",
    "PatientsMerged",
    "RebookingRecorded",
    "ReferralCancelled",
    "ReferralChanged",
    "ReferralMade",
    "RightOverridden",
    "Submission",
    "TransferCancelled",
    "TransferDecided",
    "TransferReceived",
    "WithdrawalDeclared",
]
