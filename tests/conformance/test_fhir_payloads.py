"""Real FHIR payloads at the real edge: each is taken, or refused by the element that is wrong.

Every ServiceRequest, Appointment, Task and message Bundle of the shared examples, and everything in
`invalid`, is posted as it is. What real senders leave out is then filled in, to see that nothing
else of a real body keeps it out. All other resources are posted to the address of their type, which
is not there. Verdicts and reasons are compared with `expected/fhir-payloads.csv`.
"""

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from tests.conformance.tables import unexpected, write
from tests.unit.referral.builders import TRUST
from tests.unit.referral.fhir import (
    NHS_PATIENT,
    OWN,
    PRACTICE_SETTING,
    UBRN_REFERRAL,
    concept,
    organisation,
    patient,
    urgent_request,
)
from tests.unit.referral.site import Site, site

FOLDERS = (
    "bars",
    "ers_r4",
    "ukcore",
    "nhs_tie",
    "hl7_r4",
    "patient_care_aggregator",
    "invalid",
)
OURS = ("ServiceRequest", "Appointment", "Task")
NAME = "fhir-payloads"
OTHER = "not for us"


@dataclass(frozen=True)
class Payload:
    """A body to post. `part` says which part of the file it is."""

    file: str
    content: bytes
    content_type: str
    part: str = "whole"

    @property
    def path(self) -> str:
        if b'"message"' in self.content and self.json.get("type") == "message":
            return "$process-message"
        kind = self.json.get("resourceType") or _root(self.content)
        return kind if kind in OURS else "ServiceRequest"

    @property
    def json(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.content)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class Other(Payload):
    """A body of a type that is none of ours, or of another release of FHIR."""

    kind: str = ""

    @property
    def path(self) -> str:
        return self.kind


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    file: str
    part: str
    address: str
    status: int
    verdict: str
    element: str
    reason: str


# ---- the payloads


def payloads(folder: Path) -> list[Payload]:
    found: list[Payload] = []
    for name in FOLDERS:
        for file in sorted((folder / name).rglob("*")):
            if file.suffix in {".json", ".xml"} and "expected" not in file.parts:
                found += _of_file(file, file.relative_to(folder).as_posix())
    return found


def _of_file(file: Path, name: str) -> Iterator[Payload]:
    content = file.read_bytes()
    if file.suffix == ".xml":
        ours = _root(content) in OURS
        if name.startswith("invalid/") or ours:
            yield Payload(name, content, "application/fhir+xml")
        if ours:
            resource = _json_of(ElementTree.fromstring(content))
            yield Payload(name, json.dumps(resource).encode(), "application/fhir+json", "as JSON")
        return
    whole = Payload(name, content, "application/fhir+json")
    entries = [entry.get("resource", {}) for entry in whole.json.get("entry", [])]
    if name.startswith("invalid/") or _is_ours(whole.json) or any(map(_is_ours, entries)):
        yield whole
    if whole.json.get("type") == "searchset":
        for number, resource in enumerate(entries):
            if _is_ours(resource):
                part = f"entry[{number}]"
                yield Payload(name, json.dumps(resource).encode(), whole.content_type, part)


def _root(content: bytes) -> str:
    """The name of the outermost element of FHIR XML; nothing for what is no XML."""
    found = re.match(rb"\s*(?:<\?[^>]*\?>\s*)?<([A-Za-z]+)[ >]", content)
    return found[1].decode() if found else ""


def others(folder: Path, known: Iterable[Line]) -> Iterator[Payload]:
    """All that is left, to be posted where a resource of its type would be."""
    seen = {line.file for line in known}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.suffix not in {".json", ".xml"} or "expected" in file.parts or name in seen:
            continue
        content = file.read_bytes()
        if kind := _type_of(content):
            yield Other(name, content, f"application/fhir+{file.suffix[1:]}", OTHER, kind)


def _type_of(content: bytes) -> str:
    """The type of a resource, in either form; nothing for what is none."""
    return str(Payload("", content, "").json.get("resourceType", "")) or _root(content)


