"""Which tasks a pathway has: a wish for another time, and a transfer to another provider."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from referral.domain.appointments import Appointment, ChangeRequest
from referral.domain.names import digest
from referral.domain.pathway import Pathway
from referral.domain.transfers import Transfer

_LENGTH: Final = 16  # of the digits after the pathway's own


@dataclass(frozen=True, slots=True)
class Change:
    """A patient wishes for another time."""

    id: str
    appointment: Appointment
    request: ChangeRequest


@dataclass(frozen=True, slots=True)
class Moving:
    """A patient is to move to another provider, or a provider asks another for an opinion or test."""

    id: str
    transfer: Transfer


Asked: TypeAlias = Change | Moving


def change_id(pathway_id: str, appointment_id: str, request: str) -> str:
    return f"{pathway_id}.{digest(appointment_id, request)[:_LENGTH]}"


def pathway_of(task_id: str) -> str:
    """The pathway that a task of this id belongs to."""
    return task_id.partition(".")[0]


def tasks_of(pathway: Pathway) -> Iterator[Asked]:
    for appointment in pathway.appointments:
        for request in appointment.requests:
            yield Change(change_id(pathway.id, appointment.id, request.id), appointment, request)
    for transfer in pathway.transfers:
        yield Moving(transfer.id, transfer)


def task_of(pathway: Pathway, task_id: str) -> Asked | None:
    return next((one for one in tasks_of(pathway) if one.id == task_id), None)
