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
    ProblemCode.DATE_TOO_OLD: (422, "The date is more than 365 days ago.", "value"),
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
