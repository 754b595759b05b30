"""What the service does about each message, over an in-memory store."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.errors import NotYet, Rejected
from chassis.messages import RefusedSubmission
from chassis.testing import NOW, InMemoryWork, published
from contracts.events import (
    OfferExpired,
    OfferLapsed,
    OfferNotMade,
    OfferStayed,
    OfferUnavailable,
    ProviderChosen,
    StayChosen,
    SubmissionRejected,
)
from contracts.submissions import CapacityOffered, ReferralMade
from referral.domain.pathway import Pathway, PathwayStatus
from referral.handlers.offers import (
    book_appointment,
    note_answer,
    note_no_shortlist,
    note_outcome,
    note_shortlist,
)
from referral.handlers.rejections import record_refusal, record_rejection
from referral.handlers.submissions import receive_referral, record_attendance
from referral.work import ReferralWork
from tests.unit.referral.builders import (
    CHOSEN,
    PATHWAY,
    PRACTICE,
    STRANGER,
    TRUST,
    attendance_recorded,
    offer_accepted,
    offer_shortlisted,
    referral_body,
    referral_made,
    types,
    work,
)

Memory = InMemoryWork[ReferralWork]


async def _get(id: str, work: ReferralWork) -> Pathway | None:
    return await work.pathways.get(id)


async def stored(memory: Memory) -> Pathway:
    found = await memory.run(_get, PATHWAY)
    assert isinstance(found, Pathway)
    return found


async def referred() -> Memory:
    memory = work()
    await memory.run(receive_referral, referral_made())
    memory.published.clear()
    return memory


async def refused(memory: Memory, handler: Any, message: Any) -> list[str]:
    with pytest.raises(Rejected) as refusal:
        await memory.run(handler, message)
    return [f"{fault.code} {fault.pointer}".strip() for fault in refusal.value.faults]


# ---- referrals


async def test_a_referral_opens_a_pathway_and_starts_its_clock() -> None:
    memory = work()

    await memory.run(receive_referral, referral_made())

    assert types(memory.published) == [
        "referral.received",
        "referral.right_decided",
        "referral.clock_started",
        "identity.recorded",
    ]
    assert {event.subject for event in memory.published} == {PATHWAY}
    pathway = await stored(memory)
    assert pathway.status is PathwayStatus.WAITING
    assert pathway.days_waited(date(2026, 3, 8)) == 7


async def test_only_the_identity_event_names_the_patient() -> None:
    memory = work()

    await memory.run(receive_referral, referral_made())

    *others, identity = memory.published
    assert "Example" in identity.model_dump_json()
    for event in others:
        assert not any(
            text in event.model_dump_json() for text in ("9990000018", "Ada", "Example", "1AA")
        )


async def test_the_same_message_again_changes_nothing() -> None:
    memory = await referred()

    await memory.run(receive_referral, referral_made())

    assert memory.published == []


async def test_the_same_referral_in_another_message_is_the_same_pathway() -> None:
    memory = await referred()

    await memory.run(receive_referral, referral_made(message_id="m-2", publisher=PRACTICE))

    assert memory.published == []


async def test_a_new_telephone_number_is_told_to_whoever_reaches_the_patient() -> None:
    memory = await referred()
    patient = {**referral_body()["patient"], "phone": "07700 900123"}

    await memory.run(receive_referral, referral_made(message_id="m-2", patient=patient))

    assert types(memory.published) == ["identity.recorded"]


async def test_a_used_message_id_with_another_body_is_a_duplicate() -> None:
    memory = await referred()

    assert await refused(memory, receive_referral, referral_made(priority="2")) == [
        "duplicate_message_id"
    ]


async def test_two_publishers_may_use_the_same_message_id() -> None:
    memory = await referred()

    await memory.run(receive_referral, referral_made(publisher=PRACTICE))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"treatment_function": "120"}, "/treatment_function"),
        ({"received_on": "2026-02-28"}, "/received_on"),
        (
            {"patient": {**referral_body()["patient"], "nhs_number": "9990000026"}},
            "/patient/nhs_number",
        ),
    ],
)
async def test_another_referral_under_a_known_identifier_is_refused(
    changes: dict[str, Any], pointer: str
) -> None:
    memory = await referred()

    assert await refused(memory, receive_referral, referral_made(message_id="m-2", **changes)) == [
        f"pathway_differs {pointer}"
    ]


async def test_a_trust_cannot_refer_for_another() -> None:
    assert await refused(work(), receive_referral, referral_made(publisher=STRANGER)) == [
        "forbidden_organisation /responsible_provider"
    ]


async def test_nothing_is_kept_of_a_referral_that_is_refused() -> None:
    memory = work()

    await refused(memory, receive_referral, referral_made(treatment_function="000"))

    assert not any(memory.store.collections.values())


# ---- rejections


async def test_a_rejection_is_published_once_and_names_no_pathway() -> None:
    memory = work()
    message = referral_made(treatment_function="000")
    with pytest.raises(Rejected) as refusal:
        await memory.run(receive_referral, message)

    await memory.run(record_rejection, message, refusal.value.faults)
    await memory.run(record_rejection, message, refusal.value.faults)
    await memory.run(receive_referral, message)

    (event,) = memory.published
    assert isinstance(event, SubmissionRejected)
    assert event.subject.startswith("rejection-")
    assert [(one.code, one.pointer) for one in event.problems] == [
        ("unknown_treatment_function", "/treatment_function")
    ]


async def test_the_second_body_under_one_id_is_rejected_beside_the_first() -> None:
    memory = await referred()
    other = referral_made(priority="2")
    with pytest.raises(Rejected) as refusal:
        await memory.run(receive_referral, other)

    for _ in range(2):
        await memory.run(record_rejection, other, refusal.value.faults)

    assert types(memory.published) == ["referral.rejected"]
    assert len(memory.store.collections["intake"]) == 2


async def test_fields_that_cannot_be_read_are_rejected_where_they_are() -> None:
    memory = work()
    problems = (("/patient/birth_date", "date_parsing"), ("/received_on", "missing"))
    body = RefusedSubmission(ReferralMade.type, TRUST, "m-9", "hash", "kafka", problems)

    for _ in range(2):
        await memory.run(record_refusal, body)

    (event,) = memory.published
    assert isinstance(event, SubmissionRejected)
    assert [(one.code, one.pointer) for one in event.problems] == [
        ("invalid", "/patient/birth_date"),
        ("required", "/received_on"),
    ]


async def test_what_matching_reads_is_not_ours_to_reject() -> None:
    memory = work()

    await memory.run(
        record_refusal, RefusedSubmission(CapacityOffered.type, TRUST, "m", "h", "kafka", ())
    )

    assert memory.published == []


# ---- choice


async def test_an_offer_and_its_answer_are_on_record_in_any_order() -> None:
    memory = await referred()
    answer = published(ProviderChosen.about(PATHWAY, shortlist_id="s-1", provider=CHOSEN))

    await memory.run(note_answer, answer)
    await memory.run(note_shortlist, offer_shortlisted())

    (record,) = (await stored(memory)).shortlists
    assert (record.options, record.answer, record.provider) == (2, "provider", CHOSEN)


async def test_a_patient_with_an_open_shortlist_is_choosing() -> None:
    memory = await referred()

    await memory.run(note_shortlist, offer_shortlisted())

    assert (await stored(memory)).status is PathwayStatus.CHOOSING


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (OfferStayed.about(PATHWAY, shortlist_id="s-1", provider=TRUST), "stayed"),
        (OfferLapsed.about(PATHWAY, shortlist_id="s-1", provider=TRUST), "lapsed"),
        (OfferUnavailable.about(PATHWAY, shortlist_id="s-1", provider=CHOSEN), "unavailable"),
        (
            OfferExpired.about(PATHWAY, shortlist_id="s-1", provider=CHOSEN, session="c-1"),
            "expired",
        ),
    ],
)
async def test_how_an_offer_ended_is_on_record(event: Any, outcome: str) -> None:
    memory = await referred()
    await memory.run(note_shortlist, offer_shortlisted())

    await memory.run(note_outcome, published(event))

    pathway = await stored(memory)
    assert pathway.shortlists[0].outcome == outcome
    assert pathway.status is PathwayStatus.WAITING


async def test_nobody_to_offer_is_on_record_as_an_offer_of_none() -> None:
    memory = await referred()
    none = OfferNotMade.about(
        PATHWAY,
        shortlist_id="s-1",
        reason="no_candidates",
        excluded={},
        candidates=0,
        rule_set="shortlist-2024-01-01",
        inputs_hash="0" * 64,
        current_provider=TRUST,
    )

    await memory.run(note_no_shortlist, published(none))

    pathway = await stored(memory)
    assert (pathway.shortlists[0].options, pathway.shortlists[0].outcome) == (0, "not_made")


async def test_an_answer_without_its_referral_waits() -> None:
    with pytest.raises(NotYet):
        await work().run(note_answer, published(StayChosen.about(PATHWAY, shortlist_id="s-1")))


# ---- booking


async def test_an_accepted_offer_is_booked_with_local_time_and_instant() -> None:
    memory = await referred()
    starts_at = datetime(2026, 7, 6, 8, 30, tzinfo=UTC)

    await memory.run(book_appointment, offer_accepted(starts_at=starts_at))

    (event,) = memory.published
    assert event.type == "fairwait.appointment.booked.v1"
    assert event.model_dump(include={"local_start", "starts_at"}) == {
        "local_start": datetime(2026, 7, 6, 9, 30),  # noqa: DTZ001
        "starts_at": starts_at,
    }
    assert (await stored(memory)).status is PathwayStatus.BOOKED
    assert (await stored(memory)).provider == CHOSEN


async def test_an_accepted_offer_is_booked_once() -> None:
    memory = await referred()

    await memory.run(book_appointment, offer_accepted())
    await memory.run(book_appointment, offer_accepted())

    assert types(memory.published) == ["appointment.booked"]


@pytest.mark.parametrize(("seconds", "booked"), [(-1, 0), (0, 1), (1, 1)])
async def test_a_place_that_is_held_no_longer_is_not_booked(seconds: int, booked: int) -> None:
    memory = await referred()

    offer = offer_accepted(held_until=NOW + timedelta(seconds=seconds))
    await memory.run(book_appointment, offer)

    assert len(memory.published) == booked


async def test_nobody_is_booked_whose_clock_has_stopped() -> None:
    memory = await referred()
    await memory.run(record_attendance, attendance_recorded())
    memory.published.clear()

    await memory.run(book_appointment, offer_accepted())

    assert memory.published == []


# ---- attendance


async def booked() -> Memory:
    memory = await referred()
    await memory.run(book_appointment, offer_accepted())
    memory.published.clear()
    memory.now = datetime(2026, 3, 20, 18, 0, tzinfo=UTC)
    return memory


async def test_treatment_at_the_chosen_provider_stops_the_clock() -> None:
    memory = await booked()

    await memory.run(
        record_attendance, attendance_recorded(publisher=CHOSEN, attended_on="2026-03-20")
    )

    assert types(memory.published) == ["appointment.attended", "referral.clock_stopped"]
    attended, stopped = (event.model_dump() for event in memory.published)
    assert (attended["provider"], attended["site"]) == (CHOSEN, f"{CHOSEN}01")
    assert (stopped["days_waited"], stopped["status"]) == (19, "30")
    assert (await stored(memory)).status is PathwayStatus.STOPPED


@pytest.mark.parametrize("status", ["10", "20", "21"])
async def test_a_visit_with_more_to_come_lets_the_clock_run(status: str) -> None:
    memory = await booked()

    message = attendance_recorded(
        publisher=CHOSEN, attended_on="2026-03-20", rtt_status=status, outcome="2"
    )
    await memory.run(record_attendance, message)

    assert types(memory.published) == ["appointment.attended", "referral.clock_continued"]
    assert (await stored(memory)).status is PathwayStatus.IN_CARE


async def test_the_responsible_provider_may_tell_of_a_visit_elsewhere() -> None:
    memory = await booked()

    await memory.run(record_attendance, attendance_recorded(attended_on="2026-03-20"))

    assert memory.published[0].model_dump()["provider"] == CHOSEN


async def test_a_visit_on_another_day_was_at_whoever_tells_of_it() -> None:
    memory = await booked()

    visit = attendance_recorded(attended_on="2026-03-19", rtt_status="20")
    await memory.run(record_attendance, visit)

    assert memory.published[0].model_dump()["provider"] == TRUST
    assert (await stored(memory)).status is PathwayStatus.BOOKED


async def test_who_stayed_is_seen_where_they_were_referred_to() -> None:
    memory = await referred()

    await memory.run(record_attendance, attendance_recorded())

    assert types(memory.published) == ["appointment.attended", "referral.clock_stopped"]
    assert memory.published[0].model_dump()["provider"] == TRUST


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"publisher": STRANGER}, "forbidden_organisation /pathway/identifier"),
        ({"attended_on": "2026-03-03"}, "date_in_future /attended_on"),
        ({"attended_on": "2026-02-28"}, "before_referral /attended_on"),
        ({"rtt_status": "77"}, "unknown_rtt_status /rtt_status"),
        ({"rtt_status": "11"}, "rtt_status_not_allowed /rtt_status"),
        ({"rtt_status": "33"}, "rtt_status_not_allowed /rtt_status"),
        ({"rtt_status": "21"}, "rtt_status_needs_transfer /rtt_status"),
        ({"rtt_status": "12"}, "rtt_status_needs_own_pathway /rtt_status"),
        (
            {"pathway": {"identifier": "000000070001", "issuer": "X09"}},
            "unknown_pathway /pathway/identifier",
        ),
    ],
)
async def test_an_attendance_that_does_not_fit_is_refused(
    changes: dict[str, Any], fault: str
) -> None:
    memory = await referred()

    assert await refused(memory, record_attendance, attendance_recorded(**changes)) == [fault]
    assert memory.published == []


async def test_one_visit_is_not_recorded_twice() -> None:
    memory = await referred()
    first = attendance_recorded(rtt_status="20")
    await memory.run(record_attendance, first)
    memory.published.clear()

    await memory.run(record_attendance, first)
    again = attendance_recorded(rtt_status="20", message_id="a-2")

    assert memory.published == []
    assert await refused(memory, record_attendance, again) == ["already_recorded /attended_on"]


async def test_a_pathway_is_read_back_as_it_was_kept() -> None:
    memory = await booked()
    await memory.run(note_shortlist, offer_shortlisted(shortlist_id="s-2"))

    pathway = await stored(memory)

    assert pathway == replace(pathway)
    assert pathway.shortlists[-1].respond_by == date(2026, 3, 16)
    assert pathway.appointments[0].starts_at == datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
