"""Capacity that providers offer."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from contracts.identifiers import CapacityId, OdsCode, TreatmentFunctionCode
from contracts.submissions.base import Submission


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
