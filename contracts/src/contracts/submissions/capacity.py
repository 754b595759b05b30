"""Capacity that providers offer or withdraw."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from contracts.events.capacity import WithdrawalReason
from contracts.identifiers import CapacityId, OdsCode, TreatmentFunctionCode
from contracts.submissions.base import Reference, Submission


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


class WithdrawalDeclared(Submission, type="fairwait.submission.withdrawal_declared.v1"):
    """A provider withdraws places of a session that it declared; all of them without `places`."""

    scope: ClassVar[str] = "capacity.write"

    withdrawal_id: Reference
    capacity_id: CapacityId
    reason: WithdrawalReason
    places: int | None = Field(default=None, ge=1, le=500)
