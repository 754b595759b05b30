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
