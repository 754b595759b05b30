"""From what was gathered to the files of a release, byte for byte the same for the same events."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from reporting import files
from reporting.domain.dataset import Frame, broken_rules
from reporting.domain.dictionary import (
    NAME,
    TITLE,
    data_package,
    dictionary_csv,
    dictionary_markdown,
)
from reporting.domain.disclosure import Release
from reporting.domain.gathering import Gathering
from reporting.domain.manifest import EDITION, FileFacts, manifest
from reporting.domain.monthly_file import in_layout, period_of
from reporting.domain.notes import notes
from reporting.domain.public import SUBJECTS, as_published, edition, public_files
from reporting.domain.published_waits import published_waits
from reporting.domain.rows import SCHEMA_VERSION
from reporting.settings import ReportingSection
from reporting.workbook import refusal, workbook

NOTES: Final = "README.md"


@dataclass(frozen=True, slots=True)
class Made:
    """The files of a release by name, its manifest among them."""

    files: Mapping[str, bytes]
    manifest: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: a release, and the one that its public edition is held against."""

    release: str
    now: datetime
    section: ReportingSection
    former: str | None


def make(gathered: Gathering, order: Order) -> Made:
    tables = gathered.tables()
    as_at = gathered.as_at.isoformat()
    metadata = {"dataset": NAME, "as_at": as_at, "schema_version": SCHEMA_VERSION}

    contents: dict[str, bytes] = {}
    facts: dict[str, FileFacts] = {}
    for table, rows in tables.items():
        for name, content in files.table_bytes(table, rows, metadata).items():
            contents[name] = content
            facts[name] = files.facts_of(content, rows.height)

    described = {
        table: (facts[f"{table}.csv"].sha256, facts[f"{table}.csv"].bytes) for table in tables
    }
    others = {
        files.LINEAGE: files.lineage_bytes(gathered.lineage()),
        "datapackage.json": files.json_bytes(data_package(described, order.release, as_at)),
        "dictionary.csv": dictionary_csv().encode(),
        "dictionary.md": dictionary_markdown().encode(),
        files.MONTHLY: files.csv_bytes(_monthly(gathered)),
        files.WAITS: files.csv_bytes(published_waits(tables["pathways"], gathered.as_at)),
        **_public(tables, as_at, order),
    }
    refused = refusal(tables)
    if refused is None:
        others[files.WORKBOOK] = workbook(tables, _cover(as_at, order.release))
    stated = manifest(
        release=order.release,
        as_at=gathered.as_at,
        now=order.now,
        tables=facts,
        others={name: files.facts_of(content) for name, content in others.items()},
        broken={table: broken_rules(table, rows) for table, rows in tables.items()},
        census=gathered.census,
        ends=gathered.ends(),
        expected=order.section.expected_publishers,
        held_against=order.former,
        refused={} if refused is None else {files.WORKBOOK: refused},
    )
    others[NOTES] = notes(stated).encode()
    stated["files"][NOTES] = asdict(files.facts_of(others[NOTES]))
    others[files.MANIFEST] = files.json_bytes(stated)
    return Made({**contents, **others}, stated)


def _monthly(gathered: Gathering) -> Frame:
    counted = gathered.monthly
    return in_layout(counted.with_totals(), period_of(counted.month))


def _cover(as_at: str, release: str) -> list[str]:
    return [f"{TITLE}. Release {release}, as at {as_at}.", f"Edition: {EDITION}."]


def _public(tables: Mapping[str, Frame], as_at: str, order: Order) -> dict[str, bytes]:
    """The files of the public edition, held against those of the release before."""
    released = edition(tables, _former(order))
    made = public_files(released, as_at, order.former)
    return {f"{files.PUBLIC}/{name}": text.encode() for name, text in made.items()}


def _former(order: Order) -> Mapping[str, Release] | None:
    """The edition that this one is held against, with its exact counts."""
    if order.former is None:
        return None
    folder = order.section.directory / order.former
    frames = {table: files.read_table(folder, table) for table in SUBJECTS}
    return as_published(frames, files.read_public(folder))
