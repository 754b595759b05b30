"""Valid values of the referral service; a test names only what it is about. Nobody here is real."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from chassis.messages import Received, hash_of
from chassis.testing import NOW, InMemoryWork, MemoryStore, published
from contracts.event import Event
from contracts.events import OfferAccepted, OfferShortlisted, ShortlistOption
from contracts.submissions import AttendanceRecorded, ReferralMade, Submission
from referral.app import STREAMS
from referral.domain.names import pathway_id
from referral.domain.pathway import Pathway, Person, Referral, opened
from referral.domain.source import SourceCheck, SourceValidity
from referral.work import ReferralWork, Rules

E = TypeVar("E", bound=Event)

TODAY = date(2026, 3, 2)
SECRET = "a secret of the tests"
RULES = Rules(SECRET, allow_synthetic=True)

TRUST, PRACTICE, CHOSEN, STRANGER = "RJ1", "A81001", "NV7", "RR8"
UBRN = "000000070000"
PATHWAY = pathway_id("X09", UBRN, SECRET)


def person(**changes: Any) -> Person:
    return replace(
        Person("9990000018", "Ada", "Example", date(1961, 5, 4), "2", "SW1A 1AA"), **changes
    )


def referral(**changes: Any) -> Referral:
    return replace(
        Referral(
            identifier=UBRN,
            issuer="X09",
            publisher=TRUST,
            message_id="m-1",
            way_in="kafka",
            responsible_provider=TRUST,
            referring_organisation=PRACTICE,
            treatment_function="110",
            priority="1",
            source=SourceCheck(SourceValidity.VALID, "03"),
            received_on=date(2026, 3, 1),
            commissioner="QMJ",
            administrative_category="01",
            circumstances=(),
            travel_limit_miles=None,
            recorded_at=NOW,
        ),
        **changes,
    )


def pathway(**changes: Any) -> Pathway:
    return replace(opened(PATHWAY, person(), referral()), **changes)


# ---- messages


def referral_body(**changes: Any) -> dict[str, Any]:
    body = {
        "pathway": {"identifier": UBRN, "issuer": "X09"},
        "patient": {
            "nhs_number": "9990000018",
            "given_name": "Ada",
            "family_name": "Example",
            "birth_date": "1961-05-04",
            "sex": "2",
            "postcode": "SW1A 1AA",
        },
        "responsible_provider": TRUST,
        "referring_organisation": PRACTICE,
        "treatment_function": "110",
        "source_of_referral": "03",
        "received_on": "2026-03-01",
    }
    return {**body, **changes}


def attendance_body(**changes: Any) -> dict[str, Any]:
    body = {
        "pathway": {"identifier": UBRN, "issuer": "X09"},
        "attended_on": "2026-03-02",
        "outcome": "1",
        "rtt_status": "30",
    }
    return {**body, **changes}


def received(
    submission: Submission, *, publisher: str = TRUST, message_id: str = "m-1"
) -> Received[Any]:
    body = submission.model_dump_json().encode()
    return Received(submission, publisher, message_id, hash_of(body), "kafka", NOW)


def referral_made(
    *, publisher: str = TRUST, message_id: str = "m-1", **changes: Any
) -> Received[ReferralMade]:
    made = ReferralMade.model_validate(referral_body(**changes))
    return received(made, publisher=publisher, message_id=message_id)


def attendance_recorded(
    *, publisher: str = TRUST, message_id: str = "a-1", **changes: Any
) -> Received[AttendanceRecorded]:
    told = AttendanceRecorded.model_validate(attendance_body(**changes))
    return received(told, publisher=publisher, message_id=message_id)


def option(provider: str) -> ShortlistOption:
    return ShortlistOption(
        provider=provider, provider_name="P", site=f"{provider}01", site_name="S", sector="IS"
    )


def offer_shortlisted(**changes: Any) -> OfferShortlisted:
    fields: dict[str, Any] = {
        "shortlist_id": "s-1",
        "options": [option(CHOSEN), option("RJ7")],
        "shortfall": 3,
        "shortfall_reason": "only_candidates",
        "excluded": {"TFC_MISMATCH": 3},
        "candidates": 5,
        "rule_set": "shortlist-2024-01-01",
        "inputs_hash": "0" * 64,
        "respond_by": date(2026, 3, 16),
        "current_provider": TRUST,
    }
    return numbered(OfferShortlisted.about(PATHWAY, **{**fields, **changes}))


def offer_accepted(**changes: Any) -> OfferAccepted:
    fields: dict[str, Any] = {
        "shortlist_id": "s-1",
        "provider": CHOSEN,
        "provider_name": "P",
        "site": f"{CHOSEN}01",
        "site_name": "S",
        "sector": "IS",
        "session": "c-1",
        "local_start": datetime(2026, 3, 20, 9, 0),  # noqa: DTZ001
        "starts_at": datetime(2026, 3, 20, 9, 0, tzinfo=UTC),
        "held_until": datetime(2026, 3, 4, 10, 0, tzinfo=UTC),
    }
    return numbered(OfferAccepted.about(PATHWAY, **{**fields, **changes}))


def numbered(event: E) -> E:
    """The event as a reader gets it."""
    return cast(E, published(event))


def work(store: MemoryStore | None = None, now: datetime = NOW) -> InMemoryWork[ReferralWork]:
    return InMemoryWork(
        "referral", STREAMS, lambda work: ReferralWork(work, RULES), now=now, store=store
    )


def types(events: list[Event]) -> list[str]:
    return [event.type.removeprefix("fairwait.").removesuffix(".v1") for event in events]
