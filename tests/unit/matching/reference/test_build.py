"""Building the reference world: what is used, what is left out and why, what is refused and where."""

import csv
import dataclasses
import gzip
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from matching.reference.__main__ import main
from matching.reference.build import LeftOut, Report, Sources, SourceUnreadable, build
from tests.unit.matching.reference.files import (
    HOSPITAL_COLUMNS,
    a_list,
    hospital,
    shared_sources,
    waiting,
    write_sources,
)

TABLES = ("sites.csv", "waits.csv", "outcodes.csv", "datapackage.json")
COMMITTED = Path(__file__).parents[4] / "services/matching/src/matching/reference"


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refusals(report: Report) -> list[str]:
    return [str(refusal) for refusal in report.refusals]


def codes(folder: Path) -> list[str]:
    return [row["code"] for row in table(folder, "sites.csv")]


# ---- the committed tables


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """The world from the real files, once for all tests of this module."""
    out = tmp_path_factory.mktemp("world")
    return build(shared_sources(), out), out


def test_the_committed_tables_are_what_the_loader_makes_of_the_published_files(
    built: tuple[Report, Path],
) -> None:
    _, out = built

    for name in TABLES:
        assert (out / name).read_bytes() == (COMMITTED / name).read_bytes(), name


def test_every_hospital_is_a_site_or_left_out_or_refused(built: tuple[Report, Path]) -> None:
    report, _ = built

    hospitals = [each for each in report.refusals if "hospitals" in each.file]

    assert report.sites + len(report.left_out) + len(hospitals) == 1216
    assert refusals(report) == [
        "nhsuk-hospitals-2020.csv, line 1189, column 'Postcode': is empty",
        "nhsuk-hospitals-2020.csv, line 1206, column 'Latitude': is empty",
    ]


# ---- the same bytes


def test_two_builds_make_the_same_bytes_whatever_the_order_of_the_records(tmp_path: Path) -> None:
    hospitals = [hospital("RJ121"), hospital("RJ122", Latitude="51.49796", Longitude="-0.11889")]
    lists = a_list("RJ1", "C_110", {3: 10, 20: 5})
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()

    build(write_sources(tmp_path / "one", hospitals, lists), tmp_path / "a")
    build(write_sources(tmp_path / "two", hospitals[::-1], lists[::-1]), tmp_path / "b")

    for name in ("sites.csv", "waits.csv", "outcodes.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_progress_ends_at_the_end_of_every_file(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital()], a_list("RJ1", "C_110", {3: 10}))
    seen: dict[str, tuple[int, int]] = {}

    build(sources, tmp_path, progress=lambda file, done, total: seen.update({file: (done, total)}))

    assert {"hospitals.csv", "rtt.csv", "etr.csv"} <= set(seen)
    assert all(done == total for done, total in seen.values())


# ---- waits


def waits_of(tmp_path: Path, rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    build(write_sources(tmp_path, [hospital()], rows), tmp_path)
    return table(tmp_path, "waits.csv")


def test_a_list_is_summed_over_its_commissioners(tmp_path: Path) -> None:
    other = {"Commissioner Org Code": "36L"}
    rows = [
        waiting(weeks={1: 10}),
        waiting(weeks={3: 30}, **other),
        waiting(group="C_999", weeks={1: 10}),
        waiting(group="C_999", weeks={3: 30}, **other),
        waiting(weeks={1: 300}, **{"RTT Part Type": "Part_2A"}),
    ]

    (wait,) = waits_of(tmp_path, rows)

    assert wait["waiting"] == "40"
    # Twenty of forty: ten are in the first band, ten more of thirty is a third of the week from 3.
    assert wait["median_weeks"] == "3.3"


def test_people_of_other_nations_and_decisions_to_admit_are_not_added(tmp_path: Path) -> None:
    rows = [
        *a_list("RJ1", "C_110", {1: 10}),
        waiting(weeks={50: 99}, **{"Commissioner Org Code": "NONC"}),
        waiting(weeks={60: 99}, **{"RTT Part Type": "Part_1A"}),
    ]

    (wait,) = waits_of(tmp_path, rows)

    assert (wait["rtt_group"], wait["waiting"]) == ("C_110", "10")


def test_an_unknown_clock_start_counts_as_waiting_and_not_as_a_wait(tmp_path: Path) -> None:
    unknown = {"Patients with unknown clock start date": "7", "Total All": "7"}
    rows = [
        waiting(weeks={}, **unknown),
        waiting(group="C_999", weeks={}, **unknown),
        waiting(weeks={1: 300}, **{"RTT Part Type": "Part_2A"}),
    ]

    (wait,) = waits_of(tmp_path, rows)

    assert wait["waiting"] == "7"
    assert wait["median_weeks"] == wait["percentile_92_weeks"] == ""


def test_nobody_waiting_is_no_wait_and_no_site(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital()], [waiting(), waiting(group="C_999")])

    report = build(sources, tmp_path)

    assert (report.sites, report.waits) == (0, 0)
    assert report.left_out == {"RJ121": LeftOut.NO_PUBLISHED_WAITS}


# ---- which sites


def test_a_site_is_nhs_or_independent_by_the_lists_and_not_by_the_hospital_table(
    tmp_path: Path,
) -> None:
    wrong = {"Sector": "Independent Sector"}
    sources = write_sources(
        tmp_path,
        [hospital("RJ121", **wrong), hospital("NT301"), hospital("NVC01")],
        [
            *a_list("RJ1", "C_110", {3: 10}),
            *a_list("NT301", "C_110", {3: 10}),
            *a_list("NVC01", "C_110", {3: 10}),
        ],
        independent=["NT301", "NVC01"],
    )

    build(sources, tmp_path)

    sectors = {row["code"]: row["sector"] for row in table(tmp_path, "sites.csv")}
    assert sectors == {"RJ121": "nhs", "NT301": "independent", "NVC01": "independent"}


def test_a_site_belongs_to_the_trust_that_took_over_its_own(tmp_path: Path) -> None:
    sources = write_sources(
        tmp_path,
        [hospital("RE9GA", OrganisationName="South Tyneside District Hospital")],
        a_list("R0B", "C_110", {3: 10}),
        trusts=["R0B", "RE9"],
    )

    build(sources, tmp_path)

    (site,) = table(tmp_path, "sites.csv")
    assert (site["provider"], site["published_by"]) == ("R0B", "R0B")
    assert site["provider_name"] == "Trust R0B NHS Trust"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"OrganisationName": "Bow Community Hospital"}, LeftOut.SMALL_HOSPITAL),
        ({"OrganisationName": "Bow War Memorial Hospital"}, LeftOut.SMALL_HOSPITAL),
        ({"SubType": "UNKNOWN"}, LeftOut.SMALL_HOSPITAL),
        ({"Postcode": "CF14 4XW"}, LeftOut.NOT_IN_ENGLAND),
        ({"ParentODSCode": "RXX"}, LeftOut.NO_PUBLISHED_WAITS),
    ],
)
def test_a_site_is_left_out_for_a_reason(
    tmp_path: Path, cells: dict[str, str], reason: LeftOut
) -> None:
    sources = write_sources(tmp_path, [hospital("RJ1ZZ", **cells)], a_list("RJ1", "C_110", {3: 10}))

    report = build(sources, tmp_path)

    assert report.left_out == {"RJ1ZZ": reason}
    assert codes(tmp_path) == []


