"""One trust at fifty times its load: all others are served, and nothing of anybody is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from prometheus_client import CollectorRegistry

from chassis.limits import RateLimit, Turns
from referral.edges.files import routes
from referral.edges.hl7v2.framing import Framer, framed
from referral.edges.hl7v2.intake import Intake
from referral.edges.hl7v2.server import Counts, Listener, Pace
from referral.edges.hl7v2.settings import MllpSection
from tests.unit.referral.fhir import organisation, service_request
from tests.unit.referral.files.rows import lines
from tests.unit.referral.hl7v2.messages import referral
from tests.unit.referral.site import Site, site

FLOOD, OTHERS = "RJ1", ("RR8", "RJ7", "RQM", "RYJ")
LOAD, TIMES = 4, 50


@pytest.fixture
async def trusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        commit = made.store.commit

        async def later(*arguments: Any) -> None:
            await asyncio.sleep(0)  # as a database far away, which lets others go on meanwhile
            await commit(*arguments)

        monkeypatch.setattr(made.store, "commit", later)
        yield made


def entries(trusts: Site) -> list[tuple[str, str]]:
    """(publisher, message id) of everything that is on record, in the order in which it came."""
    kept = trusts.store.collections["intake"].values()
    return [(one["state"]["publisher"], one["state"]["message_id"]) for one in kept]


def everybody() -> list[tuple[str, int]]:
    """Who sends which of their messages: the flood first, so that it is ahead of all others."""
    flood = [(FLOOD, number) for number in range(LOAD * TIMES)]
    return flood + [(trust, number) for trust in OTHERS for number in range(LOAD)]


def ubrn(trust: str, number: int) -> str:
    return f"{(FLOOD, *OTHERS).index(trust) + 1:03d}{number:09d}"


# ---- HTTP


async def test_over_http_the_flood_is_told_when_to_come_again(trusts: Site) -> None:
    trusts.app.state.rates = RateLimit.local(5 * LOAD)
    waiting = everybody()
    served: list[tuple[str, int]] = []
    minutes = 0
    while waiting:
        answers = await asyncio.gather(*(refer(trusts, *one) for one in waiting))
        late = [one for one, answer in zip(waiting, answers, strict=True) if _late(answer)]
        served += [one for one in waiting if one not in late]
        if minutes == 0:
            assert [one for one in late if one[0] != FLOOD] == []
            assert len(served) == 5 * LOAD + len(OTHERS) * LOAD
        waiting, minutes = late, minutes + 1
        trusts.app.state.rates = RateLimit.local(5 * LOAD)  # a minute later

    assert sorted(served) == sorted(everybody())
    assert len(entries(trusts)) == len(everybody())
    assert minutes == TIMES // 5


async def refer(trusts: Site, trust: str, number: int) -> httpx2.Response:
    identifier = [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": ubrn(trust, number)}]
    body = service_request(identifier=identifier, performer=[organisation(trust)])
    return await trusts.post(
        "ServiceRequest", orjson.dumps(body), organisation=trust, request_id=f"m-{number}"
    )


def _late(answer: httpx2.Response) -> bool:
    assert answer.status_code in {201, 429}, answer.text
    if answer.status_code == 429:
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["issue"][0]["severity"] == "error"
    return answer.status_code == 429


@pytest.mark.parametrize("path", ["/waiting-list", "/pathways", "/rejections", "/completeness"])
async def test_questions_count_too(trusts: Site, path: str) -> None:
    trusts.app.state.rates = RateLimit.local(2)

    codes = [(await trusts.get(path)).status_code for _ in range(4)]
    other = await trusts.get(path, organisation=OTHERS[0])

    assert codes == [200, 200, 429, 429]
    assert other.status_code == 200


# ---- files


async def test_a_long_file_lets_the_files_of_others_go_between(
    trusts: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "BATCH", 2)
    object.__setattr__(trusts.app.state.runtime, "turns", Turns(1))

    answers = await asyncio.gather(
        *(upload(trusts, FLOOD, range(part, LOAD * TIMES, 40)) for part in range(40)),
        *(upload(trusts, trust, range(LOAD)) for trust in OTHERS),
    )

    assert sum(one.json()["accepted"] for one in answers) == len(everybody())
    assert_others_went_between([publisher for publisher, _ in entries(trusts)])


async def upload(trusts: Site, trust: str, numbers: range) -> httpx2.Response:
    rows = [
        {"PPI": f"{trust}-{number}", "PPI Issuer": trust, "Provider": trust} for number in numbers
    ]
    headers = {
        "authorization": f"Bearer {trusts.token(trust)}",
        "content-type": "application/x-ndjson",
    }
    return await trusts.client.post("/waiting-list", content=lines(*rows), headers=headers)


# ---- HL7 v2 over MLLP


async def test_on_the_line_the_flood_is_taken_later_and_every_message_is_answered(
    trusts: Site,
) -> None:
    runtime = trusts.app.state.runtime
    intake = Intake(runtime, environment="development", facilities={}, character_set="ASCII")
    pace, counts = Pace(RateLimit.local(100_000), Turns(2)), Counts(CollectorRegistry())
    listeners = {
        trust: Listener(intake, MllpSection(organisation=trust), counts, pace)
        for trust in (FLOOD, *OTHERS)
    }
    async with asyncio.TaskGroup() as group, asyncio.timeout(120):
        for listener in listeners.values():
            await listener.__aenter__()
        sent = [
            group.create_task(send(listeners[FLOOD].port, FLOOD, range(part, LOAD * TIMES, 20)))
            for part in range(20)
        ]
        sent += [group.create_task(send(listeners[one].port, one, range(LOAD))) for one in OTHERS]
    for listener in listeners.values():
        await listener.__aexit__()

    codes = Counter(code for task in sent for code in task.result())
    assert codes == {"AA": len(everybody())}
    assert sorted(Counter(publisher for publisher, _ in entries(trusts)).items()) == sorted(
        {FLOOD: LOAD * TIMES, **dict.fromkeys(OTHERS, LOAD)}.items()
    )
    assert_others_went_between([publisher for publisher, _ in entries(trusts)])


async def send(port: int, trust: str, numbers: range) -> list[str]:
    """The codes with which messages of one connection were answered, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    framer, codes = Framer(), []
    for number in numbers:
        id = f"{trust}-{number}"
        content = referral(id=id, MSH_4=trust, RF1_6=f"{ubrn(trust, number)}^X09|20260301").replace(
            b"^^^^^^^^^RJ1", f"^^^^^^^^^{trust}".encode()
        )
        # Another application each time, so that no order has to be kept between messages.
        writer.write(framed(content.replace(b"|PAS|", f"|PAS{number}|".encode())))
        await writer.drain()
        answers: list[bytes] = []
        while not answers:
            answers = [one.content for one in framer.feed(await reader.read(65536))]
        codes.append(answers[0].split(b"MSA|")[1][:2].decode())
    writer.close()
    return codes


def assert_others_went_between(publishers: list[str]) -> None:
    """By the time the last of the others was taken, most of the flood was still waiting."""
    last = max(index for index, publisher in enumerate(publishers) if publisher != FLOOD)
    assert publishers[: last + 1].count(FLOOD) <= len(OTHERS) * LOAD * 4
    assert publishers.count(FLOOD) == LOAD * TIMES
