"""The part of R4 that we read. Frozen; whatever else a sender adds is let through and not read.

Lists end where no real referral reaches, so that a body of a mebibyte costs no more than another.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Element(BaseModel):
    """What all elements and resources have."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Coding(Element):
    system: str | None = None
    code: str | None = None


class CodeableConcept(Element):
    coding: list[Coding] = Field(default=[], max_length=20)


class Reference(Element):
    reference: str | None = None
    type: str | None = None
    identifier: "Identifier | None" = None


class Identifier(Element):
    system: str | None = None
    value: str | None = None
    assigner: Reference | None = None


class Period(Element):
    start: str | None = None
    end: str | None = None


class Extension(Element):
    url: str
    value_code: str | None = Field(default=None, alias="valueCode")
    value_string: str | None = Field(default=None, alias="valueString")
    value_boolean: bool | None = Field(default=None, alias="valueBoolean", strict=True)
    value_date: str | None = Field(default=None, alias="valueDate")
    value_instant: str | None = Field(default=None, alias="valueInstant")
    value_positive_int: int | None = Field(default=None, alias="valuePositiveInt", strict=True)
    value_coding: Coding | None = Field(default=None, alias="valueCoding")
    value_codeable_concept: CodeableConcept | None = Field(
        default=None, alias="valueCodeableConcept"
    )
    extension: "list[Extension]" = Field(default=[], max_length=200)


class HumanName(Element):
    use: str | None = None
    family: str | None = None
    given: list[str] = Field(default=[], max_length=20)


class ContactPoint(Element):
    system: str | None = None
    value: str | None = None
    use: str | None = None
    rank: int | None = None


class Address(Element):
    use: str | None = None
    line: list[str] = Field(default=[], max_length=20)
    city: str | None = None
    district: str | None = None
    postal_code: str | None = Field(default=None, alias="postalCode")


class Communication(Element):
    language: CodeableConcept
    preferred: bool = False


class Patient(Element):
    resource_type: Literal["Patient"] = Field(alias="resourceType")
    extension: list[Extension] = Field(default=[], max_length=200)
    identifier: list[Identifier] = Field(default=[], max_length=50)
    name: list[HumanName] = Field(default=[], max_length=50)
    telecom: list[ContactPoint] = Field(default=[], max_length=100)
    gender: Literal["male", "female", "other", "unknown"] | None = None
    birth_date: str | None = Field(default=None, alias="birthDate")
    address: list[Address] = Field(default=[], max_length=50)
    communication: list[Communication] = Field(default=[], max_length=50)


class Organization(Element):
    resource_type: Literal["Organization"] = Field(alias="resourceType")
    identifier: list[Identifier] = Field(default=[], max_length=50)


class PractitionerRole(Element):
    resource_type: Literal["PractitionerRole"] = Field(alias="resourceType")
    organization: Reference | None = None


class HealthcareService(Element):
    resource_type: Literal["HealthcareService"] = Field(alias="resourceType")
    provided_by: Reference | None = Field(default=None, alias="providedBy")
    specialty: list[CodeableConcept] = Field(default=[], max_length=50)


class Location(Element):
    resource_type: Literal["Location"] = Field(alias="resourceType")
    identifier: list[Identifier] = Field(default=[], max_length=50)
    managing_organization: Reference | None = Field(default=None, alias="managingOrganization")


Status = Literal[
    "draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"
]
Intent = Literal[
    "proposal",
    "plan",
    "directive",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
]


class Brought(Element):
    """What all resources have that bring us something."""

    id: str | None = None
    contained: list[dict[str, Any]] = Field(default=[], max_length=200)
    extension: list[Extension] = Field(default=[], max_length=200)
    identifier: list[Identifier] = Field(default=[], max_length=50)


class ServiceRequest(Brought):
    resource_type: Literal["ServiceRequest"] = Field(alias="resourceType")
    status: Status
    intent: Intent
    category: list[CodeableConcept] = Field(default=[], max_length=50)
    priority: Literal["routine", "urgent", "asap", "stat"] | None = None
    code: CodeableConcept | None = None
    order_detail: list[CodeableConcept] = Field(default=[], alias="orderDetail", max_length=50)
    subject: Reference
    authored_on: str | None = Field(default=None, alias="authoredOn")
    requester: Reference | None = None
    performer: list[Reference] = Field(default=[], max_length=100)


class Participant(Element):
    actor: Reference | None = None


class Appointment(Brought):
    resource_type: Literal["Appointment"] = Field(alias="resourceType")
    status: Literal[
        "proposed",
        "pending",
        "booked",
        "arrived",
        "fulfilled",
        "cancelled",
        "noshow",
        "entered-in-error",
        "checked-in",
        "waitlist",
    ]
    cancelation_reason: CodeableConcept | None = Field(default=None, alias="cancelationReason")
    specialty: list[CodeableConcept] = Field(default=[], max_length=20)
    appointment_type: CodeableConcept | None = Field(default=None, alias="appointmentType")
    start: str | None = None
    created: str | None = None
    based_on: list[Reference] = Field(default=[], alias="basedOn", max_length=20)
    participant: list[Participant] = Field(default=[], max_length=50)


class Part(Element):
    """An input or an output of a task."""

    type: CodeableConcept
    value_string: str | None = Field(default=None, alias="valueString")
    value_code: str | None = Field(default=None, alias="valueCode")
    value_date: str | None = Field(default=None, alias="valueDate")
    value_instant: str | None = Field(default=None, alias="valueInstant")


class Task(Brought):
    resource_type: Literal["Task"] = Field(alias="resourceType")
    status: Literal[
        "draft",
        "requested",
        "received",
        "accepted",
        "rejected",
        "ready",
        "cancelled",
        "in-progress",
        "on-hold",
        "failed",
        "completed",
        "entered-in-error",
    ]
    code: CodeableConcept | None = None
    based_on: list[Reference] = Field(default=[], alias="basedOn", max_length=20)
    focus: Reference | None = None
    patient: Reference | None = Field(default=None, alias="for")
    authored_on: str | None = Field(default=None, alias="authoredOn")
    owner: Reference | None = None
    reason_code: CodeableConcept | None = Field(default=None, alias="reasonCode")
    input: list[Part] = Field(default=[], max_length=100)
    output: list[Part] = Field(default=[], max_length=100)


class MessageHeader(Element):
    resource_type: Literal["MessageHeader"] = Field(alias="resourceType")
    event_coding: Coding | None = Field(default=None, alias="eventCoding")
    reason: CodeableConcept | None = None
    sender: Reference | None = None
    focus: list[Reference] = Field(default=[], max_length=50)


class Entry(Element):
    full_url: str | None = Field(default=None, alias="fullUrl")
    resource: dict[str, Any] | None = None


class Bundle(Element):
    resource_type: Literal["Bundle"] = Field(alias="resourceType")
    id: str | None = None
    timestamp: str | None = None
    type: Literal[
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    ]
    entry: list[Entry] = Field(default=[], max_length=500)