def test_a_trust_that_hardly_admits_is_left_out(tmp_path: Path) -> None:
    rows = [
        waiting(weeks={3: 500}),
        waiting(group="C_999", weeks={3: 500}),
        waiting(weeks={3: 199}, **{"RTT Part Type": "Part_2A"}),
        waiting(group="C_999", weeks={3: 199}, **{"RTT Part Type": "Part_2A"}),
    ]

    report = build(write_sources(tmp_path, [hospital()], rows), tmp_path)

    assert report.left_out == {"RJ121": LeftOut.FEW_ADMISSIONS}


# ---- damaged files


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"Latitude": "fifty-one"}, "column 'Latitude': is not a number"),
        ({"Latitude": ""}, "column 'Latitude': is empty"),
        ({"Latitude": "nan"}, "column 'Latitude': is not between 49 and 61"),
        ({"Longitude": "51.5"}, "column 'Longitude': is not between -9 and 2"),
        ({"Latitude": "53.5"}, "column 'Latitude': is far from the district of the postcode"),
        ({"Postcode": "SE1"}, "column 'Postcode': is not a postcode"),
        ({"OrganisationCode": ""}, "column 'OrganisationCode': is empty"),
    ],
)
def test_a_bad_hospital_is_refused_by_file_line_and_column_and_the_others_are_used(
    tmp_path: Path, cells: dict[str, str], told: str
) -> None:
    bad, good = hospital("RJ122", **cells), hospital("RJ121")
    sources = write_sources(tmp_path, [bad, good], a_list("RJ1", "C_110", {3: 10}))

    report = build(sources, tmp_path)

    assert refusals(report) == [f"hospitals.csv, line 2, {told}"]
    assert codes(tmp_path) == ["RJ121"]


def test_a_line_with_too_few_cells_is_refused(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital()], a_list("RJ1", "C_110", {3: 10}))
    with sources.hospitals.open("ab") as file:
        file.write(b"1~RJ122~Hospital\r\n")

    report = build(sources, tmp_path)

    assert refusals(report) == [
        "hospitals.csv, line 3, column 'OrganisationType': the line has 3 cells and not 22"
    ]


