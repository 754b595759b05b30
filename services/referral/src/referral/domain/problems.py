"""What can be wrong with a submission, by code and place."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemCode(StrEnum):
    """Every reason for which a submission is turned down. Published, so never renamed."""

    NHS_NUMBER = "nhs_number"
    SYNTHETIC_PATIENT = "synthetic_patient"
    BIRTH_DATE = "birth_date"
    UNKNOWN_TREATMENT_FUNCTION = "unknown_treatment_function"
    DATE_IN_FUTURE = "date_in_future"
    DATE_TOO_OLD = "date_too_old"
    NOT_NHS_FUNDED = "not_nhs_funded"
    IDENTIFIER_FOR_ISSUER = "identifier_for_issuer"
    PATHWAY_DIFFERS = "pathway_differs"
    UNKNOWN_PATHWAY = "unknown_pathway"
    UNKNOWN_RTT_STATUS = "unknown_rtt_status"
    RTT_STATUS_NOT_ALLOWED = "rtt_status_not_allowed"
    RTT_STATUS_NEEDS_TRANSFER = "rtt_status_needs_transfer"
    RTT_STATUS_NEEDS_OWN_PATHWAY = "rtt_status_needs_own_pathway"
    BEFORE_REFERRAL = "before_referral"
    ALREADY_RECORDED = "already_recorded"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `pointer` is a JSON Pointer into the submission."""

    code: ProblemCode
    pointer: str = ""
