"""The monthly return: who is counted in which part and band, on the day and the day after."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from contracts.events import (
    AdmissionNoted,
    ClockNullified,
    ClockStarted,
    ClockStopped,
    ReferralTransferred,
)
from reporting import files
from reporting.domain.monthly import UNKNOWN, Line, Month, Return, counted
from reporting.domain.monthly_file import GROUP, LABELS, NUMBERS, PART, TOTAL_ALL
from reporting.releases import build_release
from reporting.settings import ReportingSection
from tests.unit.reporting import stories
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.stories import Story, events_of, pathway_id, record_of, referral

JANUARY = Month.of(2026, 1)
ME = "RJ1"


def begun(on: date, **changes: object) -> Story:
    return referral(Story(pathway_id(1)), received_on=on, **changes)


def stopped(story: Story, started_on: date, on: date, status: str = "34") -> Story:
    days = (on - started_on).days
    return story.tell(
        ClockStopped, started_on=started_on, stopped_on=on, status=status, days_waited=days
    )


def admission(story: Story, step: str, on: date, decided_on: date | None = None) -> Story:
    return story.tell(
        AdmissionNoted,
        admission_id="a-1",
        provider=ME,
        site=ME,
        step=step,
        on=on,
        decided_to_admit_on=decided_on,
    )


def transferred(story: Story, on: date, to: str = "RYJ") -> Story:
    return story.tell(
        ReferralTransferred,
        transfer_id="t-1",
        from_provider=ME,
        to_provider=to,
        effective_on=on,
        started_on=on,
    )


def places(story: Story) -> list[tuple[str, str, int]]:
    found = counted(record_of(story), JANUARY)
    return sorted((line.part, line.provider, place) for line, place in found)


@pytest.mark.parametrize(
    ("days", "band"), [(0, 0), (7, 0), (8, 1), (126, 17), (127, 18), (728, 103), (729, 104)]
)
def test_an_open_wait_is_in_the_band_of_its_days_at_the_end_of_the_month(
    days: int, band: int
) -> None:
    story = begun(JANUARY.last - timedelta(days=days))

    assert ("Part_2", ME, band) in places(story)


@pytest.mark.parametrize(
    ("on", "parts"),
    [
        (date(2025, 12, 31), {"Part_2"}),
        (date(2026, 1, 1), {"Part_2", "Part_3"}),
        (date(2026, 1, 31), {"Part_2", "Part_3"}),
        (date(2026, 2, 1), set()),
    ],
)
def test_a_clock_that_starts_in_the_month_is_a_new_period(on: date, parts: set[str]) -> None:
    assert {part for part, _, _ in places(begun(on))} == parts


@pytest.mark.parametrize(
    ("on", "parts"),
    [
        (date(2025, 12, 31), set()),
        (date(2026, 1, 1), {"Part_1B"}),
        (date(2026, 1, 31), {"Part_1B"}),
        (date(2026, 2, 1), {"Part_2"}),
    ],
)
def test_a_clock_counts_as_completed_in_the_month_of_its_stop_and_as_open_before(
    on: date, parts: set[str]
) -> None:
    start = date(2025, 6, 2)

    assert {part for part, _, _ in places(stopped(begun(start), start, on))} == parts


def test_a_stop_on_the_day_of_admission_is_an_admitted_one() -> None:
    start, on = date(2025, 6, 2), date(2026, 1, 12)
    admitted = stopped(admission(begun(start), "admitted", on), start, on, "30")
    before = stopped(admission(begun(start), "admitted", date(2026, 1, 11)), start, on, "30")

    assert [part for part, _, _ in places(admitted)] == ["Part_1A"]
    assert [part for part, _, _ in places(before)] == ["Part_1B"]


@pytest.mark.parametrize(
    ("step", "decided_on", "listed"),
    [
        ("planned", date(2026, 1, 31), True),
        ("planned", date(2026, 2, 1), False),
        ("planned", None, False),
        ("cancelled", date(2026, 1, 5), False),
    ],
)
def test_an_open_wait_with_a_decision_to_admit_is_in_both_parts(
    step: str, decided_on: date | None, listed: bool
) -> None:
    story = admission(begun(date(2025, 6, 2)), step, date(2026, 2, 20), decided_on)

    parts = [part for part, _, _ in places(story)]

    assert parts == (["Part_2", "Part_2A"] if listed else ["Part_2"])


def test_a_start_that_cannot_be_right_is_counted_apart_and_is_in_no_band() -> None:
    story = begun(date(1900, 1, 1))

    assert places(story) == []
    completed = stopped(story, date(1900, 1, 1), date(2026, 1, 5))
    assert places(completed) == [("Part_1B", ME, UNKNOWN)]


def test_a_transfer_moves_the_wait_and_leaves_the_new_period_where_it_began() -> None:
    story = transferred(begun(date(2026, 1, 5)), date(2026, 1, 20))
    later = transferred(begun(date(2026, 1, 5)), date(2026, 2, 1))

    assert places(story) == [("Part_2", "RYJ", 3), ("Part_3", ME, UNKNOWN)]
    assert places(later) == [("Part_2", ME, 3), ("Part_3", ME, UNKNOWN)]


def test_a_provider_that_makes_no_return_is_in_none() -> None:
    assert places(transferred(begun(date(2025, 6, 2)), date(2026, 1, 20), to="89999")) == []


def test_a_void_period_counts_nowhere_and_the_one_after_it_does() -> None:
    story = begun(date(2026, 1, 5)).tell(
        ClockNullified, started_on=date(2026, 1, 5), nullified_on=date(2026, 1, 12)
    )
    again = begun(date(2026, 1, 5)).tell(
        ClockNullified, started_on=date(2026, 1, 5), nullified_on=date(2026, 1, 12)
    )
    again.tell(ClockStarted, started_on=date(2026, 1, 20), status="10")

    assert places(story) == []
    assert places(again) == [("Part_2", ME, 1), ("Part_3", ME, UNKNOWN)]


def test_two_periods_of_one_pathway_are_two() -> None:
    start, on = date(2025, 6, 2), date(2026, 1, 7)
    story = stopped(begun(start), start, on, "31")
    story.tell(ClockStarted, started_on=date(2026, 1, 20), status="11")

    assert [part for part, _, _ in places(story)] == ["Part_1B", "Part_2", "Part_3"]


def test_the_total_of_a_provider_and_commissioner_is_the_sum_of_its_groups() -> None:
    counts = Return(JANUARY)
    stories = [
        referral(
            Story(pathway_id(number)), received_on=date(2025, 6, 2), treatment_function=function
        )
        for number, function in enumerate(["110", "111", "130"])
    ]
    counts.take(map(record_of, stories))

    lines = counts.with_totals()

    assert {line.group: sum(places) for line, places in lines.items()} == {
        "C_110": 2,
        "C_130": 1,
        "C_999": 3,
    }
    assert Line(ME, "QOP", "Part_2", "C_999") in lines


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 1, 30), date(2025, 12, 31)),
        (date(2026, 1, 31), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 1, 31)),
    ],
)
def test_a_month_is_over_on_its_last_day(day: date, last: date) -> None:
    assert Month.last_over(day).last == last


async def test_a_release_holds_the_return_of_its_month_and_the_waits_behind_it(
    tmp_path: Path,
) -> None:
    section = ReportingSection(directory=tmp_path)
    units = MemoryUnits()
    await consume(units, events_of(stories.day(seed=4, pathways=60)), batch=500)

    await build_release(units, section, today=date(2026, 3, 31), now=NOW)

    rows = pl.read_csv(tmp_path / "0001" / files.MONTHLY)
    pathways = files.read_table(tmp_path / "0001", "pathways")
    running = pathways.filter(pathways["rtt_stop"].is_null())
    part_2 = rows.filter(pl.col(PART) == "Part_2")
    assert rows.columns == [*LABELS, *NUMBERS]
    assert set(rows["Period"]) == {"RTT-March-2026"}
    assert part_2.filter(pl.col(GROUP) == "C_999")[TOTAL_ALL].sum() == running.height
    assert part_2.filter(pl.col(GROUP) != "C_999")[TOTAL_ALL].sum() == running.height

    waits = pl.read_csv(tmp_path / "0001" / files.WAITS)
    assert waits["n"].sum() == running.height
    first = waits.row(0, named=True)
    days = running.filter(
        pl.col("provider") == first["provider"],
        pl.col("treatment_function") == str(first["treatment_function"]),
    )["days_waited"]
    assert (first["n"], first["median_days"]) == (days.len(), days.median())
    assert first["mean_days"] == pytest.approx(days.mean(), abs=0.05)
    assert first["median_days"] <= first["p92_days"] <= first["p95_days"]
