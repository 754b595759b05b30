"""Facts of the matching service about places at providers."""

from datetime import date, datetime
from typing import Literal, TypeAlias

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from contracts.topics import CAPACITY

WithdrawalReason: TypeAlias = Literal["industrial_action", "winter", "estates", "staffing"]


class CapacityDeclared(Event, type="fairwait.capacity.declared.v1", topic=CAPACITY):
    """A provider declared a session. The subject is the capacity id."""

    provider: OdsCode
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    starts_at: AwareDatetime
    places: int = Field(ge=1, le=500)


class CapacityWithdrawn(Event, type="fairwait.capacity.withdrawn.v1", topic=CAPACITY):
    """A provider withdrew places. What was booked stays; `booked_at_risk` of it has lost its place.

    `places` were taken out of the session, `displaced` of them held for patients, who are matched
    anew. For each booking at risk there is a task for a person.
    """

    provider: OdsCode
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    withdrawal_id: str
    reason: WithdrawalReason
    week: date
    places: int = Field(ge=0)
    displaced: int = Field(ge=0)
    booked_at_risk: int = Field(ge=0)


class CapacityRefused(Event, type="fairwait.capacity.refused.v1", topic=CAPACITY):
    """A capacity submission could not be accepted. Its subject is `rejection-` and a hash."""

    publisher: OdsCode
    submission_id: str
    problems: list[str]
