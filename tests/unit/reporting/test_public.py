"""The public edition of a release: its tables, and that each is held against the former one."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reporting import files
from reporting.domain.dataset import TABLES
from reporting.domain.disclosure import ALL, HIDDEN, WITHHELD, Cell, Release, is_small
from reporting.domain.public import as_published, counts_of
from reporting.releases import build_release, rebuild
from reporting.settings import ReportingSection
from tests.unit.reporting import stories
from tests.unit.reporting.attack import Attack
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.stories import events_of

AS_AT = date(2026, 3, 31)


@pytest.fixture
def section(tmp_path: Path) -> ReportingSection:
    return ReportingSection(directory=tmp_path / "dataset")


async def two_releases(section: ReportingSection) -> MemoryUnits:
    """The second after a few more pathways than the first."""
    units = MemoryUnits()
    told = stories.day(seed=8, pathways=200)
    for part in (told[:190], told[190:]):
        await consume(units, events_of(part))
        await build_release(units, section, today=AS_AT, now=NOW)
    return units


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(files.read_public(folder)[name].decode())))


def released(folder: Path) -> dict[str, Release]:
    frames = {table: files.read_table(folder, table) for table in TABLES}
    return as_published(frames, files.read_public(folder))


async def test_no_small_count_is_in_a_public_file_and_totals_are_rounded(
    section: ReportingSection,
) -> None:
    await two_releases(section)

    folder = section.directory / "0002"
    for path in (folder / "public").glob("*.csv"):
        shown = {row["count"] for row in rows(folder, path.name)} - {HIDDEN, WITHHELD}
        assert all(int(count) % 5 == 0 for count in shown), path.name
    total = [row["count"] for row in rows(folder, "choice.csv") if set(row.values()) >= {ALL}]
    assert "200" in total


async def test_the_files_say_what_was_withheld_and_the_former_edition_is_read_back_from_them(
    section: ReportingSection,
) -> None:
    await two_releases(section)

    for release in released(section.directory / "0001").values():
        for table in release.counts.tables:
            told = rows(section.directory / "0001", f"{table.name}.csv")
            again = [(*values, count, share) for values, count, share in release.rows(table)]
            assert [tuple(row.values()) for row in told] == again


async def test_an_attacker_with_both_releases_recovers_nothing(section: ReportingSection) -> None:
    await two_releases(section)
    former, newer = (released(section.directory / name) for name in ("0001", "0002"))

    assert any(is_small(count) for count in newer["pathways"].cells.values())
    for subject in ("pathways", "activity"):
        then, now = former[subject], newer[subject]
        universe = sorted({*then.counts.combinations, *now.counts.combinations})
        assert Attack(now, then, universe).recovered() == 0


async def test_a_rebuild_makes_the_same_public_edition(section: ReportingSection) -> None:
    units = await two_releases(section)

    rebuilt = await rebuild(units, section, "0002")

    assert rebuilt.equal
    assert files.read_manifest(section.directory / "0002")["public"]["held_against"] == "0001"


async def test_a_cell_counts_the_rows_that_it_names(section: ReportingSection) -> None:
    await two_releases(section)
    frame = files.read_table(section.directory / "0002", "pathways")
    release = Release(counts_of("pathways", frame))

    cell: Cell = ("running", "IS", None, "104+", None, None, None)
    expected = sum(
        row["in_rtt"]
        and row["rtt_stop"] is None
        and (row["provider_type"], row["wait_band"]) == ("IS", "104+")
        for row in frame.to_dicts()
    )

    assert release.cells.get(cell, 0) == expected > 0
