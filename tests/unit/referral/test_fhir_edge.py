"""The FHIR edge: what it takes, what it refuses and where, and that nothing is left half done."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from httpx2 import Headers

from contracts.events import IdentityRecorded, ReferralReceived, SubmissionRejected
from tests.unit.referral.builders import PATHWAY, PRACTICE, STRANGER, TRUST, UBRN, types
from tests.unit.referral.fhir import (
    ODS,
    PRACTICE_SETTING,
    concept,
    message,
    organisation,
    patient,
    service_request,
)
from tests.unit.referral.site import DAY, WRITE, Site, site

OWN = "https://fairwait.example/fhir"


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


def issues(answer: Any) -> list[tuple[str, str]]:
    """(code, expression) of every issue."""
    assert answer.headers["content-type"] == "application/fhir+json"
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return [(one["code"], one.get("expression", [""])[0]) for one in body["issue"]]


def nothing_was_taken(edge: Site) -> bool:
    """No pathway and nothing said but, at most, that a submission was rejected."""
    kept = edge.store.collections["pathways"].values()
    return all(one["state"] is None for one in kept) and (
        set(types(edge.events)) <= {"referral.rejected"}
    )


# ---- taken


async def test_a_service_request_with_its_patient_becomes_a_pathway(edge: Site) -> None:
    answer = await edge.post("ServiceRequest", service_request(), x_correlation_id="c-1")

    assert answer.status_code == 201
    assert answer.headers["location"] == f"/FHIR/R4/ServiceRequest/{PATHWAY}"
    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "c-1")
    assert "warning" not in answer.headers
    kept = answer.json()
    assert kept["identifier"] == [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": UBRN}]
    assert fhirkit.validate(answer.content) == []
    assert types(edge.events) == [
        "referral.received",
        "referral.right_decided",
        "referral.clock_started",
        "identity.recorded",
    ]


async def test_every_field_reaches_the_events(edge: Site) -> None:
    request = service_request(
        extension=[
            *service_request()["extension"],
            {"url": f"{OWN}/StructureDefinition/travel-limit-miles", "valuePositiveInt": 30},
            {"url": f"{OWN}/StructureDefinition/commissioner", "valueCode": "QMJ"},
            {"url": f"{OWN}/StructureDefinition/circumstance", "valueCode": "armed_forces"},
        ],
        contained=[
            patient(
                communication=[
                    {"language": concept("urn:ietf:bcp:47", "fr"), "preferred": False},
                    {"language": concept("urn:ietf:bcp:47", "pl-PL"), "preferred": True},
                ]
            )
        ],
    )

    await edge.post("ServiceRequest", request)

    received, *_, identity = edge.events
    assert isinstance(received, ReferralReceived)
    assert received.model_dump(exclude={"submission_id", "travel_limit_miles", "age"}) == {
        "publisher": TRUST,
        "way_in": "fhir",
        "responsible_provider": TRUST,
        "referring_organisation": PRACTICE,
        "treatment_function": "110",
        "priority": "1",
        "source_of_referral": "03",
        "source_validity": "valid",
        "received_on": received.received_on,
        "sex": "2",
        "outward": "SW1A",
        "commissioner": "QMJ",
        "synthetic": True,
    }
    assert (received.received_on.isoformat(), received.age) == ("2026-03-01", 64)
    assert received.travel_limit_miles == 30
    assert isinstance(identity, IdentityRecorded)
    assert (identity.phone, identity.language) == ("07700 900123", "pl")
    assert identity.address == ["1 Test Street"]


@pytest.mark.parametrize("kind", ["collection", "transaction", "batch"])
async def test_a_bundle_may_bring_request_and_patient(edge: Site, kind: str) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": service_request(
                contained=None, subject={"reference": "Patient/pat"})},
            {"fullUrl": "https://trust.example/fhir/Patient/pat", "resource": patient()},
        ],
    }  # fmt: skip

    assert (await edge.post("ServiceRequest", bundle)).status_code == 201


async def test_a_message_is_answered_by_a_message(edge: Site) -> None:
    answer = await edge.post("$process-message", message())

    assert answer.status_code == 200
    bundle = answer.json()
    header, request, outcome = (entry["resource"] for entry in bundle["entry"])
    assert header["eventCoding"]["code"] == "servicerequest-response"
    assert header["response"]["identifier"] == "msg-1"
    assert header["response"]["code"] == "ok"
    assert request["id"] == PATHWAY
    assert outcome["issue"][0]["severity"] == "information"
    assert fhirkit.validate(answer.content) == []


@pytest.mark.parametrize("path", ["ServiceRequest", "$process-message"])
async def test_the_same_request_again_has_one_effect_and_the_same_answer(
    edge: Site, path: str
) -> None:
    body = service_request() if path == "ServiceRequest" else message()
    first = await edge.post(path, body, request_id="same")
    edge.clock.instant += DAY

    again = await edge.post(path, body, request_id="same")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers.get("location") == first.headers.get("location")
    assert len(edge.events) == 4


async def test_the_same_referral_by_two_doors_is_one_pathway(edge: Site) -> None:
    await edge.post("ServiceRequest", service_request())

    answer = await edge.post("$process-message", message())

    assert answer.status_code == 200
    assert types(edge.events).count("referral.received") == 1


async def test_what_r4_does_not_allow_and_we_do_not_need_is_warned_of(edge: Site) -> None:
    request = service_request(
        basedOn={"reference": "urn:uuid:1"},
        PatientInstruction="Adviced by Dr Featherstonehaugh",
        contained=[patient(address=[{"postalCode": "nowhere"}])],
    )

    answer = await edge.post("ServiceRequest", request)

    assert answer.status_code == 201
    warnings = answer.headers["warning"]
    assert "ServiceRequest.basedOn" in warnings
    assert "ServiceRequest.contained[0].address[0].postalCode" in warnings
    assert "Featherstonehaugh" not in warnings
    assert "PatientInstruction" not in warnings
    assert "nowhere" not in warnings


@pytest.mark.parametrize(
    ("preference", "resource_type"),
    [
        ("return=representation", "ServiceRequest"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return=minimal", None),
    ],
)
async def test_the_sender_says_what_it_wants_back(
    edge: Site, preference: str, resource_type: str | None
) -> None:
    answer = await edge.post("ServiceRequest", service_request(), prefer=preference)

    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else None) == resource_type


@pytest.mark.parametrize(
    ("changes", "priority"),
    [
        ({"priority": "urgent"}, "2"),
        ({"priority": None}, "1"),
        ({"priority": "asap"}, "2"),
        (
            {
                "category": [
                    concept("https://fhir.nhs.uk/STU3/CodeSystem/eRS-Priority-1", "TWO_WEEK_WAIT")
                ]
            },
            "3",
        ),
    ],
)
async def test_priorities_of_fhir_and_of_e_rs(
    edge: Site, changes: dict[str, Any], priority: str
) -> None:
    await edge.post("ServiceRequest", service_request(**changes))

    assert edge.events[0].model_dump()["priority"] == priority


@pytest.mark.parametrize(
    ("changes", "function"),
    [
        ({"orderDetail": None, "category": [concept(PRACTICE_SETTING, "120")]}, "120"),
        ({"orderDetail": None, "code": concept(PRACTICE_SETTING, "130")}, "130"),
        (
            {
                "orderDetail": None,
                "extension": [
                    {"url": f"{OWN}/StructureDefinition/treatment-function", "valueCode": "320"}
                ],
            },
            "320",
        ),
    ],
)
async def test_places_of_a_treatment_function(
    edge: Site, changes: dict[str, Any], function: str
) -> None:
    await edge.post("ServiceRequest", service_request(**changes))

    assert edge.events[0].model_dump()["treatment_function"] == function


@pytest.mark.parametrize(
    ("authored_on", "day"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-02-28T23:59:59Z", "2026-02-28"),
        ("2025-07-01T23:30:00Z", "2025-07-02"),
        ("2026-03-01T00:30:00+02:00", "2026-02-28"),
    ],
)
async def test_the_clock_starts_on_the_london_date(edge: Site, authored_on: str, day: str) -> None:
    await edge.post("ServiceRequest", service_request(authoredOn=authored_on))

    assert edge.events[0].model_dump(mode="json")["received_on"] == day


SOURCE = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest"
E_RS = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-eRS"


def extension(url: str, **value: Any) -> dict[str, Any]:
    return {"extension": [{"url": url, **value}]}


def snomed(code: str) -> dict[str, Any]:
    return concept("http://snomed.info/sct", code)


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        (extension(f"{OWN}/StructureDefinition/source-of-referral", valueCode="3"),
         "source_of_referral", "03"),
        (extension(SOURCE, valueCodeableConcept=snomed("185366001")), "source_of_referral", "92"),
        (extension(f"{E_RS}-ReferralPriority-1",
                   valueCodeableConcept=concept("urn:any", "TWO_WEEK_WAIT")), "priority", "3"),
        (extension(f"{E_RS}-eReferralPathwayStart-1", valueInstant="2026-02-27T23:30:00Z"),
         "received_on", "2026-02-27"),
        (extension(f"{OWN}/StructureDefinition/received-on", valueDate="2026-02-26"),
         "received_on", "2026-02-26"),
    ],
)  # fmt: skip
async def test_extensions_say_what_r4_has_no_element_for(
    edge: Site, changes: dict[str, Any], field: str, value: str
) -> None:
    answer = await edge.post("ServiceRequest", service_request(**changes))

    assert answer.status_code == 201
    assert edge.events[0].model_dump(mode="json")[field] == value


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        (extension(SOURCE, valueCodeableConcept=snomed("109721000000108")),
         "ServiceRequest.extension[0]"),
        (extension(f"{OWN}/StructureDefinition/source-of-referral", valueCode="GP"),
         "ServiceRequest.extension[0]"),
        ({"requester": organisation("a81001")}, "ServiceRequest.requester.identifier.value"),
        ({"requester": None}, "ServiceRequest.requester"),
        ({"priority": "stat"}, "ServiceRequest.priority"),
        ({"contained": [patient(gender=None)]}, "ServiceRequest.contained[0].gender"),
        ({"contained": [patient(telecom=[{"system": "phone", "value": "0" * 21}])]},
         "ServiceRequest.contained[0].telecom[0].value"),
        ({"contained": [patient(communication=[{"language": {"text": "French"}}])]},
         "ServiceRequest.contained[0].communication"),
    ],
)  # fmt: skip
async def test_what_we_can_do_without_is_left_out_with_a_warning(
    edge: Site, changes: dict[str, Any], expression: str
) -> None:
    answer = await edge.post("ServiceRequest", service_request(**changes))

    assert answer.status_code == 201
    assert f'"{expression}: ' in answer.headers["warning"]


async def test_a_priority_of_e_rs_that_does_not_exist_is_refused(edge: Site) -> None:
    changes = extension(
        f"{E_RS}-ReferralPriority-1", valueCodeableConcept=concept("urn:any", "SOON")
    )

    answer = await edge.post("ServiceRequest", service_request(**changes))

    place = "ServiceRequest.extension[0].valueCodeableConcept.coding.code"
    assert issues(answer) == [("value", place)]


async def test_a_request_to_be_seen_at_once_has_no_right_to_choose(edge: Site) -> None:
    await edge.post("ServiceRequest", service_request(priority="stat"))

    assert edge.events[1].model_dump()["decision"] == "NO_URGENT_OR_EMERGENCY"


async def test_a_pathway_identifier_of_a_trust_needs_its_assigner(edge: Site) -> None:
    identifier = {"system": f"{OWN}/Id/patient-pathway-identifier", "value": "P/2026-17"}

    without = await edge.post("ServiceRequest", service_request(identifier=[identifier]))
    assigned = {**identifier, "assigner": organisation(TRUST)}
    with_ = await edge.post("ServiceRequest", service_request(identifier=[assigned]))

    assert issues(without) == [("required", "ServiceRequest.identifier[0].assigner")]
    assert with_.status_code == 201
    assert with_.json()["identifier"][0]["assigner"]["identifier"]["value"] == TRUST


# ---- refused: what we need and cannot use


NEEDED: list[tuple[str, dict[str, Any], str, str]] = [
    ("no identifier", {"identifier": None}, "required", "ServiceRequest.identifier"),
    (
        "a UBRN of other than 12 digits",
        {"identifier": [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": "b4a16b72-0403"}]},
        "value",
        "ServiceRequest.identifier[0].value",
    ),
    ("no status", {"status": None}, "required", "ServiceRequest.status"),
    ("a status R4 does not know", {"status": "actve"}, "value", "ServiceRequest.status"),
    ("not active", {"status": "revoked"}, "not-supported", "ServiceRequest.status"),
    ("no subject", {"subject": None}, "required", "ServiceRequest.subject"),
    ("no patient", {"contained": None}, "required", "ServiceRequest.subject"),
    (
        "a patient elsewhere",
        {"subject": {"reference": "https://trust.example/Patient/1"}},
        "required",
        "ServiceRequest.subject",
    ),
    (
        "no NHS number",
        {"contained": [patient(identifier=None)]},
        "required",
        "ServiceRequest.contained[0].identifier",
    ),
    (
        "a bad NHS number",
        {
            "contained": [
                patient(
                    identifier=[
                        {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000019"}
                    ]
                )
            ]
        },
        "value",
        "ServiceRequest.contained[0].identifier[0].value",
    ),
    (
        "no name",
        {"contained": [patient(name=None)]},
        "required",
        "ServiceRequest.contained[0].name.given",
    ),
    (
        "a year of birth only",
        {"contained": [patient(birthDate="1961")]},
        "value",
        "ServiceRequest.contained[0].birthDate",
    ),
    (
        "born after the referral",
        {"contained": [patient(birthDate="2026-03-02")]},
        "value",
        "ServiceRequest.contained[0].birthDate",
    ),
    (
        "a gender R4 does not know",
        {"contained": [patient(gender="F")]},
        "value",
        "ServiceRequest.contained[0].gender",
    ),
    ("no provider", {"performer": None}, "required", "ServiceRequest.performer"),
    (
        "a provider that is no ODS code",
        {"performer": [organisation("rj1!")]},
        "value",
        "ServiceRequest.performer[0].identifier.value",
    ),
    ("no treatment function", {"orderDetail": None}, "required", "ServiceRequest.orderDetail"),
    (
        "an unknown treatment function",
        {"orderDetail": [concept(PRACTICE_SETTING, "999")]},
        "code-invalid",
        "ServiceRequest.orderDetail[0].coding[0].code",
    ),
    (
        "two treatment functions",
        {"orderDetail": [concept(PRACTICE_SETTING, "110"), concept(PRACTICE_SETTING, "120")]},
        "value",
        "ServiceRequest.orderDetail[1].coding[0].code",
    ),
    ("no date", {"authoredOn": None}, "required", "ServiceRequest.authoredOn"),
    ("a month only", {"authoredOn": "2026-03"}, "value", "ServiceRequest.authoredOn"),
    ("tomorrow", {"authoredOn": "2026-03-03"}, "value", "ServiceRequest.authoredOn"),
    ("too long ago", {"authoredOn": "2006-12-31"}, "value", "ServiceRequest.authoredOn"),
    (
        "private",
        {
            "extension": [
                {"url": f"{OWN}/StructureDefinition/administrative-category", "valueCode": "02"}
            ]
        },
        "business-rule",
        "ServiceRequest.extension[0]",
    ),
    (
        "a circumstance nobody knows",
        {"extension": [{"url": f"{OWN}/StructureDefinition/circumstance", "valueCode": "rich"}]},
        "value",
        "ServiceRequest.extension[0]",
    ),
    (
        "for validation only",
        {
            "category": [
                concept(
                    "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest", "validation"
                )
            ]
        },
        "not-supported",
        "ServiceRequest.category[0].coding[0]",
    ),
]


@pytest.mark.parametrize(
    ("changes", "code", "expression"),
    [case[1:] for case in NEEDED],
    ids=[case[0] for case in NEEDED],
)
async def test_what_we_need_and_cannot_use_is_refused_by_its_element(
    edge: Site, changes: dict[str, Any], code: str, expression: str
) -> None:
    answer = await edge.post("ServiceRequest", service_request(**changes))

    assert answer.status_code == 422
    assert (code, expression) in issues(answer)
    assert nothing_was_taken(edge)
    (rejection,) = edge.events
    assert isinstance(rejection, SubmissionRejected)


async def test_all_that_is_wrong_is_told_at_once(edge: Site) -> None:
    request = service_request(identifier=None, performer=None, authoredOn=None)

    answer = await edge.post("ServiceRequest", request)

    assert {expression for _, expression in issues(answer)} == {
        "ServiceRequest.identifier",
        "ServiceRequest.performer",
        "ServiceRequest.authoredOn",
    }


async def test_no_refusal_repeats_a_value(edge: Site) -> None:
    secret = "Featherstonehaugh 943 476 5919"
    request = service_request(
        contained=[
            patient(
                name=[{"family": secret}],
                gender=secret,
                birthDate=secret,
                identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": secret}],
            )
        ],
        authoredOn=secret,
        status=secret,
    )

    answer = await edge.post("ServiceRequest", request | {secret: secret})

    assert answer.status_code == 422
    assert "Feather" not in answer.text
    assert "5919" not in answer.text
    assert all("Feather" not in event.model_dump_json() for event in edge.events)


# ---- refused: bodies and headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"resourceType": "ServiceRequest",}', 400),
        (b"\xff\xfe", 400),
        (b'{"resourceType": "ServiceRequest", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400),
        (b"[]", 422),
        (b'"ServiceRequest"', 422),
        (b"{}", 422),
        (b'{"resourceType": "Patient"}', 422),
        (b'{"resourceType": 7}', 422),
        (b'{"resourceType": "Bundle"}', 422),
        (b'{"resourceType": "Bundle", "type": "searchset"}', 422),
        (b'{"resourceType": "Bundle", "type": "collection", "entry": [{}]}', 422),
        (b'{"resourceType": "ServiceRequest", "status": "active", "status": "draft"}', 422),
    ],
)
@pytest.mark.parametrize("path", ["ServiceRequest", "$process-message"])
async def test_a_body_that_is_no_referral_is_refused(
    edge: Site, path: str, body: bytes, status: int
) -> None:
    answer = await edge.post(path, body)

    assert answer.status_code == status
    assert issues(answer)
    assert nothing_was_taken(edge)


@pytest.mark.parametrize(
    ("changes", "expression"),
    [
        ({"performer": [{"reference": "#pat"}] * 40_000}, "ServiceRequest.performer"),
        ({"contained": [{"resourceType": "X"}] * 30_000}, "ServiceRequest.contained"),
        (
            {"contained": [patient(name=[{"given": 3}] * 60_000)]},
            "ServiceRequest.contained[0].name",
        ),
        ({"orderDetail": [concept(PRACTICE_SETTING, "110")] * 7_000}, "ServiceRequest.orderDetail"),
    ],
)
async def test_a_list_that_no_referral_has_is_refused_without_a_look_at_its_parts(
    edge: Site, changes: dict[str, Any], expression: str
) -> None:
    answer = await edge.post("ServiceRequest", service_request(**changes))

    assert answer.status_code == 422
    assert issues(answer)[0] == ("value", expression)
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/fhir+json", 201),
        ("application/fhir+json; version=1.0.0", 201),
        ("application/fhir+json;charset=UTF-8;fhirVersion=4.0", 201),
        ("Application/FHIR+JSON", 201),
        ("application/json", 415),
        ("application/fhir+xml", 415),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/fhir+json; charset=latin1", 415),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_only_fhir_json_of_r4_is_taken(edge: Site, content_type: str, status: int) -> None:
    answer = await edge.post("ServiceRequest", service_request(), content_type=content_type)

    assert answer.status_code == status
    if status == 415:
        assert issues(answer) == [("not-supported", "http.Content-Type")]
        assert edge.events == []


async def test_a_body_over_a_mebibyte_is_refused(edge: Site) -> None:
    answer = await edge.post("ServiceRequest", service_request(note=[{"text": "x" * 2**20}]))

    assert answer.status_code == 413
    assert issues(answer)[0][0] == "too-long"
    assert edge.events == []


@pytest.mark.parametrize("request_id", ["two words", "x" * 65, "né"])
async def test_the_request_id_has_a_form(edge: Site, request_id: str) -> None:
    content = json.dumps(service_request()).encode()
    headers = {
        "authorization": f"Bearer {edge.token()}",
        "content-type": "application/fhir+json",
        "x-request-id": request_id,
    }

    answer = await edge.client.post(
        "/FHIR/R4/ServiceRequest", content=content, headers=Headers(headers, encoding="latin-1")
    )

    assert answer.status_code == 400
    assert issues(answer) == [("structure", "http.X-Request-Id")]


async def test_a_request_without_an_id_is_refused(edge: Site) -> None:
    headers = {
        "authorization": f"Bearer {edge.token()}",
        "content-type": "application/fhir+json",
    }

    answer = await edge.client.post("/FHIR/R4/ServiceRequest", content=b"{}", headers=headers)

    assert answer.status_code == 400
    assert issues(answer) == [("required", "http.X-Request-Id")]


async def test_what_cannot_be_accepted_back_is_not_done(edge: Site) -> None:
    answer = await edge.post("ServiceRequest", service_request(), accept="text/html")

    assert answer.status_code == 406
    assert edge.events == []


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("nhsd_target_identifier", {"system": "s", "value": "v"}, 201),
        ("nhsd_target_identifier", {"system": "s"}, 400),
        ("nhsd_target_identifier", None, 400),
        ("nhsd_end_user_organisation", {"identifier": [{"system": ODS, "value": TRUST}]}, 201),
        ("nhsd_end_user_organisation", {"resourceType": "Organization"}, 201),
        ("nhsd_end_user_organisation", {"identifier": [{"system": ODS, "value": STRANGER}]}, 403),
        ("nhsd_end_user_organisation", None, 400),
    ],
)
async def test_the_headers_of_bars_are_read(
    edge: Site, header: str, value: object, status: int
) -> None:
    encoded = base64.b64encode(json.dumps(value).encode()).decode() if value else "%%"

    answer = await edge.post("ServiceRequest", service_request(), **{header: encoded})

    assert answer.status_code == status


# ---- refused: who


async def test_without_a_token_nothing_is_read(edge: Site) -> None:
    answer = await edge.post("ServiceRequest", service_request(), authorization="")

    assert answer.status_code == 401
    assert issues(answer)[0][0] == "login"
    assert edge.events == []


async def test_a_token_for_something_else_is_not_enough(edge: Site) -> None:
    token = edge.token(TRUST, "capacity.write")

    answer = await edge.post("ServiceRequest", service_request(), authorization=f"Bearer {token}")

    assert answer.status_code == 403
    assert edge.events == []


@pytest.mark.parametrize(
    ("organisation", "status"), [(TRUST, 201), (PRACTICE, 201), ("X09", 201), (STRANGER, 403)]
)
async def test_an_organisation_writes_for_itself(
    edge: Site, organisation: str, status: int
) -> None:
    answer = await edge.post("ServiceRequest", service_request(), organisation=organisation)

    assert answer.status_code == status
    if status == 403:
        assert issues(answer) == [("forbidden", "ServiceRequest.performer[0].identifier.value")]
        assert nothing_was_taken(edge)


async def test_no_test_patient_comes_in_where_they_are_not_allowed(tmp_path: Path) -> None:
    async with site(tmp_path, allow_synthetic=False) as edge:
        answer = await edge.post("ServiceRequest", service_request())

    assert answer.status_code == 422
    assert issues(answer) == [("business-rule", "ServiceRequest.contained[0].identifier[0].value")]


# ---- refused: ids and pathways that are taken


async def test_a_used_id_with_another_body_is_a_duplicate(edge: Site) -> None:
    await edge.post("ServiceRequest", service_request(), request_id="same")

    answer = await edge.post(
        "ServiceRequest", service_request(priority="urgent"), request_id="same"
    )

    assert answer.status_code == 409
    assert issues(answer) == [("duplicate", "ServiceRequest")]
    assert types(edge.events)[4:] == ["referral.rejected"]


async def test_a_used_id_with_a_body_that_cannot_be_read_is_a_duplicate_too(edge: Site) -> None:
    await edge.post("ServiceRequest", service_request(), request_id="same")

    answer = await edge.post("ServiceRequest", b"{", request_id="same")

    assert answer.status_code == 409


async def test_a_refused_request_again_gets_the_same_refusal_once_published(edge: Site) -> None:
    body = service_request(orderDetail=[concept(PRACTICE_SETTING, "999")])
    first = await edge.post("ServiceRequest", body, request_id="same")

    again = await edge.post("ServiceRequest", body, request_id="same")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert types(edge.events) == ["referral.rejected"]


async def test_another_patient_under_a_known_ubrn_is_a_conflict(edge: Site) -> None:
    await edge.post("ServiceRequest", service_request())
    other = [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000026"}]

    answer = await edge.post(
        "ServiceRequest", service_request(contained=[patient(identifier=other)])
    )

    assert answer.status_code == 409
    assert issues(answer) == [("conflict", "ServiceRequest.contained[0].identifier[0].value")]


# ---- messages


def _entry(bundle: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    entries = [dict(entry) for entry in bundle["entry"]]
    entries[number]["resource"] = {**entries[number]["resource"], **changes}
    return {**bundle, "entry": entries}


@pytest.mark.parametrize(
    ("bundle", "code", "expression"),
    [
        (message(type="collection"), "not-supported", "Bundle.type"),
        (message(entry=None), "required", "Bundle.entry[0]"),
        (message(entry=message()["entry"][::-1]), "required", "Bundle.entry[0]"),
        (
            _entry(
                message(),
                0,
                eventCoding={
                    "system": "https://fhir.nhs.uk/CodeSystem/message-events-bars",
                    "code": "slot-request",
                },
            ),
            "not-supported",
            "Bundle.entry[0].resource.eventCoding",
        ),
        (
            _entry(
                message(),
                0,
                reason=concept("https://fhir.nhs.uk/CodeSystem/message-reason-bars", "delete"),
            ),
            "not-supported",
            "Bundle.entry[0].resource.reason.coding[0]",
        ),
        (_entry(message(), 0, focus=[]), "required", "Bundle.entry[0].resource.focus"),
        (
            _entry(message(), 0, focus=[{"reference": "urn:uuid:nobody"}]),
            "required",
            "Bundle.entry[0].resource.focus",
        ),
        (_entry(message(), 1, status="draft"), "not-supported", "Bundle.entry[1].resource.status"),
        (
            _entry(message(), 2, birthDate="1961-13-41"),
            "value",
            "Bundle.entry[2].resource.birthDate",
        ),
        (
            _entry(message(), 4, identifier=[]),
            "required",
            "Bundle.entry[1].resource.performer",
        ),
    ],
)
async def test_a_message_that_is_no_new_referral_is_refused(
    edge: Site, bundle: dict[str, Any], code: str, expression: str
) -> None:
    answer = await edge.post("$process-message", bundle)

    assert answer.status_code == 422
    assert (code, expression) in issues(answer)
    assert nothing_was_taken(edge)


# ---- capabilities and reading


async def test_the_capability_statement_is_valid_and_needs_no_token(edge: Site) -> None:
    answer = await edge.client.get("/FHIR/R4/metadata")

    assert answer.status_code == 200
    assert fhirkit.validate(answer.content) == []


_METHODS = {
    "create": ("post", ""),
    "read": ("get", "/{id}"),
    "update": ("put", "/{id}"),
    "search-type": ("get", ""),
}


async def test_every_interaction_that_is_declared_exists(edge: Site) -> None:
    rest = (await edge.client.get("/FHIR/R4/metadata")).json()["rest"][0]
    paths = edge.app.openapi()["paths"]

    declared = {
        (method, f"/FHIR/R4/{resource['type']}{path}")
        for resource in rest["resource"]
        for method, path in (_METHODS[one["code"]] for one in resource["interaction"])
    }
    by_form = {("post", f"/FHIR/R4/{one['type']}/_search") for one in rest["resource"]}
    others = {("get", "/FHIR/R4/metadata"), ("post", "/FHIR/R4/$process-message")}

    assert declared | by_form | others == {
        (method, path)
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/FHIR/")
    }


@pytest.mark.parametrize("path", ["ServiceRequest", "$process-message"])
async def test_the_example_on_the_page_is_taken_without_a_warning(edge: Site, path: str) -> None:
    operation = edge.app.openapi()["paths"][f"/FHIR/R4/{path}"]["post"]
    example = operation["requestBody"]["content"]["application/fhir+json"]["example"]

    answer = await edge.post(path, example)

    assert answer.is_success
    assert "warning" not in answer.headers
    assert fhirkit.validate(json.dumps(example)) == []


async def test_the_location_gives_the_referral_back(edge: Site) -> None:
    created = await edge.post("ServiceRequest", service_request())

    read = await edge.get(created.headers["location"])

    assert read.status_code == 200
    assert read.content == created.content


async def test_a_pathway_of_others_does_not_exist(edge: Site) -> None:
    created = await edge.post("ServiceRequest", service_request())
    location = created.headers["location"]

    foreign = await edge.get(location, organisation=STRANGER)
    absent = await edge.get(f"/FHIR/R4/ServiceRequest/{'0' * 32}", organisation=STRANGER)

    assert (foreign.status_code, foreign.json()) == (absent.status_code, absent.json())
    assert foreign.status_code == 404


async def test_write_scope_does_not_read(edge: Site) -> None:
    headers = {
        "authorization": f"Bearer {edge.token(TRUST, WRITE)}",
        "fairwait-reason": "validation",
    }

    answer = await edge.client.get(f"/FHIR/R4/ServiceRequest/{PATHWAY}", headers=headers)

    assert answer.status_code == 403
