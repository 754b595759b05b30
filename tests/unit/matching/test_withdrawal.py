"""Places that a provider withdraws: nobody is forgotten, and what is booked is never taken away."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest

from chassis.errors import Rejected
from chassis.work import TIMERS
from contracts.events import (
    CapacityWithdrawn,
    OfferAccepted,
    OfferShortlisted,
    OfferTaskOpened,
    OfferWithdrawn,
)
from contracts.submissions import WithdrawalDeclared
from matching import handlers
from matching.declaring import withdraw_session
from matching.domain.offers import Booked, Held, NoChoice, Shortlisted
from matching.handlers.rematching import AT_ONCE
from matching.work import MatchingWork
from tests.unit.matching.stories import (
    ADA,
    BEN,
    EARLIEST,
    SITES,
    Matching,
    accept,
    booked,
    case,
    declare,
    declare_everywhere,
    last,
    matching,
    offered,
    provider_chosen,
    received,
    said,
    session,
    shortlist,
)
from tests.unit.matching.worlds import ORTHOPAEDICS

SESSION = f"NT2.NT219-{EARLIEST.isoformat()}"
CAROL = "c" * 32


def withdrawal(
    site: str = "NT219", places: int | None = None, name: str = "w-1"
) -> WithdrawalDeclared:
    return WithdrawalDeclared(
        withdrawal_id=name,
        capacity_id=f"{site}-{EARLIEST.isoformat()}",
        reason="industrial_action",
        places=places,
    )


async def withdraw(work: Matching, told: WithdrawalDeclared, publisher: str = "NT2") -> None:
    await work.run(withdraw_session, received(told, publisher=publisher))


async def rematch(work: Matching) -> None:
    """Let the timers that are due ring until none is."""
    while due := [name for name in work.timers() if name.startswith("rematch:")]:
        for name in due:
            del work.store.collections[TIMERS][name]
            await work.run(handlers.rematch_offered, name.removeprefix("rematch:"))


async def test_free_places_go_first_and_nobody_is_touched() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    await accept(work)

    await withdraw(work, withdrawal(places=3))

    told = last(work, CapacityWithdrawn)
    assert (told.places, told.displaced, told.booked_at_risk) == (3, 0, 0)
    assert (told.reason, told.week.isoweekday()) == ("industrial_action", 1)
    assert isinstance((await case(work)).match, Held)
    assert (await session(work, SESSION)).free == 0


async def test_who_held_a_withdrawn_place_is_offered_others_at_once() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    await accept(work)

    await withdraw(work, withdrawal())

    assert said(work)[-2:] == ["offer.withdrawn", "offer.shortlisted"]
    assert last(work, OfferWithdrawn).session == SESSION
    assert "NT2" not in [one.provider for one in last(work, OfferShortlisted).options]
    assert f"expire:{ADA}" not in work.timers()


async def test_without_another_provider_there_is_a_task() -> None:
    work = matching()
    await declare(work, offered("NT219"))
    await shortlist(work)
    await accept(work)

    await withdraw(work, withdrawal())

    assert said(work)[-3:] == ["offer.withdrawn", "offer.not_made", "offer.task_opened"]
    assert last(work, OfferTaskOpened).task == "no_other_offer"
    assert isinstance((await case(work)).match, NoChoice)


async def test_a_booked_place_stays_and_a_person_looks() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    await work.run(handlers.use_booked_place, booked(await accept(work)))

    await withdraw(work, withdrawal())

    told = last(work, CapacityWithdrawn)
    assert (told.places, told.booked_at_risk) == (3, 1)
    assert last(work, OfferTaskOpened).task == "place_withdrawn"
    assert isinstance((await case(work)).match, Booked)
    assert (await session(work, SESSION)).left == 1


async def test_who_was_offered_a_slot_that_is_gone_gets_another_list() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    await shortlist(work, BEN)

    await withdraw(work, withdrawal())
    await rematch(work)

    for pathway in (ADA, BEN):
        assert said(work, pathway)[-2:] == ["offer.withdrawn", "offer.shortlisted"]
        match_ = (await case(work, pathway)).match
        assert isinstance(match_, Shortlisted)
        assert "NT2" not in [one.provider for one in match_.options]


async def test_a_list_stands_while_its_sites_have_another_place_in_time() -> None:
    work = matching()
    await declare_everywhere(work)
    await declare(work, offered("NT219", on=EARLIEST + timedelta(days=7)))
    made = await shortlist(work)

    await withdraw(work, withdrawal())
    await rematch(work)

    assert last(work, OfferShortlisted).shortlist_id == made.shortlist_id


async def test_more_patients_than_one_transaction_takes_are_all_matched_anew() -> None:
    work = matching()
    await declare_everywhere(work)
    everybody = [f"{number:032x}" for number in range(AT_ONCE + 3)]
    for pathway in everybody:
        await shortlist(work, pathway)

    await withdraw(work, withdrawal())
    await rematch(work)

    assert all([(await case(work, pathway)).lists == 2 for pathway in everybody])


async def test_a_withdrawal_that_comes_again_changes_nothing() -> None:
    work = matching()
    await declare(work, offered("NT219"))

    await withdraw(work, withdrawal(places=1))
    await withdraw(work, withdrawal(places=1))

    assert (await session(work, SESSION)).left == 3
    assert len([one for one in work.published if isinstance(one, CapacityWithdrawn)]) == 1


async def test_a_session_declared_again_after_a_withdrawal_does_not_open_anew() -> None:
    work = matching()
    await declare(work, offered("NT219"))
    await withdraw(work, withdrawal())

    await declare(work, offered("NT219"))

    assert (await session(work, SESSION)).free == 0


async def test_nobody_withdraws_a_session_that_is_not_theirs() -> None:
    work = matching()
    await declare(work, offered("NT219"))

    with pytest.raises(Rejected) as refused:
        await withdraw(work, withdrawal(), publisher="RR8")

    assert [(one.status, one.pointer) for one in refused.value.faults] == [(404, "/capacity_id")]


# ---- all orders in which three withdrawals and three choices may meet

PATIENTS = (ADA, BEN, CAROL)


def interleavings() -> Iterator[tuple[str, ...]]:
    """Three withdrawals and three choices in every order."""
    yield from sorted(set(permutations("wwwccc")))


@pytest.mark.parametrize("places", [1, 2, None])
@pytest.mark.parametrize("other_providers", [True, False])
@pytest.mark.parametrize("books", ["at once", "late", "never"])
async def test_no_order_leaves_a_patient_without_a_slot_and_without_a_task(
    places: int | None, other_providers: bool, books: str
) -> None:
    orders = list(interleavings())
    assert len(orders) == 20
    for order in orders:
        work = matching()
        await declare(work, offered("NT219", places=3))
        if other_providers:
            await declare(work, *(offered(site) for site in SITES if site != "NT219"))
        for pathway in PATIENTS:
            await shortlist(work, pathway)
        await _meet(work, order, places, books)

        for pathway in PATIENTS:
            assert await _is_seen_to(work, pathway), (order, said(work, pathway))
        found = await session(work, SESSION)
        assert found.left >= found.taken


async def _meet(work: Matching, order: tuple[str, ...], places: int | None, books: str) -> None:
    patients, names = iter(PATIENTS), iter("123")
    accepted = []
    for step in order:
        if step == "w":
            await withdraw(work, withdrawal(places=places, name=next(names)))
            continue
        pathway = next(patients)
        await work.run(handlers.take_choice, provider_chosen("NT2", pathway=pathway))
        held = work.published[-1]
        if isinstance(held, OfferAccepted) and books == "at once":
            await work.run(handlers.use_booked_place, booked(held))
        elif isinstance(held, OfferAccepted) and books == "late":
            accepted.append(held)
    for held in accepted:
        await work.run(handlers.use_booked_place, booked(held))
    await rematch(work)


async def _is_seen_to(work: Matching, pathway: str) -> bool:
    """Whether the patient has a place or an offer that stands, or a person looks after them."""
    match_ = (await case(work, pathway)).match
    has_task = "offer.task_opened" in said(work, pathway)
    match match_:
        case Held(session=name):
            return pathway in (await session(work, name)).held
        case Booked(session=name):
            return has_task or pathway in (await session(work, name)).used
        case Shortlisted(options=options):
            days = [await _has_room(work, option.site) for option in options]
            return all(days)
        case _:
            return has_task


async def _has_room(work: Matching, site: str) -> bool:
    async def look(_: str, unit: MatchingWork) -> bool:
        diary = await unit.sessions.diary(site, ORTHOPAEDICS)
        return diary is not None and diary.next_on(EARLIEST) is not None

    return bool(await work.run(look, site))
