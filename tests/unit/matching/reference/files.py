"""Published files as a test wants them: small ones that it writes, and the real ones where they are."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from matching.reference.build import Sources
from matching.reference.published.waits import BANDS, LAYOUT

ROOT = Path(__file__).parents[4]

HOSPITAL_COLUMNS = [
    "OrganisationID",
    "OrganisationCode",
    "OrganisationType",
    "SubType",
    "Sector",
    "OrganisationStatus",
    "IsPimsManaged",
    "OrganisationName",
    "Address1",
    "Address2",
    "Address3",
    "City",
    "County",
    "Postcode",
    "Latitude",
    "Longitude",
    "ParentODSCode",
    "ParentName",
    "Phone",
    "Email",
    "Website",
    "Fax",
]
RTT_COLUMNS = (
    *(column for column in LAYOUT.columns if column not in BANDS and not column.endswith("date")),
    *BANDS,
    "Total",
    "Patients with unknown clock start date",
)


def shared(path: str) -> Path:
    """A file of the public data; the test is skipped where it is not."""
    folder = Path(os.environ.get("FAIRWAIT_SHARED", ROOT.parent / "shared"))
    file = folder / "data" / path
    if not file.exists():
        pytest.skip(f"{path} is not there: set FAIRWAIT_SHARED to the folder that holds data/")
    return file


def shared_sources() -> Sources:
    return Sources(
        hospitals=shared("organisations/nhsuk-hospitals-2020.csv"),
        rtt=shared("rtt/2026-01-full-extract-32-icbs.csv.gz"),
        independent=shared("organisations/independent-sector-providers-2025-09.csv"),
        trusts=shared("organisations/etr-2026-01.csv"),
        outcodes=shared("geo/outcode-centroids.csv"),
    )


def hospital(code: str = "RJ121", **cells: str) -> dict[str, str]:
    values = {
        "OrganisationCode": code,
        "SubType": "Hospital",
        "Sector": "NHS Sector",
        "OrganisationName": "Guy's Hospital",
        "Postcode": "SE1 9RT",
        "Latitude": "51.50346",
        "Longitude": "-0.08681",
        "ParentODSCode": code[:3],
        "ParentName": "A Provider",
    }
    return {column: (values | cells).get(column, "") for column in HOSPITAL_COLUMNS}


def waiting(
    provider: str = "RJ1",
    group: str = "C_110",
    weeks: Mapping[int, int] | None = None,
    **cells: str,
) -> dict[str, str]:
    """People on one list by whole weeks waited, as a row of the extract."""
    people = {BANDS[week]: str(count) for week, count in (weeks or {}).items()}
    values = {
        "Period": "RTT-January-2026",
        "Provider Parent Org Code": "QKK",
        "Provider Org Code": provider,
        "Provider Org Name": "A PROVIDER NHS FOUNDATION TRUST",
        "Commissioner Org Code": "72Q",
        "RTT Part Type": "Part_2",
        "Treatment Function Code": group,
        "Total All": str(sum((weeks or {}).values())),
    }
    return {column: (values | people | cells).get(column, "") for column in RTT_COLUMNS}


def a_list(provider: str, group: str, weeks: Mapping[int, int]) -> list[dict[str, str]]:
    """One list, its provider's total, and enough decisions to admit."""
    return [
        waiting(provider, group, weeks),
        waiting(provider, "C_999", weeks),
        waiting(provider, group, {1: 200}, **{"RTT Part Type": "Part_2A"}),
    ]


def write_sources(
    folder: Path,
    hospitals: Iterable[Mapping[str, str]] = (),
    rtt: Iterable[Mapping[str, str]] = (),
    independent: Iterable[str] = (),
    trusts: Iterable[str] = ("RJ1",),
) -> Sources:
    """The five files, in the layouts in which they are published."""
    sources = Sources(
        hospitals=folder / "hospitals.csv",
        rtt=folder / "rtt.csv",
        independent=folder / "independent.csv",
        trusts=folder / "etr.csv",
        outcodes=folder / "outcodes.csv",
    )
    lines = [HOSPITAL_COLUMNS, *([row[column] for column in HOSPITAL_COLUMNS] for row in hospitals)]
    text = "".join("~".join(line) + "\r\n" for line in lines)
    sources.hospitals.write_bytes(text.encode("cp1252"))
    _write(sources.rtt, RTT_COLUMNS, rtt)
    _write(
        sources.independent,
        ("region_code", "provider_code", "provider_name"),
        (
            {"region_code": "Y56", "provider_code": code, "provider_name": "X"}
            for code in independent
        ),
    )
    sources.trusts.write_text(
        "".join(f'"{code}","TRUST {code} NHS TRUST","Y56","QKK","1 STREET"\n' for code in trusts)
    )
    sources.outcodes.write_text(
        "id,outcode,latitude,longitude,\n1,SE1,51.498,-0.089,\n2,SW1A,51.501,-0.141,\n"
    )
    return sources


def _write(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)
