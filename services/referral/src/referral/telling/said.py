"""What was told of a pathway, in the form in which its story keeps it."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from chassis.clock import london_date
from contracts.event import Event
from contracts.topics import IDENTITY
from referral.domain.telling import Said

# The day that a message or an event is about, by the name it has there.
_EFFECTIVE: Final = (
    "effective_on", "received_on", "booked_on", "attended_on", "moved_on", "requested_on",
    "decided_on", "cancelled_on", "missed_on", "deleted_on", "on", "stopped_on", "nullified_on",
    "started_on", "sent_on", "ended_on", "changed_on", "merged_on", "died_on", "marked_on",
)  # fmt: skip


def effective_date(told: BaseModel) -> date | None:
    """The day on which what is told took effect; None where it names none."""
    days = (getattr(told, name) for name in _dates_of(type(told)))
    return next((day for day in days if type(day) is date), None)


@cache
def _dates_of(kind: type[BaseModel]) -> tuple[str, ...]:
    # Asked once a type: a field that a model does not have takes pydantic long to look for.
    return tuple(name for name in _EFFECTIVE if name in kind.model_fields)


def said_in(events: Iterable[Event]) -> tuple[Said, ...]:
    """What was published because of one message. Who the patient is, is no part of it."""
    return tuple(_said(event) for event in events)


def _said(event: Event) -> Said:
    fields: dict[str, Any] = {}
    if event.topic is not IDENTITY:
        fields = event.model_dump(mode="json", exclude_none=True)
    on = effective_date(event) or london_date(event.envelope.time)
    return Said(event.envelope.subject, event.type, on, fields)