def test_text_in_another_encoding_is_refused_where_it_is(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital()], a_list("RJ1", "C_110", {3: 10}))
    with sources.hospitals.open("ab") as file:
        cells = hospital("RJ122", OrganisationName="St ?")
        line = "~".join(cells[column] for column in HOSPITAL_COLUMNS)
        file.write(line.encode("cp1252").replace(b"?", b"\x81") + b"\r\n")

    report = build(sources, tmp_path)

    assert refusals(report) == [
        "hospitals.csv, line 3, column 'OrganisationName': is not text in the encoding of this file"
    ]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"Gt 05 To 06 Weeks SUM 1": "x"}, "column 'Gt 05 To 06 Weeks SUM 1': is not a count"),
        ({"Gt 05 To 06 Weeks SUM 1": "-1"}, "column 'Gt 05 To 06 Weeks SUM 1': is not a count"),
        (
            {"Total All": "11"},
            "column 'Total All': is not the sum of the weeks and the unknown starts",
        ),
        (
            {"Treatment Function Code": "C_998"},
            "column 'Treatment Function Code': is no group of the published waiting times",
        ),
        ({"Period": "January 2026"}, "column 'Period': is not a month such as RTT-January-2026"),
    ],
)
def test_a_bad_list_is_refused_and_its_provider_left_out_rather_than_shown_half(
    tmp_path: Path, cells: dict[str, str], told: str
) -> None:
    rows = [
        waiting(weeks={3: 10}, **cells),
        *a_list("RJ1", "C_120", {3: 10})[:1],
        waiting("RJ1", "C_999", {3: 20}),
        *a_list("NT301", "C_110", {8: 10}),
    ]
    sources = write_sources(
        tmp_path, [hospital("RJ121"), hospital("NT301")], rows, independent=["NT301"]
    )

    report = build(sources, tmp_path)

    assert refusals(report) == [
        f"rtt.csv, line 2, {told}",
        "rtt.csv, line 1, column 'Total All': the groups of RJ1 do not make its total: "
        "it is left out",
    ]
    assert codes(tmp_path) == ["NT301"]


def test_a_hospital_listed_twice_is_used_once(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital(), hospital()], a_list("RJ1", "C_110", {3: 10}))

    report = build(sources, tmp_path)

    assert refusals(report) == [
        "hospitals.csv, line 3, column 'OrganisationCode': is in an earlier line"
    ]
    assert codes(tmp_path) == ["RJ121"]


def without_a_column(sources: Sources) -> None:
    text = sources.rtt.read_text()
    sources.rtt.write_text(text.replace("Total All", "Total Everything", 1))


def empty(sources: Sources) -> None:
    sources.rtt.write_text("")


def of_two_months(sources: Sources) -> None:
    text = sources.rtt.read_text()
    sources.rtt.write_text(text.replace("RTT-January-2026", "RTT-December-2025", 1))


def missing(sources: Sources) -> None:
    sources.rtt.unlink()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (without_a_column, "rtt.csv, line 1: no column 'Total All'"),
        (empty, "rtt.csv, line 1: no column 'Period'"),
        (of_two_months, "rtt.csv: 2 months of waiting lists, not 1"),
        (missing, "rtt.csv cannot be read after line 0"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_build_and_nothing_is_written(
    tmp_path: Path, damage: Callable[[Sources], None], told: str
) -> None:
    sources = write_sources(tmp_path, [hospital()], a_list("RJ1", "C_110", {3: 10}))
    damage(sources)

    with pytest.raises(SourceUnreadable) as stopped:
        build(sources, tmp_path / "out")

    assert str(stopped.value) == told
    assert not (tmp_path / "out").exists()


def test_a_compressed_file_that_ends_early_stops_the_build(tmp_path: Path) -> None:
    sources = write_sources(tmp_path, [hospital()], a_list("RJ1", "C_110", {3: 10}))
    short = tmp_path / "rtt.csv.gz"
    short.write_bytes(gzip.compress(sources.rtt.read_bytes())[:-40])

    with pytest.raises(SourceUnreadable, match=r"^rtt\.csv\.gz cannot be read after line \d+$"):
        build(dataclasses.replace(sources, rtt=short), tmp_path / "out")


# ---- the command


def run(sources: Sources, out: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    arguments = [
        f"--{field.name}={getattr(sources, field.name)}" for field in dataclasses.fields(sources)
    ]
    monkeypatch.setattr(sys, "argv", ["reference", *arguments, f"--out={out}"])
    return main()


def test_the_command_tells_what_became_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = write_sources(
        tmp_path, [hospital(), hospital("RJ122", Postcode="")], a_list("RJ1", "C_110", {3: 10})
    )

    assert run(sources, tmp_path / "out", monkeypatch) == 0

    told = capsys.readouterr().out
    assert "as at 2026-01-31: 1 sites, 1 waits, 2 postcode districts" in told
    assert "refused: hospitals.csv, line 3, column 'Postcode': is empty" in told


def test_the_command_fails_on_a_file_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = write_sources(tmp_path)

    assert run(sources, tmp_path / "out", monkeypatch) == 1

    assert capsys.readouterr().err == "rtt.csv: 0 months of waiting lists, not 1\n"
