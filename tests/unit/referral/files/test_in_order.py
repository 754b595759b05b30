"""A batch of rows is decided while the one before it is being committed, and counts after it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, MutableMapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import TransientError
from fairwait.world.people import nhs_numbers
from referral.edges.files.intake import Outcome, Outcomes, take_in_order
from referral.edges.files.rows import Row
from tests.unit.referral.builders import types
from tests.unit.referral.files.rows import table
from tests.unit.referral.files.test_waiting_list import counts, send
from tests.unit.referral.site import Site, site


async def batches(number: int) -> AsyncIterator[list[Row]]:
    for line in range(number):
        yield [Row(line, f"row:{line}")]


async def test_two_are_under_way_at_most_and_outcomes_come_in_order() -> None:
    under_way: set[int] = set()
    most = 0
    told: list[int] = []

    async def take(rows: Sequence[Row], before: Outcomes | None) -> list[Outcome]:
        nonlocal most
        line = rows[0].line
        under_way.add(line)
        most = max(most, len(under_way))
        for _ in range(7 - line % 7):
            await asyncio.sleep(0)
        if before is not None:
            await asyncio.wait([before])
        under_way.discard(line)
        return [Outcome(row, repeated=False) for row in rows]

    await take_in_order(
        batches(20), take, lambda outcomes: told.extend(one.row.line for one in outcomes)
    )

    assert told == list(range(20))
    assert most == 2


async def test_when_one_fails_those_after_it_are_given_up() -> None:
    told: list[int] = []
    ended: list[str] = []

    async def take(rows: Sequence[Row], before: Outcomes | None) -> list[Outcome]:
        line = rows[0].line
        try:
            if before is not None:
                await asyncio.wait([before])
                before.result()
            if line == 2:
                raise TransientError("away")
        except BaseException as error:
            ended.append(f"{line} {type(error).__name__}")
            raise
        return [Outcome(row, repeated=False) for row in rows]

    with pytest.raises(TransientError):
        await take_in_order(
            batches(9), take, lambda outcomes: told.extend(one.row.line for one in outcomes)
        )

    assert told == [0, 1]
    assert ended[0] == "2 TransientError"
    assert len(ended) == 2


def slow(function: Any, turns: int) -> Any:
    async def slowly(*arguments: Any) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await function(*arguments)

    return slowly


async def test_of_two_rows_about_a_pathway_in_two_batches_the_first_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.edges.files.routes.BATCH", 3)
    rows = [{"PPI": f"PPI-{n // 2}", "TFC": "110" if n % 2 == 0 else "130"} for n in range(14)]

    async with site(tmp_path) as edge:
        monkeypatch.setattr(edge.store, "commit", slow(edge.store.commit, 9))
        monkeypatch.setattr(edge.store, "load", slow(edge.store.load, 2))
        answer = await send(edge, table(*rows))
        functions = {
            one["state"]["referral"]["treatment_function"]
            for one in edge.store.collections["pathways"].values()
            if one["state"]  # the rejected have a number there and no state
        }

    assert counts(answer) == (7, 0, 7)
    assert [one["line"] for one in answer.json()["rejects"]] == [3, 5, 7, 9, 11, 13, 15]
    assert {one["code"] for one in answer.json()["rejects"]} == {"pathway_differs"}
    assert functions == {"110"}


async def test_what_fails_in_the_middle_of_a_file_leaves_all_before_it_and_nothing_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.edges.files.routes.BATCH", 2)
    rows = [{"PPI": f"PPI-{n}"} for n in range(12)]

    async with site(tmp_path) as edge:
        commit, left = slow(edge.store.commit, 5), 3

        async def until_it_is_away(*arguments: Any) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise TransientError("away")
            await commit(*arguments)

        monkeypatch.setattr(edge.store, "commit", until_it_is_away)
        first = await send(edge, table(*rows))
        kept = len(edge.store.collections["pathways"])
        left = 100
        again = await send(edge, table(*rows))

    assert first.status_code == 503
    assert kept == 6
    assert counts(again) == (6, 6, 0)


async def hang_up_after(edge: Site, content: bytes, size: int) -> None:
    """Sends the first bytes of a file in small pieces; then the sender is gone."""
    pieces = [content[start : start + 97] for start in range(0, size, 97)]
    messages = iter(
        [{"type": "http.request", "body": piece[:size], "more_body": True} for piece in pieces]
    )

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return next(messages, {"type": "http.disconnect"})

    async def send_nothing(message: MutableMapping[str, Any]) -> None:
        return None

    headers = {"authorization": f"Bearer {edge.token()}", "content-type": "text/csv"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/waiting-list",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await edge.app(scope, receive, send_nothing)


def kept(edge: Site) -> dict[str, Any]:
    """What is on record of every row, but for the moment it came."""
    entries = edge.store.collections["intake"].values()
    names = ("message_id", "body_hash", "verdict", "pathway_id", "codes")
    return {one["_id"]: {name: one["state"].get(name) for name in names} for one in entries}


async def test_a_file_that_breaks_off_at_any_byte_is_whole_when_it_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.edges.files.routes.BATCH", 3)
    content = table(
        *({"PPI": f"PPI-{n}", "TFC": "999" if n % 5 == 0 else "110"} for n in range(20))
    )
    async with site(tmp_path / "whole") as edge:
        first = await send(edge, content)
        whole, events = kept(edge), Counter(types(edge.events))

    most = 0
    for size in range(0, len(content), 131):
        async with site(tmp_path / f"{size}") as edge:
            monkeypatch.setattr(edge.store, "commit", slow(edge.store.commit, size % 7))
            await hang_up_after(edge, content, size)

            again = await send(edge, content)

        assert again.json()["rows"] == 20
        repeated = again.json()["repeated"]
        assert repeated % 3 == 0, f"cut at {size}"  # whole batches
        assert repeated <= content[:size].count(b"\n"), f"cut at {size}"
        most = max(most, repeated)
        assert again.json()["rejects"] == first.json()["rejects"]
        assert (kept(edge), Counter(types(edge.events))) == (whole, events), f"cut at {size}"
    assert most > 9  # it is no test of nothing


async def test_a_batch_is_read_for_at_once_and_not_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as edge:
        load, reads = edge.store.load, Counter[str]()

        async def counted(collection: str, ids: Sequence[str]) -> list[dict[str, Any]]:
            reads[collection] += 1
            return await load(collection, ids)

        monkeypatch.setattr(edge.store, "load", counted)
        people = enumerate(islice(nhs_numbers(1_000), 100))
        answer = await send(edge, table(*({"PPI": f"{n}", "NHS Number": one} for n, one in people)))

    assert counts(answer) == (100, 0, 0)
    assert set(reads.values()) == {1}
