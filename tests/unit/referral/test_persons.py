"""Who a pathway is of, whatever becomes known of numbers, deaths and flags, and in which order."""

import random
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Rejected
from contracts.events import IdentityRecorded
from referral.handlers.people import SETTLING, settle
from referral.handlers.submissions import receive_referral
from tests.unit.referral.builders import (
    PATHWAY,
    TRUST,
    referral_body,
    referral_made,
    types,
    work,
)
from tests.unit.referral.test_taking import (
    ADA,
    HER_OTHER,
    LATER,
    NATIONAL,
    Memory,
    _of_person,
    refused,
    second_referral,
    stored,
    tell,
)

MERGES_AND_SPLITS = 60
NUMBERS = (
    "9990000018", "9990000026", "9990000034", "9990000042", "9990000050",
    "9990000069", "9990000077", "9990000085", "9990000093", "9990000107",
)  # fmt: skip


async def refer(memory: Memory, ubrn: str, number: str, id: str, **person: Any) -> None:
    patient: dict[str, Any] = {**referral_body()["patient"], "nhs_number": number, **person}
    pathway = {"identifier": ubrn, "issuer": "X09"}
    made = referral_made(message_id=id, pathway=pathway, patient=patient)
    await memory.run(receive_referral, made)


@pytest.fixture
async def memory() -> Memory:
    made = work(now=LATER)
    await made.run(receive_referral, referral_made())
    made.published.clear()
    return made


async def numbers_of(memory: Memory) -> dict[str, str]:
    found: dict[str, str] = {}
    for number in NUMBERS:
        found |= {one.id: number for one in await memory.run(_of_person, number)}
    return found


class Truth:
    """Which number stands for which, kept apart from the code that is tried."""

    def __init__(self) -> None:
        self.left_for: dict[str, tuple[str, str]] = {}  # number: (other, message)
        self.referred: dict[str, str] = {}  # UBRN: number as sent

    def now(self, number: str) -> str:
        while number in self.left_for:
            number = self.left_for[number][0]
        return number

    @property
    def live(self) -> list[str]:
        return [number for number in NUMBERS if number not in self.left_for]


