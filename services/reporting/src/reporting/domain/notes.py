"""The notes that go with every release: how it was counted, and what to be careful about."""

from collections.abc import Mapping
from typing import Any


def notes(manifest: Mapping[str, Any]) -> str:
    """README.md of a release."""
    rows = ", ".join(f"{count} {table}" for table, count in manifest["rows"].items())
    missing = ", ".join(manifest["has_not_reported"]) or "nobody"
    return f"""# Release {manifest["release"]}

- As at {manifest["as_at"]}; data up to {manifest["data_up_to"] or "no event yet"}.
- Rows: {rows}.
- **Has not reported in the last seven days: {missing}.** Totals leave out what they have not sent.
- Edition: {manifest["edition"]}.
- SHA-256 of the tables: `{manifest["dataset_sha256"]}`. It covers the CSV, Parquet and NDJSON files
  of the tables and nothing else: the same events give the same hash, whenever they are counted.

## How it was counted

- One row of `pathways` per referral to treatment pathway, one row of `activity` per appointment
  attended. Every pathway is in exactly one `state`.
- Waits are whole calendar days in London from the start of the RTT clock to its stop, or to the as-at
  day while it runs. "Over 18 weeks" is strictly over: 126 days are not, 127 days are. A start that
  is missing, 1900-01-01 or after the end is counted and never banded.
- Weeks end on Sunday.
- `provider` is the provider responsible now: the one the pathway was transferred to, otherwise the
  one whose place was accepted, otherwise the one referred to. `provider_type` is what the offer
  said, otherwise follows from the form of the code, and is empty where neither tells.
- `informed` means that every provider on the list was shown with a wait and a distance. Quality is
  not part of it.
- Rows that break a rule of the data dictionary stay in and are counted in `manifest.json`.

## Reading the files

- CSV is UTF-8 with LF line ends and quotes as in RFC 4180. A text that a spreadsheet could take for
  a formula has an apostrophe before it; take one leading apostrophe away to get the value back.
- `lineage.parquet` names for each row the events it is made from. Each event can be had, byte for
  byte, from the ledger.
- `public/` is the only part that may be published: counts under disclosure control, with its own notes.
- {_about_the_workbook(manifest["refused"])}
- `rtt-monthly.csv` is the monthly return of the newest month that is over, in the layout of the
  published full extract. C_999 is a sum and Part_2A a part of Part_2: never add them to the rest.
  Names of organisations are left empty.
- `waits.csv` tells by provider and treatment function how long those who wait have waited: mean,
  median, 92nd and 95th percentile in days, each with n and date.
- `datapackage.json` describes the CSV files for machines, `dictionary.md` for people.
"""


def _about_the_workbook(refused: Mapping[str, str]) -> str:
    for name, reason in refused.items():
        return f"There is no `{name}`: {reason}. It is refused and not cut."
    return "`dataset.xlsx` has the same rows, one sheet a table; every text in it is a text."