# The elements of our examples that R4 allows more than once.
_LISTS = frozenset(
    [
        "basedOn",
        "bodySite",
        "category",
        "coding",
        "contained",
        "extension",
        "identifier",
        "locationReference",
        "orderDetail",
        "output",
        "participant",
        "performer",
        "performerType",
        "reasonCode",
        "reasonReference",
        "serviceCategory",
        "serviceType",
        "specialty",
        "supportingInfo",
    ]
)


# And those that are numbers.
_NUMBERS = frozenset(["priority", "repetitions"])


def _json_of(element: ElementTree.Element) -> dict[str, Any]:
    """FHIR XML as FHIR JSON, as far as our examples go: attributes, primitives, lists."""
    name = element.tag.partition("}")[2]
    found: dict[str, Any] = {"resourceType": name} if name[0].isupper() else {}
    if "url" in element.attrib:
        found["url"] = element.attrib["url"]
    for child in element:
        name = child.tag.partition("}")[2]
        if name != "text":
            value: Any = child.attrib["value"] if "value" in child.attrib else _json_of(child)
            if name in _NUMBERS and value.isdigit():
                value = int(value)
            repeats = name in _LISTS and not element.tag.endswith("Reference")
            found[name] = [*found.get(name, []), value] if repeats else value
    return found


def _is_ours(resource: Any) -> bool:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind in OURS or (kind == "Bundle" and resource.get("type") == "message")


def completed(payload: Payload) -> Payload | None:
    """The body with what its sender left out, and nothing else changed; None for none of ours."""
    body = copy.deepcopy(payload.json)
    if body.get("type") == "searchset" or payload.content_type.endswith("xml"):
        return None
    entries = [entry.get("resource", {}) for entry in body.get("entry", [])]
    resources = [one for one in [body, *entries] if one.get("resourceType") in OURS]
    if not resources or not _is_of_bars(entries):
        return None
    for resource in resources:
        COMPLETE[resource["resourceType"]](resource)
    _complete_header(entries)
    content = json.dumps(body).encode()
    return Payload(payload.file, content, payload.content_type, f"{payload.part}, completed")


def _complete_request(request: dict[str, Any]) -> None:
    referral = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
    request["identifier"] = [UBRN_REFERRAL["identifier"]]
    request["category"] = [concept(referral, "referral")]
    request["orderDetail"] = [concept(PRACTICE_SETTING, "110")]
    request["contained"] = [*request.get("contained", []), patient(id="completed")]
    request["subject"] = {"reference": "#completed"}
    request["performer"] = [organisation(TRUST), *request.get("performer", [])]
    request["authoredOn"] = "2026-03-01"


def _complete_appointment(told: dict[str, Any]) -> None:
    """The referral, and the patient of that referral; the examples are of others and of years ago."""
    told["basedOn"] = [UBRN_REFERRAL]
    told["participant"] = [{"actor": NHS_PATIENT, "status": "accepted"}]


def _complete_task(task: dict[str, Any]) -> None:
    """The referral in focus, the provider to fulfil it, and the coded reason of a transfer."""
    task["focus"], task["for"] = UBRN_REFERRAL, NHS_PATIENT
    task.pop("basedOn", None)
    task["code"] = concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill")
    task["status"] = "requested"
    task["owner"] = organisation("NV7")
    task["authoredOn"] = "2026-03-02"
    task["reasonCode"] = concept(f"{OWN}/CodeSystem/transfer-reason", "01")


COMPLETE = {
    "ServiceRequest": _complete_request,
    "Appointment": _complete_appointment,
    "Task": _complete_task,
}


# What BaRS calls these events; a message of another standard is not made one of BaRS.
EVENTS = ("booking-request", "servicerequest-request")


def _complete_header(entries: list[dict[str, Any]]) -> None:
    """One example was written before BaRS had its own code systems."""
    bars = "https://fhir.nhs.uk/CodeSystem"
    for header in (one for one in entries if one.get("resourceType") == "MessageHeader"):
        header["eventCoding"]["system"] = f"{bars}/message-events-bars"
        header["reason"]["coding"][0]["system"] = f"{bars}/message-reason-bars"


