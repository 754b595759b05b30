"""The waiting list of a trust: filtered, in order, page by page and as a file, all on record."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chassis.testing import NOW, MemoryStore
from chassis.work import Document, Sort, Work
from referral.api import tables
from referral.domain.listing import Choice, Starts
from referral.domain.pathway import opened
from referral.handlers.listing import Wanted, read_waiting_list
from referral.handlers.reading import Question
from referral.repositories import windows
from referral.work import ReferralWork
from tests.unit.referral.builders import RULES, STRANGER, TODAY, TRUST, person, referral
from tests.unit.referral.site import Site, site


@pytest.fixture
async def trust(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


async def wait_for(site: Site, number: int, days: int, **changes: Any) -> str:
    """A pathway that has waited so many days, put into the store."""
    given = {"received_on": TODAY - timedelta(days=days), **changes}
    new = opened(f"{number:032x}", person(), referral(identifier=f"{number:012d}", **given))
    work = Work(site.store, service="referral", streams={}, now=NOW)
    await ReferralWork(work, RULES).pathways.save(new)
    await site.store.commit(work)
    return new.id


async def all_of(site: Site, path: str) -> list[dict[str, Any]]:
    """Every line, page after page."""
    found: list[dict[str, Any]] = []
    while path:
        answer = await site.get(path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["pathways"]
        path = answer.headers.get("link", "").partition(">")[0].removeprefix("<")
    return found


async def test_the_longest_waits_come_first_through_all_pages(trust: Site) -> None:
    draw = Random(4)
    waits = [draw.randrange(0, 900) for _ in range(60)]
    for number, days in enumerate(waits):
        await wait_for(trust, number, days)
    await wait_for(trust, 99, 500, responsible_provider=STRANGER)

    lines = await all_of(trust, "/waiting-list?limit=7")

    assert [one["days_waited"] for one in lines] == sorted(waits, reverse=True)
    assert all(one["weeks_waited"] == one["days_waited"] // 7 for one in lines)


async def test_counts_of_each_band_are_at_the_head_and_only_there(trust: Site) -> None:
    for number, days in enumerate([3, 126, 127, 365, 365, 800]):
        await wait_for(trust, number, days)

    first = (await trust.get("/waiting-list", limit="4")).json()
    second = (await trust.get("/waiting-list", limit="4", cursor=first["next"])).json()

    assert {one["band"]: one["pathways"] for one in first["bands"]} == {
        "0-18": 2, "18-26": 1, "26-40": 0, "40-52": 0, "52-65": 2, "65-78": 0, "78-104": 0,
        "over-104": 1,
    }  # fmt: skip
    assert second["bands"] is None
    assert second["next"] is None
    assert len(first["pathways"]) + len(second["pathways"]) == 6


async def test_a_list_is_narrowed_by_band_function_status_and_deadline(trust: Site) -> None:
    long = await wait_for(trust, 1, 400)
    short = await wait_for(trust, 2, 100)
    other = await wait_for(trust, 3, 300, treatment_function="100")

    async def ids(**query: str) -> list[str]:
        answer = await trust.get("/waiting-list", **query)
        return [one["pathway_id"] for one in answer.json()["pathways"]]

    assert await ids() == [long, other, short]
    assert await ids(band="52-65") == [long]
    assert await ids(band="over-40") == [long, other]
    assert await ids(treatment_function="100") == [other]
    assert await ids(treatment_function="110", band="0-18") == [short]
    assert await ids(status="waiting") == [long, other, short]
    assert await ids(status="stopped") == []
    assert await ids(deadline="transfer-data") == []
    assert await ids(deadline="52-weeks", due_by=str(TODAY)) == [long]
    assert await ids(deadline="18-weeks", due_by=str(TODAY + timedelta(days=26))) == [
        long, other, short,
    ]  # fmt: skip
    assert await ids(deadline="18-weeks", due_by=str(TODAY + timedelta(days=25))) == [long, other]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"band": "104+"}, 422),
        ({"treatment_function": "1"}, 422),
        ({"deadline": "tomorrow"}, 422),
        ({"due_by": "2026-03-01"}, 400),
        ({"cursor": "eA"}, 400),
        ({"format": "xml"}, 422),
    ],
)
async def test_a_question_not_in_its_form_is_refused(
    trust: Site, query: dict[str, str], status: int
) -> None:
    assert (await trust.get("/waiting-list", **query)).status_code == status


async def test_the_whole_list_is_a_file_with_every_part_on_record(
    trust: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PART", 10)
    for number in range(25):
        await wait_for(trust, number, number, issuer="=cmd|x")

    answer = await trust.get("/waiting-list", format="csv", limit="5")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(one["days_waited"]) for one in rows] == list(range(24, -1, -1))
    assert {one["issuer"] for one in rows} == {"'=cmd|x"}
    assert rows[0]["18-weeks"] == str(TODAY - timedelta(days=24) + timedelta(weeks=18))
    entries = [one["state"] for one in trust.store.collections["audit"].values()]
    assert [(one["part"], len(one["pathway_ids"])) for one in entries] == [
        (0, 10), (1, 10), (2, 5),
    ]  # fmt: skip
    assert {one["request_id"] for one in entries} == {answer.headers["x-request-id"]}


async def test_a_file_is_what_its_caller_accepts(trust: Site) -> None:
    token = trust.token()
    headers = {"authorization": f"Bearer {token}", "fairwait-reason": "validation"}

    answer = await trust.client.get("/waiting-list", headers={**headers, "accept": "text/csv"})

    assert answer.text.startswith("pathway_id,")


# ---- 100,000 of one trust


class ScanningStore(MemoryStore):
    """Counts what a query has to look at when its limit does not end it early, as in some stores."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = 0

    async def query(
        self, collection: str, where: Mapping[str, Any], sort: Sort, limit: int
    ) -> list[Document]:
        found = await super().query(collection, where, sort, 0)
        self.looked_at += len(found)
        return found[:limit] if limit else found


