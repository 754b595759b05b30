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
    TOO_MANY_FACTS = "too_many_facts"
    NOT_A_CLOCK_STOP_EVENT = "not_a_clock_stop_event"
    CLINICIAN_DECISION_NEEDED = "clinician_decision_needed"
    REASON_DOES_NOT_FIT = "reason_does_not_fit"
    UNKNOWN_REASON = "unknown_reason"
    UNKNOWN_MESSAGE = "unknown_message"
    UNKNOWN_APPOINTMENT = "unknown_appointment"
    APPOINTMENT_OVER = "appointment_over"
    APPOINTMENT_DIFFERS = "appointment_differs"
    UNKNOWN_REQUEST = "unknown_request"
    LOCAL_TIME_DOES_NOT_EXIST = "local_time_does_not_exist"
    LOCAL_TIME_COMES_TWICE = "local_time_comes_twice"
    INSTANT_DIFFERS = "instant_differs"
    NEW_TIME_NEEDED = "new_time_needed"
    DISCHARGE_NOT_ALLOWED = "discharge_not_allowed"
    REFERRAL_OVER = "referral_over"
    CHOICE_NOT_RECORDED = "choice_not_recorded"
    UNKNOWN_DECISION = "unknown_decision"
    UNKNOWN_PATIENT = "unknown_patient"
    SAME_PATIENT = "same_patient"
    LATER_CHANGE_FIRST = "later_change_first"
    UNKNOWN_TRANSFER = "unknown_transfer"
    TRANSFER_INCOMPLETE = "transfer_incomplete"
    TRANSFER_OVER = "transfer_over"
    TRANSFER_DIFFERS = "transfer_differs"
    TRANSFER_STATUS_NOT_ALLOWED = "transfer_status_not_allowed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `pointer` is a JSON Pointer into the submission."""

    code: ProblemCode
    pointer: str = ""
