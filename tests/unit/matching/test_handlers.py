"""From a referral to a booked place: what matching says and keeps at every step."""

from datetime import date, timedelta

import pytest

from chassis.errors import NotYet
from chassis.testing import NOW
from contracts.events import (
    OfferAccepted,
    OfferExpired,
    OfferNotMade,
    OfferShortlisted,
)
from matching import handlers
from matching.domain.offers import Booked, Held, Lapsed, NoChoice, Shortlisted, Stayed
from matching.work import Rules
from tests.unit.matching.stories import (
    ADA,
    BEN,
    EARLIEST,
    RESPOND_BY,
    TODAY,
    accept,
    booked,
    case,
    declare,
    declare_everywhere,
    last,
    later,
    london_midnight_after,
    matching,
    offered,
    provider_chosen,
    referral_received,
    right_decided,
    said,
    session,
    shortlist,
    stay_chosen,
)

DAY = timedelta(days=1)
HOLD = timedelta(hours=48)


# ---- a shortlist


async def test_a_patient_who_may_choose_gets_a_list_by_wait_and_two_weeks_to_answer() -> None:
    work = matching()
    await declare_everywhere(work)

    made = await shortlist(work)

    assert [one.provider for one in made.options] == ["NT2", "NV3", "RCF", "RAE", "RWY", "RXF"]
    assert made.respond_by == RESPOND_BY
    assert (made.shortfall, made.candidates) == (0, 10)
    assert isinstance((await case(work)).match, Shortlisted)
    assert work.timers() == {f"lapse:{ADA}": london_midnight_after(RESPOND_BY)}


async def test_every_line_shows_wait_distance_sector_and_the_next_place() -> None:
    work = matching()
    await declare_everywhere(work)

    first = (await shortlist(work)).options[0]

    assert first.wait is not None
    assert (first.wait.weeks, first.wait.statistic, first.wait.n) == (6.5, "median", 900)
    assert (first.site_name, first.sector) == ("Hospital NT219", "IS")
    assert (first.distance_miles, first.next_place_on) == (4.0, EARLIEST)


async def test_the_provider_that_has_the_patient_is_no_alternative_to_itself() -> None:
    work = matching()
    await declare_everywhere(work)
    await declare(work, offered("RR801"))

    made = await shortlist(work)

    assert "RR8" not in [one.provider for one in made.options]
    assert made.excluded["CURRENT_PROVIDER"] == 2
    assert made.current_provider == "RR8"


async def test_a_site_without_a_place_in_time_is_left_out_and_the_shortfall_is_explained() -> None:
    work = matching()
    await declare(work, offered("NT219"), offered("NV304", on=EARLIEST - DAY))

    made = await shortlist(work)

    assert [one.provider for one in made.options] == ["NT2"]
    assert made.shortfall == 4
    assert made.shortfall_reason is not None
    assert "NO_NET_CAPACITY" in made.shortfall_reason


async def test_a_travel_limit_is_the_patients_own_before_the_one_of_the_settings() -> None:
    work = matching(rules=Rules(travel_limit_miles=5))
    await declare_everywhere(work)

    by_settings = await shortlist(work)
    by_patient = await shortlist(work, BEN, travel_limit_miles=9)

    assert [one.provider for one in by_settings.options] == ["NT2"]
    assert [one.provider for one in by_patient.options] == ["NT2", "NV3", "RAE"]


async def test_a_child_is_not_offered_a_hospital_for_adults() -> None:
    work = matching()
    await declare_everywhere(work)

    made = await shortlist(work, age=17)

    assert [one.provider for one in made.options] == ["RCF", "RAE", "RWY", "RXF"]
    assert made.excluded["AGE_OUT_OF_RANGE"] == 2


async def test_a_patient_without_the_right_waits_where_they_are_and_the_reason_is_kept() -> None:
    work = matching()
    await declare_everywhere(work)
    await work.run(handlers.record_referral, referral_received())

    await work.run(handlers.offer_choice, right_decided(applies=False))

    assert (await case(work)).match == NoChoice("NO_URGENT_OR_EMERGENCY")
    assert said(work) == []
    assert work.timers() == {}


async def test_a_patient_with_no_other_provider_is_told_why_by_an_event() -> None:
    work = matching()
    await work.run(handlers.record_referral, referral_received())

    await work.run(handlers.offer_choice, right_decided())

    told = last(work, OfferNotMade)
    assert told.reason == "NO_OTHER_PROVIDER"
    assert told.excluded["NO_NET_CAPACITY"] == 9
    assert (await case(work)).match == NoChoice("NO_OTHER_PROVIDER")
    assert work.timers() == {}


