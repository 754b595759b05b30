"""Bodies that somebody broke, at every FHIR address: an answer, its reason, and nobody's number in it.

250 bodies in every test run, 10,000 with `make fuzz`.
"""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import settings

from tests.unit.referral.fhir import (
    appointment,
    booking_message,
    extension,
    message,
    service_request,
    transfer,
    urgent_request,
    wish,
)
from tests.unit.referral.site import Site, site

BODIES = 10_000 if settings.get_current_profile_name() == "fuzz" else 250
SECRETS = ("9990000018", "Example", "1961-05-04")
ODD: tuple[Any, ...] = (
    None, "", "x" * 3_000, 0, -1, 1e300, True, [], {}, [[]], [None], {"a": 1}, "\u0000", "９９",
    "2026-02-30", "2026-10-25T01:30:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00",
    "2026-10-25T01:30:00+01:00", "#", "Appointment/" + "0" * 32, "urn:uuid:none",
    [{"coding": [{"code": "X"}]}] * 3,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a body."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for name, child in children:
        yield (*path, name)
        if isinstance(child, dict | list):
            yield from places(child, (*path, name))


def broken(draw: Random, body: dict[str, Any]) -> dict[str, Any]:
    """The body with one to three of its parts lost, doubled, or something else."""
    changed = copy.deepcopy(body)
    for _ in range(draw.randint(1, 3)):
        way = draw.choice(list(places(changed)) or [("x",)])
        parent: Any = changed
        for step in way[:-1]:
            parent = parent[step]
        match draw.randrange(3):
            case 0 if isinstance(parent, dict):
                parent.pop(way[-1], None)
            case 1 if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[way[-1]]))
            case _:
                parent[way[-1]] = copy.deepcopy(draw.choice(ODD))
    return changed


def makers(kept: dict[str, Any]) -> list[tuple[str, str, Callable[[], dict[str, Any]]]]:
    """Method, address and a body that is fine, for everything that is taken."""
    id = kept["id"]
    ended = [
        extension("done-by", valueCode="patient"),
        extension("done-on", valueDate="2026-03-02"),
    ]
    return [
        ("post", "ServiceRequest", service_request),
        ("post", "Appointment", appointment),
        ("put", f"Appointment/{id}", lambda: {**kept, "start": "2026-05-01T10:00:00+01:00"}),
        ("put", f"Appointment/{id}", lambda: {**kept, "status": "cancelled", "extension": ended}),
        ("put", f"Appointment/{id}", lambda: {**kept, "status": "noshow"}),
        ("post", "Task", transfer),
        ("post", "Task", lambda: wish(id)),
        ("post", "$process-message", message),
        ("post", "$process-message", lambda: booking_message(kept, "update")),
    ]


async def test_whatever_is_sent_gets_an_answer(tmp_path: Path) -> None:
    seed = Random().randrange(2**32)
    draw = Random(seed)

    async with site(tmp_path) as edge:
        await edge.post("ServiceRequest", urgent_request())
        kept = (await edge.post("Appointment", appointment())).json()
        for _ in range(BODIES):
            method, path, make = draw.choice(makers(kept))
            await _try(edge, method, path, broken(draw, make()), f"seed {seed}")


async def _try(edge: Site, method: str, path: str, body: dict[str, Any], seed: str) -> None:
    send = edge.post if method == "post" else edge.put
    told = json.dumps(body).encode()
    why = (seed, told)

    answer = await send(path, told)

    assert answer.status_code < 500, why
    if not answer.is_success:
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        assert all(one["diagnostics"] for one in outcome["issue"]), why
        assert not any(secret in answer.text for secret in SECRETS), (why, answer.text)
    assert not any(secret in answer.headers.get("warning", "") for secret in SECRETS), why
