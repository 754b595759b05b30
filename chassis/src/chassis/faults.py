"""What can be wrong with a request, once for all protocols: problem+json and OperationOutcome.

No text from here holds a value that was sent to us. HL7 v2 renders the same faults at its edge.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError

PROBLEM_JSON: Final = "application/problem+json"
FHIR_JSON: Final = "application/fhir+json"

HTTP_ERROR_CODES: Final = "https://fhir.nhs.uk/Codesystem/http-error-codes"
MAX_FAULTS: Final = 100  # a body with ten thousand mistakes is told about the first hundred


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, in words for whoever has to put it right.

    `pointer` is a JSON Pointer into the body (`/patient/birth_date`), `expression` a FHIRPath,
    `header` the name of an HTTP header. `fhir_code` is a code of FHIR's issue-type.
    """

    code: str
    status: int
    message: str
    pointer: str = ""
    fhir_code: str = "value"
    expression: str = ""
    header: str = ""

    @property
    def place(self) -> str:
        """Where it is, in whichever of the three ways that was told."""
        return self.pointer or self.expression or self.header


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: what all faults with one code share."""

    code: str
    status: int
    message: str
    fhir_code: str

    def fault(
        self, message: str = "", *, pointer: str = "", expression: str = "", header: str = ""
    ) -> Fault:
        """A fault of this kind, in its usual words unless others are given."""
        return Fault(
            self.code,
            self.status,
            message or self.message,
            pointer,
            self.fhir_code,
            expression,
            header,
        )


MALFORMED = Kind("malformed", 400, "The body is not JSON that can be read.", "structure")
TOO_DEEP = Kind("too_deep", 400, "The body is nested too deeply.", "structure")
BAD_REQUEST = Kind("bad_request", 400, "The request cannot be read.", "structure")
UNAUTHORISED = Kind("unauthorised", 401, "A valid access token is needed.", "login")
FORBIDDEN = Kind("forbidden", 403, "This organisation may not do this.", "forbidden")
NOT_FOUND = Kind("not_found", 404, "There is nothing here.", "not-found")
METHOD = Kind("method_not_allowed", 405, "This address does not take that method.", "not-supported")
NOT_ACCEPTABLE = Kind(
    "not_acceptable", 406, "None of the accepted types can be given.", "not-supported"
)
SLOW_BODY = Kind("body_timeout", 408, "The body did not arrive in time.", "timeout")
CONFLICT = Kind("conflict", 409, "The state has moved on. Read it again.", "conflict")
IN_PROGRESS = Kind(
    "in_progress", 409, "A request with this Idempotency-Key is being worked on.", "conflict"
)
PRECONDITION = Kind("precondition_failed", 412, "The version is not the current one.", "conflict")
TOO_LARGE = Kind("too_large", 413, "The body is larger than is taken here.", "too-long")
UNSUPPORTED = Kind(
    "unsupported_type", 415, "This type of content is not taken here.", "not-supported"
)
INVALID = Kind("invalid", 422, "The value is not valid.", "value")
REQUIRED = Kind("required", 422, "This is required.", "required")
KEY_REUSED = Kind(
    "idempotency_key_reused",
    422,
    "This Idempotency-Key was used with another body.",
    "duplicate",
)
THROTTLED = Kind("throttled", 429, "Too many requests. Try again later.", "throttled")
SERVER_ERROR = Kind("server_error", 500, "Something went wrong here.", "exception")
NOT_IMPLEMENTED = Kind("not_implemented", 501, "This is not offered.", "not-supported")
UNAVAILABLE = Kind("unavailable", 503, "This is not available now. Try again later.", "transient")

CATALOGUE: Final[Mapping[str, Kind]] = {
    kind.code: kind
    for kind in (
        MALFORMED, TOO_DEEP, BAD_REQUEST, UNAUTHORISED, FORBIDDEN, NOT_FOUND, METHOD,
        NOT_ACCEPTABLE, SLOW_BODY, CONFLICT, IN_PROGRESS, PRECONDITION, TOO_LARGE, UNSUPPORTED,
        INVALID, REQUIRED, KEY_REUSED, THROTTLED, SERVER_ERROR, NOT_IMPLEMENTED, UNAVAILABLE,
    )
}  # fmt: skip

_BY_STATUS: Final[Mapping[int, Kind]] = {
    400: BAD_REQUEST, 401: UNAUTHORISED, 403: FORBIDDEN, 404: NOT_FOUND, 405: METHOD,
    406: NOT_ACCEPTABLE, 408: SLOW_BODY, 409: CONFLICT, 412: PRECONDITION, 413: TOO_LARGE,
    415: UNSUPPORTED, 422: INVALID, 429: THROTTLED, 500: SERVER_ERROR, 501: NOT_IMPLEMENTED,
    503: UNAVAILABLE,
}  # fmt: skip

# The code system lists these and no more; the rest fall back to their class.
_REC_CODES: Final[Mapping[int, str]] = {
    400: "REC_BAD_REQUEST",
    401: "REC_UNAUTHORIZED",
    403: "REC_FORBIDDEN",
    404: "REC_NOT_FOUND",
    406: "REC_NOT_ACCEPTABLE",
    409: "REC_CONFLICT",
    422: "REC_UNPROCESSABLE_ENTITY",
    500: "REC_SERVER_ERROR",
    501: "REC_NOT_IMPLEMENTED",
    503: "REC_SERVICE_UNAVAILABLE",
}


def of_status(status: int) -> Kind:
    """The kind that stands for an HTTP status in general."""
    return _BY_STATUS.get(status) or (BAD_REQUEST if status < 500 else SERVER_ERROR)


def status_of(faults: Sequence[Fault]) -> int:
    """The status of a response that tells these faults: that of the first."""
    return faults[0].status


# ---- renderers


def problem_json(faults: Sequence[Fault], instance: str = "") -> dict[str, Any]:
    """The faults as RFC 9457 problem details. `instance` names this occurrence, by a request id."""
    first = faults[0]
    problem: dict[str, Any] = {
        "type": f"/faults#{first.code}",
        "title": _title(first.status),
        "status": first.status,
        "detail": first.message if len(faults) == 1 else f"{len(faults)} things are wrong.",
        "code": first.code,
    }
    if instance:
        problem["instance"] = instance
    if len(faults) > 1 or first.pointer or first.header:
        problem["errors"] = [_problem_error(fault) for fault in faults[:MAX_FAULTS]]
    return problem


def _problem_error(fault: Fault) -> dict[str, str]:
    error = {"code": fault.code, "detail": fault.message}
    if fault.pointer:
        error["pointer"] = f"#{fault.pointer}"
    if fault.header:
        error["header"] = fault.header
    return error


def operation_outcome(faults: Sequence[Fault]) -> dict[str, Any]:
    """The faults as a FHIR R4 OperationOutcome, with the NHS codes for HTTP errors."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [_issue(fault) for fault in faults[:MAX_FAULTS]],
    }


