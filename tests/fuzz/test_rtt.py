"""What holds for the RTT clock of any pathway: random histories, and random days of a provider.

2,000 histories in every test run, 100,000 with `make fuzz`.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from contracts.codes import RTT_STATUSES
from referral.domain.clock import (
    Fact,
    History,
    Monitoring,
    Nullified,
    Period,
    Stopped,
    Ticking,
    effective_by,
    rebuild,
)
from referral.domain.pathway import Pathway, as_seen
from referral.domain.steps import Step
from referral.domain.waiting import days_waited, is_over, week_band, weeks_waited
from tests.conformance.rtt.story import VERBS, Story, told
from tests.conformance.rtt.words import words_of

FUZZ = settings.get_current_profile_name() == "fuzz"
HISTORIES = 100_000 if FUZZ else 2_000
DAYS_OF_A_PROVIDER = 1_000 if FUZZ else 60

START = date(2024, 1, 1)
STATUSES = sorted(RTT_STATUSES.at(START))
TOLD = datetime(2024, 1, 1, tzinfo=UTC)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """A referral, and up to twelve facts of any kind on any day."""
    told_: list[Fact] = [Fact("10", START, TOLD, "receipt", "RJ1", activity=False)]
    for number in range(draw(st.integers(0, 12))):
        recorded_at = TOLD + timedelta(days=draw(st.integers(0, 900)))
        told_.append(
            Fact(
                status=draw(st.sampled_from(STATUSES)),
                effective_on=START + timedelta(days=draw(st.integers(0, 60) | st.integers(0, 800))),
                recorded_at=recorded_at,
                source=f"m{number}",
                actor=draw(st.sampled_from(("RJ1", "NV7"))),
                activity=draw(st.booleans()),
                by_another_provider=draw(st.booleans()),
                withdrawn_at=recorded_at if draw(st.integers(0, 9)) == 0 else None,
            )
        )
    return told_


@settings(max_examples=HISTORIES)
@given(facts=histories(), seed=st.integers(0, 2**32), span=st.integers(0, 900))
def test_any_history_keeps_what_a_clock_promises(facts: list[Fact], seed: int, span: int) -> None:
    history = rebuild(facts)

    periods_follow_each_other(history)
    only_the_last_is_open(history)
    every_fact_has_its_place(facts, history)
    order_and_repetition_do_not_matter(facts, history, random.Random(seed))
    a_transfer_never_alters_a_start(facts, history)
    waits_never_fall(facts, START + timedelta(days=span))
    weeks_agree(history, START + timedelta(days=span))


def periods_follow_each_other(history: History) -> None:
    days = [
        day
        for period in history.periods
        for day in (period.started_on, period.stopped_on)
        if day is not None
    ]
    assert days == sorted(days)
    assert history.periods[0].started_on == START


def only_the_last_is_open(history: History) -> None:
    assert all(period.stopped_on is not None for period in history.periods[:-1])
    ticking = isinstance(history.clock, Ticking)
    assert ticking is (history.periods[-1].stopped_on is None)
    match history.clock:
        case Stopped() | Monitoring() | Nullified() as clock:
            last = history.periods[-1]
            assert (last.stopped_on, last.stop_status) == (clock.stopped_on, clock.status)


def every_fact_has_its_place(facts: Sequence[Fact], history: History) -> None:
    """Whatever is set aside was told and stands; nothing is made up."""
    unused = {one.fact.key for one in history.unused}
    assert unused <= {fact.key for fact in facts if fact.stands}
    starts = {(fact.effective_on, fact.status) for fact in facts if fact.stands}
    assert {(period.started_on, period.start_status) for period in history.periods} <= starts


def order_and_repetition_do_not_matter(
    facts: list[Fact], history: History, chance: random.Random
) -> None:
    again = [*facts, *chance.choices(facts, k=chance.randrange(4))]
    chance.shuffle(again)
    assert rebuild(again) == history


def a_transfer_never_alters_a_start(facts: list[Fact], history: History) -> None:
    """Whoever acted, and whether the patient had moved, no period starts on another day for it."""
    without = [
        replace(fact, status="20") if fact.status == "21" and fact.by_another_provider else fact
        for fact in facts
    ]
    stayed = rebuild(without)
    assert stayed.periods == history.periods


def waits_never_fall(facts: list[Fact], day: date) -> None:
    """From one day to the next a wait grows by a day, for as long as its clock runs."""
    today, tomorrow = _waiting(facts, day), _waiting(facts, day + timedelta(days=1))
    if today is not None and tomorrow is not None and today[0] == tomorrow[0]:
        assert tomorrow[1] == today[1] + 1


def _waiting(facts: list[Fact], day: date) -> tuple[date, int] | None:
    clock = rebuild(effective_by(facts, day)).clock
    if not isinstance(clock, Ticking):
        return None
    return clock.started_on, days_waited(clock.started_on, day)


def weeks_agree(history: History, as_at: date) -> None:
    """Weeks by division, and by going from week to week in the calendar."""
    for period in history.periods:
        until = min(period.stopped_on or as_at, as_at)
        if until < period.started_on:
            continue
        days = days_waited(period.started_on, until)
        stepped = _weeks_by_calendar(period.started_on, until)
        assert weeks_waited(days) == stepped
        assert is_over(days, 18) == (until > period.started_on + timedelta(weeks=18))
        assert week_band(days) == _band_by_calendar(period.started_on, until)


def _weeks_by_calendar(start: date, until: date) -> int:
    weeks, reached = 0, start + timedelta(weeks=1)
    while reached <= until:
        weeks, reached = weeks + 1, reached + timedelta(weeks=1)
    return weeks


def _band_by_calendar(start: date, until: date) -> int:
    """The number of whole weeks that the wait is longer than, 104 at most."""
    band = 0
    while band < 104 and until > start + timedelta(weeks=band + 1):
        band += 1
    return band


# ---- the days of a provider


class Provider(RuleBasedStateMachine):
    """A provider that tells anything in any order, late and twice, about one patient."""

    @initialize()
    def refer(self) -> None:
        self.story = told(f"{START} referred")
        self.today = START
        self.number = 0
        self.custody = ["RJ1"]

    @property
    def pathway(self) -> Pathway:
        assert self.story.pathway is not None
        return self.story.pathway

    def tell(self, step: str) -> None:
        before = self.pathway.history.periods
        self.number += 1
        self.story.go(f"{step} told={self.today} as=m{self.number}")
        if any(word in step for word in (" transfer ", " received ", " stays")):
            assert self.pathway.history.periods == before

    def day(self, ago: int) -> date:
        return max(START, self.today - timedelta(days=ago))

    @rule(days=st.integers(0, 120))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(status=st.sampled_from(STATUSES), ago=st.integers(0, 90))
    def report(self, status: str, ago: int) -> None:
        self.tell(f"{self.day(ago)} reported {status}")

    @rule(status=st.sampled_from(("10", "20", "20", "30", "32", "11", "90", "91")))
    def see(self, status: str) -> None:
        self.tell(f"{self.today} seen {status} by={self.pathway.provider}")

    @rule(name=st.sampled_from("AB"), ahead=st.integers(0, 60))
    def book(self, name: str, ahead: int) -> None:
        when = self.today + timedelta(days=ahead)
        self.tell(f"{self.today} booked {name} {when}T09:00")

    @rule(name=st.sampled_from("AB"), how=st.sampled_from(("patient", "provider")))
    def cancel(self, name: str, how: str) -> None:
        before = self.pathway.history
        self.tell(f"{self.today} cancelled {name} {how}")
        assert self.pathway.history == before  # never nullified, never stopped (2.4)

    @rule(name=st.sampled_from("AB"), clear=st.sampled_from(("communicated", "")))
    def miss(self, name: str, clear: str) -> None:
        self.tell(f"{self.today} missed {name} {clear}")

    @precondition(lambda self: self.number > 0)
    @rule(which=st.integers(1, 40))
    def take_back(self, which: int) -> None:
        self.tell(f"{self.today} taken-back m{which}")

    @rule()
    def transfer(self) -> None:
        self.tell(f"{self.today} transfer NV7")

    @rule()
    def receive(self) -> None:
        self.tell(f"{self.today} received NV7 by=NV7")

    @rule(ago=st.integers(0, 30))
    def die(self, ago: int) -> None:
        if self.today > START + timedelta(days=400):
            self.tell(f"{self.day(ago)} died")

    @rule()
    def live(self) -> None:
        self.tell(f"{self.today} alive")

    @invariant()
    def the_clock_keeps_its_promises(self) -> None:
        history = self.pathway.history
        if not history.periods:
            return
        only_the_last_is_open(history)
        periods_follow_each_other(history)

    @invariant()
    def the_clock_is_what_its_facts_say(self) -> None:
        assert rebuild(reversed(self.pathway.facts)) == self.pathway.history

    @invariant()
    def one_provider_is_responsible_at_every_instant(self) -> None:
        custody = self.pathway.custody
        since = [one.since for one in custody]
        assert since == sorted(since)
        assert all(one.provider != two.provider for one, two in pairwise(custody))
        assert (
            self.pathway.responsible_at(datetime.max.replace(tzinfo=UTC)) == self.pathway.provider
        )

    @invariant()
    def what_was_known_stays_what_was_known(self) -> None:
        seen = as_seen(self.pathway, as_at=self.today, known_on=self.today)
        effective = rebuild(effective_by(self.pathway.facts, self.today))
        assert seen.history == effective


TestProvider = Provider.TestCase
TestProvider.settings = settings(max_examples=DAYS_OF_A_PROVIDER, stateful_step_count=30)


def test_what_was_known_on_a_day_never_changes_afterwards() -> None:
    """The past as known then is the same before and after a correction."""
    before = told("2026-01-05 referred; 2026-02-16 reported 34 as=m1")
    corrected = told(
        "2026-01-05 referred; 2026-02-16 reported 34 as=m1; "
        "2026-02-09 reported 34 corrects=m1 told=2026-02-20"
    )

    def known(story: Story, day: date) -> tuple[Period, ...]:
        assert story.pathway is not None
        return as_seen(story.pathway, as_at=day, known_on=day).history.periods

    assert known(corrected, date(2026, 2, 19)) == known(before, date(2026, 2, 19))
    assert known(corrected, date(2026, 2, 20)) == (
        Period(date(2026, 1, 5), "10", date(2026, 2, 9), "34"),
    )


def test_every_verb_of_the_stories_answers_a_repeat() -> None:
    """A second telling of a step is taken or refused, and changes no period."""
    story = told("2026-01-05 referred; 2026-02-02 seen 20; 2026-03-02 reported 32 as=m1")
    assert story.pathway is not None
    again = VERBS["reported"](story.pathway, words_of("2026-03-02 reported 32 as=m2"))

    assert isinstance(again, Step)
    assert again.pathway.history == story.pathway.history
    assert again.told == ()
