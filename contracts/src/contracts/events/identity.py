"""Who a patient is. The only events with names, on a topic that only notifications may read."""

from datetime import date
from typing import Literal

from pydantic import Field

from contracts.event import Event
from contracts.identifiers import NhsNumber, Postcode
from contracts.topics import IDENTITY

Channel = Literal["nhs_app", "sms", "email", "letter"]


class IdentityRecorded(Event, type="fairwait.identity.recorded.v1", topic=IDENTITY):
    """The person of this pathway, and how they may be reached, as last told by the trust."""

    nhs_number: NhsNumber
    given_name: str = Field(max_length=100)
    family_name: str = Field(max_length=100)
    birth_date: date
    postcode: Postcode | None = None
    address: list[str] = Field(default=[], max_length=5)
    phone: str | None = Field(default=None, max_length=20)
    email: str | None = Field(default=None, max_length=254)
    preferred_channel: Channel | None = None
    language: str = "en"


class NhsNumberReplaced(Event, type="fairwait.identity.nhs_number_changed.v1", topic=IDENTITY):
    """The person of this pathway goes by another NHS number."""

    nhs_number: NhsNumber
    former: NhsNumber
    effective_on: date


class PatientMerged(Event, type="fairwait.identity.merged.v1", topic=IDENTITY):
    """This pathway's patient turned out to be the person of another record, and is kept there."""

    nhs_number: NhsNumber
    merged: NhsNumber
    effective_on: date


class IdentityRestored(Event, type="fairwait.identity.restored.v1", topic=IDENTITY):
    """A change of number or a merge was a mistake: the pathway is the former person's again."""

    nhs_number: NhsNumber
    former: NhsNumber


class SensitivityChanged(Event, type="fairwait.identity.sensitivity_changed.v1", topic=IDENTITY):
    """Whether the whereabouts of the patient may be shared."""

    sensitive: bool
    effective_on: date
