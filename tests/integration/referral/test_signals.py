"""Signals on real servers: what was answered is durable, and is told once however often it came."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest

from fairwait.servers import Stack
from referral.domain.names import pathway_id
from tests.integration.chassis.world import until
from tests.integration.referral.test_service import TODAY, Running, events_of, started
from tests.unit.referral.builders import SECRET, types
from tests.unit.referral.signals import NATIONAL, STRUCTURED, death_record, signal


@pytest.fixture
async def service(empty_stack: Stack, tmp_path: Path) -> AsyncIterator[Running]:
    async with started(empty_stack, tmp_path) as running:
        yield running


async def test_a_death_is_durable_when_it_is_answered_and_told_once(
    empty_stack: Stack, service: Running
) -> None:
    for number in (1, 2):
        assert (await service.refer(number)).status_code == 201
    pathways = [pathway_id("X09", f"{number:012d}", SECRET) for number in (1, 2)]
    body = signal(data=death_record(deceasedDateTime=TODAY.isoformat()))

    answers = await asyncio.gather(*[send(service, body) for _ in range(5)])

    assert [one.status_code for one in answers] == [200] * 5
    assert len({one.text for one in answers}) == 1
    for pathway in pathways:
        view = (await service.pathway(pathway)).json()
        assert (view["status"], view["periods"][-1]["stop_status"]) == ("died", "36")
    await until(lambda: told(empty_stack, 2))
    assert (await counted(empty_stack))["referral.patient_died"] == 2
    assert 'type="pds-death-notification-2"} 5.0' in (await service.client.get("/metrics")).text


async def send(service: Running, body: dict[str, Any]) -> httpx2.Response:
    headers = service.headers(NATIONAL, **{"content-type": STRUCTURED})
    return await service.client.post("/signals", content=orjson.dumps(body), headers=headers)


async def counted(stack: Stack) -> Counter[str]:
    return Counter(types(await events_of(stack, "referral")))


async def told(stack: Stack, times: int) -> bool:
    return (await counted(stack))["referral.patient_died"] >= times
