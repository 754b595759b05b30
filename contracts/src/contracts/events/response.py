"""Facts of the notifications service about what patients answered."""

from typing import Literal

from contracts.event import Event
from contracts.identifiers import OdsCode
from contracts.topics import RESPONSE

AnsweredBy = Literal["patient", "helpline"]


class ProviderChosen(Event, type="fairwait.response.provider_chosen.v1", topic=RESPONSE):
    """The patient chose one provider of the shortlist."""

    shortlist_id: str
    provider: OdsCode
    answered_by: AnsweredBy = "patient"


class StayChosen(Event, type="fairwait.response.stay_chosen.v1", topic=RESPONSE):
    """The patient chose to stay where they are."""

    shortlist_id: str
    answered_by: AnsweredBy = "patient"
