"""Who is on a waiting list, in which band, and by when what has to happen."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import NOW
from referral.domain.admissions import Admission
from referral.domain.appointments import Appointment
from referral.domain.choice import Shortlist
from referral.domain.listing import (
    BANDS,
    Choice,
    DeadlineKind,
    Wait,
    Waiting,
    band_of,
    dates_to_keep,
    is_listed,
    key_of,
    keys_of,
    starts_of,
    starts_of_target,
)
from referral.domain.pathway import PathwayStatus
from referral.domain.records import Death
from referral.domain.transfers import DataSet, State, Transfer, due_at
from referral.domain.waiting import days_waited, is_over
from tests.unit.referral.builders import CHOSEN, TODAY, TRUST, pathway


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (0, "0-18"), (126, "0-18"), (127, "18-26"), (182, "18-26"), (183, "26-40"),
        (280, "26-40"), (281, "40-52"), (364, "40-52"), (365, "52-65"), (455, "52-65"),
        (456, "65-78"), (546, "65-78"), (547, "78-104"), (728, "78-104"), (729, "over-104"),
        (9999, "over-104"),
    ],
)  # fmt: skip
def test_a_band_is_strictly_over_its_first_number_of_weeks(days: int, band: str) -> None:
    assert band_of(days) == band


@given(st.integers(0, 1500), st.sampled_from(Wait))
def test_a_wait_is_looked_up_by_start_exactly_where_the_clock_says(days: int, wait: Wait) -> None:
    started = TODAY - timedelta(days=days)
    starts = starts_of(wait, TODAY)

    found = (starts.first is None or starts.first <= started) and (
        starts.last is None or started <= starts.last
    )

    waited = days_waited(started, TODAY)
    longer = is_over(waited, wait.over) or not wait.over
    assert found is (longer and (wait.up_to is None or not is_over(waited, wait.up_to)))


@given(st.integers(0, 3000))
def test_every_wait_is_in_one_band(days: int) -> None:
    started = TODAY - timedelta(days=days)
    within = [starts_of(band, TODAY) for band in BANDS]

    found = [
        band
        for band, one in zip(BANDS, within, strict=True)
        if (one.first or started) <= started <= (one.last or started)
    ]

    assert found == [band_of(days)]


@pytest.mark.parametrize(("day", "found"), [(0, True), (1, False)])
def test_a_target_is_due_on_the_last_day_within_it(day: int, found: bool) -> None:
    due_by = date(2026, 7, 1)
    started = due_by - timedelta(days=126) + timedelta(days=day)

    last = starts_of_target(18, due_by).last

    assert last is not None
    assert (started <= last) is found


def waiting(days: int) -> Waiting:
    return Waiting(
        pathway_id="0" * 32,
        identifier="000000070000",
        issuer="X09",
        status=PathwayStatus.WAITING,
        treatment_function="110",
        priority="1",
        started_on=TODAY - timedelta(days=days),
        dates={},
    )


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (126, [("18-weeks", False)]),
        (127, [("18-weeks", True), ("52-weeks", False)]),
        (365, [("18-weeks", True), ("65-weeks", False)]),
        (729, [("18-weeks", True)]),
    ],
)
def test_a_line_says_eighteen_weeks_and_the_next_long_wait(
    days: int, kinds: list[tuple[str, bool]]
) -> None:
    found = [(one.kind.value, one.overdue) for one in waiting(days).deadlines(TODAY)]

    assert found == kinds


# ---- what is kept


def admission(**changes: object) -> Admission:
    given = Admission("a", TRUST, TRUST, planned_on=date(2026, 2, 20))
    return replace(given, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({"cancelled_on": date(2026, 2, 19)}, None),
        ({"cancelled_on": date(2026, 2, 20)}, date(2026, 3, 20)),
        ({"cancelled_on": date(2026, 2, 21)}, date(2026, 3, 21)),
        ({"cancelled_on": None}, None),
        ({"planned_on": None, "cancelled_on": date(2026, 2, 20)}, None),
    ],
)
def test_an_operation_called_off_on_its_day_has_28_days(
    changes: dict[str, object], due: date | None
) -> None:
    dates = dates_to_keep(pathway(admissions=(admission(**changes),)))

    assert dates.get(DeadlineKind.CANCELLED_OPERATION) == due


def transfer(state: State) -> Transfer:
    decided = date(2026, 3, 1)
    return Transfer("t", "ref", TRUST, CHOSEN, decided, "01", due_at(decided), DataSet(), state)


def test_a_transfer_has_48_hours_until_its_data_are_sent() -> None:
    decided = dates_to_keep(pathway(transfers=(transfer(State.DECIDED),)))
    sent = dates_to_keep(pathway(transfers=(transfer(State.DATA_SENT),)))

    assert decided == {DeadlineKind.TRANSFER_DATA: date(2026, 3, 4)}
    assert sent == {}


def test_an_offer_of_choice_is_open_until_it_is_answered() -> None:
    offered = Shortlist("s", options=5, offered_on=TODAY, respond_by=date(2026, 3, 16))

    asked = dates_to_keep(pathway(shortlists=(offered,)))
    answered = dates_to_keep(pathway(shortlists=(replace(offered, answer="stay"),)))

    assert asked == {DeadlineKind.CHOICE_ANSWER: date(2026, 3, 16)}
    assert answered == {}


def test_only_a_clock_that_ticks_is_listed() -> None:
    died = Death(TODAY, "2", TRUST, "d", NOW)

    assert is_listed(pathway())
    assert not is_listed(pathway(death=died))


def test_a_pathway_is_on_each_list_that_asks_for_it_and_on_no_other() -> None:
    booked = pathway(
        appointments=(Appointment("a", TRUST, TRUST, TODAY),),
        transfers=(transfer(State.DECIDED),),
    )

    keys = keys_of(booked)

    assert len(keys) == len(set(keys)) == 8
    assert key_of(TRUST, Choice()) in keys
    assert key_of(TRUST, Choice("110", PathwayStatus.BOOKED, DeadlineKind.TRANSFER_DATA)) in keys
    assert key_of(TRUST, Choice(deadline=DeadlineKind.WEEKS_18)) in keys
    assert key_of(TRUST, Choice("100")) not in keys
    assert key_of(TRUST, Choice(status=PathwayStatus.WAITING)) not in keys
    assert key_of(TRUST, Choice(deadline=DeadlineKind.CHOICE_ANSWER)) not in keys
    assert key_of(CHOSEN, Choice()) not in keys
