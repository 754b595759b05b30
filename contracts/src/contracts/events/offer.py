"""Facts of the matching service about what a patient is offered."""

from datetime import date, datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.event import Event
from contracts.events.capacity import WithdrawalReason
from contracts.identifiers import CapacityId, OdsCode
from contracts.topics import OFFER

Sector = Literal["NHS", "IS"]


class Wait(BaseModel):
    """A published or measured wait, never without its statistic, its count and its date."""

    model_config = ConfigDict(frozen=True)

    weeks: float = Field(ge=0)
    statistic: Literal["median", "p92", "mean"]
    n: int = Field(ge=0)
    as_at: date
    source: str


class ShortlistOption(BaseModel):
    """One provider a patient may choose. None means not known, never zero."""

    model_config = ConfigDict(frozen=True)

    provider: OdsCode
    provider_name: str
    site: OdsCode
    site_name: str
    sector: Sector
    wait: Wait | None = None
    wait_p92: Wait | None = None
    distance_miles: float | None = Field(default=None, ge=0)
    next_place_on: date | None = None
    quality: str | None = None


class OfferShortlisted(Event, type="fairwait.offer.shortlisted.v1", topic=OFFER):
    """The patient can choose among these providers until the end of `respond_by`.

    `excluded` counts the candidates left out by rule; the ledger with the evidence for each is
    kept by matching under `shortlist_id`. `inputs_hash` is the SHA-256 of everything the list was
    made from: the same inputs give the same list.
    """

    shortlist_id: str
    options: list[ShortlistOption]
    shortfall: int = Field(ge=0, le=5)
    shortfall_reason: str | None = None
    excluded: dict[str, int]
    candidates: int = Field(ge=0)
    rule_set: str
    inputs_hash: str
    respond_by: date
    current_provider: OdsCode


class OfferAccepted(Event, type="fairwait.offer.accepted.v1", topic=OFFER):
    """The patient chose this provider and a place is held until `held_until`."""

    shortlist_id: str
    provider: OdsCode
    provider_name: str
    site: OdsCode
    site_name: str
    sector: Sector
    session: CapacityId
    local_start: datetime
    starts_at: AwareDatetime
    held_until: AwareDatetime


class OfferUnavailable(Event, type="fairwait.offer.unavailable.v1", topic=OFFER):
    """The chosen provider had no place left. A new shortlist follows at once."""

    shortlist_id: str
    provider: OdsCode


class OfferStayed(Event, type="fairwait.offer.stayed.v1", topic=OFFER):
    """The patient stays with the provider they were referred to and keeps their place."""

    shortlist_id: str
    provider: OdsCode


class OfferLapsed(Event, type="fairwait.offer.lapsed.v1", topic=OFFER):
    """The patient did not answer in time; they keep their place where they were referred to."""

    shortlist_id: str
    provider: OdsCode


class OfferExpired(Event, type="fairwait.offer.expired.v1", topic=OFFER):
    """A held place was not booked in time and is free again. A new shortlist follows at once."""

    shortlist_id: str
    provider: OdsCode
    session: CapacityId


class OfferNotMade(Event, type="fairwait.offer.not_made.v1", topic=OFFER):
    """The patient may choose, and no other provider can be offered: they wait where they are.

    Why each candidate was left out is in the ledger that matching keeps under `shortlist_id`.
    """

    shortlist_id: str
    reason: str
    excluded: dict[str, int]
    candidates: int = Field(ge=0)
    rule_set: str
    inputs_hash: str
    current_provider: OdsCode


class OfferWithdrawn(Event, type="fairwait.offer.withdrawn.v1", topic=OFFER):
    """A provider withdrew what the patient was offered or had a place held in.

    `session` is None where no place had been held yet. A new shortlist follows at once, or
    `OfferNotMade` and a task.
    """

    shortlist_id: str
    provider: OdsCode
    session: CapacityId | None = None


class OfferTaskOpened(Event, type="fairwait.offer.task_opened.v1", topic=OFFER):
    """TASK: what a patient was offered or had is gone, and somebody has to see to them.

    `place_withdrawn`: the appointment stands in places that were withdrawn. `no_other_offer`:
    nobody else can be offered. `booked_without_place`: it was booked when its place had gone.
    """

    task: Literal["place_withdrawn", "no_other_offer", "booked_without_place"]
    provider: OdsCode
    session: CapacityId | None = None
    reason: WithdrawalReason | None = None
