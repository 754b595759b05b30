"""A release holds what was told, says what it holds, and is made again from the ledger to the byte."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from frictionless import Package

from chassis.errors import TransientError
from chassis.messages import Recorded
from chassis.spreadsheets import unguarded
from contracts.event import read
from contracts.events import DatasetPublished
from reporting import files
from reporting.domain.dataset import TABLES
from reporting.domain.figures import Figure, answer, key_column, keys_of
from reporting.domain.gathering import rows_of
from reporting.domain.ledger import Entry, unseal
from reporting.domain.projection import project
from reporting.domain.rows import SCHEMA_VERSION
from reporting.handlers import publish_release, record_batch
from reporting.releases import LedgerDamaged, build_release, count, rebuild, verify_ledger
from reporting.repositories import SEGMENTS, Ledger
from reporting.settings import ReportingSection
from reporting.translation import said_by
from reporting.work import ReportingWork
from tests.unit.reporting import stories
from tests.unit.reporting.memory import NOW, MemoryUnits, consume
from tests.unit.reporting.stories import events_of, shuffled

AS_AT = date(2026, 3, 31)
DAY = [
    *stories.day(seed=4, pathways=60),
    stories.core(),
    stories.winding(),
    stories.rejection(1),
    stories.capacity(1),
]


@pytest.fixture
def section(tmp_path: Path) -> ReportingSection:
    return ReportingSection(directory=tmp_path / "dataset", expected_publishers=("RXX",))


async def release(
    section: ReportingSection, units: MemoryUnits, events: Any = None, batch: int = 50
) -> dict[str, Any]:
    await consume(units, events if events is not None else events_of(DAY), batch)
    return await build_release(units, section, today=AS_AT, now=NOW)


async def test_a_release_has_one_row_per_pathway_and_says_what_it_holds(
    section: ReportingSection,
) -> None:
    units = MemoryUnits()

    manifest = await release(section, units)

    folder = section.directory / "0001"
    attended = files.read_table(folder, "pathways")["attendances"].sum()
    assert manifest["rows"] == {
        "pathways": 62,
        "activity": attended,
        "capacity": 1,
        "messages": 3,
    }
    assert manifest["rows_that_break_a_rule"] == {table: {} for table in manifest["rows"]}
    assert manifest["has_not_reported"] == ["NV7", "RJ1", "RXX", "RYJ"]
    assert manifest["events"] == len(events_of(DAY)) == sum(manifest["events_by_type"].values())
    assert files.damaged(folder) == []
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {*manifest["files"], "manifest.json"}


async def test_a_release_is_announced_once_its_files_are_there(section: ReportingSection) -> None:
    units = MemoryUnits()

    manifest = await release(section, units)

    [announced] = units.published
    assert isinstance(announced, DatasetPublished)
    assert (announced.subject, announced.rows) == ("0001", manifest["rows"])
    assert announced.sha256["pathways.csv"] == manifest["files"]["pathways.csv"]["sha256"]


async def test_a_crash_before_the_announcement_leaves_a_number_unused_and_nothing_else(
    section: ReportingSection,
) -> None:
    class Crashing(MemoryUnits):
        async def run(self, function: Any, *arguments: Any) -> Any:
            if function is publish_release and not self.published:
                self.published.append(events_of(DAY)[0])
                raise TransientError("killed")
            return await super().run(function, *arguments)

    units = Crashing()
    with pytest.raises(TransientError):
        await release(section, units)

    again = await build_release(units, section, today=AS_AT, now=NOW)

    assert again["release"] == "0002"
    assert await units.read(_published) == ["0002"]


async def _published(work: ReportingWork) -> list[str]:
    return await work.releases.published()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_same_events_in_any_order_give_the_same_bytes(
    section: ReportingSection, tmp_path: Path, seed: int
) -> None:
    events = events_of(DAY)
    repeated = shuffled(events + Random(seed).choices(events, k=40), seed)
    other = replace_directory(section, tmp_path / "other")

    one = await release(section, MemoryUnits())
    two = await release(other, MemoryUnits(), repeated, batch=seed * 13)

    assert one["dataset_sha256"] == two["dataset_sha256"]
    assert one["rows"] == two["rows"]
    assert one["events"] == two["events"]


def replace_directory(section: ReportingSection, directory: Path) -> ReportingSection:
    return section.model_copy(update={"directory": directory})


async def test_a_rebuild_from_the_ledger_equals_the_release_to_the_byte(
    section: ReportingSection,
) -> None:
    units = MemoryUnits()
    manifest = await release(section, units)

    rebuilt = await rebuild(units, section, "0001")

    assert rebuilt.equal
    assert rebuilt.rebuild_sha256 == manifest["dataset_sha256"]
    for name in manifest["files"]:
        again = section.directory / "rebuilt" / "0001" / name
        assert again.read_bytes() == (section.directory / "0001" / name).read_bytes()


async def test_an_older_release_is_rebuilt_as_it_was_then(section: ReportingSection) -> None:
    units = MemoryUnits()
    events = events_of(DAY)
    first = await release(section, units, events[:150])
    second = await release(section, units, events)

    rebuilt = await rebuild(units, section, "0001")

    assert first["dataset_sha256"] != second["dataset_sha256"]
    assert rebuilt.equal


async def test_batches_that_keep_coming_do_not_mix_two_moments(section: ReportingSection) -> None:
    class Busy(MemoryUnits):
        """A batch is committed after every read of records."""

        async def read(self, function: Any, *arguments: Any) -> Any:
            result = await super().read(function, *arguments)
            if function.__name__ == "_records" and self.waiting:
                await consume(self, [self.waiting.pop(0)])
            return result

        waiting = events_of(DAY)[100:]

    units = Busy()
    manifest = await release(section, units, events_of(DAY)[:100])

    assert (await rebuild(units, section, "0001")).equal
    assert manifest["events"] >= 100


async def test_an_event_of_a_newer_writer_is_kept_and_counts_for_no_row(
    section: ReportingSection,
) -> None:
    units = MemoryUnits()
    known = events_of(DAY)
    entry = unknown_to_us(stories.entry_of(known[0], 0), sequence=99)
    await consume(units, known)
    await units.run(record_batch, [recorded_without_event(entry)] * 2)

    manifest = await build_release(units, section, today=AS_AT, now=NOW)

    assert manifest["events"] == len(known) + 1
    assert manifest["events_by_type"]["fairwait.referral.teleported.v1"] == 1
    assert manifest["rows"]["pathways"] == 62
    assert (await rebuild(units, section, "0001")).equal
    assert (await verify_ledger(units)).flaws == []
    assert (await count(units))["unbalanced"] == 0


def unknown_to_us(entry: Entry, sequence: int) -> Entry:
    """The entry as an event of a type that no reader knows yet."""
    headers = dict(entry.headers)
    subject = entry.key.decode()
    headers["ce_type"] = b"fairwait.referral.teleported.v1"
    headers["ce_sequence"] = b"%d" % sequence
    headers["ce_id"] = f"{entry.topic}.{subject}.{sequence}".encode()
    return replace(entry, headers=tuple(headers.items()), value=b'{"where":"elsewhere"}')


def recorded_without_event(entry: Entry) -> Recorded:
    headers = tuple((name, value or b"") for name, value in entry.headers)
    nothing: Any = None
    return Recorded(
        entry.topic, entry.partition, 7, entry.key, entry.value or b"", headers, nothing
    )


# ---- the ledger guards what is built from it


async def test_an_untouched_ledger_is_sound(section: ReportingSection) -> None:
    units = MemoryUnits()
    await consume(units, events_of(DAY))

    verified = await verify_ledger(units)

    assert verified.flaws == []
    assert verified.events == len(events_of(DAY))


async def test_an_altered_ledger_is_found_and_nothing_is_built_from_it(
    section: ReportingSection,
) -> None:
    units = MemoryUnits()
    await release(section, units)
    document = next(iter(units.store.collections[SEGMENTS].values()))
    document["state"] = {**document["state"], "content": document["state"]["content"][:-1] + b"x"}

    assert len((await verify_ledger(units)).flaws) == 1
    with pytest.raises(LedgerDamaged):
        await rebuild(units, section, "0001")


async def test_a_ledger_written_anew_from_end_to_end_is_not_the_one_of_the_release(
    section: ReportingSection, tmp_path: Path
) -> None:
    units, forged = MemoryUnits(), MemoryUnits()
    await release(section, units)
    changed = [
        event.model_copy(update={"age": 1}) if "age" in type(event).model_fields else event
        for event in events_of(DAY)
    ]
    for event, of in zip(changed, events_of(DAY), strict=True):
        object.__setattr__(event, "envelope", of.envelope)
    await consume(forged, changed)

    assert (await verify_ledger(forged)).flaws == []
    with pytest.raises(LedgerDamaged):
        await rebuild(forged, section, "0001")


# ---- files


async def test_the_data_package_is_valid_to_frictionless(section: ReportingSection) -> None:
    await release(section, MemoryUnits())

    report = Package(str(section.directory / "0001" / "datapackage.json")).validate()

    assert report.valid, report.flatten(["type", "message"])


async def test_all_formats_hold_the_same_rows(section: ReportingSection) -> None:
    await release(section, MemoryUnits())
    folder = section.directory / "0001"

    for table in TABLES:
        frame = files.read_table(folder, table)
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            from_csv = list(csv.DictReader(file))
        lines = (folder / f"{table}.ndjson").read_text("utf-8").splitlines()
        from_json = [json.loads(line) for line in lines]
        assert len(from_csv) == len(from_json) == frame.height
        assert [_texts(row) for row in from_json] == from_csv
        assert list(from_csv[0]) == frame.columns


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


async def test_parquet_says_which_data_set_it_is(section: ReportingSection) -> None:
    await release(section, MemoryUnits())

    metadata = pl.read_parquet_metadata(section.directory / "0001" / "pathways.parquet")

    assert metadata["as_at"] == "2026-03-31"
    assert metadata["schema_version"] == SCHEMA_VERSION


DANGEROUS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "'", "＝1", '="a"', "=1,2", "a\n=1",
]  # fmt: skip


def test_no_cell_can_be_taken_for_a_formula_and_every_value_comes_back() -> None:
    random = Random(5)
    alphabet = "=+-@\t\r\n'\"＝, ab"
    made = ["".join(random.choices(alphabet, k=random.randrange(1, 9))) for _ in range(10_000)]
    values = DANGEROUS + made
    frame = pl.DataFrame(
        {"text": values, "other": [None] * len(values)}, schema_overrides={"other": pl.String}
    )

    out = io.BytesIO()
    files.guarded(frame).write_csv(out, line_terminator="\n", quote_style="necessary")
    cells = [
        row["text"] for row in csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))
    ]

    assert [unguarded(cell) for cell in cells] == values
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r\n＝＋－＠"]


def test_a_release_is_put_there_whole_or_not_at_all(tmp_path: Path) -> None:
    class Broken(dict[str, bytes]):
        def items(self) -> Any:
            yield "a.csv", b"a"
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.put(tmp_path / "0001", Broken())

    assert not (tmp_path / "0001").exists()
    files.put(tmp_path / "0001", {"a.csv": b"b"})
    with pytest.raises(FileExistsError):
        files.put(tmp_path / "0001", {"a.csv": b"c"})
    assert (tmp_path / "0001" / "a.csv").read_bytes() == b"b"


async def test_the_releases_of_an_earlier_database_are_left_as_they_are(
    section: ReportingSection,
) -> None:
    earlier = await release(section, MemoryUnits())

    later = await release(section, MemoryUnits(), events_of(DAY)[:40])

    assert (earlier["release"], later["release"]) == ("0001", "0002")
    assert files.damaged(section.directory / "0001") == []


def test_a_damaged_file_of_a_release_is_named(tmp_path: Path) -> None:
    facts = files.facts_of(b"a")
    manifest = {"files": {"a.csv": {"sha256": facts.sha256}, "b.csv": {"sha256": facts.sha256}}}
    files.put(tmp_path / "1", {"a.csv": b"A", "manifest.json": files.json_bytes(manifest)})

    assert files.damaged(tmp_path / "1") == ["a.csv", "b.csv"]


# ---- lineage


async def test_the_rows_of_a_thousand_cells_are_recomputed_from_their_events(
    section: ReportingSection,
) -> None:
    units = MemoryUnits()
    await release(section, units)
    folder = section.directory / "0001"
    lineage = {
        (row["table"], row["key"]): row["events"]
        for row in pl.read_parquet(folder / files.LINEAGE).to_dicts()
    }
    stored = await _stored_events(units)
    tables = {table: files.read_table(folder, table) for table in TABLES}
    random = Random(9)

    for _ in range(1_000):
        table = random.choice(list(tables))
        row = tables[table].row(random.randrange(tables[table].height), named=True)
        column = random.choice(list(row))
        key = row[key_column(table)]
        events = [stored[event_id] for event_id in lineage[table, key]]
        record = project(events[0].subject, map(said_by, events))
        again = next(one for one in rows_of(record, AS_AT)[table] if key in one.values())
        assert again[column] == row[column], (table, column)


async def _stored_events(units: MemoryUnits) -> dict[str, Any]:
    async def segments(partition: int, work: Any) -> Any:
        ledger: Ledger = work.ledger
        head = (await ledger.chain(partition)).head
        return await ledger.segments(partition, 1, head.segments)

    events = {}
    for partition in range(12):
        for segment in (await units.read(segments, partition)).values():
            for entry in unseal(segment):
                event = read(entry.value, entry.headers)
                events[event.id] = event
    return events


async def test_a_figure_is_its_rows_counted(section: ReportingSection) -> None:
    await release(section, MemoryUnits())
    frame = files.read_table(section.directory / "0001", "pathways")

    for state in frame["state"].unique().to_list():
        figure = Figure("pathways", where=(("state", state), ("sex", "1")))
        assert answer(figure, frame).value == len(keys_of(figure, frame))
        assert answer(figure, frame).value == sum(
            row["state"] == state and row["sex"] == "1" for row in frame.to_dicts()
        )


def test_a_median_of_nothing_is_not_zero() -> None:
    from reporting.domain.dataset import frame

    empty = frame("pathways", [])

    assert answer(Figure("pathways", "median_days"), empty) == replace(
        answer(Figure("pathways"), empty), value=None
    )
