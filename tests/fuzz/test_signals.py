"""Signals that somebody broke, in every form: an answer, its reason, and nobody's number in it.

250 signals in every test run, 10,000 with `make fuzz`.
"""

from pathlib import Path
from random import Random

import httpx2
from hypothesis import settings

from tests.fuzz.test_fhir import broken
from tests.unit.referral.fhir import service_request
from tests.unit.referral.signals import (
    OTHER_NUMBER,
    death_record,
    delivered,
    gp_record,
    record,
    send,
    send_binary,
    signal,
)
from tests.unit.referral.site import Site, site

SIGNALS = 10_000 if settings.get_current_profile_name() == "fuzz" else 250
GOOD = (
    signal(),
    signal(data=death_record("U")),
    signal("nhs-number-change-2", data=record(id=OTHER_NUMBER)),
    signal("pds-change-of-gp-2", data=gp_record(start="2026-02-01", end="2026-12-31")),
)


async def test_whatever_is_sent_gets_an_answer(tmp_path: Path) -> None:
    seed = Random().randrange(2**32)
    draw = Random(seed)

    async with site(tmp_path) as edge:
        await edge.post("ServiceRequest", service_request())
        for number in range(SIGNALS):
            answer, sent = await _sent(edge, draw, str(number))
            why = (f"seed {seed}", sent)
            assert answer.status_code < 500, why
            assert not any(one in answer.text for one in ("9990000018", OTHER_NUMBER)), why
            if answer.is_success:
                assert answer.json()["outcome"] in {"applied", "ignored"}, why
            else:
                assert answer.headers["content-type"] == "application/problem+json", why
                assert answer.json()["detail"], why


async def _sent(edge: Site, draw: Random, id: str) -> tuple[httpx2.Response, object]:
    good = {**draw.choice(GOOD), "id": id}
    match draw.randrange(3):
        case 0:
            event = broken(draw, good)
            return await send(edge, event), event
        case 1:
            bundle = broken(draw, delivered(good))
            return await send(edge, bundle, content_type="application/fhir+json"), bundle
        case _:
            data = broken(draw, good["data"])
            return await send_binary(edge, {**good, "data": data}), data
