"""What leaves for a public edition tells of nobody: not by itself, not by sums, not by comparison."""

import pytest

from reporting.domain.disclosure import (
    ALL,
    HIDDEN,
    WITHHELD,
    Combination,
    Counts,
    Release,
    Table,
    average,
    control,
    disclosed,
    is_small,
    percentage,
)
from tests.unit.reporting.attack import Attack, releases


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (1, "*"), (7, "*"), (8, "10"), (12, "10"), (13, "15"), (17, "15"), (1003, "1005")],
)
def test_none_is_shown_one_to_seven_are_hidden_and_more_is_rounded_to_five(
    count: int, shown: str
) -> None:
    assert disclosed(count) == shown


def test_percentages_come_from_rounded_counts_and_averages_of_few_are_hidden() -> None:
    assert percentage("15", "40") == "38"
    assert percentage(HIDDEN, "40") == percentage("0", HIDDEN) == HIDDEN
    assert percentage(WITHHELD, "40") == WITHHELD
    assert percentage("0", "0") == "n/a"
    assert [average(4.25, 7), average(4.25, 8), average(None, 0)] == [HIDDEN, "4.2", "n/a"]


def line(**counts: int) -> Counts:
    present: dict[Combination, int] = {(name,): n for name, n in counts.items() if n}
    return Counts(("kind",), (Table("line", ("kind",)),), present)


def as_shown(release: Release) -> dict[str, str]:
    [table] = release.counts.tables
    return {values[0]: shown for values, shown, _ in release.rows(table)}


def test_a_table_that_gives_nothing_away_has_nothing_withheld() -> None:
    release = control(line(a=0, b=3, c=21, d=9, e=4))

    assert as_shown(release) == {"b": "*", "c": "20", "d": "10", "e": "*", ALL: "35"}


def test_seven_hidden_ones_in_a_hidden_total_would_be_known_and_are_protected() -> None:
    counts = line(a=1, b=1, c=1, d=1, e=1, f=1, g=1)
    universe = [(name,) for name in "abcdefg"]

    assert Attack(Release(counts), None, universe).recovered() == 8
    assert Attack(control(counts), None, universe).recovered() == 0


def test_four_hidden_sevens_in_a_total_of_thirty_would_be_known_and_are_protected() -> None:
    counts = line(a=7, b=7, c=7, d=7)
    universe = [(name,) for name in "abcd"]

    assert Attack(Release(counts), None, universe).recovered() == 4
    assert Attack(control(counts), None, universe).recovered() == 0


def test_late_data_does_not_give_away_what_the_release_before_hid() -> None:
    """15 for two hidden counts says that b is 6 or 7; a hidden total after it says at most 6."""
    before, after = line(a=7, b=6), line(a=1, b=6)
    universe = [("a",), ("b",)]
    former = control(before)

    assert Attack(former, None, universe).recovered() == 0
    assert Attack(control(after), None, universe).recovered() == 0
    assert Attack(control(after), former, universe).recovered() > 0
    assert Attack(control(after, former), former, universe).recovered() == 0


def test_releases_of_other_columns_are_not_compared() -> None:
    former = control(Counts(("other",), (Table("t", ("other",)),), {("x",): 3}))

    assert as_shown(control(line(a=9), former)) == {"a": "10", ALL: "10"}


@pytest.mark.slow
def test_ten_thousand_releases_show_no_count_of_one_to_seven() -> None:
    for seed in range(5_000):
        for _, release, _ in releases(seed):
            for cell, count in release.cells.items():
                shown = release.shown(cell)
                assert shown in (HIDDEN, WITHHELD) if is_small(count) else shown != HIDDEN


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_a_solver_given_a_release_and_its_former_one_recovers_nothing(part: int) -> None:
    """100,000 tables: python -m tests.bench.disclosure --tables 100000."""
    for seed in range(10_000 + part * 1_250, 11_250 + part * 1_250):
        for former, release, universe in releases(seed):
            assert Attack(release, former, universe).recovered() == 0, seed
