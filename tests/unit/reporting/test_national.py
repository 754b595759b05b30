"""The published month comes back from events: every cell, for a fraction, and a wrong one is found."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from contracts.event import Event
from reporting.domain.monthly import Month
from reporting.domain.monthly_file import GROUP, KEY, NUMBERS, PART
from reporting.national.extract import Cell, Extract, NotAnExtract, compare, month_of
from reporting.national.proof import prove, sampled
from reporting.national.simulation import Telling, days_in
from reporting.national.slices import ChainBroken, count, slices, tell

ONE_IN_A_HUNDRED = 0.01


@pytest.fixture(scope="session")
def published(shared_data: Path) -> Path:
    return shared_data / "rtt" / "2026-01-full-extract-32-icbs.csv.gz"


@pytest.mark.slow
def test_one_in_a_hundred_comes_back_cell_by_cell(published: Path) -> None:
    proof = prove(published, fraction=ONE_IN_A_HUNDRED, seed=1)

    assert proof.equal, proof.comparison.first
    assert proof.comparison.rows_on_one_side == 0
    assert proof.comparison.cells == proof.comparison.rows * 121
    assert proof.counted_events == proof.tally.events
    assert proof.tally.pathways >= proof.published_pathways > 60_000


def test_the_same_seed_tells_the_same_events_and_another_one_others(published: Path) -> None:
    extract = Extract.read(published)
    cells = [cell for cell in some_cells(extract) if 20 < cell.pathways < 200][:5]

    def told(seed: int) -> list[Event]:
        return [e for cell in cells for e in Telling(cell, extract.month, seed).events()]

    assert told(1) == told(1)
    assert [event.id for event in told(1)] == [event.id for event in told(1)]
    assert told(1) != told(2)


def some_cells(extract: Extract) -> Iterator[Cell]:
    pairs = sampled(extract, 0.002, seed=3)
    yield from extract.of((provider, commissioner) for provider, commissioner, _ in pairs).cells()


def test_a_fraction_is_of_whole_pairs_and_one_is_all(published: Path) -> None:
    extract = Extract.read(published)
    everything = sum(count for _, _, count in extract.pairs())

    some = sum(count for _, _, count in sampled(extract, 0.1, seed=5))

    assert 0.1 * everything <= some < 0.12 * everything
    assert sorted(sampled(extract, 1.0, seed=5)) == extract.pairs()


# ---- what the file gets wrong, and what we must notice


def cell(**counts: dict[int, int]) -> Cell:
    """A cell with these counts by band, as Part_2={3: 1}."""
    parts = {part: [by.get(band, 0) for band in range(106)] for part, by in counts.items()}
    return Cell("RXX", "QOP", "C_110", parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        cell(Part_2={0: 3, 3: 1}, Part_3={}),  # more open than began: they came from elsewhere
        cell(Part_2={}, Part_3={105: 4}),  # more began than are left: they went elsewhere
        cell(Part_2={10: 1}, Part_2A={10: 3}),  # on a list for admission and in no wait
        cell(Part_1A={0: 2, 104: 1, 105: 2}, Part_1B={4: 3, 105: 1}, Part_3={105: 1}),
        cell(Part_2={4: 5}, Part_3={105: 2}),  # a band that begins in the month and before it
    ],
)
@pytest.mark.parametrize("month", [Month.of(2026, 1), Month.of(2026, 2), Month.of(2026, 4)])
def test_parts_that_do_not_fit_each_other_come_back_too(
    given: Cell, month: Month, tmp_path: Path
) -> None:
    [piece] = slices([given], month, seed=1, folder=tmp_path)

    lines = count(tell(piece)).lines

    expected = {part: list(counts) for part, counts in given.counts.items() if sum(counts)}
    assert {line.part: counts for line, counts in lines.items()} == expected


def test_a_chain_that_was_altered_is_not_counted(tmp_path: Path) -> None:
    [piece] = slices([cell(Part_2={9: 40})], Month.of(2026, 1), seed=1, folder=tmp_path)
    written = tell(piece)
    content = bytearray(piece.path.read_bytes())
    content[-9] ^= 1
    piece.path.write_bytes(content)

    with pytest.raises(ChainBroken):
        count(written)


def test_one_patient_more_is_a_difference(published: Path) -> None:
    rows = Extract.read(published).rows.head(500)
    band = NUMBERS[7]
    one_more = pl.when(pl.int_range(pl.len()) == 3).then(pl.col(band).fill_null(0) + 1)
    altered = rows.with_columns(one_more.otherwise(pl.col(band)).alias(band))

    assert compare(rows, rows).different == 0
    found = compare(rows, altered)
    assert (found.different, found.first[0].column) == (1, band)
    assert found.first[0].key == rows.select(KEY).row(3)


def test_a_row_that_is_missing_is_a_difference_unless_it_is_all_zeros(published: Path) -> None:
    rows = Extract.read(published).rows.filter(pl.col(PART) == "Part_2").head(50)

    found = compare(rows, rows.tail(49))

    assert found.rows == 50
    assert found.rows_on_one_side == 1
    assert found.different > 0


def test_blank_cells_are_zeros(published: Path) -> None:
    rows = Extract.read(published).rows.head(200)

    assert compare(rows, rows.with_columns(pl.col(NUMBERS).fill_null(0))).different == 0


def test_totals_are_never_among_the_cells_to_be_told(published: Path) -> None:
    extract = Extract.read(published)

    assert "C_999" in extract.rows[GROUP]
    assert "C_999" not in {found.group for found in some_cells(extract)}


# ---- reading


def test_bands_hold_the_days_that_the_return_counts_in_them() -> None:
    assert [days_in(band) for band in (0, 1, 17, 18, 103)] == [
        (0, 7),
        (8, 14),
        (120, 126),
        (127, 133),
        (722, 728),
    ]
    assert days_in(104)[0] == 729


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))

    with pytest.raises(NotAnExtract):
        Extract.read(path)
    with pytest.raises(NotAnExtract):
        month_of("January 2026")
