"""Appointments over FHIR: told, moved, ended and read back; nothing happens twice or by half."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import fhirkit
import pytest

from contracts.events import AppointmentBooked, AppointmentCancelled, AppointmentRebooked
from tests.unit.referral.builders import PATHWAY, PRACTICE, STRANGER, TRUST, UBRN, types
from tests.unit.referral.fhir import (
    NHS_PATIENT,
    OWN,
    SITE,
    appointment,
    booking_message,
    concept,
    extension,
    message,
    organisation,
    patient,
    service_request,
    urgent_request,
)
from tests.unit.referral.site import DAY, Site, site

SITES = "https://fhir.nhs.uk/Id/ods-site-code"
E_RS = "https://fhir.nhs.uk/STU3/CodeSystem/APPOINTMENT-CANCELLATION-REASON"
OUTCOME = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-OutcomeOfAttendance"


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    """With one pathway that can be booked."""
    async with site(tmp_path) as made:
        await made.post("ServiceRequest", urgent_request())
        yield made


async def booked(edge: Site, **changes: Any) -> dict[str, Any]:
    answer = await edge.post("Appointment", appointment(**changes))
    assert answer.status_code == 201, answer.text
    resource: dict[str, Any] = answer.json()
    return resource


def said(edge: Site, since: int = 0) -> list[str]:
    return types(edge.events)[since:]


def issues(answer: Any) -> list[tuple[str, str]]:
    return [(one["code"], one.get("expression", [""])[0]) for one in answer.json()["issue"]]


# ---- booked


async def test_a_booking_becomes_an_appointment_and_comes_back_as_it_was_told(edge: Site) -> None:
    answer = await edge.post("Appointment", appointment())

    assert answer.status_code == 201
    assert "warning" not in answer.headers
    kept = answer.json()
    assert answer.headers["location"] == f"/FHIR/R4/Appointment/{kept['id']}"
    assert (kept["status"], kept["start"]) == ("booked", "2026-04-20T09:30:00+01:00")
    assert kept["identifier"][0]["value"] == "diary-1"
    assert kept["basedOn"][0]["reference"] == f"ServiceRequest/{PATHWAY}"
    assert kept["participant"][1]["actor"]["identifier"]["value"] == SITE
    assert fhirkit.validate(answer.content) == []
    event = edge.events[-1]
    assert isinstance(event, AppointmentBooked)
    assert (event.local_start, event.site) == (datetime(2026, 4, 20, 9, 30), SITE)  # noqa: DTZ001
    read = await edge.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (kept, answer.headers["etag"])


@pytest.mark.parametrize(
    ("start", "local"),
    [
        ("2026-10-25T00:30:00Z", "01:30"),
        ("2026-10-25T01:30:00+01:00", "01:30"),
        ("2026-10-25T01:30:00Z", "01:30"),
        ("2026-03-29T00:59:00Z", "00:59"),
        ("2026-03-29T01:00:00Z", "02:00"),
        ("2026-03-29T03:30:00+02:00", "02:30"),
    ],
)
async def test_on_the_nights_clocks_change_instant_and_wall_clock_agree(
    edge: Site, start: str, local: str
) -> None:
    kept = await booked(edge, start=start)

    assert datetime.fromisoformat(kept["start"]) == datetime.fromisoformat(start)
    assert kept["start"][11:16] == local
    event = edge.events[-1]
    assert isinstance(event, AppointmentBooked)
    assert event.starts_at == datetime.fromisoformat(start)
    assert event.local_start.strftime("%H:%M") == local


@pytest.mark.parametrize(
    "based_on",
    [
        {"reference": f"ServiceRequest/{PATHWAY}"},
        {"reference": f"https://fairwait.example/FHIR/R4/ServiceRequest/{PATHWAY}"},
        {"reference": "#ref"},
    ],
)
async def test_the_referral_is_named_by_address_or_comes_along(
    edge: Site, based_on: dict[str, Any]
) -> None:
    kept = await booked(
        edge, basedOn=[based_on], contained=[service_request(contained=None, id="ref")]
    )

    assert kept["basedOn"][0]["reference"] == f"ServiceRequest/{PATHWAY}"


@pytest.mark.parametrize(
    ("changes", "status", "code", "expression"),
    [
        ({"start": None}, 422, "required", "Appointment.start"),
        ({"start": "2026-04-20T09:30:00"}, 422, "value", "Appointment.start"),
        ({"start": "2026-04-20"}, 422, "value", "Appointment.start"),
        ({"basedOn": None}, 422, "required", "Appointment.basedOn"),
        (
            {"basedOn": [{"reference": f"ServiceRequest/{'0' * 32}"}]},
            404,
            "not-found",
            "Appointment.basedOn[0].reference",
        ),
        ({"status": "proposed"}, 422, "not-supported", "Appointment.status"),
        ({"status": "gone"}, 422, "value", "Appointment.status"),
        ({"created": "2026-03-03"}, 422, "value", "Appointment.created"),
        ({"status": "cancelled"}, 422, "required", "Appointment.cancelationReason"),
        ({"status": "fulfilled"}, 422, "required", "Appointment.extension"),
    ],
)  # fmt: skip
async def test_what_we_need_and_cannot_use_is_refused_by_its_element(
    edge: Site, changes: dict[str, Any], status: int, code: str, expression: str
) -> None:
    before = len(edge.events)

    answer = await edge.post("Appointment", appointment(**changes))

    assert answer.status_code == status
    assert (code, expression) in issues(answer)
    assert said(edge, before) == ["referral.rejected"]


async def test_an_appointment_of_another_patient_is_a_conflict(edge: Site) -> None:
    other = {"identifier": {**NHS_PATIENT["identifier"], "value": "9990000026"}}  # type: ignore[dict-item]

    answer = await edge.post("Appointment", appointment(participant=[{"actor": other}]))

    assert answer.status_code == 409
    assert issues(answer) == [("conflict", "Appointment.participant[0].actor.identifier.value")]
    assert "9990000026" not in answer.text


async def test_what_we_can_do_without_is_warned_of(edge: Site) -> None:
    answer = await edge.post(
        "Appointment", appointment(participant=[], specialty=[concept(f"{OWN}/x", "100")])
    )

    assert answer.status_code == 201
    assert "Appointment.participant" in answer.headers["warning"]


async def test_a_stranger_and_nobody_learn_the_same(edge: Site) -> None:
    kept = await booked(edge)
    by_address = [{"reference": f"ServiceRequest/{PATHWAY}"}]

    foreign = await edge.post("Appointment", appointment(basedOn=by_address), organisation=STRANGER)
    absent = await edge.post(
        "Appointment",
        appointment(basedOn=[{"reference": f"ServiceRequest/{'0' * 32}"}]),
        organisation=STRANGER,
    )
    put = await edge.put(f"Appointment/{kept['id']}", kept, organisation=STRANGER)
    nobody = await edge.put(f"Appointment/{'0' * 32}", kept, organisation=STRANGER)

    assert (foreign.status_code, foreign.json()) == (absent.status_code, absent.json())
    assert (put.status_code, put.json()) == (nobody.status_code, nobody.json())
    assert (foreign.status_code, put.status_code) == (404, 404)


async def test_a_patient_with_the_right_to_choose_is_not_booked_over_it(tmp_path: Path) -> None:
    async with site(tmp_path) as edge:
        await edge.post("ServiceRequest", service_request())

        answer = await edge.post("Appointment", appointment())

    assert answer.status_code == 422
    assert issues(answer) == [("business-rule", "Appointment.basedOn[0].identifier.value")]


# ---- moved


def moved(kept: dict[str, Any], **changes: Any) -> dict[str, Any]:
    by = [extension("done-by", valueCode="patient"), extension("reason", valueCode="PATIENT_ILL")]
    return {**kept, "start": "2026-04-21T10:00:00+01:00", "extension": by, **changes}


async def test_what_was_read_and_sent_back_changes_nothing(edge: Site) -> None:
    kept = await booked(edge)
    before = len(edge.events)

    answer = await edge.put(f"Appointment/{kept['id']}", kept)

    assert (answer.status_code, answer.json()) == (200, kept)
    assert said(edge, before) == []


async def test_another_start_moves_it(edge: Site) -> None:
    kept = await booked(edge)

    answer = await edge.put(f"Appointment/{kept['id']}", moved(kept))

    assert answer.status_code == 200
    assert answer.json()["start"] == "2026-04-21T10:00:00+01:00"
    event = edge.events[-1]
    assert isinstance(event, AppointmentRebooked)
    assert (event.moved_by, event.reason) == ("patient", "PATIENT_ILL")


@pytest.mark.parametrize(
    ("place", "site"),
    [
        ({"identifier": {"system": SITES, "value": "RJ199"}, "type": "Location"}, "RJ199"),
        ({"reference": "#loc"}, "RJ177"),
        ({"reference": "#service"}, "NV7"),
        ({"reference": "Location/elsewhere"}, SITE),
    ],
)
async def test_another_place_moves_it_too(edge: Site, place: dict[str, Any], site: str) -> None:
    kept = await booked(edge)
    location = {"resourceType": "Location", "id": "loc"}
    service = {"resourceType": "HealthcareService", "id": "service"}
    body = moved(
        kept,
        contained=[
            {**location, "identifier": [{"system": SITES, "value": "RJ177"}]},
            {**service, "providedBy": organisation("NV7")},
        ],
        participant=[kept["participant"][0], {"actor": place, "status": "accepted"}],
    )

    answer = await edge.put(f"Appointment/{kept['id']}", body)

    assert answer.status_code == 200
    assert answer.json()["participant"][1]["actor"]["identifier"]["value"] == site


async def test_of_two_who_saw_the_same_version_one_is_told_so(edge: Site) -> None:
    created = await edge.post("Appointment", appointment())
    kept, etag = created.json(), created.headers["etag"]
    times = [f"2026-04-2{day}T10:00:00+01:00" for day in range(1, 6)]

    answers = await asyncio.gather(
        *(
            edge.put(f"Appointment/{kept['id']}", moved(kept, start=time), if_match=etag)
            for time in times
        )
    )

    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412, 412]
    assert said(edge).count("appointment.rebooked") == 1


async def test_whoever_moves_it_says_for_whom(edge: Site) -> None:
    kept = await booked(edge)

    answer = await edge.put(f"Appointment/{kept['id']}", moved(kept, extension=[]))

    assert answer.status_code == 422
    assert issues(answer)[0][0] == "required"


async def test_a_post_of_a_known_name_at_another_time_is_a_conflict(edge: Site) -> None:
    await booked(edge)

    answer = await edge.post("Appointment", appointment(start="2026-04-21T10:00:00+01:00"))

    assert answer.status_code == 409
    assert issues(answer) == [("conflict", "Appointment.identifier[0].value")]


# ---- versions


async def test_only_the_version_that_was_seen_is_changed(edge: Site) -> None:
    created = await edge.post("Appointment", appointment())
    kept, etag = created.json(), created.headers["etag"]
    first = await edge.put(f"Appointment/{kept['id']}", moved(kept), if_match=etag)
    again = moved(kept, start="2026-04-22T10:00:00+01:00")

    late = await edge.put(f"Appointment/{kept['id']}", again, if_match=etag)
    fresh = await edge.put(f"Appointment/{kept['id']}", again, if_match=first.headers["etag"])

    assert etag == f'W/"{kept["meta"]["versionId"]}"'
    assert (first.status_code, late.status_code, fresh.status_code) == (200, 412, 200)
    assert issues(late) == [("conflict", "http.If-Match")]
    assert first.headers["etag"] != etag


async def test_a_version_that_is_none_is_refused(edge: Site) -> None:
    kept = await booked(edge)

    answer = await edge.put(f"Appointment/{kept['id']}", kept, if_match="yesterday")

    assert (answer.status_code, issues(answer)) == (400, [("structure", "http.If-Match")])


async def test_a_version_known_already_is_not_sent_again(edge: Site) -> None:
    created = await edge.post("Appointment", appointment())
    headers = {
        "authorization": f"Bearer {edge.token()}",
        "fairwait-reason": "booking",
        "if-none-match": created.headers["etag"],
    }

    answer = await edge.client.get(created.headers["location"], headers=headers)

    assert (answer.status_code, answer.content) == (304, b"")


async def test_the_same_update_again_has_one_effect_and_the_same_answer(edge: Site) -> None:
    created = await edge.post("Appointment", appointment())
    kept, etag = created.json(), created.headers["etag"]
    first = await edge.put(
        f"Appointment/{kept['id']}", moved(kept), if_match=etag, request_id="same"
    )
    before = len(edge.events)

    again = await edge.put(
        f"Appointment/{kept['id']}", moved(kept), if_match=etag, request_id="same"
    )
    other = await edge.put(f"Appointment/{kept['id']}", moved(kept, comment="x"), request_id="same")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert other.status_code == 409
    assert said(edge, before) == ["referral.rejected"]


# ---- ended


@pytest.mark.parametrize(
    ("reason", "by", "kept_reason"),
    [
        (concept(E_RS, "PATIENT_HOLIDAY"), "patient", "PATIENT_HOLIDAY"),
        (concept(E_RS, "CLINIC_CANCELLED"), "provider", "CLINIC_CANCELLED"),
        (
            concept("http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "pat-crs"),
            "patient",
            "PATIENT_APPOINTMENT_CANCELLATION_OTHER",
        ),
        (
            concept("http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "prov"),
            "provider",
            "PROVIDER_CANCELLATION",
        ),
    ],
)  # fmt: skip
async def test_a_cancellation_says_by_whom_and_why(
    edge: Site, reason: dict[str, Any], by: str, kept_reason: str
) -> None:
    kept = await booked(edge)
    body = {**kept, "status": "cancelled", "cancelationReason": reason}

    answer = await edge.put(f"Appointment/{kept['id']}", body)

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["cancelationReason"] == concept(E_RS, kept_reason)
    assert fhirkit.validate(answer.content) == []
    event = edge.events[-1]
    assert isinstance(event, AppointmentCancelled)
    assert (event.cancelled_by, event.reason) == (by, kept_reason)


async def test_an_unknown_reason_is_refused_where_it_stands(edge: Site) -> None:
    kept = await booked(edge)
    by = [extension("done-by", valueCode="patient")]
    body = {**kept, "status": "cancelled", "cancelationReason": concept(E_RS, "WEATHER")}

    answer = await edge.put(f"Appointment/{kept['id']}", {**body, "extension": by})

    assert answer.status_code == 422
    assert issues(answer) == [("code-invalid", "Appointment.cancelationReason.coding[0].code")]


async def test_a_missed_appointment_may_nullify_the_clock(edge: Site) -> None:
    kept = await booked(edge, start="2026-03-02T09:00:00Z")
    edge.clock.instant += DAY
    told = [extension("clearly-communicated", valueBoolean=True)]

    answer = await edge.put(
        f"Appointment/{kept['id']}", {**kept, "status": "noshow", "extension": told}
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "noshow")
    assert "referral.clock_nullified" in said(edge) or "appointment.missed" in said(edge)
    assert fhirkit.validate(answer.content) == []


async def test_an_attendance_has_its_outcome_and_what_it_did_to_the_clock(edge: Site) -> None:
    kept = await booked(edge, start="2026-03-02T09:00:00Z")
    outcome = {
        "url": OUTCOME,
        "valueCodeableConcept": concept("urn:uk-core", "1"),
    }
    told = [outcome, extension("rtt-status", valueCode="30")]

    answer = await edge.put(
        f"Appointment/{kept['id']}", {**kept, "status": "fulfilled", "extension": told}
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "fulfilled")
    assert said(edge)[-2:] == ["appointment.attended", "referral.clock_stopped"]
    assert any(one["url"] == OUTCOME for one in answer.json()["extension"])
    assert fhirkit.validate(answer.content) == []


async def test_a_day_has_one_attendance_and_it_is_that_of_the_first(edge: Site) -> None:
    one = await booked(edge, start="2026-03-02T09:00:00Z")
    other = await booked(
        edge,
        identifier=[{"system": f"{OWN}/Id/appointment", "value": "diary-2"}],
        start="2026-03-02T09:30:00Z",
    )
    later = max(one, other, key=lambda kept: str(kept["id"]))
    outcome = {"url": OUTCOME, "valueCodeableConcept": concept("urn:uk-core", "1")}
    told = [outcome, extension("rtt-status", valueCode="20")]

    answer = await edge.put(
        f"Appointment/{later['id']}", {**later, "status": "fulfilled", "extension": told}
    )

    assert answer.status_code == 422
    assert issues(answer) == [("value", "Appointment.start")]


async def test_an_appointment_stays_with_its_referral(edge: Site) -> None:
    kept = await booked(edge)
    other = {"identifier": {"system": "https://fhir.nhs.uk/Id/UBRN", "value": "000000070009"}}

    answer = await edge.put(f"Appointment/{kept['id']}", {**kept, "basedOn": [other]})

    assert answer.status_code == 409
    assert issues(answer) == [("conflict", "Appointment.basedOn[0].identifier.value")]


async def test_a_mistake_is_deleted(edge: Site) -> None:
    kept = await booked(edge)

    answer = await edge.put(f"Appointment/{kept['id']}", {**kept, "status": "entered-in-error"})

    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error")


async def test_what_has_ended_ends_once(edge: Site) -> None:
    kept = await booked(edge)
    body = {
        **kept, "status": "cancelled", "cancelationReason": concept(E_RS, "PATIENT_HOLIDAY")
    }  # fmt: skip
    await edge.put(f"Appointment/{kept['id']}", body)

    answer = await edge.put(f"Appointment/{kept['id']}", body)

    assert (answer.status_code, issues(answer)[0][0]) == (409, "conflict")


# ---- messages


async def test_a_booking_message_books_and_is_answered_by_a_message(edge: Site) -> None:
    person = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"}
    body = booking_message(appointment(participant=[{"actor": person, "status": "accepted"}]))

    answer = await edge.post("$process-message", body, request_id="m-1")
    again = await edge.post("$process-message", body, request_id="m-1")

    assert answer.status_code == 200
    header, kept, outcome = (one["resource"] for one in answer.json()["entry"])
    assert header["eventCoding"]["code"] == "booking-response"
    assert header["response"] == {**header["response"], "identifier": "msg-2", "code": "ok"}
    assert (kept["resourceType"], kept["status"]) == ("Appointment", "booked")
    assert outcome["issue"][0]["severity"] == "information"
    assert fhirkit.validate(answer.content) == []
    assert again.content == answer.content


async def test_a_message_about_another_patient_is_refused(edge: Site) -> None:
    other = patient(
        identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000026"}]
    )
    person = {"actor": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"}}
    body = booking_message(appointment(participant=[person]))
    body["entry"][2]["resource"] = other

    answer = await edge.post("$process-message", body)

    assert answer.status_code == 409
    assert issues(answer) == [("conflict", "Bundle.entry[2].resource.identifier[0].value")]


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_message_moves_and_cancels_what_it_names(edge: Site, by_id: bool) -> None:
    kept = await booked(edge)
    resource = kept if by_id else appointment()

    move = await edge.post("$process-message", booking_message(moved(resource), "update"))
    cancelled = {
        **resource, "status": "cancelled", "cancelationReason": concept(E_RS, "PATIENT_HOLIDAY")
    }  # fmt: skip
    cancel = await edge.post("$process-message", booking_message(cancelled, "update"))

    assert (move.status_code, cancel.status_code) == (200, 200)
    assert said(edge)[-2:] == ["appointment.rebooked", "appointment.cancelled"]
    assert cancel.json()["entry"][1]["resource"]["id"] == kept["id"]


async def test_a_response_tells_that_a_patient_did_not_come(edge: Site) -> None:
    kept = await booked(edge, start="2026-03-02T09:00:00Z")
    body = booking_message({**kept, "status": "noshow", "extension": []}, "update")
    body["entry"][0]["resource"]["eventCoding"]["code"] = "booking-response"

    answer = await edge.post("$process-message", body)

    assert answer.status_code == 200
    assert answer.json()["entry"][1]["resource"]["status"] == "noshow"


# ---- a referral that changes


async def test_a_referral_is_changed_as_a_whole(edge: Site) -> None:
    read = await edge.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}")
    body = {**read.json(), "orderDetail": [concept(f"{OWN}/CodeSystem/treatment-function", "120")]}
    body["extension"] = [one for one in body["extension"] if "treatment-function" not in one["url"]]

    answer = await edge.put(f"ServiceRequest/{PATHWAY}", body, if_match=read.headers["etag"])

    assert answer.status_code == 200
    assert answer.json()["orderDetail"][0]["coding"][0]["code"] == "120"
    assert said(edge)[-1] == "referral.changed"


async def test_a_referral_that_was_read_and_sent_back_changes_nothing(edge: Site) -> None:
    read = await edge.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}")
    before = len(edge.events)

    answer = await edge.put(f"ServiceRequest/{PATHWAY}", read.json())

    assert (answer.status_code, answer.content) == (200, read.content)
    assert said(edge, before) == []


async def test_a_change_of_provider_is_no_change_of_the_referral(edge: Site) -> None:
    read = await edge.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}")
    other = {
        "identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "NV7"}
    }

    answer = await edge.put(f"ServiceRequest/{PATHWAY}", {**read.json(), "performer": [other]})

    assert answer.status_code == 422
    assert issues(answer) == [("not-supported", "ServiceRequest.performer[0].identifier.value")]


async def test_a_referral_is_called_off_by_its_referrer_in_a_message(edge: Site) -> None:
    body = message()
    body["entry"][1]["resource"]["status"] = "revoked"
    body["entry"][1]["resource"]["extension"] = [
        extension("reason", valueCode="TREATMENT_NO_LONGER_REQUIRED")
    ]

    answer = await edge.post("$process-message", body, organisation=PRACTICE)

    assert answer.status_code == 200
    header, kept, _ = (one["resource"] for one in answer.json()["entry"])
    assert header["eventCoding"]["code"] == "servicerequest-response"
    assert (kept["status"], kept["identifier"][0]["value"]) == ("revoked", UBRN)
    assert "referral.clock_stopped" in said(edge)


async def test_a_referral_raised_in_error_never_was(edge: Site) -> None:
    read = await edge.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}")

    answer = await edge.put(
        f"ServiceRequest/{PATHWAY}", {**read.json(), "status": "entered-in-error"}
    )

    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error")


async def test_a_read_of_an_appointment_is_on_record(edge: Site) -> None:
    kept = await booked(edge)

    await edge.get(f"/FHIR/R4/Appointment/{kept['id']}")
    await edge.get(f"/FHIR/R4/Appointment/{kept['id']}", organisation=STRANGER)

    entries = [one["state"] for one in edge.store.collections["audit"].values()]
    assert [(one["organisation"], one["given"]) for one in entries] == [
        (TRUST, True),
        (STRANGER, False),
    ]
    assert {tuple(one["pathway_ids"]) for one in entries} == {(PATHWAY,)}
    assert {one["what"] for one in entries} == {"GET /FHIR/R4/Appointment/{id}"}
