"""Places: never more given than there are, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from matching.domain.capacity import (
    Diary,
    Session,
    changes_diary,
    hold_place,
    noted,
    release_place,
    same_offer,
    use_place,
    without_past,
)

ADA, BEN, CAT = ("a" * 32, "b" * 32, "c" * 32)
START = datetime(2026, 3, 24, 9, 30)  # noqa: DTZ001 - wall clock time in London


def session(
    session_id: str = "RR8.a", *, places: int = 2, local_start: datetime = START
) -> Session:
    return Session(
        session_id=session_id,
        provider="RR8",
        site="RR801",
        treatment_function="110",
        local_start=local_start,
        starts_at=local_start.replace(tzinfo=UTC),
        places=places,
    )


def diary(*sessions: Session) -> Diary:
    found = Diary("RR801", "RR8", "110")
    for one in sessions:
        found = noted(found, one)
    return found


# ---- places


def test_a_place_is_held_once_by_a_pathway_however_often_it_asks() -> None:
    once = hold_place(session(), ADA)
    assert once is not None

    assert hold_place(once, ADA) == once
    assert once.free == 1


def test_a_full_session_gives_nothing() -> None:
    full = hold_place(session(places=1), ADA)
    assert full is not None

    assert hold_place(full, BEN) is None
    assert use_place(full, BEN) is None


def test_a_held_place_becomes_a_booked_one() -> None:
    held = hold_place(session(places=1), ADA)
    assert held is not None

    booked = use_place(held, ADA)

    assert booked is not None
    assert booked.used == {ADA}
    assert not booked.held
    assert booked.free == 0
    assert use_place(booked, ADA) == booked


def test_a_booking_that_comes_after_its_hold_has_ended_takes_a_free_place() -> None:
    booked = use_place(session(places=1), ADA)

    assert booked is not None
    assert booked.used == {ADA}


def test_a_released_hold_is_free_for_somebody_else_and_a_booking_is_not_released() -> None:
    held = hold_place(session(places=1), ADA)
    assert held is not None
    booked = use_place(held, ADA)
    assert booked is not None

    assert hold_place(release_place(held, ADA), BEN) is not None
    assert release_place(booked, ADA) == booked
    assert release_place(session(), BEN) == session()


def test_a_session_that_gives_a_place_twice_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="twice"):
        replace(session(places=1), held=frozenset([ADA, BEN]))
    with pytest.raises(ValueError, match="twice"):
        replace(session(places=2), held=frozenset([ADA]), used=frozenset([ADA]))


def test_what_became_of_the_places_does_not_make_it_another_offer() -> None:
    held = hold_place(session(), ADA)
    assert held is not None

    assert same_offer(held, session())
    assert not same_offer(session(), session(places=3))


class Places(RuleBasedStateMachine):
    """Patients hold, book and give back in any order, each message as often as it likes."""

    pathways = st.sampled_from([f"{digit}" * 32 for digit in "0123456789"])

    def __init__(self) -> None:
        super().__init__()
        self.session = session(places=3)
        self.booked: set[str] = set()

    @rule(pathway=pathways, times=st.integers(1, 3))
    def hold(self, pathway: str, times: int) -> None:
        for _ in range(times):
            room = self.session.free > 0 or self.session.has(pathway)
            after = hold_place(self.session, pathway)
            assert (after is not None) == room
            self.session = after or self.session

    @rule(pathway=pathways, times=st.integers(1, 3))
    def book(self, pathway: str, times: int) -> None:
        for _ in range(times):
            after = use_place(self.session, pathway)
            if after is not None:
                self.booked.add(pathway)
            self.session = after or self.session

    @rule(pathway=pathways, times=st.integers(1, 3))
    def give_back(self, pathway: str, times: int) -> None:
        for _ in range(times):
            self.session = release_place(self.session, pathway)

    @invariant()
    def never_more_than_there_are(self) -> None:
        assert 0 <= self.session.free <= self.session.places
        assert not self.session.held & self.session.used

    @invariant()
    def a_booked_place_stays_booked(self) -> None:
        assert self.session.used == self.booked


TestPlaces = Places.TestCase
TestPlaces.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


# ---- the diary


def test_the_earliest_session_comes_first_and_ties_go_by_id() -> None:
    later = session("RR8.a", local_start=START + timedelta(days=1))
    tied = [session("RR8.c"), session("RR8.b")]

    assert [one.session_id for one in diary(later, *tied).openings] == ["RR8.b", "RR8.c", "RR8.a"]


@pytest.mark.parametrize(
    ("earliest", "expected"),
    [
        (date(2026, 3, 23), date(2026, 3, 24)),
        (date(2026, 3, 24), date(2026, 3, 24)),
        (date(2026, 3, 25), None),
    ],
)
def test_nothing_before_the_notice_a_patient_is_due(earliest: date, expected: date | None) -> None:
    assert diary(session()).next_on(earliest) == expected


def test_a_full_session_leaves_the_diary_and_comes_back_with_its_place() -> None:
    full = hold_place(session(places=1), ADA)
    assert full is not None

    assert diary(session(places=1), full).openings == ()
    assert diary(full, release_place(full, ADA)).openings == diary(session(places=1)).openings


def test_the_diary_is_written_only_when_a_session_begins_or_ceases_to_have_room() -> None:
    empty = session(places=2)
    half = hold_place(empty, ADA)
    assert half is not None
    full = hold_place(half, BEN)
    assert full is not None

    assert changes_diary(None, empty)
    assert not changes_diary(empty, half)
    assert changes_diary(half, full)
    assert changes_diary(full, half)


def test_past_days_leave_the_diary() -> None:
    found = diary(session("RR8.a"), session("RR8.b", local_start=START + timedelta(days=1)))

    assert without_past(found, START.date()) == found
    assert [one.session_id for one in without_past(found, date(2026, 3, 25)).openings] == ["RR8.b"]
