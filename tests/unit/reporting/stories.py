"""Pathways made up for tests: the events that the other services would have published."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from contracts.event import Event, write
from contracts.events import (
    AppointmentAttended,
    AppointmentBooked,
    CapacityDeclared,
    ClockContinued,
    ClockStarted,
    ClockStopped,
    NotificationHandedOver,
    NotificationIntended,
    OfferAccepted,
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferShortlisted,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    ReferralReceived,
    RightToChooseDecided,
    ShortlistOption,
    StayChosen,
    SubmissionRejected,
    Wait,
)
from contracts.topics import PARTITIONS
from reporting.domain.ledger import Entry
from reporting.domain.projection import PathwayRecord, project
from reporting.translation import said_by

RECEIVED = date(2026, 1, 5)
Step = Callable[["Story"], "Story"]
TRUST, CLINIC = "RJ1", "NV7"
OTHERS = ("RYJ", "NT2", "RQM", "NVC")


def pathway_id(number: int) -> str:
    return sha256(f"pathway {number}".encode()).hexdigest()[:32]


class Story:
    """Numbers and dates events as their writers would."""

    def __init__(self, subject: str, start: datetime | None = None) -> None:
        self.subject = subject
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}
        self._now = start or datetime(2026, 1, 5, 9, tzinfo=UTC)

    def tell(self, event_type: type[Event], **fields: Any) -> "Story":
        topic = event_type.topic
        sequence = self._sequences[topic.name] = self._sequences.get(topic.name, 0) + 1
        self._now += timedelta(seconds=1)
        event = event_type.about(self.subject, **fields)
        source = f"fairwait/{topic.writer}"
        self.events.append(event.published(sequence=sequence, source=source, now=self._now))
        return self


def referral(story: Story, **changes: Any) -> Story:
    """Received, the right decided, the clock started."""
    fields: dict[str, Any] = {
        "publisher": TRUST,
        "way_in": "fhir",
        "submission_id": f"s-{story.subject}",
        "responsible_provider": TRUST,
        "referring_organisation": "A81001",
        "treatment_function": "110",
        "priority": "1",
        "source_of_referral": "03",
        "source_validity": "valid",
        "received_on": RECEIVED,
        "age": 57,
        "sex": "2",
        "outward": "M1",
        "commissioner": "QOP",
        "synthetic": True,
    } | changes
    return (
        story.tell(ReferralReceived, **fields)
        .tell(
            RightToChooseDecided,
            decision="RIGHT_A",
            applies=True,
            rule_set="right.2026-01",
            policy_text="2026-01",
        )
        .tell(ClockStarted, started_on=fields["received_on"], status="10")
    )


def option(provider: str, sector: str) -> ShortlistOption:
    wait = Wait(weeks=9.5, statistic="median", n=40, as_at=date(2025, 12, 31), source="RTT")
    return ShortlistOption.model_validate(
        {
            "provider": provider,
            "provider_name": f"Provider {provider}",
            "site": f"{provider}01",
            "site_name": f"Site {provider}",
            "sector": sector,
            "wait": wait,
            "distance_miles": 4.2,
        }
    )


def shortlist(story: Story, number: int = 1) -> Story:
    options = [option(CLINIC, "IS")] + [
        option(provider, "NHS" if provider.startswith("R") else "IS") for provider in OTHERS
    ]
    return story.tell(
        OfferShortlisted,
        shortlist_id=f"{story.subject}-{number}",
        options=options,
        shortfall=0,
        excluded={"too_far": 3},
        candidates=8,
        rule_set="shortlist.2026-01",
        inputs_hash="0" * 64,
        respond_by=RECEIVED + timedelta(days=14),
        current_provider=TRUST,
    )


def no_provider(story: Story) -> Story:
    return story.tell(
        OfferNotMade,
        shortlist_id=f"{story.subject}-1",
        reason="no_other_provider",
        excluded={"too_far": 4},
        candidates=4,
        rule_set="shortlist.2026-01",
        inputs_hash="0" * 64,
        current_provider=TRUST,
    )


def message(story: Story, template: str) -> Story:
    message_id = f"{story.subject}-{template}"
    return story.tell(
        NotificationIntended,
        message_id=message_id,
        template=template,
        template_version="1",
        channel="sms",
    ).tell(NotificationHandedOver, message_id=message_id, channel="sms")


def choose(story: Story, number: int = 1, provider: str = CLINIC) -> Story:
    return story.tell(ProviderChosen, shortlist_id=f"{story.subject}-{number}", provider=provider)


def accept(story: Story, number: int = 1, session: str = "NV7-s1") -> Story:
    return story.tell(
        OfferAccepted,
        shortlist_id=f"{story.subject}-{number}",
        provider=CLINIC,
        provider_name="Clinic",
        site="NV701",
        site_name="Clinic site",
        sector="IS",
        session=session,
        local_start=datetime(2026, 2, 2, 9, 30),  # noqa: DTZ001  wall clock in London
        starts_at=datetime(2026, 2, 2, 9, 30, tzinfo=UTC),
        held_until=datetime(2026, 1, 8, 9, tzinfo=UTC),
    )


def book(story: Story, session: str = "NV7-s1") -> Story:
    return story.tell(
        AppointmentBooked,
        appointment_id=f"{story.subject}-a-{session}",
        provider=CLINIC,
        site="NV701",
        session=session,
        local_start=datetime(2026, 2, 2, 9, 30),  # noqa: DTZ001  wall clock in London
        starts_at=datetime(2026, 2, 2, 9, 30, tzinfo=UTC),
        booked_on=date(2026, 1, 6),
    )


def attend(story: Story, on: date = date(2026, 2, 2), session: str = "NV7-s1") -> Story:
    return story.tell(
        AppointmentAttended,
        appointment_id=f"{story.subject}-a-{session}",
        provider=CLINIC,
        site="NV701",
        attended_on=on,
        attendance="5",
        outcome="1",
    )


def stop(story: Story, on: date = date(2026, 2, 2), status: str = "30") -> Story:
    return story.tell(
        ClockStopped,
        started_on=RECEIVED,
        stopped_on=on,
        status=status,
        days_waited=(on - RECEIVED).days,
    )


def core(number: int = 1) -> Story:
    """The whole of journey 1: referred, offered, chosen, booked, attended, treated."""
    story = referral(Story(pathway_id(number)))
    for step in (shortlist, choose, accept, book, attend, stop):
        step(story)
    message(story, "choose-provider")
    message(story, "booked")
    return story


def winding(number: int = 2) -> Story:
    """A pathway that meets every turn: taken places, an expired hold, a clock that goes on."""
    story = message(shortlist(referral(Story(pathway_id(number)))), "choose-provider")
    story.tell(OfferUnavailable, shortlist_id=f"{story.subject}-1", provider=CLINIC)
    accept(choose(shortlist(story, 2), 2), 2, "NV7-s2")
    story.tell(OfferExpired, shortlist_id=f"{story.subject}-2", provider=CLINIC, session="NV7-s2")
    book(accept(choose(shortlist(story, 3), 3), 3, "NV7-s3"), "NV7-s3")
    attend(story, date(2026, 2, 3), "NV7-s3")
    story.tell(ClockContinued, effective_on=date(2026, 2, 3), status="20")
    return stop(attend(story, date(2026, 3, 3), "NV7-s4"), date(2026, 3, 3), "34")


def stay(story: Story) -> Story:
    shortlist_id = f"{story.subject}-1"
    story.tell(StayChosen, shortlist_id=shortlist_id)
    return story.tell(OfferStayed, shortlist_id=shortlist_id, provider=TRUST)


def lapse(story: Story) -> Story:
    return story.tell(OfferLapsed, shortlist_id=f"{story.subject}-1", provider=TRUST)


def rejection(number: int) -> Story:
    return Story(f"rejection-{number}").tell(
        SubmissionRejected,
        publisher="RYJ",
        way_in="kafka",
        submission_id=f"bad-{number}",
        submission_type="fairwait.submission.referral_made.v1",
        problems=[{"code": "nhs_number", "pointer": "/patient/nhs_number", "message": "wrong"}],
    )


def capacity(number: int) -> Story:
    return Story(f"NV7-s{number}").tell(
        CapacityDeclared,
        provider=CLINIC,
        site="NV701",
        treatment_function="110",
        local_start=datetime(2026, 2, 2, 9, 30),  # noqa: DTZ001  wall clock in London
        starts_at=datetime(2026, 2, 2, 9, 30, tzinfo=UTC),
        places=5,
    )


def day(seed: int, pathways: int) -> list[Story]:
    """Pathways that stopped at different places of the walk; the same seed gives the same ones."""
    random = Random(seed)
    made: list[Story] = []
    for number in range(pathways):
        story = referral(
            Story(pathway_id(seed * 100_000 + number)),
            received_on=RECEIVED - timedelta(days=random.randrange(800)),
            age=random.randrange(100),
            sex=random.choice("129"),
            treatment_function=random.choice(["100", "110", "130", "502", "420"]),
            responsible_provider=random.choice(["RJ1", "RYJ", "NT2"]),
        )
        ends: list[list[Step]] = [[], [shortlist], [shortlist, stay], [shortlist, lapse]]
        ends.append([shortlist, choose, accept])
        ends.append([shortlist, choose, accept, book])
        ends.append([shortlist, choose, accept, book, attend])
        for step in random.choice(ends):
            step(story)
        made.append(story)
    return made


def events_of(stories: Iterable[Story]) -> list[Event]:
    return [event for story in stories for event in story.events]


def shuffled(events: Iterable[Event], seed: int) -> list[Event]:
    mixed = list(events)
    Random(seed).shuffle(mixed)
    return mixed


def record_of(story: Story) -> PathwayRecord:
    return project(story.subject, map(said_by, story.events))


def entry_of(event: Event, offset: int) -> Entry:
    key, value, headers = write(event)
    partition = int(sha256(key).hexdigest(), 16) % PARTITIONS
    return Entry(event.topic.name, partition, offset, key, tuple(headers), value)


def entries_of(events: Iterable[Event]) -> list[Entry]:
    return [entry_of(event, offset) for offset, event in enumerate(events)]
