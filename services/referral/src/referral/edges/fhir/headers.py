"""The headers of a FHIR request: content type, ids, and the NHSD headers of BaRS."""

import base64
import binascii
import json
import re
from email.message import Message
from typing import Any, Final

from starlette.requests import Request

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, FHIR_JSON, NOT_ACCEPTABLE, REQUIRED, UNSUPPORTED, Fault
from referral.edges.fhir.systems import ODS
from referral.faults import FORBIDDEN_ORGANISATION

REQUEST_ID: Final = "X-Request-Id"
TARGET: Final = "NHSD-Target-Identifier"
END_USER: Final = "NHSD-End-User-Organisation"

_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")  # what the chassis mirrors
_ETAG: Final = re.compile(r'(?:W/)?"(?P<version>[0-9]{1,9})"')
_LONGEST: Final = 4096
_VERSION: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}")


def check(request: Request, organisation: str) -> None:
    """Raises `Rejected` for a request whose headers keep us from reading its body."""
    _check_content_type(request.headers.get("content-type", ""))
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Rejected([UNSUPPORTED.fault(header="Content-Encoding")])
    check_accept(request)
    faults = [*_target_faults(request), *_end_user_faults(request, organisation)]
    if faults:
        raise Rejected(faults)


def message_id(request: Request) -> str:
    """The sender's own id of this request, by which a repeat is known."""
    given = request.headers.get("x-request-id", "")
    if not given:
        raise Rejected(
            [Fault(REQUIRED.code, 400, REQUIRED.message, "", REQUIRED.fhir_code, "", REQUEST_ID)]
        )
    if _ID.fullmatch(given) is None:
        told = "This has 1 to 64 letters, digits, dots, colons, dashes or underscores."
        raise Rejected([BAD_REQUEST.fault(told, header=REQUEST_ID)])
    return given


def version_seen(request: Request) -> int | None:
    """The version in `If-Match`; None when any will do."""
    given = request.headers.get("if-match", "*").strip()
    if given == "*":
        return None
    found = _ETAG.fullmatch(given)
    if found is None:
        raise Rejected([BAD_REQUEST.fault('Send one ETag of ours, as W/"3".', header="If-Match")])
    return int(found["version"])


def has_seen(request: Request, etag: str) -> bool:
    """Whether the caller has this version already (`If-None-Match`)."""
    given = request.headers.get("if-none-match", "")
    return etag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in given.split(",")}


def check_accept(request: Request) -> None:
    accepted = request.headers.get("accept", "*/*").lower()
    kinds = {one.partition(";")[0].strip() for one in accepted.split(",")}
    if not kinds & {"*/*", "application/*", FHIR_JSON, "application/json", ""}:
        raise Rejected([NOT_ACCEPTABLE.fault(header="Accept")])


def _check_content_type(text: str) -> None:
    header = Message()
    header["content-type"] = text
    fits = (
        text.partition(";")[0].strip().lower() == FHIR_JSON
        and str(header.get_param("charset", "utf-8")).lower() == "utf-8"
        and _VERSION.fullmatch(str(header.get_param("version", "1"))) is not None
        and str(header.get_param("fhirversion", "4.0")) in {"4.0", "4.0.1"}
    )
    if not fits:
        raise Rejected([UNSUPPORTED.fault(f"Send {FHIR_JSON}.", header="Content-Type")])


def _target_faults(request: Request) -> list[Fault]:
    """Which service is meant; of ours there is one, so that only its form matters."""
    text = request.headers.get(TARGET)
    if text is None:
        return []
    decoded = _decoded(text)
    if isinstance(decoded, dict) and isinstance(decoded.get("value"), str):
        return []
    return [BAD_REQUEST.fault("This is base64 of JSON with system and value.", header=TARGET)]


def _end_user_faults(request: Request, organisation: str) -> list[Fault]:
    """The organisation is that of the credential. A header that names another is a mistake."""
    text = request.headers.get(END_USER)
    if text is None:
        return []
    decoded = _decoded(text)
    if not isinstance(decoded, dict):
        return [BAD_REQUEST.fault("This is base64 of an Organization.", header=END_USER)]
    named = _ods_codes(decoded.get("identifier"))
    if named and organisation not in named:
        return [FORBIDDEN_ORGANISATION.fault(header=END_USER)]
    return []


def _ods_codes(identifiers: Any) -> set[str]:
    if not isinstance(identifiers, list):
        return set()
    return {
        str(one.get("value"))
        for one in identifiers
        if isinstance(one, dict) and str(one.get("system", "")).casefold() == ODS.casefold()
    }


def _decoded(text: str) -> Any:
    if len(text) > _LONGEST:
        return None
    try:
        return json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
