"""The workbook holds the same rows as the other files, no formula, and is refused where it is too long."""

import io
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest

from reporting import files
from reporting.releases import build_release, rebuild
from reporting.settings import ReportingSection
from reporting.workbook import MOST_ROWS, TooLong, refusal, workbook
from tests.unit.reporting import stories
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.stories import events_of

NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheet(content: bytes, number: int) -> list[list[str]]:
    """The cells of a sheet as text, by our own reading of the XML."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    return [
        ["".join(cell.itertext()) for cell in row.findall("x:c", NAMESPACE)]
        for row in root.iterfind(".//x:row", NAMESPACE)
    ]


def formulas(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        roots = [ElementTree.fromstring(archive.read(name)) for name in sheets]
    return sum(len(root.findall(".//x:f", NAMESPACE)) for root in roots)


def test_no_text_is_a_formula_and_every_text_comes_back() -> None:
    texts = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "{=1}",
        "http://example.org",
        "007",
        "'x",
        "a<&",
    ]
    frame = pl.DataFrame({"text": texts})

    made = workbook({"t": frame}, ["=NOW()"])

    assert formulas(made) == 0
    assert sheet(made, 1) == [["=NOW()"]]
    assert sheet(made, 2) == [["text"], *([text] for text in texts)]


def test_the_same_rows_give_the_same_bytes() -> None:
    frame = pl.DataFrame({"on": [date(2026, 1, 5)], "n": [3], "yes": [True], "none": [None]})

    assert workbook({"t": frame}, []) == workbook({"t": frame}, [])


@pytest.mark.slow
def test_a_sheet_is_filled_to_its_last_row() -> None:
    frame = pl.DataFrame({"n": pl.int_range(MOST_ROWS - 1, eager=True)})

    made = workbook({"t": frame}, [])

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        xml = archive.read("xl/worksheets/sheet2.xml")
    assert xml.count(b"<row ") == MOST_ROWS
    assert b'<c r="A1048576"><v>1048574</v></c>' in xml


@pytest.mark.parametrize("rows", [MOST_ROWS, 2_000_000])
def test_one_row_more_is_refused_and_not_cut(rows: int) -> None:
    frame = pl.DataFrame({"n": pl.int_range(rows, eager=True)})

    assert f"{rows:,} rows" in (refusal({"t": frame}) or "")
    with pytest.raises(TooLong):
        workbook({"t": frame}, [])


async def test_a_release_has_a_workbook_with_all_its_rows(tmp_path: Path) -> None:
    section = ReportingSection(directory=tmp_path / "dataset")
    units = MemoryUnits()
    await consume(units, events_of([*stories.day(seed=2, pathways=20), stories.core()]))

    manifest = await build_release(units, section, today=date(2026, 3, 31), now=NOW)

    made = (section.directory / "0001" / files.WORKBOOK).read_bytes()
    assert len(sheet(made, 2)) == 1 + manifest["rows"]["pathways"]
    assert len(sheet(made, 3)) == 1 + manifest["rows"]["activity"]
    assert manifest["refused"] == {}
    assert (await rebuild(units, section, "0001")).equal


async def test_a_release_without_its_workbook_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.workbook.MOST_ROWS", 20)
    section = ReportingSection(directory=tmp_path / "dataset")
    units = MemoryUnits()
    await consume(units, events_of(stories.day(seed=2, pathways=20)))

    manifest = await build_release(units, section, today=date(2026, 3, 31), now=NOW)

    assert "pathways has 20 rows" in manifest["refused"][files.WORKBOOK]
    assert files.WORKBOOK not in manifest["files"]
    assert "20 rows" in (section.directory / "0001" / "README.md").read_text("utf-8")
