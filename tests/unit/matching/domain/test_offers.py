"""The match of a pathway: which answers count, when a list lapses and when a hold ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.domain.offers import (
    Booked,
    Choice,
    Held,
    Lapsed,
    Match,
    NoChoice,
    Option,
    Shortlisted,
    Stayed,
    UnlistedProviderError,
    choose,
    confirm,
    expire,
    hold,
    lapse,
    stay,
)

LIST = "0123456789abcdef0123456789abcdef-1"
OTHER_LIST = "0123456789abcdef0123456789abcdef-2"
RESPOND_BY = date(2026, 3, 2)
PLACES_FROM = date(2026, 3, 9)
DAY = timedelta(days=1)
LEEDS = Option("RR8", "RR801")
SPIRE = Option("NT2", "NT219")
HELD_UNTIL = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)

SHORTLISTED = Shortlisted(LIST, RESPOND_BY, PLACES_FROM, (LEEDS, SPIRE))
LAPSED = Lapsed(LIST, RESPOND_BY, PLACES_FROM, (LEEDS, SPIRE))
HELD = Held(LIST, "RR8", "RR8.a", HELD_UNTIL)
BOOKED = Booked(LIST, "RR8", "RR8.a", "appointment-1")
STAYED = Stayed(LIST)
NO_CHOICE = NoChoice("NO_URGENT_OR_EMERGENCY")
EVERY_STATE: list[Match] = [NO_CHOICE, SHORTLISTED, HELD, BOOKED, STAYED, LAPSED]


def chosen(
    match_: Match, *, shortlist_id: str = LIST, answered_on: date = RESPOND_BY
) -> Choice | None:
    return choose(match_, shortlist_id=shortlist_id, provider="NT2", answered_on=answered_on)


def confirmed(match_: Match, *, session: str = "RR8.a") -> Booked | None:
    return confirm(match_, provider="RR8", session=session, appointment_id="appointment-1")


# ---- answers


@pytest.mark.parametrize(
    ("answered_on", "counts"),
    [(RESPOND_BY - DAY, True), (RESPOND_BY, True), (RESPOND_BY + DAY, False)],
)
def test_an_answer_counts_until_the_end_of_the_last_day(answered_on: date, counts: bool) -> None:
    assert chosen(SHORTLISTED, answered_on=answered_on) == (
        Choice(LIST, SPIRE, PLACES_FROM) if counts else None
    )
    assert stay(SHORTLISTED, shortlist_id=LIST, answered_on=answered_on) == (
        STAYED if counts else None
    )


@pytest.mark.parametrize(("answered_on", "counts"), [(RESPOND_BY, True), (RESPOND_BY + DAY, False)])
def test_an_answer_given_in_time_that_arrives_after_the_lapse_still_counts(
    answered_on: date, counts: bool
) -> None:
    assert chosen(LAPSED, answered_on=answered_on) == (
        Choice(LIST, SPIRE, PLACES_FROM) if counts else None
    )
    assert (stay(LAPSED, shortlist_id=LIST, answered_on=answered_on) is not None) == counts


@pytest.mark.parametrize("state", [NO_CHOICE, HELD, BOOKED, STAYED])
def test_a_second_answer_changes_nothing(state: Match) -> None:
    assert chosen(state) is None
    assert stay(state, shortlist_id=LIST, answered_on=RESPOND_BY) is None


def test_an_answer_to_a_superseded_list_changes_nothing() -> None:
    assert chosen(SHORTLISTED, shortlist_id=OTHER_LIST) is None
    assert stay(SHORTLISTED, shortlist_id=OTHER_LIST, answered_on=RESPOND_BY) is None


def test_an_answer_naming_nobody_on_the_list_is_not_an_answer_of_a_patient() -> None:
    with pytest.raises(UnlistedProviderError):
        choose(SHORTLISTED, shortlist_id=LIST, provider="RX1", answered_on=RESPOND_BY)


def test_a_choice_holds_a_place() -> None:
    choice = choose(SHORTLISTED, shortlist_id=LIST, provider="RR8", answered_on=RESPOND_BY)

    assert choice is not None
    assert hold(choice, session="RR8.a", held_until=HELD_UNTIL) == HELD


# ---- time


@pytest.mark.parametrize(
    ("today", "expected"),
    [(RESPOND_BY - DAY, None), (RESPOND_BY, None), (RESPOND_BY + DAY, LAPSED)],
)
def test_a_list_lapses_from_the_day_after_its_last_day(
    today: date, expected: Lapsed | None
) -> None:
    assert lapse(SHORTLISTED, today) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(-1, None), (0, HELD), (1, HELD)])
def test_a_hold_ends_at_its_moment(seconds: int, expected: Held | None) -> None:
    assert expire(HELD, HELD_UNTIL + timedelta(seconds=seconds)) == expected


# ---- booking


def test_the_held_place_is_booked() -> None:
    assert confirmed(HELD) == BOOKED


def test_a_booking_that_was_on_its_way_when_its_hold_ended_still_counts() -> None:
    assert confirmed(SHORTLISTED) == BOOKED
    assert confirmed(LAPSED) == BOOKED


def test_another_place_than_the_held_one_is_not_booked() -> None:
    assert confirmed(HELD, session="RR8.b") is None


@pytest.mark.parametrize("state", [NO_CHOICE, STAYED, BOOKED])
def test_a_pathway_without_an_open_offer_is_not_booked(state: Match) -> None:
    assert confirmed(state) is None


# ---- every state, every transition


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state != SHORTLISTED])
def test_only_an_open_list_lapses(state: Match) -> None:
    assert lapse(state, RESPOND_BY + DAY) is None


@pytest.mark.parametrize("state", [state for state in EVERY_STATE if state != HELD])
def test_only_a_hold_expires(state: Match) -> None:
    assert expire(state, HELD_UNTIL + DAY) is None


@given(
    st.sampled_from(EVERY_STATE),
    st.integers(-2, 2).map(lambda days: RESPOND_BY + days * DAY),
    st.sampled_from([LIST, OTHER_LIST]),
)
def test_an_answer_is_taken_once_however_often_it_comes(
    state: Match, answered_on: date, shortlist_id: str
) -> None:
    answered = stay(state, shortlist_id=shortlist_id, answered_on=answered_on)

    if answered is not None:
        assert stay(answered, shortlist_id=shortlist_id, answered_on=answered_on) is None
        assert chosen(answered, shortlist_id=shortlist_id, answered_on=answered_on) is None