@pytest.mark.parametrize("starting", ["", "2024-09-01|", "2026-02-20|"])
async def test_a_page_looks_at_few_of_a_hundred_thousand(starting: str) -> None:
    store, draw = ScanningStore(), Random(7)
    for number in range(100_000):
        started = TODAY - timedelta(days=draw.randrange(0, 760))
        id = f"{number:032x}"
        store.collections["pathways"][id] = {
            "_id": id,
            "v": 1,
            "state": {
                "lists": [f"{TRUST}|||"],
                "place": f"{started.isoformat()}|{id}",
                "status": "waiting",
                "referral": {
                    "identifier": "1", "issuer": "X09", "treatment_function": "110", "priority": "1",
                },
            },
        }  # fmt: skip
    after = f"{starting}{'0' * 32}" if starting else ""
    wanted = Wanted(Choice(), Starts(), TODAY)
    work = ReferralWork(Work(store, service="referral", streams={}, now=NOW), RULES)

    shown, more = await read_waiting_list(
        Question(TRUST, "s", "validation", "r"), wanted, after, 50, 0, work
    )

    places = sorted(
        one["state"]["place"]
        for one in store.collections["pathways"].values()
        if one["state"]["place"] > after
    )
    assert [f"{one.started_on}|{one.pathway_id}" for one in shown] == places[:50]
    assert more
    assert store.looked_at < 5_000


@pytest.mark.parametrize("after", ["", "2024-01-01|x", "2026-03-02|x"])
@pytest.mark.parametrize(
    "starts",
    [
        Starts(),
        Starts(first=date(2025, 1, 1)),
        Starts(last=date(2025, 1, 1)),
        Starts(first=date(2025, 3, 1), last=date(2025, 3, 1)),
        Starts(last=date(2010, 1, 1)),
    ],
)
def test_steps_through_a_list_leave_out_no_day_and_take_none_twice(
    starts: Starts, after: str
) -> None:
    steps = list(windows(starts, after, TODAY))

    first = f"{starts.first}|" if starts.first else ""
    for number in range(9000):
        place = f"{TODAY - timedelta(days=number)}|y"
        due = place > (after or first) and place < f"{(starts.last or TODAY)}|~"
        within = [
            one
            for one in steps
            if one.get("$gte", "") <= place < one["$lt"] and place > one.get("$gt", "")
        ]
        if after and starts.first and after < first:
            continue  # a cursor is a place of the list
        assert len(within) == due
