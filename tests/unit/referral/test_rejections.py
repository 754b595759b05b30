"""The rejected messages of a publisher, and counts by day, way in, reason and item."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.referral.builders import STRANGER, TRUST
from tests.unit.referral.fhir import patient, service_request
from tests.unit.referral.site import Site, site


@pytest.fixture
async def trust(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


def ubrn(number: int) -> dict[str, Any]:
    value = f"{number:012d}"
    return {"identifier": [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": value}]}


async def refer(site: Site, number: int, day: int, **changes: Any) -> None:
    site.clock.instant = datetime(2026, 3, day, 9, number, tzinfo=UTC)
    body = service_request(**ubrn(number), **changes)
    await site.post("ServiceRequest", body, request_id=f"m-{number}")


BAD = {"performer": None}


async def test_rejected_messages_are_listed_newest_first_page_by_page(trust: Site) -> None:
    for number, day in enumerate([3, 4, 4, 5, 6]):
        await refer(trust, number, day, **BAD)
    await refer(trust, 9, 6)

    seen, path = [], "/rejections?limit=2"
    while path:
        answer = await trust.get(path)
        seen += [one["message_id"] for one in answer.json()["submissions"]]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert seen == ["m-4", "m-3", "m-2", "m-1", "m-0"]


async def test_rejected_messages_are_of_some_days_and_of_the_caller(trust: Site) -> None:
    for number, day in enumerate([3, 4, 4, 5]):
        await refer(trust, number, day, **BAD)

    one_day = (await trust.get("/rejections", since="2026-03-04", until="2026-03-04")).json()
    others = (await trust.get("/rejections", organisation=STRANGER)).json()

    assert [one["message_id"] for one in one_day["submissions"]] == ["m-2", "m-1"]
    assert one_day["submissions"][0]["problems"][0]["pointer"] == "ServiceRequest.performer"
    assert others["submissions"] == []


async def test_rejections_are_a_file_with_a_row_for_each_problem(trust: Site) -> None:
    await refer(trust, 1, 3, performer=None, orderDetail=None)

    answer = await trust.get("/rejections", format="csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {one["message_id"] for one in rows} == {"m-1"}
    assert {one["pointer"] for one in rows} >= {"ServiceRequest.performer"}


async def test_messages_are_counted_by_day_way_and_reason(trust: Site) -> None:
    await refer(trust, 1, 3)
    await refer(trust, 2, 3, **BAD)
    await refer(trust, 3, 4, performer=None, orderDetail=None)
    await trust.post("$process-message", b"{}", request_id="bars-1")

    days = (await trust.get("/submission-counts")).json()["days"]

    told = [(one["day"], one["way_in"], one["accepted"], one["rejected"]) for one in days]
    assert told == [
        ("2026-03-03", "fhir", 1, 1),
        ("2026-03-04", "bars", 0, 1),
        ("2026-03-04", "fhir", 0, 1),
    ]
    assert days[0]["reasons"] == days[2]["reasons"] == {"required": 1}


async def test_referrals_are_counted_by_the_items_they_gave(trust: Site) -> None:
    await refer(trust, 1, 3)
    await refer(trust, 2, 3, requester=None, contained=[patient(telecom=None, address=None)])

    (day,) = (await trust.get("/completeness")).json()["days"]

    assert day["referrals"] == 2
    assert day["given"]["postcode"] == day["given"]["contact"] == 1
    assert day["given"]["referring_organisation"] == 1
    assert day["given"]["source_of_referral"] == 2
    answer = await trust.get("/completeness", format="csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["day"], row["referrals"], row["postcode"]) == ("2026-03-03", "2", "1")


PATHS = ["/rejections", "/submission-counts", "/completeness"]


@pytest.mark.parametrize("path", PATHS)
async def test_only_operators_ask_about_others(trust: Site, path: str) -> None:
    def asked_with(*scopes: str) -> dict[str, str]:
        return {"authorization": f"Bearer {trust.token(STRANGER, *scopes)}"}

    async def status(*scopes: str, **query: str) -> int:
        answer = await trust.client.get(path, headers=asked_with(*scopes), params=query)
        return answer.status_code

    assert await status("ops", publisher=TRUST) == 200
    assert await status("referral.write", publisher=TRUST) == 403
    assert await status("dataset.read") == 403
    assert await status("pathway.read", publisher=STRANGER) == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "days",
    [
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"since": "2025-01-01", "until": "2026-03-01"},
    ],
)
async def test_days_are_in_order_and_not_too_many(
    trust: Site, path: str, days: dict[str, str]
) -> None:
    assert (await trust.get(path, **days)).status_code == 400


async def test_a_cursor_of_somebody_elses_making_is_refused(trust: Site) -> None:
    assert (await trust.get("/rejections", cursor="MjAyNi0wMy0wMXx4")).status_code == 400
