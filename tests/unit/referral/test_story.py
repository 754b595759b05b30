"""The story of a pathway: every part once, in order, by whom and by which way, on any two days."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import Rejected
from chassis.testing import published
from contracts.submissions import (
    AttendanceRecorded,
    BookingRecorded,
    ChoiceNotOffered,
    ClockReported,
    ReferralMade,
    TransferDecided,
)
from referral.handlers.offers import book_appointment, note_shortlist
from tests.unit.referral.builders import (
    CHOSEN,
    PATHWAY,
    PRACTICE,
    STRANGER,
    TRUST,
    UBRN,
    offer_accepted,
    offer_shortlisted,
    received,
    referral_body,
)
from tests.unit.referral.site import Site, site

KEY = {"identifier": UBRN, "issuer": "X09"}


@pytest.fixture
async def trust(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


async def tell(site: Site, kind: Any, id: str, publisher: str = TRUST, **fields: Any) -> None:
    """A submission, accepted or rejected as the service decides."""
    made = kind.model_validate({"pathway": KEY, **fields})
    message = received(made, publisher=publisher, message_id=id)
    runtime = site.app.state.runtime
    with suppress(Rejected):
        await runtime.units.receive(message)


def on(site: Site, month: int, day: int) -> None:
    site.clock.instant = datetime(2026, month, day, 12, tzinfo=UTC)


async def story_of(site: Site, **query: str) -> list[dict[str, Any]]:
    answer = await site.get(f"/pathways/{PATHWAY}/story", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["story"]
    return found


async def a_life(site: Site) -> None:
    on(site, 3, 2)
    await tell(site, ReferralMade, "m-1", **referral_body())
    on(site, 3, 4)
    await tell(site, ChoiceNotOffered, "w-1", decided_on="2026-03-03", reason="NO_OTHER_PROVIDER")
    on(site, 3, 6)
    await tell(
        site, BookingRecorded, "b-1", reference="A/1", local_start="2026-04-01T09:30:00",
        contact="1", booked_on="2026-03-05",
    )  # fmt: skip
    await tell(site, ClockReported, "x-1", STRANGER, rtt_status="30", effective_on="2026-03-05")
    on(site, 3, 8)
    await tell(
        site, TransferDecided, "t-1", reference="T1", receiving_provider=CHOSEN,
        decided_on="2026-03-07", reason="01",
    )  # fmt: skip
    on(site, 4, 10)
    await tell(
        site, AttendanceRecorded, "a-1", attended_on="2026-04-01", outcome="1", rtt_status="30"
    )


async def test_every_part_is_told_in_order_with_day_moment_teller_and_way(trust: Site) -> None:
    await a_life(trust)

    story = await story_of(trust)

    told = [(one["effective_on"][5:], one["kind"], one["what"], one["by"]) for one in story]
    assert told == [
        ("03-01", "submission", "submission.referral_made", TRUST),
        ("03-01", "referral", "referral.received", TRUST),
        ("03-01", "fact", "rtt.10", TRUST),
        ("03-01", "period", "period.started", TRUST),
        ("03-02", "person", "identity.recorded", TRUST),
        ("03-02", "choice", "referral.right_decided", TRUST),
        ("03-03", "submission", "submission.choice_not_offered", TRUST),
        ("03-03", "choice", "referral.choice_not_offered", TRUST),
        ("03-05", "submission", "submission.booking_recorded", TRUST),
        ("03-05", "submission", "submission.clock_reported", STRANGER),
        ("03-05", "appointment", "appointment.booked", TRUST),
        ("03-07", "submission", "submission.transfer_decided", TRUST),
        ("03-07", "transfer", "referral.transfer_begun", TRUST),
        ("04-01", "submission", "submission.attendance_recorded", TRUST),
        ("04-01", "fact", "rtt.30", TRUST),
        ("04-01", "period", "period.ended", TRUST),
        ("04-01", "appointment", "appointment.attended", TRUST),
    ]
    assert {one["way_in"] for one in story} == {"kafka"}
    assert all(datetime.fromisoformat(one["recorded_at"]).tzinfo for one in story)
    refused = next(one for one in story if one["by"] == STRANGER)
    assert refused["details"]["verdict"] == "rejected"
    assert refused["details"]["problems"][0]["code"] == "forbidden_organisation"


async def test_a_story_tells_no_more_than_was_known_and_had_happened(trust: Site) -> None:
    await a_life(trust)

    known = await story_of(trust, as_known_on="2026-03-07")
    stood = await story_of(trust, as_at="2026-03-05")
    neither = await story_of(trust, as_at="2026-03-04", as_known_on="2026-03-04")

    assert max(one["recorded_at"][:10] for one in known) == "2026-03-06"
    assert max(one["effective_on"] for one in stood) == "2026-03-05"
    assert [one["what"] for one in neither][-1] == "referral.choice_not_offered"
    before = await trust.get(f"/pathways/{PATHWAY}/story", as_known_on="2026-03-01")
    assert before.status_code == 404


async def test_a_fact_taken_back_stays_in_the_story_as_it_was_known(trust: Site) -> None:
    on(trust, 3, 2)
    await tell(trust, ReferralMade, "m-1", **referral_body())
    on(trust, 3, 4)
    await tell(trust, ClockReported, "c-1", rtt_status="30", effective_on="2026-03-03")
    on(trust, 3, 6)
    await tell(
        trust, ClockReported, "c-2", rtt_status="20", effective_on="2026-03-03", corrects="c-1"
    )

    now = await story_of(trust)
    then = await story_of(trust, as_known_on="2026-03-05")

    (treated,) = [one for one in now if one["what"] == "rtt.30"]
    assert treated["withdrawn_at"][:10] == "2026-03-06"
    assert [one["what"] for one in now if one["kind"] == "period"] == ["period.started"]
    (treated,) = [one for one in then if one["what"] == "rtt.30"]
    assert treated["withdrawn_at"] is None
    assert [one["what"] for one in then if one["kind"] == "period"] == [
        "period.started",
        "period.ended",
    ]


async def test_what_matching_offers_and_what_follows_is_told_as_events(trust: Site) -> None:
    on(trust, 3, 2)
    await tell(trust, ReferralMade, "m-1", **referral_body())
    units = trust.app.state.runtime.units
    await units.run(note_shortlist, offer_shortlisted())
    await units.run(book_appointment, published(offer_accepted(), sequence=2))

    story = await story_of(trust)

    events = [(one["what"], one["by"]) for one in story if one["way_in"] == "event"]
    assert sorted(events) == [
        ("appointment.booked", "matching"),
        ("offer.accepted", "matching"),
        ("offer.shortlisted", "matching"),
    ]
    (offered,) = [one for one in story if one["what"] == "offer.shortlisted"]
    assert offered["details"]["providers"] == [CHOSEN, "RJ7"]


async def test_a_story_says_nothing_of_who_the_patient_is(trust: Site) -> None:
    await a_life(trust)

    answer = await trust.get(f"/pathways/{PATHWAY}/story")

    for secret in ("9990000018", "Example", "Ada", "1961-05-04", "SW1A 1AA"):
        assert secret not in answer.text


async def test_the_story_of_anothers_pathway_is_not_there(trust: Site) -> None:
    await a_life(trust)

    for organisation in (STRANGER, PRACTICE):
        foreign = await trust.get(f"/pathways/{PATHWAY}/story", organisation=organisation)
        assert foreign.status_code == 404
    entries = [one["state"] for one in trust.store.collections["audit"].values()]
    assert [one["given"] for one in entries] == [False, False]
    assert {one["what"] for one in entries} == {"GET /pathways/{pathway_id}/story"}
