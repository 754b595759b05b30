"""What every submission is, and how a person and a pathway are named in one."""

from datetime import date
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.identity import Channel
from contracts.events.referral import Sex
from contracts.identifiers import NhsNumber, OdsCode, PathwayIdentifier, Postcode

Reference: TypeAlias = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z/._:^-]{0,63}$")]
"""The publisher's own name for a thing, such as an appointment; the same in every message about it."""

MessageId: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]
"""The id of an earlier message of the same publisher."""

Reason: TypeAlias = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{1,59}$")]
"""A code of one of the lists of e-RS; which of them is in use on a date is for `contracts.codes`."""

RttStatusCode: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
"""REFERRAL TO TREATMENT PERIOD STATUS."""


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