def _is_of_bars(entries: list[dict[str, Any]]) -> bool:
    headers = [one for one in entries if one.get("resourceType") == "MessageHeader"]
    return all(one.get("eventCoding", {}).get("code") in EVENTS for one in headers)


# ---- posting them


@pytest.fixture(scope="session")
async def lines(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The table, written down as well."""
    found: list[Line] = []
    for payload in payloads(shared_data / "fhir"):
        for one in (payload, completed(payload)):
            if one is not None:
                async with site(tmp_path_factory.mktemp("edge")) as edge:
                    found.append(await _line(edge, one))
    async with site(tmp_path_factory.mktemp("edge")) as edge:
        found += [await _line(edge, one) for one in others(shared_data / "fhir", found)]
    write(NAME, "FHIR payloads", found)
    return found


async def _line(edge: Site, payload: Payload) -> Line:
    # As the provider, so that a refusal is about the body and not about who sent it.
    if payload.path != "ServiceRequest":
        await edge.post("ServiceRequest", urgent_request())
    answer = await edge.post(payload.path, payload.content, content_type=payload.content_type)
    issue = _first_issue(answer)
    return Line(
        payload.file,
        payload.part,
        payload.path,
        answer.status_code,
        _verdict(answer),
        issue.get("expression", [""])[0],
        issue.get("diagnostics", ""),
    )


def _verdict(answer: httpx2.Response) -> str:
    if answer.is_success:
        return "accepted"
    return "not taken by rule" if answer.status_code in {404, 405} else "refused"


def _first_issue(answer: httpx2.Response) -> dict[str, Any]:
    if answer.is_success:
        return {"diagnostics": answer.headers.get("warning", "")}
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    issue: dict[str, Any] = body["issue"][0]
    return issue


# ---- what must hold


def test_nothing_answers_with_a_server_error(lines: list[Line]) -> None:
    assert [line for line in lines if line.status >= 500] == []


def test_every_refusal_says_why_and_names_the_element(lines: list[Line]) -> None:
    unclear = [
        line
        for line in lines
        if line.verdict == "refused"
        and not (line.reason and (line.element or line.reason.startswith("The body is not JSON")))
    ]

    assert unclear == []


def test_everything_invalid_is_refused(lines: list[Line]) -> None:
    invalid = [line for line in lines if line.file.startswith("invalid/")]

    assert len(invalid) == 10
    assert {line.verdict for line in invalid} == {"refused"}


def test_xml_is_told_that_json_is_taken(lines: list[Line]) -> None:
    xml = [line for line in lines if line.file.endswith(".xml") and line.part == "whole"]

    taken = [line for line in xml if line.part != OTHER]
    assert {(line.status, line.element) for line in taken} == {(415, "http.Content-Type")}


def test_a_real_body_gets_in_when_what_we_need_is_there(lines: list[Line]) -> None:
    complete = [line for line in lines if line.part.endswith("completed")]

    assert [line for line in complete if line.verdict != "accepted"] == []


def test_every_file_is_in_the_table(lines: list[Line], shared_data: Path) -> None:
    """But for schemas, what a validator said of the invalid ones, and two without a resource."""
    folder = shared_data / "fhir"
    files = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.suffix in {".json", ".xml"} and "expected" not in file.parts
    }

    missing = files - {line.file for line in lines}
    assert all(_type_of((folder / name).read_bytes()) == "" for name in missing)
    assert len(missing) == 2


def test_what_is_not_for_us_is_told_so_at_its_own_address(lines: list[Line]) -> None:
    rest = [line for line in lines if line.part == OTHER]

    assert {line.verdict for line in rest} == {"not taken by rule", "refused"}
    assert {line.address for line in rest if line.verdict == "refused"} <= set(OURS)


def test_the_table_is_what_was_agreed(lines: list[Line]) -> None:
    """None of the examples is whole: each lacks the referral or what we need of one."""
    assert unexpected(NAME, lines) == []
