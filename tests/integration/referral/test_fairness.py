"""One trust at fifty times its load on Kafka: nothing is lost, and all others are served meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.submissions import ReferralMade
from fairwait.servers import Stack
from tests.integration.chassis.world import until
from tests.integration.referral.test_service import TODAY, Running, kafka_referral, started
from tests.unit.referral.fhir import organisation, service_request

FLOOD, OTHERS = "RJ1", ("RR8", "RJ7", "RQM", "RYJ")
LOAD, TIMES = 4, 50


@pytest.fixture
async def service(empty_stack: Stack, tmp_path: Path) -> AsyncIterator[Running]:
    async with started(empty_stack, tmp_path) as running:
        yield running


async def test_a_flood_on_kafka_loses_nothing_and_refuses_nobody(service: Running) -> None:
    flood = [tell(service, FLOOD, number) for number in range(LOAD * TIMES)]
    others = [tell(service, trust, number) for trust in OTHERS for number in range(LOAD)]
    asked = [refer(service, trust, number) for trust in OTHERS for number in range(LOAD)]

    await asyncio.gather(*flood)
    answers = await asyncio.gather(*others, *asked)

    assert {one.status_code for one in answers if one is not None} == {201}
    expected = {FLOOD: LOAD * TIMES, **dict.fromkeys(OTHERS, 2 * LOAD)}

    async def all_there() -> bool:
        return accepted(await service.counts()) == expected

    await until(all_there)
    counts = await service.counts()
    assert counts["rejected"] == 0
    assert sum(counts["pathways"].values()) == sum(expected.values())


def accepted(counts: dict[str, Any]) -> dict[str, int]:
    return {name: one["accepted"] for name, one in counts["publishers"].items()}


async def tell(service: Running, trust: str, number: int) -> None:
    body = kafka_referral(name(trust, number), responsible_provider=trust)
    await service.submit(ReferralMade, f"k-{number}", body, trust)


async def refer(service: Running, trust: str, number: int) -> httpx2.Response:
    ubrn = [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": f"{name(trust, 500 + number):012d}"}]
    body = service_request(
        identifier=ubrn, authoredOn=TODAY.isoformat(), performer=[organisation(trust)]
    )
    headers = service.headers(trust, **{"x-request-id": f"h-{number}"})
    headers["content-type"] = "application/fhir+json"
    return await service.client.post(
        "/FHIR/R4/ServiceRequest", content=json.dumps(body), headers=headers
    )


def name(trust: str, number: int) -> int:
    return ((FLOOD, *OTHERS).index(trust) + 1) * 1_000 + number
