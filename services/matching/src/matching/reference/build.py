"""Making the reference world from the published files.

The result is the same to the byte for the same files, whatever the machine and the day, so that a
reviewer can build it again and compare.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from matching.reference.published import outcodes, sites, waits
from matching.reference.published.sites import LeftOut, Registers
from matching.reference.published.sources import (
    Progress,
    Refusal,
    Source,
    SourceUnreadable,
    unwatched,
)
from matching.reference.published.waits import Provider, percentile
from matching.reference.world import Position, Site, successions

__all__ = ["LeftOut", "Progress", "Refusal", "Report", "SourceUnreadable", "Sources", "build"]

ATTRIBUTION: Final = (
    "Contains public sector information licensed under the Open Government Licence v3.0. "
    "Contains OS data and National Statistics data © Crown copyright and database right."
)
METHOD: Final = (
    "Incomplete pathways (Part_2) of English commissioners, summed over commissioners by provider "
    "and RTT group; the group C_999 is a total and is not added. Median and 92nd percentile in "
    "weeks, people spread evenly within a band of one week, of those with a known clock start; "
    "104 stands for 104 weeks or more. A provider whose groups do not make its published total is "
    "left out."
)

SITES = (
    "code",
    "name",
    "provider",
    "provider_name",
    "published_by",
    "sector",
    "icb",
    "postcode",
    "easting",
    "northing",
    "latitude",
    "longitude",
)
WAITS = ("published_by", "rtt_group", "waiting", "median_weeks", "percentile_92_weeks")
OUTCODES = ("outcode", "easting", "northing")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the published files are."""

    hospitals: Path
    rtt: Path
    independent: Path
    trusts: Path
    outcodes: Path


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the files: every record was used, left out for a reason, or refused."""

    as_at: date
    version: str
    sites: int
    waits: int
    outcodes: int
    left_out: Mapping[str, LeftOut]
    refusals: Sequence[Refusal]


def build(sources: Sources, out: Path, progress: Progress = unwatched) -> Report:
    """Read the published files and write the tables of the reference world into a folder.

    Bad records are refused and reported; a file that cannot be used as a whole raises
    `SourceUnreadable`, and nothing is written.
    """
    files = _Files(sources)
    districts = outcodes.districts(files.outcodes.values(outcodes.district, progress))
    as_at, providers = waits.providers_of(files.rtt, progress)
    registers = Registers(
        providers=providers,
        trusts=dict(files.trusts.values(sites.trust, progress)),
        independent=frozenset(files.independent.values(sites.independent, progress)),
        successors={each.provider: each.successor for each in successions() if each.on <= as_at},
        reviewed=dict(files.reviewed.values(sites.reviewed, progress)),
        districts=districts,
    )
    hospitals = files.hospitals.values(sites.hospital, progress)
    chosen, left_out, refusals = sites.choose(hospitals, registers)
    files.hospitals.refusals += refusals

    tables = {
        "outcodes.csv": _table(OUTCODES, _outcode_rows(districts)),
        "sites.csv": _table(SITES, _site_rows(chosen)),
        "waits.csv": _table(WAITS, _wait_rows(chosen, providers)),
    }
    version = f"{as_at.isoformat()}.{_digest(b''.join(tables.values()))[:8]}"
    tables["datapackage.json"] = _package(as_at, version, files.every(), tables)
    _write(tables, out)

    return Report(
        as_at=as_at,
        version=version,
        sites=len(chosen),
        waits=_records(tables["waits.csv"]),
        outcodes=len(districts),
        left_out=left_out,
        refusals=[refusal for source in files.every() for refusal in source.refusals],
    )


class _Files:
    """The sources of one build, with what is read from each."""

    def __init__(self, sources: Sources) -> None:
        self.hospitals = Source("NHS.UK, hospital sites", sources.hospitals, sites.HOSPITALS)
        self.rtt = Source("NHS England, RTT waiting times, full extract", sources.rtt, waits.LAYOUT)
        self.independent = Source(
            "NHS England, independent sector RTT providers", sources.independent, sites.INDEPENDENT
        )
        self.trusts = Source("ODS, NHS trusts (etr)", sources.trusts, sites.TRUSTS)
        self.outcodes = Source(
            "OS and ONS, outward code centroids", sources.outcodes, outcodes.LAYOUT
        )
        self.reviewed = Source(
            "Fairwait, reviewed sites",
            Path(__file__).with_name("reviewed_sites.csv"),
            sites.REVIEWED,
        )

    def every(self) -> tuple[Source, ...]:
        return (
            self.hospitals,
            self.independent,
            self.outcodes,
            self.reviewed,
            self.rtt,
            self.trusts,
        )


def _outcode_rows(districts: Mapping[str, Position]) -> Iterable[Sequence[object]]:
    return ((outcode, *position) for outcode, position in districts.items())


def _site_rows(chosen: Iterable[Site]) -> Iterable[Sequence[object]]:
    for site in chosen:
        yield (
            site.code,
            site.name,
            site.provider,
            site.provider_name,
            site.published_by,
            site.sector,
            site.icb,
            site.postcode,
            *site.position,
            f"{site.latitude:.5f}",
            f"{site.longitude:.5f}",
        )


def _wait_rows(
    chosen: Iterable[Site], providers: Mapping[str, Provider]
) -> Iterable[Sequence[object]]:
    """The lists that people are on, of the providers that have a site. An empty one says nothing."""
    for code in sorted({site.published_by for site in chosen}):
        for group, waiting_list in sorted(providers[code].lists.items()):
            if waiting_list.waiting:
                yield (
                    code,
                    group,
                    waiting_list.waiting,
                    _weeks(percentile(waiting_list.weeks, 0.5)),
                    _weeks(percentile(waiting_list.weeks, 0.92)),
                )


def _weeks(weeks: float | None) -> str:
    """One decimal, as NHS England publishes; empty when not known."""
    return "" if weeks is None else f"{weeks:.1f}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _package(
    as_at: date, version: str, sources: Iterable[Source], tables: Mapping[str, bytes]
) -> bytes:
    """A description in the manner of Frictionless Data: what is here and what it was made from."""
    package = {
        "name": "fairwait-reference-world",
        "version": version,
        "as_at": as_at.isoformat(),
        "licenses": [{"name": "OGL-UK-3.0"}],
        "attribution": ATTRIBUTION,
        "method": METHOD,
        "sources": [
            {
                "title": source.title,
                "path": source.path.name,
                "hash": f"sha256:{source.digest()}",
                "records": source.read,
                "refused": len(source.refusals),
            }
            for source in sources
        ],
        "resources": [
            {
                "name": name.removesuffix(".csv"),
                "path": name,
                "format": "csv",
                "encoding": "utf-8",
                "rows": _records(table),
                "bytes": len(table),
                "hash": f"sha256:{_digest(table)}",
            }
            for name, table in sorted(tables.items())
        ],
    }
    return (json.dumps(package, indent=2, ensure_ascii=False) + "\n").encode()


def _records(table: bytes) -> int:
    return table.count(b"\n") - 1


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(tables: Mapping[str, bytes], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        (out / name).write_bytes(content)
