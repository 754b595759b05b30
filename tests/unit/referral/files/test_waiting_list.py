"""`POST /waiting-list`: what becomes of every row."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.unit.referral.builders import STRANGER, TRUST, types
from tests.unit.referral.files.rows import lines, table
from tests.unit.referral.site import Site, site


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as opened:
        yield opened


async def send(
    edge: Site,
    content: Any,
    *,
    kind: str = "text/csv",
    organisation: str = TRUST,
    accept: str = "application/json",
    **query: Any,
) -> httpx2.Response:
    headers = {
        "authorization": f"Bearer {edge.token(organisation)}",
        "content-type": kind,
        "accept": accept,
    }
    return await edge.client.post("/waiting-list", content=content, headers=headers, params=query)


def counts(answer: httpx2.Response) -> tuple[int, int, int]:
    report = answer.json()
    assert report["rows"] == report["accepted"] + report["repeated"] + report["rejected"]
    return report["accepted"], report["repeated"], report["rejected"]


async def test_every_row_is_a_referral(edge: Site) -> None:
    answer = await send(edge, table({}, {"PPI": "PPI-2"}))

    assert counts(answer) == (2, 0, 0)
    assert types(edge.events).count("referral.received") == 2


async def test_json_lines_are_the_same_rows(edge: Site) -> None:
    await send(edge, table({}, {"PPI": "PPI-2"}))

    answer = await send(edge, lines({}, {"PPI": "PPI-2"}), kind="application/x-ndjson")

    assert counts(answer) == (0, 2, 0)


async def test_a_file_sent_twice_does_nothing_the_second_time(edge: Site) -> None:
    content = table({}, {"PPI": "PPI-2", "TFC": "999"})
    first = await send(edge, content)
    events = len(edge.events)

    again = await send(edge, content)

    assert (counts(first), counts(again)) == ((1, 0, 1), (0, 2, 0))
    assert again.json()["rejects"] == first.json()["rejects"]
    assert len(edge.events) == events


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("NHS Number", "9990000019", "nhs_number"),
        ("Person Family Name", "", "family_name"),
        ("Person Birth Date", "04/05/1961", "birth_date"),
        ("Sex", "F", "sex"),
        ("PPI", "bad id!", "patient_pathway_identifier"),
        ("TFC", "999", "treatment_function"),
        ("Referral Request Received Date", "2027-01-01", "referral_request_received_date"),
        ("Provider", "", "provider"),
    ],
)
async def test_a_reject_names_line_and_column_and_no_value(
    edge: Site, column: str, value: str, name: str
) -> None:
    answer = await send(edge, table({}, {"PPI": "PPI-2", column: value}, {"PPI": "PPI-3"}))

    report = answer.json()
    assert (report["accepted"], report["rejected"]) == (2, 1)
    (reject,) = report["rejects"]
    assert (reject["line"], reject["column"]) == (3, name)
    assert reject["reason"]
    assert not value or value not in answer.text


async def test_a_row_with_another_number_of_cells_is_told(edge: Site) -> None:
    answer = await send(edge, table({}) + b"too,few\n")

    (reject,) = answer.json()["rejects"]
    assert (reject["line"], reject["code"]) == (3, "file_row")


async def test_a_reject_is_on_record_like_every_other(edge: Site) -> None:
    answer = await send(edge, table({"TFC": "999"}))

    (reject,) = answer.json()["rejects"]
    found = await edge.get(f"/submissions/{reject['row_id']}")
    assert found.json()["verdict"] == "rejected"
    assert types(edge.events) == ["referral.rejected"]


async def test_a_part_of_a_file_counts_its_lines_as_the_file_does(edge: Site) -> None:
    answer = await send(edge, table({}, {"PPI": "PPI-2", "TFC": "999"}), from_line=2001)

    assert [one["line"] for one in answer.json()["rejects"]] == [2002]
    assert answer.json()["next_line"] == 2003


async def test_rejects_come_as_a_table_too(edge: Site) -> None:
    answer = await send(edge, table({"TFC": "999"}), accept="text/csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "line,column,code,reason,row_id"
    assert answer.text.splitlines()[1].startswith("2,treatment_function,")


async def test_a_row_of_e_rs_has_a_ubrn(edge: Site) -> None:
    content = (
        table({}).replace(b"PPI,PPI Issuer", b"UBRN,Something").replace(b"PPI-1", b"000000070000")
    )

    assert counts(await send(edge, content)) == (1, 0, 0)


async def test_a_trust_does_not_send_for_another(edge: Site) -> None:
    answer = await send(edge, table({}), organisation=STRANGER)

    assert [one["code"] for one in answer.json()["rejects"]] == ["forbidden_organisation"]


@pytest.mark.parametrize("missing", ["NHS Number", "Provider", "TFC", "PPI"])
async def test_a_file_without_a_column_that_is_needed_is_refused(edge: Site, missing: str) -> None:
    content = table({}).replace(missing.encode(), b"Something else", 1)

    answer = await send(edge, content)

    assert answer.status_code == 422
    assert answer.json()["code"] == "file_columns"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\n", b'"', b"a,b\n1,2\n"])
async def test_what_is_no_waiting_list_is_refused(edge: Site, content: bytes) -> None:
    assert (await send(edge, content)).status_code == 422


async def test_other_types_are_not_taken(edge: Site) -> None:
    assert (await send(edge, b"{}", kind="application/json")).status_code == 415


async def test_a_long_file_is_read_as_it_comes(edge: Site) -> None:
    rows = table(*({"PPI": f"PPI-{n}"} for n in range(700)))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(rows), 1000):
            yield rows[start : start + 1000]

    answer = await send(edge, pieces())

    assert counts(answer) == (700, 0, 0)
    assert answer.json()["next_line"] == 702


async def test_more_than_a_request_may_hold_is_fine_for_a_file(edge: Site) -> None:
    content = table({}) + b"".join(b"%d" % n + b"x" * 60_000 + b"\n" for n in range(30))

    answer = await send(edge, content)

    assert len(content) > 1024 * 1024
    assert counts(answer) == (1, 0, 30)
