"""The faults of this service, in words for whoever sent the submission."""

from collections.abc import Iterable
from typing import Final

from chassis.faults import Fault, Kind
from referral.domain.problems import Problem, ProblemCode

FORBIDDEN_ORGANISATION: Final = Kind(
    "forbidden_organisation",
    403,
    "The organisation of the access token may not write for this provider.",
    "forbidden",
)
DUPLICATE_MESSAGE_ID: Final = Kind(
    "duplicate_message_id",
    409,
    "This message id was used before with another body. Send new content under a new id.",
    "duplicate",
)
REASON_REQUIRED: Final = Kind(
    "reason_required",
    400,
    "Say why patient data is read: direct-care, validation, booking, complaint or audit.",
    "required",
)

_PROBLEMS: Final[dict[ProblemCode, tuple[int, str, str]]] = {
    ProblemCode.NHS_NUMBER: (422, "This is no NHS number of England.", "value"),
    ProblemCode.SYNTHETIC_PATIENT: (
        422,
        "NHS numbers for tests are not taken in production.",
        "business-rule",
    ),
    ProblemCode.BIRTH_DATE: (
        422,
        "The date of birth is after the referral or more than 130 years before it.",
        "value",
    ),
    ProblemCode.UNKNOWN_TREATMENT_FUNCTION: (
        422,
        "No such TREATMENT FUNCTION CODE was in use on the day the referral was received.",
        "code-invalid",
    ),
    ProblemCode.DATE_IN_FUTURE: (422, "The date is in the future.", "value"),
    ProblemCode.DATE_TOO_OLD: (
        422,
        "The date is too long ago: before 2007, or more than 365 days ago and from e-RS.",
        "value",
    ),
    ProblemCode.NOT_NHS_FUNDED: (
        422,
        "Only NHS patients (ADMINISTRATIVE CATEGORY 01) are on these pathways.",
        "business-rule",
    ),
    ProblemCode.IDENTIFIER_FOR_ISSUER: (
        422,
        "A pathway identifier of e-RS (issuer X09) is a UBRN of 12 digits.",
        "value",
    ),
    ProblemCode.PATHWAY_DIFFERS: (
        409,
        "The pathway of this identifier is known with another value here.",
        "conflict",
    ),
    ProblemCode.UNKNOWN_PATHWAY: (404, "No pathway is known by this identifier.", "not-found"),
    ProblemCode.UNKNOWN_RTT_STATUS: (
        422,
        "This is no REFERRAL TO TREATMENT PERIOD STATUS.",
        "code-invalid",
    ),
    ProblemCode.RTT_STATUS_NOT_ALLOWED: (
        422,
        "This status does not fit what is known of the RTT clock on that day.",
        "business-rule",
    ),
    ProblemCode.RTT_STATUS_NEEDS_TRANSFER: (
        422,
        "Status 21 is for a provider that the patient has moved to.",
        "business-rule",
    ),
    ProblemCode.RTT_STATUS_NEEDS_OWN_PATHWAY: (
        422,
        "Status 12 starts a pathway of its own: send a referral with its own identifier.",
        "business-rule",
    ),
    ProblemCode.BEFORE_REFERRAL: (
        422,
        "The date is before the RTT period it belongs to.",
        "value",
    ),
    ProblemCode.ALREADY_RECORDED: (
        409,
        "An attendance at this provider on this day is on record.",
        "conflict",
    ),
    ProblemCode.TOO_MANY_FACTS: (
        422,
        "This pathway holds as many reports as it can.",
        "too-costly",
    ),
    ProblemCode.NOT_A_CLOCK_STOP_EVENT: (
        422,
        "Only 30, 31, 32, 34, 35 and 36 may stop a clock without the patient (FIRST ATTENDANCE 5).",
        "business-rule",
    ),
    ProblemCode.CLINICIAN_DECISION_NEEDED: (
        422,
        "Monitoring after declined offers needs a named clinician, the patient's agreement and the "
        "policy.",
        "required",
    ),
    ProblemCode.REASON_DOES_NOT_FIT: (
        422,
        "This reason does not fit the status and what is known of the RTT clock.",
        "business-rule",
    ),
    ProblemCode.UNKNOWN_REASON: (
        422,
        "No such reason is in the list of e-RS on that day.",
        "code-invalid",
    ),
    ProblemCode.UNKNOWN_MESSAGE: (
        404,
        "No report of yours on this pathway has this message id.",
        "not-found",
    ),
    ProblemCode.UNKNOWN_APPOINTMENT: (
        404,
        "No appointment of this pathway is known by this reference.",
        "not-found",
    ),
    ProblemCode.APPOINTMENT_OVER: (
        409,
        "This appointment was attended, missed, cancelled or deleted before.",
        "conflict",
    ),
    ProblemCode.APPOINTMENT_DIFFERS: (
        409,
        "This reference is known with another time or place; send a rebooking.",
        "conflict",
    ),
    ProblemCode.UNKNOWN_REQUEST: (
        404,
        "No open request of this name is known for the appointment.",
        "not-found",
    ),
    ProblemCode.LOCAL_TIME_DOES_NOT_EXIST: (
        422,
        "Clocks in England skip this time on the night they go forward.",
        "value",
    ),
    ProblemCode.LOCAL_TIME_COMES_TWICE: (
        422,
        "Clocks in England show this time twice that night: say which with starts_at.",
        "required",
    ),
    ProblemCode.INSTANT_DIFFERS: (
        422,
        "local_start and starts_at are not the same moment in England.",
        "value",
    ),
    ProblemCode.NEW_TIME_NEEDED: (422, "A request that is granted needs its new time.", "required"),
    ProblemCode.DISCHARGE_NOT_ALLOWED: (
        422,
        "After non-attendance, discharge needs clear communication, no harm, a published policy "
        "and protection of the vulnerable.",
        "business-rule",
    ),
    ProblemCode.REFERRAL_OVER: (
        409,
        "The referral was made by mistake and taken back, or the patient has died.",
        "conflict",
    ),
    ProblemCode.CHOICE_NOT_RECORDED: (
        422,
        "The patient has the right to choose: an offer of choice, or the coded reason for none, "
        "has to be on record first.",
        "business-rule",
    ),
    ProblemCode.UNKNOWN_DECISION: (422, "No such decision on the right to choose.", "code-invalid"),
    ProblemCode.UNKNOWN_PATIENT: (
        404,
        "No pathway of this patient is known that your organisation has to do with.",
        "not-found",
    ),
    ProblemCode.SAME_PATIENT: (422, "Both NHS numbers are the same.", "value"),
    ProblemCode.LATER_CHANGE_FIRST: (
        409,
        "The identity was changed again since: undo the later change first.",
        "conflict",
    ),
    ProblemCode.UNKNOWN_TRANSFER: (404, "No transfer is known by this reference.", "not-found"),
    ProblemCode.TRANSFER_INCOMPLETE: (
        422,
        "The inter-provider transfer minimum data set lacks this.",
        "required",
    ),
    ProblemCode.TRANSFER_OVER: (409, "This transfer has come to its end.", "conflict"),
    ProblemCode.TRANSFER_DIFFERS: (
        409,
        "What is known of the pathway or the transfer is another value.",
        "conflict",
    ),
    ProblemCode.TRANSFER_STATUS_NOT_ALLOWED: (
        422,
        "A provider that hands a patient over sends status 12, 20, 90 or 98.",
        "business-rule",
    ),
}


KINDS: Final = (
    FORBIDDEN_ORGANISATION,
    DUPLICATE_MESSAGE_ID,
    REASON_REQUIRED,
    *(
        Kind(code.value, status, message, fhir_code)
        for code, (status, message, fhir_code) in _PROBLEMS.items()
    ),
)
_BY_CODE: Final = {kind.code: kind for kind in KINDS}


def fault_of(problem: Problem) -> Fault:
    """The fault that tells a problem of the domain."""
    return _BY_CODE[problem.code.value].fault(pointer=problem.pointer)


def faults_of(problems: Iterable[Problem]) -> list[Fault]:
    return [fault_of(problem) for problem in problems]