async def test_a_decision_before_its_referral_waits_for_it() -> None:
    with pytest.raises(NotYet):
        await matching().run(handlers.offer_choice, right_decided())


async def test_a_second_decision_makes_no_second_list() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)

    await work.run(handlers.offer_choice, right_decided())

    assert said(work) == ["offer.shortlisted"]


async def test_the_same_inputs_give_the_same_list_and_hash() -> None:
    one, other = matching(), matching()
    for work in (one, other):
        await declare_everywhere(work)

    assert await shortlist(one) == await shortlist(other)


# ---- answers


async def test_a_choice_holds_the_earliest_place_for_two_days() -> None:
    work = matching()
    await declare_everywhere(work)
    await declare(work, offered("NT219", on=EARLIEST + DAY), offered("NT219", on=EARLIEST - DAY))
    await shortlist(work)

    accepted = await accept(work)

    assert accepted.local_start.date() == EARLIEST
    assert accepted.held_until == NOW + HOLD
    assert (accepted.provider_name, accepted.site_name) == ("Provider NT2", "Hospital NT219")
    assert (await session(work, accepted.session)).held == {ADA}
    assert work.timers() == {f"expire:{ADA}": NOW + HOLD}


async def test_the_answer_of_an_answered_list_changes_nothing() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    await accept(work)
    before = await case(work)

    await work.run(handlers.take_choice, provider_chosen("NV3"))
    await work.run(handlers.take_stay, stay_chosen())

    assert said(work) == ["offer.shortlisted", "offer.accepted"]
    assert await case(work) == before


async def test_the_last_place_goes_once_and_the_other_patient_gets_another_list() -> None:
    work = matching()
    await declare_everywhere(work, places=1)
    await shortlist(work, ADA)
    await shortlist(work, BEN)

    await accept(work, "NT2", ADA)
    await work.run(handlers.take_choice, provider_chosen("NT2", pathway=BEN))

    assert said(work, BEN) == ["offer.shortlisted", "offer.unavailable", "offer.shortlisted"]
    again = last(work, OfferShortlisted)
    assert again.shortlist_id == f"{BEN}-2"
    assert "NT2" not in [one.provider for one in again.options]


async def test_an_answer_to_the_list_before_changes_nothing() -> None:
    work = matching()
    await declare_everywhere(work, places=1)
    await shortlist(work, ADA)
    await shortlist(work, BEN)
    await accept(work, "NT2", ADA)
    await work.run(handlers.take_choice, provider_chosen("NT2", pathway=BEN))

    await work.run(handlers.take_choice, provider_chosen("NV3", pathway=BEN))

    assert "offer.accepted" not in said(work, BEN)


async def test_a_full_session_is_passed_over_for_the_next_one_of_the_same_site() -> None:
    work = matching()
    await declare_everywhere(work, places=1)
    await declare(work, offered("NT219", on=EARLIEST + DAY))
    await shortlist(work, ADA)
    await shortlist(work, BEN)
    await accept(work, "NT2", ADA)

    accepted = await accept(work, "NT2", BEN)

    assert accepted.local_start.date() == EARLIEST + DAY


async def test_whoever_stays_keeps_their_place_and_nothing_is_left_to_lapse() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)

    await work.run(handlers.take_stay, stay_chosen())

    assert said(work) == ["offer.shortlisted", "offer.stayed"]
    assert (await case(work)).match == Stayed(f"{ADA}-1")
    assert work.timers() == {}


@pytest.mark.parametrize(
    ("answered_on", "counts"),
    [(RESPOND_BY - DAY, True), (RESPOND_BY, True), (RESPOND_BY + DAY, False)],
)
async def test_an_answer_counts_by_the_day_it_was_given(answered_on: date, counts: bool) -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    at = NOW + (answered_on - TODAY)

    await work.run(handlers.take_choice, provider_chosen("NT2", at=at))

    assert ("offer.accepted" in said(work)) is counts


async def test_an_answer_to_a_list_that_is_not_made_yet_waits_for_it() -> None:
    with pytest.raises(NotYet):
        await matching().run(handlers.take_choice, provider_chosen("NT2"))


@pytest.mark.parametrize("days", [0, 7, 14])
async def test_whoever_takes_a_week_to_answer_still_finds_the_place_they_saw(days: int) -> None:
    work = matching()
    await declare_everywhere(work)
    shown = (await shortlist(work)).options[0]
    at = NOW + DAY * days
    after = later(work, at)

    await after.run(handlers.take_choice, provider_chosen("NT2", at=at))

    assert last(after, OfferAccepted).local_start.date() == shown.next_place_on


