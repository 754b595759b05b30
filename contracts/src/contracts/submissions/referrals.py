"""Referrals: made, changed, called off."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from contracts.events.referral import Priority
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from contracts.submissions.base import PathwayKey, Patient, Reason, Submission

Circumstance = Literal[
    "urgent_or_emergency",
    "suspected_cancer",
    "maternity",
    "end_of_life",
    "detained_mha",
    "armed_forces",
    "prison_or_detained",
    "already_under_care",
    "mental_health",
]


class ReferralMade(Submission, type="fairwait.submission.referral_made.v1", minor=1):
    """A patient has been referred for consultant-led care.

    `separate_condition`: a consultant refers on for another condition, whose clock starts with
    status 12 on this pathway of its own. `interface_service`: such a service assessed first what a
    practice, dentist or optometrist had referred to it.
    """

    pathway: PathwayKey
    patient: Patient
    responsible_provider: OdsCode
    referring_organisation: OdsCode | None = None
    treatment_function: TreatmentFunctionCode
    priority: Priority = "1"
    source_of_referral: Annotated[str, Field(pattern=r"^\d{1,2}$")] | None = None
    received_on: date
    commissioner: OdsCode | None = None
    administrative_category: Annotated[str, Field(pattern=r"^0[1-4]$")] = "01"
    circumstances: list[Circumstance] = Field(default=[])
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)
    separate_condition: bool = False
    interface_service: bool = False


class ReferralChanged(Submission, type="fairwait.submission.referral_changed.v1"):
    """A referral is not as it was told; only what is given has changed.

    Another treatment function is a redirection from the wrong clinic: no clock stops or starts for
    it. A change of provider is a transfer and no change of the referral.
    """

    pathway: PathwayKey
    changed_on: date
    priority: Priority | None = None
    treatment_function: TreatmentFunctionCode | None = None
    referring_organisation: OdsCode | None = None
    source_of_referral: Annotated[str, Field(pattern=r"^[0-9]{1,2}$")] | None = None
    commissioner: OdsCode | None = None
    circumstances: list[Circumstance] | None = None
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)


class ReferralCancelled(Submission, type="fairwait.submission.referral_cancelled.v1"):
    """The referral is called off as a whole. `reason` is a referral cancellation reason of e-RS.

    RAISED_IN_ERROR takes the referral back as if it had never been made; all others stop the clock.
    """

    pathway: PathwayKey
    cancelled_on: date
    reason: Reason


NoChoiceReason = Literal[
    "PATIENT_HAD_CHOSEN",
    "PATIENT_DECLINED_CHOICE",
    "CLINICALLY_NECESSARY",
    "NO_OTHER_PROVIDER",
    "EXEMPT_SERVICE",
]


class ChoiceNotOffered(Submission, type="fairwait.submission.choice_not_offered.v1"):
    """The patient has the right to choose and was not offered a choice, for a coded reason."""

    pathway: PathwayKey
    decided_on: date
    reason: NoChoiceReason


class RightOverridden(Submission, type="fairwait.submission.right_overridden.v1"):
    """Somebody decided otherwise than the rules whether the patient has the right to choose.

    `decision` is a decision code (RIGHT_A, NO_SUSPECTED_CANCER, ...). A reason is always needed.
    """

    pathway: PathwayKey
    decided_on: date
    decision: Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{1,39}$")]
    reason: Literal[
        "CIRCUMSTANCE_NOT_ON_REFERRAL",
        "CIRCUMSTANCE_NO_LONGER_TRUE",
        "REFERRER_WRONGLY_CODED",
        "COMMISSIONER_AGREED",
    ]


class MoveRequested(Submission, type="fairwait.submission.move_requested.v1"):
    """The patient asked to be seen sooner elsewhere: the right after 18 weeks (SI 2012/2996 part 9).

    `exceptions` are the reasons in the regulations for which the right does not apply.
    """

    pathway: PathwayKey
    requested_on: date
    exceptions: list[
        Literal[
            "chose_to_wait",
            "delay_in_best_clinical_interest",
            "monitoring_appropriate",
            "missed_chosen_appointments",
            "treatment_not_needed",
        ]
    ] = Field(default=[])
