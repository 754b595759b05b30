"""Valid events and values of this service; a test names only what it is about."""

from datetime import UTC, date, datetime
from typing import Any, TypeVar

from chassis.testing import NOW, InMemoryWork, MemoryStore, published
from chassis.work import Work
from contracts.event import Event
from contracts.events import (
    AppointmentAttended,
    AppointmentBooked,
    IdentityRecorded,
    OfferLapsed,
    OfferShortlisted,
    OfferStayed,
    ShortlistOption,
    Wait,
)
from notifications.app import STREAMS
from notifications.domain.message import Message
from notifications.domain.patient import Patient
from notifications.domain.windows import Window
from notifications.work import NotificationsWork, Rules

PATHWAY = "0123456789abcdef0123456789abcdef"
BORN = date(1980, 3, 31)
RULES = Rules(b"a secret of the tests", Window())

Memory = InMemoryWork[NotificationsWork]
E = TypeVar("E", bound=Event)


def memory(now: datetime = NOW, store: MemoryStore | None = None) -> Memory:
    def wrap(work: Work) -> NotificationsWork:
        return NotificationsWork(work, RULES)

    return InMemoryWork("notifications", STREAMS, wrap, now=now, store=store)


def about(kind: type[E], **fields: Any) -> E:
    """An event of this pathway as a reader gets it."""
    return numbered(kind.about(PATHWAY, **fields))


def identity(**fields: Any) -> IdentityRecorded:
    given: dict[str, Any] = {
        "nhs_number": "9990000018",
        "given_name": "Asha",
        "family_name": "Example",
        "birth_date": BORN,
        "postcode": "LS1 4AP",
        "address": ["1 Test Street", "Leeds"],
        "phone": "07700900001",
        "email": "asha@example.com",
    }
    return numbered(IdentityRecorded.about(PATHWAY, **(given | fields)))


def option(provider: str, **fields: Any) -> ShortlistOption:
    given: dict[str, Any] = {
        "provider": provider,
        "provider_name": f"Trust {provider}",
        "site": f"{provider}01",
        "site_name": f"Hospital {provider}",
        "sector": "NHS",
        "wait": wait(14.0),
        "distance_miles": 7.4,
        "next_place_on": date(2026, 4, 7),
    }
    return ShortlistOption(**(given | fields))


def wait(weeks: float, **fields: Any) -> Wait:
    given: dict[str, Any] = {
        "weeks": weeks,
        "statistic": "median",
        "n": 4321,
        "as_at": date(2026, 1, 31),
        "source": "rtt",
    }
    return Wait(**(given | fields))


def shortlisted(**fields: Any) -> OfferShortlisted:
    given: dict[str, Any] = {
        "shortlist_id": "list-1",
        "options": [option("RJ1"), option("RJ2"), option("NV7", sector="IS")],
        "shortfall": 0,
        "excluded": {},
        "candidates": 9,
        "rule_set": "2026-01",
        "inputs_hash": "0" * 64,
        "respond_by": date(2026, 3, 16),
        "current_provider": "RJ9",
    }
    return numbered(OfferShortlisted.about(PATHWAY, **(given | fields)))


def booked(**fields: Any) -> AppointmentBooked:
    given: dict[str, Any] = {
        "appointment_id": "appointment-1",
        "provider": "RJ1",
        "site": "RJ101",
        "session": "session-1",
        "local_start": datetime(2026, 4, 7, 14, 30),  # noqa: DTZ001 - wall clock
        "starts_at": datetime(2026, 4, 7, 13, 30, tzinfo=UTC),
        "booked_on": date(2026, 3, 2),
    }
    return numbered(AppointmentBooked.about(PATHWAY, **(given | fields)))


def attended() -> AppointmentAttended:
    event = AppointmentAttended.about(
        PATHWAY,
        appointment_id="appointment-1",
        provider="RJ1",
        site="RJ101",
        attended_on=date(2026, 4, 7),
        attendance="5",
        outcome="1",
    )
    return numbered(event)


def stayed() -> OfferStayed:
    return numbered(OfferStayed.about(PATHWAY, shortlist_id="list-1", provider="RJ9"))


def lapsed() -> OfferLapsed:
    return numbered(OfferLapsed.about(PATHWAY, shortlist_id="list-1", provider="RJ9"))


def numbered(event: E) -> E:
    return published(event)  # type: ignore[return-value]


async def patient_of(work: Memory) -> Patient:
    async def get(work: NotificationsWork) -> Patient:
        return await work.patients.get(PATHWAY)

    found: Patient = await work.run(get)
    return found


async def messages_of(work: Memory) -> list[Message]:
    ids = list(work.store.collections["messages"])

    async def get(work: NotificationsWork) -> list[Message]:
        return [one for id in ids if (one := await work.messages.get(id))]

    found: list[Message] = await work.run(get)
    return found