@pytest.mark.parametrize(("days", "soon_enough"), [(17, True), (18, True), (19, False)])
async def test_no_place_is_given_sooner_than_three_days_ahead(days: int, soon_enough: bool) -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    after = later(work, NOW + DAY * days)

    await after.run(handlers.take_choice, provider_chosen("NT2", at=NOW))

    assert ("offer.accepted" in said(after)) is soon_enough


# ---- booking


async def test_a_booked_place_is_used_and_nothing_is_left_to_expire() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    accepted = await accept(work)

    await work.run(handlers.use_booked_place, booked(accepted))

    found = await session(work, accepted.session)
    assert found.used == {ADA}
    assert not found.held
    assert isinstance((await case(work)).match, Booked)
    assert work.timers() == {}


async def test_a_booking_that_arrives_after_its_hold_ended_keeps_its_place() -> None:
    work = matching()
    await declare_everywhere(work, on=EARLIEST + DAY * 7)
    await shortlist(work)
    accepted = await accept(work)
    after = later(work, accepted.held_until)
    await after.run(handlers.expire_hold, ADA)

    await after.run(handlers.use_booked_place, booked(accepted))

    assert (await session(after, accepted.session)).used == {ADA}
    assert isinstance((await case(after)).match, Booked)
    assert after.timers() == {}


async def test_a_booking_in_a_session_that_has_filled_up_needs_a_person() -> None:
    work = matching()
    await declare_everywhere(work, places=1)
    await shortlist(work, ADA)
    await shortlist(work, BEN)
    accepted = await accept(work)
    after = later(work, accepted.held_until)
    await after.run(handlers.expire_hold, ADA)
    await after.run(handlers.take_choice, provider_chosen("NT2", pathway=BEN))

    with pytest.raises(handlers.NoPlaceForBookingError):
        await after.run(handlers.use_booked_place, booked(accepted))


# ---- time


@pytest.mark.parametrize(("seconds", "lapses"), [(-1, False), (0, True), (86_400, True)])
async def test_a_list_lapses_when_its_last_day_has_ended(seconds: int, lapses: bool) -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    after = later(work, london_midnight_after(RESPOND_BY) + timedelta(seconds=seconds))

    await after.run(handlers.lapse_list, ADA)

    assert said(after) == (["offer.lapsed"] if lapses else [])
    assert isinstance((await case(after)).match, Lapsed if lapses else Shortlisted)


@pytest.mark.parametrize(("seconds", "expires"), [(-1, False), (0, True), (1, True)])
async def test_a_hold_ends_with_a_free_place_and_a_new_list(seconds: int, expires: bool) -> None:
    work = matching()
    await declare_everywhere(work, places=1, on=EARLIEST + DAY * 7)
    await shortlist(work)
    accepted = await accept(work)
    after = later(work, accepted.held_until + timedelta(seconds=seconds))

    await after.run(handlers.expire_hold, ADA)

    found = await session(after, accepted.session)
    assert found.free == int(expires)
    assert said(after) == (["offer.expired", "offer.shortlisted"] if expires else [])
    if expires:
        again = last(after, OfferShortlisted)
        assert again.options[0].provider == "NT2"
        assert again.shortlist_id == f"{ADA}-2"


async def test_a_timer_follows_the_story_it_belongs_to() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    accepted = await accept(work)
    after = later(work, accepted.held_until)

    await after.run(handlers.expire_hold, ADA)

    expired = last(after, OfferExpired)
    assert expired.envelope.correlation_id == last(work, OfferAccepted).envelope.correlation_id
    assert expired.envelope.causation_id == provider_chosen("NT2").id


async def test_a_timer_that_comes_twice_or_too_late_changes_nothing() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    accepted = await accept(work)
    await work.run(handlers.use_booked_place, booked(accepted))
    after = later(work, accepted.held_until + DAY * 30)

    await after.run(handlers.expire_hold, ADA)
    await after.run(handlers.lapse_list, ADA)
    await after.run(handlers.lapse_list, BEN)

    assert after.published == []


async def test_a_list_that_is_left_with_nobody_closes() -> None:
    work = matching()
    await declare(work, offered("NT219", places=1))
    await shortlist(work, ADA)
    await shortlist(work, BEN)
    await accept(work, "NT2", ADA)

    await work.run(handlers.take_choice, provider_chosen("NT2", pathway=BEN))

    assert said(work, BEN) == [
        "offer.shortlisted",
        "offer.unavailable",
        "offer.not_made",
        "offer.task_opened",
    ]
    assert f"lapse:{BEN}" not in work.timers()


async def test_held_is_what_a_case_with_a_place_is() -> None:
    work = matching()
    await declare_everywhere(work)
    await shortlist(work)
    accepted = await accept(work)

    expected = Held(f"{ADA}-1", "NT2", accepted.session, NOW + HOLD)
    assert (await case(work)).match == expected
