"""A record and its rows are the same in whatever order, and however often, the events come."""

from datetime import date
from functools import reduce
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import Event
from reporting.domain.facts import Unnamed, from_document, to_document
from reporting.domain.projection import PathwayRecord, apply, event_id, parse_event_id, project
from reporting.domain.rows import activity_rows, pathway_row, state_of
from reporting.translation import said_by
from tests.unit.reporting import stories
from tests.unit.reporting.stories import Story, core, record_of, winding

AS_AT = date(2026, 3, 31)

Seen = tuple[PathwayRecord, dict[str, object], list[dict[str, object]]]


def seen_from(subject: str, events: list[Event]) -> Seen:
    """The record and the rows made of these events, one by one."""
    record = reduce(apply, map(said_by, events), PathwayRecord(subject))
    return record, pathway_row(record, AS_AT), list(activity_rows(record))


@given(st.data())
def test_any_order_with_any_repeats_gives_the_same_record_and_rows(data: st.DataObject) -> None:
    story = data.draw(st.sampled_from([core(), winding()]))
    repeats = data.draw(st.lists(st.sampled_from(story.events)))
    events = data.draw(st.permutations([*story.events, *repeats]))

    assert seen_from(story.subject, events) == seen_from(story.subject, story.events)


def test_every_order_of_the_steps_of_a_core_pathway_gives_the_same_rows() -> None:
    story = core()
    steps = [event for event in story.events if event.topic.name != "notification"][:7]
    expected = seen_from(story.subject, steps)

    for order in permutations(steps):
        assert seen_from(story.subject, list(order)) == expected


@pytest.mark.slow
def test_ten_thousand_shuffles_over_topics_give_the_same_rows() -> None:
    story = winding()
    expected = seen_from(story.subject, story.events)
    random = Random(11)

    for _ in range(10_000):
        events = story.events + random.choices(story.events, k=3)
        random.shuffle(events)
        assert seen_from(story.subject, events) == expected


def steps(*path: str) -> Story:
    story = stories.referral(Story(stories.pathway_id(7)))
    for step in path:
        getattr(stories, step)(story)
    return story


@pytest.mark.parametrize(
    ("path", "state", "choice"),
    [
        ((), "waiting", "not_offered"),
        (("no_provider",), "waiting", "no_provider"),
        (("shortlist",), "shortlisted", "offered"),
        (("shortlist", "stay"), "stayed", "stayed"),
        (("shortlist", "lapse"), "lapsed", "lapsed"),
        (("shortlist", "choose"), "shortlisted", "offered"),
        (("shortlist", "choose", "accept"), "accepted", "chosen"),
        (("shortlist", "choose", "accept", "book"), "booked", "chosen"),
        (("shortlist", "choose", "accept", "book", "attend"), "attended", "chosen"),
        (("shortlist", "choose", "accept", "book", "attend", "stop"), "treated", "chosen"),
        (("stop",), "treated", "not_offered"),
    ],
)
def test_a_pathway_is_in_exactly_one_state(path: tuple[str, ...], state: str, choice: str) -> None:
    row = pathway_row(record_of(steps(*path)), AS_AT)

    assert (row["state"], row["choice_state"]) == (state, choice)


def test_a_clock_stopped_without_treatment_is_stopped_and_not_treated() -> None:
    story = stories.stop(steps("shortlist", "stay"), status="34")

    assert state_of(record_of(story)) == "stopped"


def test_a_pathway_whose_place_was_gone_waits_for_its_next_list() -> None:
    story = winding()
    before_next_list = [event for event in story.events if event.topic.name != "offer"]
    first_two = [event for event in story.events if event.topic.name == "offer"][:2]
    record = project(story.subject, map(said_by, before_next_list[:3] + first_two))

    assert state_of(record) == "waiting"


def test_the_chosen_provider_becomes_the_provider_of_the_row() -> None:
    row = pathway_row(record_of(core()), AS_AT)

    assert (row["provider"], row["provider_type"]) == (stories.CLINIC, "IS")
    assert (row["provider_referred_to"], row["site"]) == (stories.TRUST, "NV701")
    assert row["chose_another_provider"] is True
    assert (row["options"], row["offered_five"], row["informed"]) == (5, True, True)


def test_activities_are_numbered_by_their_dates() -> None:
    rows = list(activity_rows(record_of(winding())))

    assert [row["pod"] for row in rows] == ["first_outpatient", "follow_up_outpatient"]
    assert [row["days_at_activity"] for row in rows] == [29, 57]


def test_what_comes_before_the_referral_is_kept_and_counts_once_it_is_there() -> None:
    story = core()
    late = [event for event in story.events if event.topic.name == "offer"]
    record = project(story.subject, map(said_by, late))

    complete = reduce(apply, map(said_by, story.events), record)

    assert list(activity_rows(record)) == []
    assert complete == record_of(story)


def test_every_fact_comes_back_from_its_document() -> None:
    told = [*core().events, *winding().events, *stories.rejection(1).events]
    told += stories.capacity(1).events + steps("shortlist", "stay").events
    told += steps("shortlist", "lapse").events + steps("no_provider").events
    told_facts = [said_by(event).fact for event in told]

    assert [from_document(to_document(fact)) for fact in told_facts] == told_facts
    assert from_document(to_document(Unnamed())) == Unnamed()


def test_an_event_id_names_its_subject_and_place() -> None:
    for event in [*core().events, *stories.capacity(1).events]:
        parsed = parse_event_id(event.id)
        assert parsed is not None
        assert parsed == (event.subject, said_by(event).source)
        assert event_id(*parsed) == event.id
    assert parse_event_id("nonsense") is None
    assert parse_event_id("a.b.c") is None
