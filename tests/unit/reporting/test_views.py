"""Every figure of a view is its rows counted, and what is beside it follows from it."""

from datetime import date
from pathlib import Path

import httpx2
import pytest

from reporting import files
from reporting.domain.dataset import TABLES, Frame
from reporting.domain.figures import NoSuchFigure, answer, figure_of, keys_of
from reporting.domain.overview import Cell
from reporting.domain.views import TITLES, VIEWS, Row, view
from reporting.domain.weeks import WAIT_BANDS
from reporting.releases import build_release
from reporting.settings import ReportingSection
from tests.unit.reporting import stories
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.site import site
from tests.unit.reporting.stories import events_of

AS_AT = date(2026, 3, 31)
DAY = [
    *stories.day(seed=8, pathways=60),
    stories.core(),
    stories.winding(),
    stories.capacity(1),
]


@pytest.fixture
async def units(tmp_path: Path) -> MemoryUnits:
    units = MemoryUnits()
    await consume(units, events_of(DAY), batch=500)
    await build_release(units, section(tmp_path), today=AS_AT, now=NOW)
    return units


def section(tmp_path: Path) -> ReportingSection:
    return ReportingSection(directory=tmp_path / "dataset", open=True)


@pytest.fixture
def tables(units: MemoryUnits, tmp_path: Path) -> dict[str, Frame]:
    return {table: files.read_table(tmp_path / "dataset" / "0001", table) for table in TABLES}


def cells(row: Row) -> list[Cell]:
    return [cell for cell in row.cells if isinstance(cell, Cell)]


def values(row: Row) -> list[float | None]:
    return [cell.answer.value for cell in cells(row)]


@pytest.mark.parametrize("name", VIEWS)
def test_every_figure_can_be_asked_for_again_and_counts_its_rows(
    name: str, tables: dict[str, Frame]
) -> None:
    shown = view(name, tables, AS_AT)

    assert shown.rows
    for row in shown.rows:
        assert len(row.cells) == len(shown.columns)
        for cell in cells(row):
            again = figure_of(cell.figure.query())
            frame = tables[again.table]
            assert answer(again, frame) == cell.answer
            assert len(keys_of(again, frame)) == cell.answer.n


def test_every_view_has_a_place_in_the_menu() -> None:
    assert list(TITLES) == list(VIEWS)


def test_bands_add_up_to_the_running_clocks_and_to_those_over_each_threshold(
    tables: dict[str, Frame],
) -> None:
    rows = {row.label: values(row) for row in view("waits", tables, AS_AT).rows}
    running = tables["pathways"].filter(tables["pathways"]["rtt_stop"].is_null()).height

    bands = [rows[f"{band} weeks"] for band in WAIT_BANDS]
    assert sum(band[-1] or 0 for band in bands) == running
    assert all(sum(value or 0 for value in row[:-1]) == row[-1] for row in bands)
    assert rows["Over 52 weeks"][-1] == sum(band[-1] or 0 for band in bands[3:])
    assert rows["Over 104 weeks"] == bands[-1]


def test_the_sources_of_a_week_add_up_to_its_referrals_and_a_week_that_goes_on_says_so(
    tables: dict[str, Frame],
) -> None:
    rows = view("weekly", tables, date(2026, 1, 7)).rows

    assert [row.label for row in rows[:2]] == ["11 Jan 2026 (not over)", "4 Jan 2026"]
    assert (values(rows[0])[0] or 0) >= 2
    for row in rows:
        referrals, *by_validity = values(row)[:5]
        assert sum(value or 0 for value in by_validity) == referrals


def test_a_year_before_is_the_same_month_and_a_change_of_nothing_is_no_number(
    tables: dict[str, Frame],
) -> None:
    shown = view("year-on-year", tables, date(2026, 3, 2))
    rows = {row.label: row.cells for row in shown.rows}

    assert shown.columns[:2] == ["2025-02", "2026-02"]
    before, now, change, share = rows["All treatment functions"]
    assert isinstance(before, Cell)
    assert isinstance(now, Cell)
    assert (before.answer.n, change, share) == (0, f"+{now.answer.n}", "n/a")


def test_declared_places_are_added_up_and_not_sessions(tables: dict[str, Frame]) -> None:
    rows = {row.label: values(row) for row in view("capacity", tables, date(2026, 2, 2)).rows}

    assert rows["8 Feb 2026"] == [0, 5, 0, 5]


@pytest.mark.parametrize(
    "query", [[("table", "messages"), ("measure", "median_days")], [("measure", "places")]]
)
def test_a_measure_that_a_table_does_not_have_is_refused(query: list[tuple[str, str]]) -> None:
    with pytest.raises(NoSuchFigure):
        figure_of(query)


async def test_a_view_is_a_page_for_people_and_figures_for_programs(
    units: MemoryUnits, tmp_path: Path
) -> None:
    app = site(units, section(tmp_path))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://reporting") as client:
        for name in VIEWS:
            found = (await client.get(f"/views/{name}")).json()
            page = await client.get(f"/views/{name}", headers={"accept": "text/html"})
            marks = (await client.get(f"/charts/0001/views/{name}.json")).json()
            assert (found["release"], found["name"]) == ("0001", name)
            assert found["title"] in page.text
            assert marks
        assert (await client.get("/views/nothing")).status_code == 404
