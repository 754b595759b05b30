"""Rows of a waiting-list file that are fine; a test changes what it is about."""

import csv
import io
import json
from typing import Any

from tests.unit.referral.builders import PRACTICE, TRUST

ROW = {
    "PPI": "PPI-1",
    "PPI Issuer": TRUST,
    "NHS Number": "999 000 0018",
    "Person Given Name": "Ada",
    "Person Family Name": "Example",
    "Person Birth Date": "1961-05-04",
    "Sex": "2",
    "Postcode": "SW1A 1AA",
    "Provider": TRUST,
    "Referring Organisation": PRACTICE,
    "TFC": "110",
    "Priority Type Code": "1",
    "Source of Referral": "3",
    "Referral Request Received Date": "2026-03-01",
}


def table(*rows: dict[str, str]) -> bytes:
    """A CSV file; each row is given by what is different about it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROW))
    writer.writeheader()
    writer.writerows({**ROW, **row} for row in rows)
    return out.getvalue().encode()


def lines(*rows: dict[str, Any]) -> bytes:
    """The same as NDJSON."""
    return b"".join(json.dumps(submission(row)).encode() + b"\n" for row in rows)


def submission(row: dict[str, Any]) -> dict[str, Any]:
    cells = {**ROW, **row}
    return {
        "pathway": {"identifier": cells["PPI"], "issuer": cells["PPI Issuer"]},
        "patient": {
            "nhs_number": cells["NHS Number"].replace(" ", ""),
            "given_name": cells["Person Given Name"],
            "family_name": cells["Person Family Name"],
            "birth_date": cells["Person Birth Date"],
            "sex": cells["Sex"],
            "postcode": cells["Postcode"],
        },
        "responsible_provider": cells["Provider"],
        "referring_organisation": cells["Referring Organisation"],
        "treatment_function": cells["TFC"],
        "priority": cells["Priority Type Code"],
        "source_of_referral": cells["Source of Referral"],
        "received_on": cells["Referral Request Received Date"],
    }
