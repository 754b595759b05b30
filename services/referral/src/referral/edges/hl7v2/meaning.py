"""What each message means: the submission that a message type and its trigger event bring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.submissions import (
    AdmissionRecorded,
    BookingRecorded,
    CancellationRecorded,
    DeletionRecorded,
    NonAttendanceRecorded,
    PatientChanged,
    PatientsMerged,
    RebookingRecorded,
    ReferralCancelled,
    ReferralChanged,
    ReferralMade,
    Submission,
)
from referral.edges.hl7v2 import appointments, patients, referrals
from referral.edges.hl7v2.reading import Mapped, Reading


@dataclass(frozen=True, slots=True)
class Meaning:
    """The submission that such a message usually brings, and how it is read."""

    submission: type[Submission]
    read: Callable[[Reading], Mapped]


MEANINGS: Final[Mapping[str, Mapping[str, Meaning]]] = {
    "REF": {
        "I12": Meaning(ReferralMade, referrals.referral_made),
        "I13": Meaning(ReferralChanged, referrals.referral_changed),
        "I14": Meaning(ReferralCancelled, referrals.referral_cancelled),
    },
    "SIU": {
        "S12": Meaning(BookingRecorded, appointments.booked),
        "S13": Meaning(RebookingRecorded, appointments.moved),
        "S14": Meaning(RebookingRecorded, appointments.moved),
        "S15": Meaning(CancellationRecorded, appointments.cancelled),
        "S17": Meaning(DeletionRecorded, appointments.deleted),
        "S26": Meaning(NonAttendanceRecorded, appointments.missed),
    },
    "ADT": {
        "A01": Meaning(AdmissionRecorded, patients.admitted),
        "A03": Meaning(AdmissionRecorded, patients.discharged),
        "A05": Meaning(AdmissionRecorded, patients.planned),
        "A08": Meaning(PatientChanged, patients.patient_changed),
        "A28": Meaning(PatientChanged, patients.patient_changed),
        "A31": Meaning(PatientChanged, patients.patient_changed),
        "A40": Meaning(PatientsMerged, patients.patients_merged),
    },
}
