"""Builders for tests of matching's handlers: a patient near Leeds, sessions, answers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from chassis.messages import Received
from chassis.testing import NOW, InMemoryWork, MemoryStore
from chassis.work import Work
from contracts.event import Event
from contracts.events import (
    AppointmentBooked,
    OfferAccepted,
    OfferShortlisted,
    ProviderChosen,
    ReferralReceived,
    RightToChooseDecided,
    StayChosen,
)
from contracts.submissions import CapacityOffered, Submission
from matching import handlers
from matching.app import STREAMS
from matching.declaring import declare_session
from matching.domain.capacity import Session
from matching.domain.cases import Case
from matching.work import MatchingWork, Rules
from tests.unit.matching.worlds import ORTHOPAEDICS, directory

ADA, BEN = "a" * 32, "b" * 32
TODAY = NOW.date()
RESPOND_BY = TODAY + timedelta(days=14)
EARLIEST = TODAY + timedelta(days=21)
SITES = {
    "NT219": "NT2",
    "NV304": "NV3",
    "RAE01": "RAE",
    "RCF01": "RCF",
    "RWY01": "RWY",
    "RXF01": "RXF",
}

E = TypeVar("E", bound=Event)
S = TypeVar("S", bound=Submission)
Matching = InMemoryWork[MatchingWork]


def matching(
    *, now: datetime = NOW, store: MemoryStore | None = None, rules: Rules | None = None
) -> Matching:
    """A matching service in memory, over the test country."""
    found, policy = directory(), rules or Rules()

    def wrap(work: Work) -> MatchingWork:
        return MatchingWork(work, found, policy)

    return InMemoryWork("matching", STREAMS, wrap, now=now, store=store)


def later(work: Matching, now: datetime) -> Matching:
    """The same service at another time; what it publishes from then on."""
    return matching(now=now, store=work.store)


def start_of(day: date, hour: int = 9) -> datetime:
    """Wall clock time in London."""
    return datetime(day.year, day.month, day.day, hour)  # noqa: DTZ001


def offered(site: str, *, on: date = EARLIEST, places: int = 4, **changes: Any) -> CapacityOffered:
    fields: dict[str, Any] = {
        "capacity_id": f"{site}-{on.isoformat()}",
        "site": site,
        "treatment_function": ORTHOPAEDICS,
        "local_start": start_of(on),
        "places": places,
    }
    return CapacityOffered(**{**fields, **changes})


def received(
    submission: S, *, publisher: str | None = None, message_id: str = "m-1"
) -> Received[S]:
    site = submission.site if isinstance(submission, CapacityOffered) else ""
    return Received(
        submission=submission,
        publisher=publisher or SITES.get(site, "RR8"),
        message_id=message_id,
        body_hash="0" * 64,
        way_in="kafka",
        received_at=NOW,
    )


async def declare(work: Matching, *offers: CapacityOffered) -> None:
    for one in offers:
        await work.run(declare_session, received(one))


async def declare_everywhere(work: Matching, *, places: int = 4, on: date = EARLIEST) -> None:
    """A session at every site but those of the trust that refers, on the first day that counts."""
    await declare(work, *(offered(site, places=places, on=on) for site in SITES))


def referral_received(pathway: str = ADA, **changes: Any) -> ReferralReceived:
    fields: dict[str, Any] = {
        "publisher": "RR8",
        "way_in": "kafka",
        "submission_id": "s-1",
        "responsible_provider": "RR8",
        "treatment_function": ORTHOPAEDICS,
        "priority": "1",
        "source_of_referral": "03",
        "source_validity": "valid",
        "received_on": TODAY,
        "age": 54,
        "sex": "2",
        "outward": "LS1",
    }
    return _from_referral(ReferralReceived.about(pathway, **{**fields, **changes}), 1)


def right_decided(pathway: str = ADA, *, applies: bool = True) -> RightToChooseDecided:
    decision = "RIGHT_A" if applies else "NO_URGENT_OR_EMERGENCY"
    event = RightToChooseDecided.about(
        pathway, decision=decision, applies=applies, rule_set="right", policy_text="test"
    )
    return _from_referral(event, 2)


def provider_chosen(
    provider: str,
    *,
    pathway: str = ADA,
    shortlist_id: str | None = None,
    at: datetime = NOW,
) -> ProviderChosen:
    event = ProviderChosen.about(
        pathway, shortlist_id=shortlist_id or f"{pathway}-1", provider=provider
    )
    return _published(event, at)


def stay_chosen(
    *, pathway: str = ADA, shortlist_id: str | None = None, at: datetime = NOW
) -> StayChosen:
    event = StayChosen.about(pathway, shortlist_id=shortlist_id or f"{pathway}-1")
    return _published(event, at)


def booked(accepted: OfferAccepted) -> AppointmentBooked:
    event = AppointmentBooked.about(
        accepted.subject,
        appointment_id="appointment-1",
        provider=accepted.provider,
        site=accepted.site,
        session=accepted.session,
        local_start=accepted.local_start,
        starts_at=accepted.starts_at,
        booked_on=TODAY,
    )
    return _published(event, NOW)


async def shortlist(work: Matching, pathway: str = ADA, **referral: Any) -> OfferShortlisted:
    """A patient's referral, decision and shortlist."""
    await work.run(handlers.record_referral, referral_received(pathway, **referral))
    await work.run(handlers.offer_choice, right_decided(pathway))
    return last(work, OfferShortlisted)


async def accept(work: Matching, provider: str = "NT2", pathway: str = ADA) -> OfferAccepted:
    await work.run(handlers.take_choice, provider_chosen(provider, pathway=pathway))
    return last(work, OfferAccepted)


def last(work: Matching, kind: type[E]) -> E:
    """The newest event of this kind that was published."""
    return [event for event in work.published if isinstance(event, kind)][-1]


def said(work: Matching, pathway: str = ADA) -> list[str]:
    """What was said about a pathway, without the words that all types share."""
    return [
        event.type.removeprefix("fairwait.").removesuffix(".v1")
        for event in work.published
        if event.subject == pathway
    ]


async def case(work: Matching, pathway: str = ADA) -> Case:
    found = await work.run(_case, pathway)
    assert isinstance(found, Case)
    return found


async def session(work: Matching, session_id: str) -> Session:
    found = await work.run(_session, session_id)
    assert isinstance(found, Session)
    return found


async def _case(pathway: str, work: MatchingWork) -> Case | None:
    return await work.cases.get(pathway)


async def _session(session_id: str, work: MatchingWork) -> Session | None:
    return await work.sessions.get(session_id)


def _from_referral(event: E, sequence: int) -> E:
    return event.published(sequence=sequence, source="urn:fairwait:referral", now=NOW)


def _published(event: E, now: datetime) -> E:
    return event.published(sequence=1, source="urn:fairwait:test", now=now)


def london_midnight_after(day: date) -> datetime:
    """In winter, when London keeps UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
