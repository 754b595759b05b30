"""Tasks over FHIR: a wish for another time and its answer, a transfer from decision to arrival."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import fhirkit
import pytest

from contracts.events import AppointmentRebooked
from tests.unit.referral.builders import PATHWAY, STRANGER, types
from tests.unit.referral.fhir import (
    NHS_PATIENT,
    OWN,
    appointment,
    concept,
    extension,
    organisation,
    transfer,
    urgent_request,
    wish,
)
from tests.unit.referral.site import Site, site

RECEIVER = "NV7"
PARTS = f"{OWN}/CodeSystem/task-part"


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    """With one pathway and one appointment."""
    async with site(tmp_path) as made:
        await made.post("ServiceRequest", urgent_request())
        await made.post("Appointment", appointment())
        yield made


async def booked(edge: Site) -> dict[str, Any]:
    found = await edge.get("/FHIR/R4/Appointment")
    resource: dict[str, Any] = found.json()["entry"][0]["resource"]
    return resource


def issues(answer: Any) -> list[tuple[str, str]]:
    return [(one["code"], one.get("expression", [""])[0]) for one in answer.json()["issue"]]


def part(name: str, **value: str) -> dict[str, Any]:
    return {"type": concept(PARTS, name), **value}


# ---- another time


async def test_a_wish_leaves_the_appointment_as_it_is(edge: Site) -> None:
    kept = await booked(edge)

    answer = await edge.post("Task", wish(kept["id"]))

    assert answer.status_code == 201
    task = answer.json()
    assert answer.headers["location"] == f"/FHIR/R4/Task/{task['id']}"
    assert (task["status"], task["code"]["coding"][0]["code"]) == ("requested", "change")
    assert task["focus"]["reference"] == f"Appointment/{kept['id']}"
    assert fhirkit.validate(answer.content) == []
    assert types(edge.events)[-1] == "appointment.change_requested"
    after = await booked(edge)
    assert (after["status"], after["start"]) == ("booked", kept["start"])
    assert {"Pending Reschedule"} == {
        one["valueCode"] for one in after["extension"] if one["url"].endswith("RequestStatus")
    }


async def test_a_wish_that_is_granted_moves_the_appointment(edge: Site) -> None:
    kept = await booked(edge)
    task = (await edge.post("Task", wish(kept["id"]))).json()
    output = [part("start", valueInstant="2026-10-25T01:30:00+00:00")]

    answer = await edge.put(f"Task/{task['id']}", {**task, "status": "completed", "output": output})

    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    event = edge.events[-1]
    assert isinstance(event, AppointmentRebooked)
    assert event.starts_at == datetime.fromisoformat("2026-10-25T01:30:00+00:00")
    assert (await booked(edge))["start"] == "2026-10-25T01:30:00+00:00"


async def test_a_wish_that_is_refused_changes_nothing(edge: Site) -> None:
    kept = await booked(edge)
    task = (await edge.post("Task", wish(kept["id"]))).json()

    answer = await edge.put(f"Task/{task['id']}", {**task, "status": "rejected"})

    assert (answer.status_code, answer.json()["status"]) == (200, "rejected")
    after = await booked(edge)
    assert (after["start"], after.get("extension", [])) == (kept["start"], [])


@pytest.mark.parametrize(
    ("output", "code", "expression"),
    [
        ([], "required", "Task.output"),
        ([part("start", valueInstant="2026-05-01T09:00:00")], "value", "Task.output[0]"),
    ],
)
async def test_a_wish_is_granted_with_its_new_time(
    edge: Site, output: list[Any], code: str, expression: str
) -> None:
    kept = await booked(edge)
    task = (await edge.post("Task", wish(kept["id"]))).json()

    answer = await edge.put(f"Task/{task['id']}", {**task, "status": "completed", "output": output})

    assert answer.status_code == 422
    assert (code, expression) in issues(answer)


@pytest.mark.parametrize(
    ("changes", "status", "code", "expression"),
    [
        ({"focus": None}, 422, "required", "Task.focus"),
        ({"focus": {"reference": f"Appointment/{'0' * 32}"}}, 404, "not-found", "Task.focus.reference"),
        ({"status": "completed"}, 422, "not-supported", "Task.status"),
        ({"code": concept("urn:other", "change")}, 422, "not-supported", "Task.code"),
        ({"code": None}, 422, "not-supported", "Task.code"),
        ({"reasonCode": concept("urn:x", "WEATHER")}, 422, "code-invalid", "Task.reasonCode.coding[0].code"),
        ({"authoredOn": "2026"}, 422, "value", "Task.authoredOn"),
        ({"authoredOn": "2026-03-03"}, 422, "value", "Task.authoredOn"),
    ],
)  # fmt: skip
async def test_what_we_need_and_cannot_use_is_refused_by_its_element(
    edge: Site, changes: dict[str, Any], status: int, code: str, expression: str
) -> None:
    kept = await booked(edge)

    answer = await edge.post("Task", wish(kept["id"], **changes))

    assert (answer.status_code, (code, expression) in issues(answer)) == (status, True), answer.text
    assert types(edge.events)[-1] == "referral.rejected"


async def test_a_task_of_another_patient_is_a_conflict(edge: Site) -> None:
    kept = await booked(edge)
    other = {"identifier": {**NHS_PATIENT["identifier"], "value": "9990000026"}}  # type: ignore[dict-item]

    answer = await edge.post("Task", wish(kept["id"], **{"for": other}))

    assert (answer.status_code, issues(answer)) == (
        409,
        [("conflict", "Task.for.identifier.value")],
    )


# ---- a transfer


DATA_SET = [
    part("rtt_status", valueCode="20"),
    part("rtt_start", valueDate="2026-03-01"),
    part("referring_treatment_function", valueCode="110"),
    part("receiving_treatment_function", valueCode="110"),
    part("care_professional", valueString="Dr Example"),
    part("referrer_code", valueString="C1234567"),
    part("contact", valueString="0113 496 0000"),
    part("gp_name", valueString="Dr Practice"),
    part("gp_practice", valueCode="A81001"),
    part("local_patient_id", valueString="L1"),
    part("service_requested_on", valueDate="2026-03-02"),
    part("organisation", valueCode="RJ1"),
]


async def test_a_transfer_is_decided_sent_and_received(edge: Site) -> None:
    decided = await edge.post("Task", transfer())
    task = decided.json()
    sent = await edge.put(f"Task/{task['id']}", {**task, "input": DATA_SET})
    arrived = await edge.put(
        f"Task/{task['id']}", {**sent.json(), "status": "completed"}, organisation=RECEIVER
    )

    assert [one.status_code for one in (decided, sent, arrived)] == [201, 200, 200], sent.text
    states = [one.json()["businessStatus"]["coding"][0]["code"] for one in (decided, sent, arrived)]
    assert states == ["decided", "data_sent", "received"]
    assert fhirkit.validate(sent.content) == []
    assert len(sent.json()["input"]) == len(DATA_SET)
    read = await edge.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}", organisation=RECEIVER)
    assert read.status_code == 200


async def test_a_data_set_that_lacks_something_says_what(edge: Site) -> None:
    answer = await edge.post("Task", transfer(input=DATA_SET[:-2]))

    assert answer.status_code == 422
    assert ("required", "Task.input") in issues(answer)


async def test_a_transfer_is_called_off_by_either_side(edge: Site) -> None:
    task = (await edge.post("Task", transfer())).json()
    told = [extension("done-on", valueDate="2026-03-02")]

    answer = await edge.put(
        f"Task/{task['id']}",
        {**task, "status": "cancelled", "extension": told},
        organisation=RECEIVER,
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


async def test_a_transfer_needs_to_whom_when_and_why(edge: Site) -> None:
    answer = await edge.post("Task", transfer(owner=None, authoredOn=None, reasonCode=None))

    assert answer.status_code == 422
    assert set(issues(answer)) == {
        ("required", "Task.owner"),
        ("required", "Task.authoredOn"),
        ("required", "Task.reasonCode"),
    }


async def test_only_whoever_has_the_patient_hands_them_over(edge: Site) -> None:
    answer = await edge.post("Task", transfer(owner=organisation("RJ7")), organisation=STRANGER)

    assert answer.status_code == 403


async def test_the_receiver_reads_nothing_before_it_has_the_patient(edge: Site) -> None:
    task = (await edge.post("Task", transfer())).json()

    read = await edge.get(f"/FHIR/R4/Task/{task['id']}", organisation=RECEIVER)
    absent = await edge.get(f"/FHIR/R4/Task/{'0' * 32}.00", organisation=RECEIVER)

    assert (read.status_code, read.json()) == (absent.status_code, absent.json())
    assert read.status_code == 404


async def test_a_task_that_its_pathway_does_not_have_was_not_given(edge: Site) -> None:
    answer = await edge.get(f"/FHIR/R4/Task/{PATHWAY}.00")

    assert answer.status_code == 404
    entry = next(iter(edge.store.collections["audit"].values()))["state"]
    assert (entry["pathway_ids"], entry["given"]) == ([PATHWAY], False)


async def test_the_same_task_again_has_one_effect_and_the_same_answer(edge: Site) -> None:
    first = await edge.post("Task", transfer(), request_id="same")
    before = len(edge.events)

    again = await edge.post("Task", transfer(), request_id="same")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(edge.events) == before