def _issue(fault: Fault) -> dict[str, Any]:
    code = _REC_CODES.get(fault.status) or _REC_CODES[400 if fault.status < 500 else 500]
    issue: dict[str, Any] = {
        "severity": "error" if fault.status < 500 else "fatal",
        "code": fault.fhir_code,
        "details": {
            "coding": [{"system": HTTP_ERROR_CODES, "code": code, "display": _title(fault.status)}]
        },
        "diagnostics": fault.message,
    }
    if fault.expression:
        issue["expression"] = [fault.expression]
    elif fault.header:
        issue["expression"] = [f"http.{fault.header}"]  # FHIR's own way to name a header
    return issue


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


# ---- from validation


def of_validation(error: ValidationError, *, base: str = "") -> list[Fault]:
    """The faults in a body that a pydantic model refused. `base` is the pointer to that body."""
    return [
        _of_problem(problem, problem["loc"], base)
        for problem in error.errors(include_url=False, include_context=False)
    ]


def of_request(problems: Iterable[Mapping[str, Any]]) -> list[Fault]:
    """The faults in FastAPI's list of validation errors, where the location starts with the place."""
    return [_of_part(problem) for problem in problems]


def _of_part(problem: Mapping[str, Any]) -> Fault:
    place, *rest = problem["loc"] or ("body",)
    if problem["type"] == "json_invalid":
        return MALFORMED.fault()
    if place == "body":
        return _of_problem(problem, rest, "")

    fault = _of_problem(problem, (), "")
    name = _safe_part(rest[0]) if rest else ""
    if place == "header":
        return _kind_of(problem).fault(fault.message, header=name)
    return _kind_of(problem).fault(f"{place} parameter {name}: {fault.message}")


def _of_problem(problem: Mapping[str, Any], loc: Iterable[Any], base: str) -> Fault:
    pointer = base + "".join(f"/{_safe_part(part)}" for part in loc)
    return _kind_of(problem).fault(_message(problem), pointer=pointer)


def _kind_of(problem: Mapping[str, Any]) -> Kind:
    return REQUIRED if problem["type"] == "missing" else INVALID


# A key of the sender's own invention is input too: only what looks like a field's name is shown.
_FIELD_NAME = re.compile(r"[A-Za-z_$][A-Za-z_-]{0,39}[0-9]{0,2}")


def _safe_part(part: Any) -> str:
    if isinstance(part, int):
        return str(part)
    return str(part) if _FIELD_NAME.fullmatch(str(part)) else "?"


# pydantic's words for these hold the rule and never the value; all others might quote it.
_QUOTES_NOTHING: Final = frozenset(
    [
        "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
        "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "bool_type",
        "bool_parsing", "date_type", "date_from_datetime_inexact", "datetime_type",
        "timezone_aware", "list_type", "dict_type", "too_short", "too_long", "literal_error",
        "enum", "greater_than", "greater_than_equal", "less_than", "less_than_equal",
        "extra_forbidden", "missing", "model_type", "model_attributes_type", "finite_number",
        "none_required", "multiple_of",
    ]
)  # fmt: skip
_DATES: Final = frozenset(
    ["date_parsing", "date_from_datetime_parsing", "datetime_parsing", "datetime_from_date_parsing"]
)
_OWN_WORDS: Final = frozenset(["value_error", "assertion_error"])


def _message(problem: Mapping[str, Any]) -> str:
    problem_type, words = problem["type"], str(problem.get("msg", ""))
    if problem_type == "missing":
        return REQUIRED.message
    if problem_type == "extra_forbidden":
        return "This field is not known here."
    if problem_type in _DATES:
        return "This is not a date or time in its ISO 8601 form."
    if problem_type in _QUOTES_NOTHING:
        return f"{words}."
    if problem_type in _OWN_WORDS and not _quotes(words, problem.get("input")):
        return f"{words.partition(', ')[2] or words}."
    return INVALID.message


def _quotes(words: str, value: Any) -> bool:
    """Whether a validator's own words repeat the value that it refused, or might."""
    return not isinstance(value, str) or value.casefold() in words.casefold()
