"""The RTT clock: every status from every state, and what holds for any history."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.codes import RTT_STATUSES
from referral.domain.clock import (
    Clock,
    Continued,
    Ended,
    Fact,
    History,
    Monitoring,
    NotStarted,
    Nullified,
    Period,
    Refusal,
    Started,
    Stopped,
    Ticking,
    changes,
    history_of,
    step,
)

START = date(2026, 1, 5)
LATER = date(2026, 2, 2)
TOLD = datetime(2026, 2, 2, tzinfo=UTC)

NONE = NotStarted()
FRESH = Ticking(START, "10")
SEEN = Ticking(START, "10", attended=True)
TREATED = Stopped(START, LATER, "30")
DECIDED_AGAINST = Stopped(START, LATER, "34")
DEAD = Stopped(START, LATER, "36")
WATCHED = Monitoring(START, LATER, "32")
VOID = Nullified(START, LATER, "33")
NEW = Ticking(LATER, "10", attended=True)
AGAIN = Ticking(LATER, "11", attended=True)

N, T, P = Refusal.NOT_ALLOWED, Refusal.NEEDS_TRANSFER, Refusal.NEEDS_OWN_PATHWAY

# One row a status, one column a state: domain reference 2.2 and 2.6.
STATES = (NONE, FRESH, SEEN, TREATED, DECIDED_AGAINST, DEAD, WATCHED, VOID)
TABLE: dict[str, tuple[Clock | Refusal, ...]] = {
    "10": (NEW, SEEN, N, N, N, N, N, NEW),
    "11": (N, N, N, AGAIN, N, N, AGAIN, N),
    "12": (Ticking(LATER, "12", attended=True), P, P, P, P, P, P, P),
    "20": (N, *(Ticking(START, "20", attended=True),) * 2, N, N, N, N, N),
    "21": (N, T, T, N, N, N, N, N),
    "30": (N, *(Stopped(START, LATER, "30"),) * 2, N, N, N, N, N),
    "31": (N, *(Monitoring(START, LATER, "31"),) * 2, N, N, N, N, N),
    "32": (N, *(Monitoring(START, LATER, "32"),) * 2, N, N, N, N, N),
    "33": (N, Nullified(START, LATER, "33"), N, N, N, N, N, N),
    "34": (N, *(Stopped(START, LATER, "34"),) * 2, N, N, N, N, N),
    "35": (N, *(Stopped(START, LATER, "35"),) * 2, N, N, N, N, N),
    "36": (N, *(Stopped(START, LATER, "36"),) * 2, N, N, N, N, N),
    "90": (N, N, N, TREATED, DECIDED_AGAINST, N, N, N),
    "91": (N, N, N, N, N, N, WATCHED, N),
    "92": (NONE, N, N, N, N, N, N, N),
    "98": STATES,
    "99": (N, *(Ticking(START, "99", attended=True),) * 2, N, N, N, N, N),
}


def fact(status: str, on: date = LATER, **changes: Any) -> Fact:
    return Fact(status, on, changes.pop("recorded_at", TOLD), "m", "RJ1", **changes)


def referred(on: date = START) -> Fact:
    return fact("10", on, activity=False)


def history(*facts: Fact) -> History:
    found = history_of(facts)
    assert isinstance(found, History)
    return found


def test_the_table_has_every_status_of_the_code_list() -> None:
    assert set(TABLE) == set(RTT_STATUSES.at(LATER))


@pytest.mark.parametrize(
    ("status", "state", "expected"),
    [
        (status, state, expected)
        for status, row in TABLE.items()
        for state, expected in zip(STATES, row, strict=True)
    ],
)
def test_a_status_does_what_the_data_dictionary_says(
    status: str, state: Clock, expected: Clock | Refusal
) -> None:
    assert step(state, fact(status)) == expected


def test_a_status_nobody_knows_is_refused() -> None:
    assert step(FRESH, fact("77")) is Refusal.UNKNOWN_STATUS


def test_after_a_move_another_provider_goes_on_with_the_same_start() -> None:
    assert step(SEEN, fact("21", by_another_provider=True)) == Ticking(START, "21", attended=True)


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (1, True)])
def test_no_activity_is_before_the_start(days: int, fits: bool) -> None:
    after = step(FRESH, fact("30", START + timedelta(days=days)))

    assert (after is not Refusal.BEFORE_START) is fits


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (1, True)])
def test_no_period_begins_before_the_last_one_ended(days: int, fits: bool) -> None:
    after = step(WATCHED, fact("11", LATER + timedelta(days=days)))

    assert (after is not Refusal.BEFORE_START) is fits


def test_a_clock_that_starts_again_leaves_the_first_period_as_it_was() -> None:
    found = history(referred(), fact("32", LATER), fact("11", date(2026, 5, 1)))

    assert found.periods == (
        Period(START, "10", LATER, "32"),
        Period(date(2026, 5, 1), "11"),
    )


def test_facts_of_one_day_count_in_the_order_they_became_known() -> None:
    first = fact("10", START, activity=False, recorded_at=TOLD)
    second = fact("30", START, recorded_at=TOLD + timedelta(seconds=1))

    assert history(second, first) == history(first, second)


def test_a_late_fact_that_would_contradict_later_ones_is_refused() -> None:
    treated_before = fact("30", START + timedelta(days=1))

    assert history_of([referred(), fact("20", LATER), treated_before]) is Refusal.NOT_ALLOWED


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("30", Ended(START, LATER, "30")),
        ("31", Ended(START, LATER, "31")),
        ("20", Continued(LATER, "20")),
        ("10", Continued(LATER, "10")),
    ],
)
def test_what_a_fact_changed_is_told(status: str, change: object) -> None:
    before, after = history(referred()), history(referred(), fact(status))

    assert changes(before, after, fact(status)) == [change]


def test_an_activity_that_touches_no_clock_changes_nothing() -> None:
    before, after = history(referred()), history(referred(), fact("98"))

    assert changes(before, after, fact("98")) == []


def test_the_receipt_of_a_referral_starts_a_clock() -> None:
    assert changes(History(), history(referred()), referred()) == [Started(START, "10")]


def test_a_late_fact_tells_only_what_it_moved() -> None:
    treated, again = fact("30", LATER), fact("11", date(2026, 5, 1))
    before = history(referred(), treated, again)
    visit = fact("20", date(2026, 1, 20))

    after = history(referred(), visit, treated, again)

    assert after.periods == before.periods
    assert changes(before, after, visit) == [Continued(date(2026, 1, 20), "20")]


class ClockMachine(RuleBasedStateMachine):
    """Any facts in any order: whatever is taken keeps the invariants of 2.6."""

    @initialize()
    def begin(self) -> None:
        self.facts: list[Fact] = [referred()]
        self.clock = history(*self.facts)

    @rule(
        status=st.sampled_from(sorted(TABLE)),
        days=st.integers(-10, 800),
        moved=st.booleans(),
        activity=st.booleans(),
    )
    def tell(self, status: str, days: int, moved: bool, activity: bool) -> None:
        told = fact(
            status,
            START + timedelta(days=days),
            by_another_provider=moved,
            activity=activity,
            recorded_at=TOLD + timedelta(seconds=len(self.facts)),
        )
        found = history_of([*self.facts, told])
        if isinstance(found, History):
            self.facts.append(told)
            self.clock = found

    @invariant()
    def only_the_last_period_is_open(self) -> None:
        assert all(period.stopped_on is not None for period in self.clock.periods[:-1])
        ticking = isinstance(self.clock.clock, Ticking)
        assert ticking is (self.clock.periods[-1].stopped_on is None)

    @invariant()
    def no_period_ends_before_it_starts_or_overlaps_another(self) -> None:
        days = [
            day
            for period in self.clock.periods
            for day in (period.started_on, period.stopped_on)
            if day is not None
        ]
        assert days == sorted(days)

    @invariant()
    def the_first_start_is_the_referral(self) -> None:
        assert self.clock.periods[0].started_on == START

    @invariant()
    def the_order_in_which_facts_are_kept_does_not_matter(self) -> None:
        assert history_of(reversed(self.facts)) == self.clock


TestClockMachine = ClockMachine.TestCase
TestClockMachine.settings = settings(max_examples=60, stateful_step_count=25)
