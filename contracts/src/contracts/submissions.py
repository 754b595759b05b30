"""What organisations outside Fairwait may send: the messages of topic `submission`.

A publisher sends CloudEvents 1.0, in binary or structured mode, with its own id (unique for that
publisher: a second one with the same id is a repeat) and its signed token, without any word before
it, in the header `authorization`. The organisation is taken from that token, never from the message.
"""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.identity import Channel
from contracts.events.referral import Priority, Sex
from contracts.identifiers import (
    CapacityId,
    NhsNumber,
    OdsCode,
    PathwayIdentifier,
    Postcode,
    TreatmentFunctionCode,
)

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


class Submission(BaseModel):
    """The base of all submissions. Unknown fields are ignored: a newer publisher is welcome."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    type: ClassVar[str] = ""
    minor: ClassVar[int] = 0
    scope: ClassVar[str] = "referral.write"
    """What the publisher's token has to allow."""

    def __init_subclass__(cls, *, type: str = "", minor: int = 0, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type:
            cls.type, cls.minor = type, minor
            TYPES[type] = cls


TYPES: dict[str, type[Submission]] = {}


class Patient(BaseModel):
    """The person referred, as the trust knows them."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    nhs_number: NhsNumber
    given_name: Annotated[str, Field(min_length=1, max_length=100)]
    family_name: Annotated[str, Field(min_length=1, max_length=100)]
    birth_date: date
    sex: Sex
    postcode: Postcode | None = None
    address: list[Annotated[str, Field(max_length=100)]] = Field(default=[], max_length=5)
    phone: Annotated[str, Field(max_length=20)] | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    preferred_channel: Channel | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"


class PathwayKey(BaseModel):
    """The PATIENT PATHWAY IDENTIFIER and the organisation that issued it.

    For an e-RS referral the identifier is the UBRN and the issuer X09 (NHS Data Dictionary).
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    identifier: PathwayIdentifier
    issuer: OdsCode


class ReferralMade(Submission, type="fairwait.submission.referral_made.v1"):
    """A patient has been referred for consultant-led care."""

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
    circumstances: list[Circumstance] = []
    travel_limit_miles: int | None = Field(default=None, ge=1, le=1000)


class AttendanceRecorded(Submission, type="fairwait.submission.attendance_recorded.v1"):
    """The patient attended; `rtt_status` says what that did to the clock (20, 21, 30, ...)."""

    pathway: PathwayKey
    attended_on: date
    attendance: Annotated[str, Field(pattern=r"^[56]$")] = "5"
    outcome: Annotated[str, Field(pattern=r"^[123]$")]
    rtt_status: Annotated[str, Field(pattern=r"^\d\d$")]


class CapacityOffered(Submission, type="fairwait.submission.capacity_offered.v1"):
    """A provider declares a session with places for patients of others.

    `local_start` is wall clock time in Europe/London.
    """

    scope: ClassVar[str] = "capacity.write"

    capacity_id: CapacityId
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    places: int = Field(ge=1, le=500)