async def test_no_pathway_is_lost_or_shown_to_another_whatever_is_merged_and_split() -> None:
    """Merges and splits in random order, with referrals on their way."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when it fails
    chance, memory, truth = random.Random(seed), work(now=LATER), Truth()
    done = step = 0
    while done < MERGES_AND_SPLITS:
        step += 1
        memory.now += timedelta(seconds=1)
        if len(truth.referred) < 40 and chance.random() < 0.2:
            ubrn, number = f"{step:012}", chance.choice(NUMBERS)  # also one that was left behind
            await refer(memory, ubrn, number, f"r-{step}", family_name=f"Example {number}")
            truth.referred[ubrn] = number
        elif truth.left_for and (chance.random() < 0.5 or len(truth.live) < 3):
            done += await split(memory, truth, chance, f"u-{step}")
        else:
            await merge(memory, truth, chance, f"m-{step}")
            done += 1
        if step % 20 == 0:
            await nothing_is_lost(memory, truth)
    await nothing_is_lost(memory, truth)


async def merge(memory: Memory, truth: Truth, chance: random.Random, id: str) -> None:
    merged, into = chance.sample(truth.live, 2)
    kind, other = chance.choice((("patients_merged", "merged"), ("nhs_number_changed", "former")))
    on = {"patients_merged": "merged_on", "nhs_number_changed": "changed_on"}[kind]
    told = {"nhs_number": into, other: merged, on: "2026-03-20"}
    await tell(memory, kind, id=id, publisher=NATIONAL, **told)
    truth.left_for[merged] = (into, id)


async def split(memory: Memory, truth: Truth, chance: random.Random, id: str) -> int:
    """Undo one; refused where a later change of the same pathway is to be undone first."""
    number = chance.choice(list(truth.left_for))
    into, message = truth.left_for[number]
    told = {"nhs_number": truth.now(into), "undoes": message}
    try:
        await tell(memory, "identity_change_undone", id=id, publisher=NATIONAL, **told)
    except Rejected as refusal:
        if [fault.code for fault in refusal.faults] != ["later_change_first"]:
            raise
        return 0
    del truth.left_for[number]
    return 1


async def nothing_is_lost(memory: Memory, truth: Truth) -> None:
    found: dict[str, str] = {}
    for number in NUMBERS:
        for one in await memory.run(_of_person, number):
            assert one.id not in found, "a pathway is one person's"
            found[one.id] = one.referral.identifier
            sent = truth.referred[one.referral.identifier]
            assert number == truth.now(sent)
            assert one.person.family_name == f"Example {sent}"
    assert sorted(found.values()) == sorted(truth.referred)
    told = {event.subject: event for event in memory.published if type(event) is IdentityRecorded}
    assert {id: told[id].nhs_number for id in found} == {
        id: truth.now(truth.referred[ubrn]) for id, ubrn in found.items()
    }


# ---- what comes later finds the person


async def test_a_referral_on_its_way_through_a_merge_is_the_persons(memory: Memory) -> None:
    merged = {"nhs_number": ADA, "merged": HER_OTHER, "merged_on": "2026-03-20"}
    await tell(memory, "patients_merged", publisher=NATIONAL, id="m", **merged)
    other = await _referred(memory, HER_OTHER)

    assert {one.id for one in await memory.run(_of_person, ADA)} == {PATHWAY, other}

    await tell(memory, "identity_change_undone", publisher=NATIONAL, nhs_number=ADA, undoes="m")

    assert [one.id for one in await memory.run(_of_person, HER_OTHER)] == [other]


async def _referred(memory: Memory, number: str) -> str:
    before = await numbers_of(memory)
    await refer(memory, "000000070999", number, "m-second")
    (other,) = (await numbers_of(memory)).keys() - before.keys()
    return other


async def test_the_same_referral_told_again_under_a_number_left_behind_is_no_other(
    memory: Memory,
) -> None:
    told = {"nhs_number": HER_OTHER, "former": ADA, "changed_on": "2026-03-20"}
    await tell(memory, "nhs_number_changed", publisher=NATIONAL, **told)

    await refer(memory, referral_body()["pathway"]["identifier"], ADA, "again", phone="07700900123")

    person = (await stored(memory)).person
    assert (person.nhs_number, person.phone) == (HER_OTHER, "07700900123")


async def test_a_death_told_of_a_number_left_behind_is_the_persons(memory: Memory) -> None:
    told = {"nhs_number": HER_OTHER, "former": ADA, "changed_on": "2026-03-20"}
    await tell(memory, "nhs_number_changed", publisher=NATIONAL, **told)

    died = {"nhs_number": ADA, "died_on": "2026-03-20"}

    assert await tell(memory, "patient_died", publisher=NATIONAL, **died) == [
        "referral.patient_died",
        "referral.clock_stopped",
    ]


async def test_somebody_who_has_died_is_referred_and_waits_for_nothing(memory: Memory) -> None:
    died = {"nhs_number": HER_OTHER, "died_on": "2026-03-20"}
    await tell(memory, "patient_died", publisher=NATIONAL, **died)

    await refer(memory, "000000070999", HER_OTHER, "m-second")

    assert types(memory.published)[-3:] == [
        "referral.patient_died",
        "referral.clock_stopped",
        "identity.recorded",
    ]
    (pathway,) = await memory.run(_of_person, HER_OTHER)
    assert pathway.over


async def test_whoever_is_sensitive_is_so_on_every_referral_that_follows(memory: Memory) -> None:
    mark: dict[str, Any] = {"nhs_number": ADA, "sensitive": True, "marked_on": "2026-03-20"}
    await tell(memory, "patient_marked_sensitive", publisher=NATIONAL, **mark)
    memory.published.clear()

    await refer(memory, "000000070999", ADA, "m-second", address=["1 Example Street"])

    identity = memory.published[-1].model_dump()
    assert (identity["postcode"], identity["address"]) == (None, [])
    assert memory.published[0].model_dump()["outward"] is None


async def test_a_trust_does_not_take_down_the_flag_of_a_national_service(memory: Memory) -> None:
    mark: dict[str, Any] = {"nhs_number": ADA, "marked_on": "2026-03-20"}
    await tell(memory, "patient_marked_sensitive", publisher=NATIONAL, sensitive=True, **mark)

    assert await tell(memory, "patient_marked_sensitive", sensitive=False, **mark) == []
    assert (await stored(memory)).sensitive


async def test_a_merge_makes_sensitive_what_was_not_and_its_undoing_gives_it_back(
    memory: Memory,
) -> None:
    other = await second_referral(memory, HER_OTHER)
    mark: dict[str, Any] = {"nhs_number": HER_OTHER, "sensitive": True, "marked_on": "2026-03-20"}
    await tell(memory, "patient_marked_sensitive", publisher=NATIONAL, **mark)
    merged = {"nhs_number": ADA, "merged": HER_OTHER, "merged_on": "2026-03-20"}

    await tell(memory, "patients_merged", publisher=NATIONAL, id="m", **merged)
    together = [(await stored(memory, id)).sensitive for id in (PATHWAY, other)]
    await tell(memory, "identity_change_undone", publisher=NATIONAL, nhs_number=ADA, undoes="m")

    assert together == [True, True]
    assert [(await stored(memory, id)).sensitive for id in (PATHWAY, other)] == [False, True]


async def test_a_trust_does_not_withdraw_a_death_that_a_national_service_told(
    memory: Memory,
) -> None:
    died = {"nhs_number": ADA, "died_on": "2026-03-20"}
    await tell(memory, "patient_died", publisher=NATIONAL, **died)

    assert await refused(memory, "patient_death_withdrawn", publisher=TRUST, nhs_number=ADA) == [
        "forbidden_organisation /nhs_number"
    ]
    assert (await stored(memory)).over


async def test_a_referral_that_missed_a_change_is_put_right_soon_after(memory: Memory) -> None:
    """Decided at the same moment by another copy, which had not seen the change."""
    merged = {"nhs_number": ADA, "merged": HER_OTHER, "merged_on": "2026-03-20"}
    records = memory.store.collections["persons"]
    await tell(memory, "patients_merged", publisher=NATIONAL, **merged)
    kept = dict(records)
    records.clear()
    await refer(memory, "000000070999", HER_OTHER, "m-second")
    records.update(kept)
    (key,) = [id for id in memory.timers() if id.startswith(SETTLING)]

    await memory.run(settle, key.removeprefix(f"{SETTLING}:"))

    assert len(await memory.run(_of_person, ADA)) == 2
