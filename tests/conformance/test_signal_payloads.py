"""Real signals of the Multicast Notification Service at the real edge: applied, refused by the place
that is wrong, or passed over by rule.

Every file of the shared examples is sent as it is; those that we take are sent again with the record
they point to. Verdicts and reasons are compared with `expected/signal-payloads.csv`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from referral.edges.signals.meaning import MEANINGS
from tests.conformance.tables import unexpected, write
from tests.unit.referral.signals import STRUCTURED, gp_record, send
from tests.unit.referral.site import site

NAME = "signal-payloads"


@dataclass(frozen=True)
class Payload:
    """A body to send."""

    file: str
    body: dict[str, Any]
    sent: str = "as sent"

    @property
    def is_event(self) -> bool:
        return "resourceType" not in self.body

    @property
    def type(self) -> str:
        if self.is_event:
            return str(self.body["type"])
        return next(iter(_strings(self.body, "event-type")))

    @property
    def subject(self) -> str:
        return "9912003888"  # the test patient of all these examples


def _strings(bundle: dict[str, Any], name: str) -> Iterator[str]:
    for parameter in bundle["entry"][0]["resource"]["parameter"]:
        for part in parameter.get("part", []):
            if part["name"] == name:
                yield part["valueString"]


@dataclass(frozen=True)
class Line:
    """What became of a signal. `place` is that of the first fault."""

    file: str
    sent: str
    form: str
    type: str
    status: int
    verdict: str
    code: str
    place: str
    reason: str


def payloads(folder: Path) -> Iterator[Payload]:
    for file in sorted(folder.rglob("*.json")):
        if file.name.endswith(".schema.json"):
            continue
        payload = Payload(file.relative_to(folder).as_posix(), json.loads(file.read_bytes()))
        yield payload
        if payload.type in MEANINGS:
            yield Payload(payload.file, _hydrated(payload), "with its record")


def _hydrated(payload: Payload) -> dict[str, Any]:
    record = {**gp_record("A81001"), "id": payload.subject}
    if payload.is_event:
        return {**payload.body, "data": record}
    entries = [payload.body["entry"][0], {"resource": record}]
    return {**payload.body, "entry": entries}


@pytest.fixture(scope="session")
async def lines(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The table, written down as well."""
    found = [
        await _line(tmp_path_factory.mktemp("edge"), payload)
        for payload in payloads(shared_data / "events" / "nhs_mns")
    ]
    write(NAME, "Signals of the Multicast Notification Service", found)
    return found


async def _line(directory: Path, payload: Payload) -> Line:
    content_type = STRUCTURED if payload.is_event else "application/fhir+json"
    async with site(directory) as edge:
        answer = await send(edge, payload.body, content_type=content_type)
    told = answer.json()
    error = told.get("errors", [{}])[0]
    return Line(
        payload.file,
        payload.sent,
        "CloudEvent" if payload.is_event else "Bundle",
        payload.type,
        answer.status_code,
        told.get("outcome", "refused"),
        told.get("code", ""),
        error.get("pointer", ""),
        error.get("detail") or told.get("reason", "").partition(".")[0],
    )


def test_every_payload_is_in_the_table(lines: list[Line], shared_data: Path) -> None:
    """The other files of the folder are schemas."""
    folder = shared_data / "events" / "nhs_mns"
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*.json")}

    assert {line.file for line in lines} == files - {"fhirsignal.schema.json"}


def test_nothing_is_dropped_silently(lines: list[Line]) -> None:
    assert {line.verdict for line in lines} == {"applied", "ignored", "refused"}
    assert [line for line in lines if line.verdict != "applied" and not line.reason] == []
    assert [line for line in lines if line.verdict == "refused" and not line.place] == []
    assert {line.type for line in lines if line.verdict == "ignored"}.isdisjoint(MEANINGS)


def test_a_signal_with_its_record_is_applied(lines: list[Line]) -> None:
    """All but those of version 1 of the service, which are no CloudEvents."""
    hydrated = [line for line in lines if line.sent == "with its record"]

    assert {line.verdict for line in hydrated if not line.type.endswith("-1")} == {"applied"}
    assert {line.place for line in hydrated if line.type.endswith("-1")} == {"#/specversion"}


def test_the_verdicts_are_what_was_agreed(lines: list[Line]) -> None:
    assert unexpected(NAME, lines) == []
