"""Everything a trust or a national service may tell of a pathway, through the handlers."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chassis.errors import Rejected
from chassis.testing import NOW, InMemoryWork
from contracts.submissions import TYPES, Submission
from referral.domain import clock as rtt
from referral.domain.names import patient_key
from referral.domain.pathway import Pathway, PathwayStatus
from referral.handlers.offers import book_appointment, note_shortlist
from referral.handlers.submissions import receive_referral
from referral.handlers.taking import HANDLERS, take
from referral.handlers.transfers import DATA_DUE, RECEIPT_DUE, ask_a_person, raise_alarm
from referral.work import ReferralWork
from tests.unit.referral.builders import (
    CHOSEN,
    PATHWAY,
    PRACTICE,
    SECRET,
    STRANGER,
    TRUST,
    UBRN,
    offer_accepted,
    offer_shortlisted,
    received,
    referral_body,
    referral_made,
    types,
    work,
)

Memory = InMemoryWork[ReferralWork]

KEY = {"identifier": UBRN, "issuer": "X09"}
ADA, HER_OTHER = "9990000018", "9990000026"
NATIONAL = "X26"
LATER = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)
_numbers = iter(range(10**6))


async def tell(
    memory: Memory, kind: str, *, publisher: str = TRUST, id: str = "", **fields: Any
) -> list[str]:
    """Send one submission; the types of the events that it led to."""
    model = TYPES[f"fairwait.submission.{kind}.v1"]
    submission = model.model_validate(fields)
    message_id = id or f"{kind}-{next(_numbers)}"
    before = len(memory.published)
    await memory.run(take, received(submission, publisher=publisher, message_id=message_id))
    return types(memory.published[before:])


async def refused(memory: Memory, kind: str, **fields: Any) -> list[str]:
    with pytest.raises(Rejected) as refusal:
        await tell(memory, kind, **fields)
    return [f"{fault.code} {fault.pointer}".strip() for fault in refusal.value.faults]


async def _get(id: str, work: ReferralWork) -> Pathway | None:
    return await work.pathways.get(id)


async def _of_person(number: str, work: ReferralWork) -> list[Pathway]:
    return await work.pathways.of_person(number)


async def stored(memory: Memory, id: str = PATHWAY) -> Pathway:
    found = await memory.run(_get, id)
    assert isinstance(found, Pathway)
    return found


@pytest.fixture
async def memory() -> Memory:
    """A referral three weeks old whose patient was offered a choice."""
    made = work()
    await made.run(receive_referral, referral_made())
    await made.run(note_shortlist, offer_shortlisted())
    made.published.clear()
    made.now = LATER
    return made


async def booked(memory: Memory) -> None:
    await memory.run(book_appointment, offer_accepted(held_until=LATER))


def booking(**fields: Any) -> dict[str, Any]:
    return {"pathway": KEY, "reference": "A-1", "local_start": "2026-04-20T09:00:00", **fields}


def test_every_submission_of_ours_has_its_handler() -> None:
    ours = {cls for cls in TYPES.values() if cls.scope == Submission.scope}

    assert ours == set(HANDLERS)


# ---- appointments


async def test_a_provider_books_in_its_own_diary(memory: Memory) -> None:
    assert await tell(memory, "booking_recorded", **booking()) == ["appointment.booked"]

    event = memory.published[-1].model_dump()
    assert event["local_start"] == datetime(2026, 4, 20, 9, 0)  # noqa: DTZ001
    assert event["starts_at"] == datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
    assert (await stored(memory)).status is PathwayStatus.BOOKED


@pytest.mark.parametrize(
    ("local_start", "starts_at", "expected"),
    [
        ("2027-03-28T00:59:00", None, datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28T01:00:00", None, "local_time_does_not_exist /local_start"),
        ("2027-03-28T01:59:00", None, "local_time_does_not_exist /local_start"),
        ("2027-03-28T02:00:00", None, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("2026-10-25T00:59:00", None, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25T01:00:00", None, "local_time_comes_twice /starts_at"),
        ("2026-10-25T01:59:00", None, "local_time_comes_twice /starts_at"),
        (
            "2026-10-25T01:30:00",
            "2026-10-25T01:30:00+01:00",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
        (
            "2026-10-25T01:30:00",
            "2026-10-25T01:30:00+00:00",
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ),
        ("2026-10-25T01:30:00", "2026-10-25T01:30:00+02:00", "instant_differs /starts_at"),
        ("2026-10-25T02:00:00", None, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ("2026-07-06T09:00:00", "2026-07-06T09:00:00+00:00", "instant_differs /starts_at"),
    ],
)
async def test_a_time_on_the_nights_when_clocks_change(
    memory: Memory, local_start: str, starts_at: str | None, expected: datetime | str
) -> None:
    fields = booking(local_start=local_start, starts_at=starts_at)

    if isinstance(expected, str):
        assert await refused(memory, "booking_recorded", **fields) == [expected]
    else:
        await tell(memory, "booking_recorded", **fields)
        assert memory.published[-1].model_dump()["starts_at"] == expected


async def test_an_appointment_of_ours_gets_the_providers_name_for_it(memory: Memory) -> None:
    await booked(memory)

    told = booking(reference="PAS-7", local_start="2026-03-20T09:00:00")
    events = await tell(memory, "booking_recorded", publisher=CHOSEN, **told)
    cancelled = await tell(
        memory,
        "cancellation_recorded",
        publisher=CHOSEN,
        pathway=KEY,
        reference="PAS-7",
        cancelled_by="provider",
        cancelled_on="2026-03-19",
        reason="CLINIC_CANCELLED",
    )

    assert (events, cancelled) == ([], ["appointment.cancelled"])
    assert memory.published[-1].model_dump(include={"left_session", "must_reoffer"}) == {
        "left_session": "c-1",
        "must_reoffer": True,
    }


async def test_nobody_with_the_right_is_booked_before_a_choice_is_on_record() -> None:
    memory = work(now=LATER)
    await memory.run(receive_referral, referral_made())

    first = await refused(memory, "booking_recorded", **booking())
    waived = await tell(
        memory,
        "choice_not_offered",
        pathway=KEY,
        decided_on="2026-03-20",
        reason="PATIENT_HAD_CHOSEN",
    )

    assert first == ["choice_not_recorded /pathway"]
    assert waived == ["referral.choice_not_offered"]
    assert await tell(memory, "booking_recorded", **booking()) == ["appointment.booked"]


async def test_a_missed_first_appointment_voids_the_clock_and_a_new_one_starts_it(
    memory: Memory,
) -> None:
    await tell(memory, "booking_recorded", **booking(local_start="2026-03-23T09:00:00"))

    missed = await tell(
        memory,
        "non_attendance_recorded",
        pathway=KEY,
        reference="A-1",
        missed_on="2026-03-23",
        clearly_communicated=True,
    )
    again = await tell(
        memory, "booking_recorded", **booking(reference="A-2", accepted_on="2026-03-23")
    )

    assert missed == ["appointment.missed", "referral.clock_nullified"]
    assert again == ["appointment.booked", "referral.clock_started"]
    assert [one.started_on for one in (await stored(memory)).history.periods] == [
        date(2026, 3, 1),
        date(2026, 3, 23),
    ]


async def test_a_slot_is_kept_until_a_wish_for_another_time_is_decided(memory: Memory) -> None:
    await tell(memory, "booking_recorded", **booking())
    wish: dict[str, Any] = {"pathway": KEY, "reference": "A-1", "request": "c-1"}

    asked = await tell(memory, "change_request_recorded", **wish, requested_on="2026-03-22")
    kept = (await stored(memory)).appointments[0]
    granted = await tell(
        memory,
        "change_decision_recorded",
        **wish,
        decided_on="2026-03-23",
        granted=True,
        local_start="2026-05-11T10:00:00",
    )

    assert asked == ["appointment.change_requested"]
    assert kept.open
    assert kept.starts_at == datetime(2026, 4, 20, 8, 0, tzinfo=UTC)
    assert granted == ["appointment.change_decided", "appointment.rebooked"]
    moved = (await stored(memory)).appointments[0]
    assert moved.starts_at == datetime(2026, 5, 11, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "fields", "faults"),
    [
        ("cancellation_recorded", {"reason": "BECAUSE"}, ["unknown_reason /reason"]),
        (
            "cancellation_recorded",
            {"reason": "PATIENT_APPOINTMENT_CLASH"},  # ended in 2007
            ["unknown_reason /reason"],
        ),
        ("cancellation_recorded", {"reference": "A-9"}, ["unknown_appointment /reference"]),
        (
            "cancellation_recorded",
            {"cancelled_on": "2026-03-24"},
            ["date_in_future /cancelled_on"],
        ),
        (
            "cancellation_recorded",
            {"publisher": STRANGER},
            ["forbidden_organisation /pathway/identifier"],
        ),
    ],
)
async def test_a_cancellation_that_cannot_be_is_refused(
    memory: Memory, kind: str, fields: dict[str, Any], faults: list[str]
) -> None:
    await tell(memory, "booking_recorded", **booking())
    told: dict[str, Any] = {
        "pathway": KEY,
        "reference": "A-1",
        "cancelled_by": "patient",
        "cancelled_on": "2026-03-23",
        **fields,
    }

    assert await refused(memory, kind, **told) == faults


# ---- the clock


async def test_a_report_is_taken_once_however_often_it_comes(memory: Memory) -> None:
    told: dict[str, Any] = {"pathway": KEY, "rtt_status": "34", "effective_on": "2026-03-20"}

    first = await tell(memory, "clock_reported", id="m", **told)
    second = await tell(memory, "clock_reported", id="m", **told)
    same_in_another = await tell(memory, "clock_reported", **told)

    assert (first, second, same_in_another) == (["referral.clock_stopped"], [], [])


async def test_a_late_report_tells_what_it_corrected(memory: Memory) -> None:
    await tell(memory, "clock_reported", pathway=KEY, rtt_status="34", effective_on="2026-03-20")

    events = await tell(
        memory, "clock_reported", pathway=KEY, rtt_status="32", effective_on="2026-03-10"
    )

    assert events == ["referral.clock_corrected"]
    told = memory.published[-1].model_dump()
    assert told["because"] == "late"
    assert [one["stopped_on"] for one in told["periods"]] == [date(2026, 3, 10)]
    assert [one["stopped_on"] for one in told["before"]] == [date(2026, 3, 20)]
    unfitting = (await stored(memory)).history.unused
    assert [one.fact.status for one in unfitting] == ["34"]


async def test_a_report_is_taken_back_by_who_made_it(memory: Memory) -> None:
    told: dict[str, Any] = {"pathway": KEY, "rtt_status": "34", "effective_on": "2026-03-20"}
    await tell(memory, "clock_reported", id="m-34", **told)

    events = await tell(memory, "clock_report_withdrawn", pathway=KEY, withdraws="m-34")

    assert events == ["referral.clock_corrected"]
    assert isinstance((await stored(memory)).history.clock, rtt.Ticking)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"rtt_status": "33", "administrative": True}, "not_a_clock_stop_event /rtt_status"),
        ({"rtt_status": "20", "administrative": True}, "not_a_clock_stop_event /rtt_status"),
        ({"rtt_status": "77"}, "unknown_rtt_status /rtt_status"),
        ({"effective_on": "2026-03-24"}, "date_in_future /effective_on"),
        ({"effective_on": "2026-02-28"}, "before_referral /effective_on"),
        ({"rtt_status": "11"}, "rtt_status_not_allowed /rtt_status"),
        ({"corrects": "nothing"}, "unknown_message /corrects"),
    ],
)
async def test_a_report_that_does_not_fit_is_refused(
    memory: Memory, fields: dict[str, Any], fault: str
) -> None:
    told: dict[str, Any] = {
        "pathway": KEY,
        "rtt_status": "34",
        "effective_on": "2026-03-20",
        **fields,
    }

    assert await refused(memory, "clock_reported", **told) == [fault]
    assert memory.published == []


async def test_pages_of_facts_are_read_back_in_their_order(memory: Memory) -> None:
    pathway = await stored(memory)
    facts = tuple(
        rtt.Fact("98", date(2026, 3, 2), NOW, f"m-{number:03}", TRUST) for number in range(300)
    )

    async def save(work: ReferralWork) -> None:
        all_facts = rtt.in_order((*pathway.facts, *facts))
        await work.pathways.save(replace(pathway, facts=all_facts, history=rtt.rebuild(all_facts)))

    await memory.run(save)

    assert len((await stored(memory)).facts) == 301
    assert len(memory.store.collections["pathways"][PATHWAY]["state"]["facts"]) < 128
    assert (await stored(memory)).history == pathway.history


# ---- the referral


async def test_a_changed_referral_tells_what_changed_and_keeps_a_contradiction(
    memory: Memory,
) -> None:
    events = await tell(
        memory,
        "referral_changed",
        publisher=PRACTICE,
        pathway=KEY,
        changed_on="2026-03-20",
        priority="2",
        source_of_referral="92",
    )

    assert events == ["referral.changed"]
    told = memory.published[-1].model_dump()
    assert (told["priority"], told["source_of_referral"]) == ("2", "92")
    assert told["source_validity"] == "contradicted"
    assert told["treatment_function"] is None


async def test_a_referral_made_by_mistake_counts_nowhere(memory: Memory) -> None:
    events = await tell(
        memory,
        "referral_cancelled",
        pathway=KEY,
        cancelled_on="2026-03-20",
        reason="RAISED_IN_ERROR",
    )

    assert events == ["referral.cancelled", "referral.clock_corrected"]
    pathway = await stored(memory)
    assert (pathway.status, pathway.history.periods) == (PathwayStatus.CANCELLED, ())


async def test_an_override_keeps_what_the_rules_said(memory: Memory) -> None:
    events = await tell(
        memory,
        "right_overridden",
        pathway=KEY,
        decided_on="2026-03-20",
        decision="NO_SUSPECTED_CANCER",
        reason="CIRCUMSTANCE_NOT_ON_REFERRAL",
    )

    assert events == ["referral.right_decided"]
    told = memory.published[-1].model_dump()
    assert (told["decision"], told["applies"]) == ("NO_SUSPECTED_CANCER", False)
    assert told["evidence"]["rules_said"] == "RIGHT_A"
    assert told["evidence"]["override_reason"] == "CIRCUMSTANCE_NOT_ON_REFERRAL"
    assert told["policy_text"]


async def test_a_wish_to_be_seen_sooner_elsewhere_is_decided(memory: Memory) -> None:
    events = await tell(memory, "move_requested", pathway=KEY, requested_on="2026-03-20")

    assert events == ["referral.right_to_move_decided"]
    assert memory.published[-1].model_dump()["decision"] == "NOT_B_WITHIN_18W"


# ---- people


async def second_referral(memory: Memory, number: str = ADA) -> str:
    body = referral_body()
    patient: dict[str, Any] = {**body["patient"], "nhs_number": number}
    made = referral_made(
        message_id="m-second",
        pathway={"identifier": "000000070999", "issuer": "X09"},
        patient=patient,
    )
    await memory.run(receive_referral, made)
    memory.published.clear()
    (other,) = {one.id for one in await memory.run(_of_person, number)} - {PATHWAY}
    return str(other)


async def test_a_death_stops_every_clock_of_the_person(memory: Memory) -> None:
    other = await second_referral(memory)

    events = await tell(
        memory, "patient_died", publisher=NATIONAL, nhs_number=ADA, died_on="2026-03-20"
    )

    assert events == ["referral.patient_died", "referral.clock_stopped"] * 2
    assert {event.subject for event in memory.published} == {PATHWAY, other}
    assert (await stored(memory)).status is PathwayStatus.DIED
    assert (await stored(memory)).history.periods[-1].stop_status == "36"


async def test_a_death_withdrawn_lets_the_clock_go_on(memory: Memory) -> None:
    await tell(memory, "patient_died", publisher=NATIONAL, nhs_number=ADA, died_on="2026-03-20")

    events = await tell(memory, "patient_death_withdrawn", publisher=NATIONAL, nhs_number=ADA)

    assert events == ["referral.patient_death_withdrawn", "referral.clock_corrected"]
    pathway = await stored(memory)
    assert pathway.death is None
    assert isinstance(pathway.history.clock, rtt.Ticking)


async def test_a_trust_speaks_of_its_own_patients_a_national_service_of_everybody(
    memory: Memory,
) -> None:
    told: dict[str, Any] = {"nhs_number": HER_OTHER, "died_on": "2026-03-20"}

    assert await refused(memory, "patient_died", **told) == ["unknown_patient /nhs_number"]
    assert await tell(memory, "patient_died", publisher=NATIONAL, **told) == []
    stranger: dict[str, Any] = {"nhs_number": ADA, "died_on": "2026-03-20", "publisher": STRANGER}
    assert await refused(memory, "patient_died", **stranger) == ["unknown_patient /nhs_number"]


async def test_no_query_for_a_person_holds_the_nhs_number(memory: Memory) -> None:
    state = memory.store.collections["pathways"][PATHWAY]["state"]

    assert state["patient"] == patient_key(ADA, SECRET)
    assert ADA not in state["patient"]


async def test_a_new_nhs_number_moves_the_pathway_and_can_be_undone(memory: Memory) -> None:
    changed = await tell(
        memory,
        "nhs_number_changed",
        publisher=NATIONAL,
        id="change",
        nhs_number=HER_OTHER,
        former=ADA,
        changed_on="2026-03-20",
    )
    found = [len(await memory.run(_of_person, number)) for number in (ADA, HER_OTHER)]
    undone = await tell(
        memory,
        "identity_change_undone",
        publisher=NATIONAL,
        nhs_number=HER_OTHER,
        undoes="change",
    )

    assert changed == ["identity.nhs_number_changed", "identity.recorded"]
    assert found == [0, 1]
    assert undone == ["identity.restored", "identity.recorded"]
    assert [len(await memory.run(_of_person, one)) for one in (ADA, HER_OTHER)] == [1, 0]


async def test_a_merge_moves_what_was_the_others_and_only_that_moves_back(memory: Memory) -> None:
    other = await second_referral(memory, HER_OTHER)

    merged = await tell(
        memory,
        "patients_merged",
        id="a40",
        nhs_number=ADA,
        merged=HER_OTHER,
        merged_on="2026-03-20",
    )
    together = {one.id for one in await memory.run(_of_person, ADA)}
    await tell(memory, "identity_change_undone", nhs_number=ADA, undoes="a40")

    assert merged == ["identity.merged", "identity.recorded"]
    assert together == {PATHWAY, other}
    assert [one.id for one in await memory.run(_of_person, ADA)] == [PATHWAY]
    assert [one.id for one in await memory.run(_of_person, HER_OTHER)] == [other]


async def test_changes_of_identity_are_undone_from_the_last(memory: Memory) -> None:
    third = "9990000034"
    first: dict[str, Any] = {"nhs_number": HER_OTHER, "former": ADA, "changed_on": "2026-03-20"}
    then: dict[str, Any] = {"nhs_number": third, "former": HER_OTHER, "changed_on": "2026-03-21"}
    await tell(memory, "nhs_number_changed", id="first", **first)
    await tell(memory, "nhs_number_changed", id="then", **then)

    undo: dict[str, Any] = {"nhs_number": third, "undoes": "first"}

    assert await refused(memory, "identity_change_undone", **undo) == ["later_change_first /undoes"]


async def test_what_nobody_told_is_not_undone(memory: Memory) -> None:
    undo: dict[str, Any] = {"nhs_number": ADA, "undoes": "nothing"}

    assert await refused(memory, "identity_change_undone", **undo) == ["unknown_message /undoes"]


async def test_where_a_sensitive_patient_lives_is_told_to_nobody(memory: Memory) -> None:
    events = await tell(
        memory,
        "patient_marked_sensitive",
        publisher=NATIONAL,
        nhs_number=ADA,
        sensitive=True,
        marked_on="2026-03-20",
    )

    assert events == ["identity.sensitivity_changed", "identity.recorded"]
    told = memory.published[-1].model_dump()
    assert told["family_name"] == "Example"
    assert (told["postcode"], told["address"], told["phone"], told["email"]) == (
        None,
        [],
        None,
        None,
    )


async def test_a_changed_person_is_told_once(memory: Memory) -> None:
    patient: dict[str, Any] = {**referral_body()["patient"], "phone": "07700900123"}

    first = await tell(memory, "patient_changed", patient=patient)
    again = await tell(memory, "patient_changed", patient=patient)

    assert (first, again) == (["identity.recorded"], [])


async def test_a_new_practice_is_told_without_naming_the_patient(memory: Memory) -> None:
    events = await tell(
        memory,
        "gp_changed",
        publisher=NATIONAL,
        nhs_number=ADA,
        practice="G85002",
        changed_on="2026-03-20",
    )

    assert events == ["referral.practice_changed"]
    assert ADA not in memory.published[-1].model_dump_json()


# ---- transfers


def transfer(**fields: Any) -> dict[str, Any]:
    return {
        "pathway": KEY,
        "reference": "T-1",
        "receiving_provider": CHOSEN,
        "decided_on": "2026-03-22",
        "reason": "01",
        **fields,
    }


DATA: dict[str, Any] = {
    "rtt_status": "20",
    "rtt_start": "2026-03-01",
    "referring_treatment_function": "110",
    "receiving_treatment_function": "110",
    "care_professional": "A Surgeon",
    "referrer_code": "C1234567",
    "contact": "Transfers desk",
    "gp_name": "A Doctor",
    "gp_practice": "A81001",
    "local_patient_id": "A1",
    "service_requested_on": "2026-03-22",
    "organisations": [TRUST],
}


async def with_address(memory: Memory) -> None:
    patient: dict[str, Any] = {**referral_body()["patient"], "address": ["1 Example Street"]}
    await tell(memory, "patient_changed", patient=patient)
    memory.published.clear()


async def test_a_patient_moves_with_their_start_once_the_receiver_confirms(memory: Memory) -> None:
    await with_address(memory)

    sent = await tell(memory, "transfer_decided", **transfer(**DATA))
    before = await stored(memory)
    arrived = await tell(
        memory,
        "transfer_received",
        publisher=CHOSEN,
        pathway=KEY,
        reference="T-1",
        received_on="2026-03-23",
    )

    assert sent == ["referral.transfer_begun", "referral.transfer_data_sent"]
    assert arrived == ["referral.transferred"]
    assert memory.published[-1].model_dump()["started_on"] == date(2026, 3, 1)
    after = await stored(memory)
    assert (before.provider, after.provider) == (TRUST, CHOSEN)
    assert after.history == before.history


async def test_a_data_set_with_gaps_is_refused_with_all_that_is_missing(memory: Memory) -> None:
    gaps: dict[str, Any] = {"contact": None, "gp_name": None}

    faults = await refused(memory, "transfer_decided", **transfer(**{**DATA, **gaps}))

    assert faults == [
        "transfer_incomplete /contact",
        "transfer_incomplete /gp_name",
        "transfer_incomplete /patient/address",
    ]
    assert (await stored(memory)).transfers == ()


async def test_an_alarm_is_raised_once_when_the_data_set_is_late(memory: Memory) -> None:
    await tell(memory, "transfer_decided", **transfer())
    ((name, timer),) = memory.store.collections["timers"].items()
    subject, due_at = timer["state"]["subject"], timer["state"]["due_at"]
    memory.published.clear()

    memory.now = due_at
    await memory.run(raise_alarm, subject)
    await memory.run(raise_alarm, subject)

    assert name == f"{DATA_DUE}:{subject}"
    assert due_at == datetime(2026, 3, 25, 0, 0, tzinfo=UTC)
    assert types(memory.published) == ["referral.transfer_overdue"]
    assert "/gp_name" in memory.published[-1].model_dump()["missing"]


async def test_no_alarm_when_the_data_set_came_in_time(memory: Memory) -> None:
    await with_address(memory)
    await tell(memory, "transfer_decided", **transfer())

    await tell(memory, "transfer_decided", **transfer(**DATA))

    assert [name.partition(":")[0] for name in memory.store.collections["timers"]] == [RECEIPT_DUE]
    assert memory.published[-1].model_dump()["in_time"] is True


async def test_a_transfer_that_nobody_confirms_within_a_day_is_a_task_once(memory: Memory) -> None:
    await with_address(memory)
    await tell(memory, "transfer_decided", **transfer(**DATA))
    ((key, due_at),) = memory.timers().items()
    subject = key.removeprefix(f"{RECEIPT_DUE}:")
    memory.published.clear()

    await memory.run(ask_a_person, subject)
    assert memory.published == []
    memory.now = due_at
    await memory.run(ask_a_person, subject)
    await memory.run(ask_a_person, subject)

    assert types(memory.published) == ["referral.transfer_unconfirmed"]
    assert (await stored(memory)).provider == TRUST


async def test_only_the_provider_that_has_the_patient_hands_them_over(memory: Memory) -> None:
    told = transfer(publisher=STRANGER)

    assert await refused(memory, "transfer_decided", **told) == [
        "forbidden_organisation /pathway/identifier"
    ]
