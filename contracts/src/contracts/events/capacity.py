"""Facts of the matching service about places at providers."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from contracts.event import Event
from contracts.identifiers import OdsCode, TreatmentFunctionCode
from contracts.topics import CAPACITY


class CapacityDeclared(Event, type="fairwait.capacity.declared.v1", topic=CAPACITY):
    """A provider declared a session. The subject is the capacity id."""

    provider: OdsCode
    site: OdsCode
    treatment_function: TreatmentFunctionCode
    local_start: datetime
    starts_at: AwareDatetime
    places: int = Field(ge=1, le=500)


class CapacityRefused(Event, type="fairwait.capacity.refused.v1", topic=CAPACITY):
    """A capacity submission could not be accepted. Its subject is `rejection-` and a hash."""

    publisher: OdsCode
    submission_id: str
    problems: list[str]
