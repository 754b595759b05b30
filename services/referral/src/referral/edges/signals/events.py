"""CloudEvents 1.0 over HTTP: an event in structured JSON or in binary mode, as one `Signal`.

Attributes that we do not know are passed over, as the specification says; an attribute that we need
and cannot read is named.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from chassis.clock import london_date
from chassis.errors import Rejected
from chassis.faults import INVALID, MALFORMED, UNSUPPORTED, Fault, of_validation
from chassis.web import check_json

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch"

_MESSAGE_FORMATS: Final = "application/cloudevents"


def _instant(text: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
        usable = instant.tzinfo is not None and bool(london_date(instant))
    except (ValueError, OverflowError):
        usable = False
    if not usable:
        raise ValueError("A date and time with its zone is needed (RFC 3339)")
    return text


_Name = Annotated[str, Field(min_length=1, max_length=512)]


class Attributes(BaseModel):
    """The attributes that the service needs of every signal (its own publishing schema)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    type: _Name
    time: Annotated[str, Field(max_length=64), AfterValidator(_instant)]
    subject: _Name | None = None
    datacontenttype: Annotated[str, Field(max_length=256)] | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal, and where in the request its parts stand, so that a fault can name the place.

    `data` gives the data as JSON, None without any; `Rejected` for what is none. It is looked into
    only when the type is one of ours.
    """

    attributes: Attributes
    places: "Places"
    data: Callable[[], Any]

    @property
    def day(self) -> date:
        """The day in London on which it happened."""
        return london_date(datetime.fromisoformat(self.attributes.time))


@dataclass(frozen=True, slots=True)
class Places:
    """Where attributes and data stand: headers before names, or pointers into the body."""

    attributes: str
    data: str
    binary: bool = False
    whole: bool = False
    """Whether all attributes are told by one place."""

    def attribute(self, name: str) -> dict[str, str]:
        place = self.attributes if self.whole else f"{self.attributes}{name}"
        return {"header" if self.binary else "pointer": place}

    def datum(self, pointer: str = "") -> dict[str, str]:
        place = f"{self.data}{pointer}"
        return {"pointer": place} if place else {}


_IN_HEADERS: Final = Places("ce-", "", binary=True)
_IN_BODY: Final = Places("/", "/data")


def attributes_of(found: Mapping[str, Any], places: Places) -> Attributes:
    """The attributes; `Rejected` with every one that is missing or wrong."""
    try:
        return Attributes.model_validate(dict(found))
    except ValidationError as error:
        faults = [
            Fault(one.code, one.status, one.message, fhir_code=one.fhir_code,
                  **places.attribute(one.pointer.removeprefix("/")))
            for one in of_validation(error)
        ]  # fmt: skip
        raise Rejected(faults) from None


def read_structured(body: bytes) -> Signal:
    """One event as JSON. `Rejected` for what is none."""
    envelope = json_of(body)
    if not isinstance(envelope, dict):
        raise Rejected([MALFORMED.fault("One CloudEvent as a JSON object is expected.")])
    attributes = attributes_of(envelope, _IN_BODY)
    data = partial(_member, envelope, attributes.datacontenttype)
    return Signal(attributes, _IN_BODY, data)


def read_binary(headers: Mapping[str, str], body: bytes) -> Signal:
    """Attributes in `ce-` headers, percent-encoded; the body is the data."""
    found = {
        name[3:].lower(): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith("ce-")
    }
    content_type = headers.get("content-type")
    attributes = attributes_of({**found, "datacontenttype": content_type}, _IN_HEADERS)
    return Signal(attributes, _IN_HEADERS, partial(_content, body, attributes.datacontenttype))


# ---- data


def _member(envelope: Mapping[str, Any], content_type: str | None) -> Any:
    """`data` or `data_base64` of a structured event."""
    given = [name for name in ("data", "data_base64") if envelope.get(name) is not None]
    if not given:
        return None
    if len(given) > 1:
        told = "An event has either data or data_base64."
        raise Rejected([INVALID.fault(told, pointer="/data_base64")])
    if not _is_json(content_type):
        raise Rejected([UNSUPPORTED.fault("The data is JSON here.", pointer="/datacontenttype")])
    return _decoded(envelope["data_base64"]) if given == ["data_base64"] else envelope["data"]


def _content(body: bytes, content_type: str | None) -> Any:
    """The body of a request in binary mode."""
    if not body:
        return None
    if not _is_json(content_type):
        raise Rejected([UNSUPPORTED.fault("The data is JSON here.", header="Content-Type")])
    return json_of(body)


def _decoded(text: Any) -> Any:
    try:
        return json_of(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, TypeError, Rejected):
        told = "This is JSON in Base64."
        raise Rejected([INVALID.fault(told, pointer="/data_base64")]) from None


def _is_json(content_type: str | None) -> bool:
    if content_type is None:  # section 3.1 of the JSON format: then it is application/json
        return True
    kind = content_type.partition(";")[0].strip().lower()
    return kind.endswith(("/json", "+json"))


# ---- modes


def is_structured(content_type: str) -> bool:
    """Whether the body is the whole event. `Rejected` for a format or a batch that is not taken."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        return True
    if kind.startswith(BATCHED):
        told = "Send one CloudEvent at a time."
        raise Rejected([UNSUPPORTED.fault(told, header="Content-Type")])
    if kind.startswith(_MESSAGE_FORMATS):
        raise Rejected([UNSUPPORTED.fault(f"Send {STRUCTURED}.", header="Content-Type")])
    return False


def json_of(body: bytes) -> Any:
    check_json(body)
    return orjson.loads(body)
