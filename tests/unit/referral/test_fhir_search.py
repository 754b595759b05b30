"""Searching over FHIR: what is found, by whom, in pages, and that no address names a patient."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import fhirkit
import pytest

from tests.unit.referral.builders import PATHWAY, STRANGER, TRUST, UBRN
from tests.unit.referral.fhir import (
    appointment,
    concept,
    organisation,
    patient,
    transfer,
    urgent_request,
    wish,
)
from tests.unit.referral.site import DAY, Site, site

NHS_NUMBERS = ("9990000018", "9990000026", "9990000034")
UBRN_SYSTEM = "https://fhir.nhs.uk/Id/UBRN"


def ubrn(number: int) -> dict[str, str]:
    return {"system": UBRN_SYSTEM, "value": f"{70000 + number:012}"}


def page_of(at: str) -> str:
    """A page that begins after a pathway that changed at this moment."""
    return base64.urlsafe_b64encode(f"{at}|{'0' * 32}|0|".encode()).decode().rstrip("=")


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    """Three patients, a minute apart; the first two have appointments, on 20 and 21 April."""
    async with site(tmp_path) as made:
        for number, nhs_number in enumerate(NHS_NUMBERS):
            who = patient(
                identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs_number}]
            )
            await made.post(
                "ServiceRequest", urgent_request(contained=[who], identifier=[ubrn(number)])
            )
            made.clock.instant += timedelta(minutes=1)
        for number in (0, 1):
            await made.post("Appointment", _appointment(number))
            made.clock.instant += timedelta(minutes=1)
        yield made


def _appointment(number: int, **changes: Any) -> dict[str, Any]:
    name = {"system": "urn:diary", "value": f"diary-{number}"}
    told = {
        "identifier": [name],
        "start": f"2026-04-2{number}T09:30:00+01:00",
        "basedOn": [{"identifier": ubrn(number)}],
        "participant": [],
    }
    return appointment(**{**told, **changes})


def found(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert fhirkit.validate(answer.content) == []
    body = answer.json()
    assert (body["resourceType"], body["type"]) == ("Bundle", "searchset")
    return [one["resource"] for one in body.get("entry", [])]


def ubrns(answer: Any) -> list[str]:
    return [one["identifier"][0]["value"][-1] for one in found(answer)]


def names(answer: Any) -> list[str]:
    return [one["identifier"][0]["value"] for one in found(answer)]


def link(answer: Any, relation: str) -> str | None:
    links = {one["relation"]: one["url"] for one in answer.json()["link"]}
    return links.get(relation)


async def follow(edge: Site, address: str) -> Any:
    parts = urlsplit(address)
    return await edge.get(parts.path, **dict(parse_qsl(parts.query)))


# ---- what is found


async def test_everything_that_an_organisation_has_to_do_with(edge: Site) -> None:
    referrals = await edge.get("/FHIR/R4/ServiceRequest")
    appointments = await edge.get("/FHIR/R4/Appointment")
    tasks = await edge.get("/FHIR/R4/Task")

    assert ubrns(referrals) == ["2", "0", "1"]  # those changed first before the others
    assert names(appointments) == ["diary-0", "diary-1"]
    assert found(tasks) == []
    assert [one.json()["total"] for one in (referrals, appointments, tasks)] == [3, 2, 0]
    entry = referrals.json()["entry"][1]
    assert entry["fullUrl"] == f"http://test/FHIR/R4/ServiceRequest/{PATHWAY}"
    assert entry["search"] == {"mode": "match"}


@pytest.mark.parametrize("kind", ["ServiceRequest", "Appointment", "Task"])
async def test_others_find_nothing(edge: Site, kind: str) -> None:
    answer = await edge.get(f"/FHIR/R4/{kind}", organisation=STRANGER)
    by_name = await edge.search(kind, organisation=STRANGER, patient=NHS_NUMBERS[0])

    assert (found(answer), found(by_name)) == ([], [])
    assert answer.json()["total"] == 0


@pytest.mark.parametrize(
    ("kind", "query", "expected"),
    [
        ("ServiceRequest", {"identifier": f"{UBRN_SYSTEM}|{UBRN}"}, ["0"]),
        ("ServiceRequest", {"identifier": UBRN}, ["0"]),
        ("ServiceRequest", {"identifier": f"{UBRN},000000070002"}, ["2", "0"]),
        ("ServiceRequest", {"identifier": f"urn:other|{UBRN}"}, []),
        ("ServiceRequest", {"_id": PATHWAY}, ["0"]),
        ("ServiceRequest", {"status": "active"}, ["2", "0", "1"]),
        ("ServiceRequest", {"status": "revoked,entered-in-error"}, []),
        ("ServiceRequest", {"authored": "2026-03-01"}, ["2", "0", "1"]),
        ("ServiceRequest", {"authored": "lt2026-03-01"}, []),
        ("ServiceRequest", {"_lastUpdated": "ge2026-03-02T10:04:00Z"}, ["1"]),
        ("ServiceRequest", {"_lastUpdated": "lt2026-03-02T10:04:00Z"}, ["2", "0"]),
        ("ServiceRequest", {"_lastUpdated": "gt2026-03-02"}, []),
        ("Appointment", {"identifier": "diary-1"}, ["1"]),
        ("Appointment", {"date": "2026-04-20"}, ["0"]),
        ("Appointment", {"date": "gt2026-04-20"}, ["1"]),
        ("Appointment", {"date": "le2026-04-21"}, ["0", "1"]),
        ("Appointment", {"date": "2026-04"}, ["0", "1"]),
        ("Appointment", {"date": "2026-04-21T08:30:00Z"}, ["1"]),
        ("Appointment", {"status": "cancelled"}, []),
        ("Appointment", {"status": "booked,noshow"}, ["0", "1"]),
        ("Appointment", {"based-on": f"ServiceRequest/{PATHWAY}"}, ["0"]),
    ],
)
async def test_parameters_narrow_it(
    edge: Site, kind: str, query: dict[str, str], expected: list[str]
) -> None:
    answer = await edge.get(f"/FHIR/R4/{kind}", **query)
    by_form = await edge.search(kind, **{name.replace("-", "__"): v for name, v in query.items()})

    assert ubrns(answer) == expected
    assert by_form.json().get("entry") == answer.json().get("entry")


@pytest.mark.parametrize("instant", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"])
async def test_an_hour_that_comes_twice_is_found_by_its_instant(edge: Site, instant: str) -> None:
    await edge.post("Appointment", _appointment(2, start=instant))

    by_instant = await edge.get("/FHIR/R4/Appointment", date=instant)
    by_day = await edge.get("/FHIR/R4/Appointment", date="2026-10-25")
    other = await edge.get("/FHIR/R4/Appointment", date="2026-10-25T02:30:00Z")

    assert [names(one) for one in (by_instant, by_day, other)] == [["diary-2"], ["diary-2"], []]


async def test_a_day_is_one_of_london(edge: Site) -> None:
    await edge.post("Appointment", _appointment(2, start="2026-06-30T23:30:00Z"))

    assert names(await edge.get("/FHIR/R4/Appointment", date="2026-07-01")) == ["diary-2"]
    assert names(await edge.get("/FHIR/R4/Appointment", date="2026-06-30")) == []


async def test_tasks_are_found_by_status_and_what_they_are_based_on(edge: Site) -> None:
    kept = found(await edge.get("/FHIR/R4/Appointment", identifier="diary-0"))[0]
    await edge.post("Task", wish(kept["id"]))
    await edge.post("Task", transfer(owner=organisation("RJ7")))

    requested = await edge.get("/FHIR/R4/Task", status="requested")
    one = await edge.get("/FHIR/R4/Task", identifier="wish-1")
    based = await edge.get("/FHIR/R4/Task", **{"based-on": PATHWAY, "authored-on": "2026-03-02"})

    assert names(requested) == ["wish-1", "transfer-1"]
    assert names(one) == ["wish-1"]
    assert names(based) == ["wish-1", "transfer-1"]


# ---- a patient


async def test_a_patient_is_found_by_post_alone(edge: Site) -> None:
    answer = await edge.search("ServiceRequest", patient=NHS_NUMBERS[1])
    with_system = await edge.search(
        "Appointment", patient=f"https://fhir.nhs.uk/Id/nhs-number|{NHS_NUMBERS[1]}"
    )

    assert ubrns(answer) == ["1"]
    assert names(with_system) == ["diary-1"]
    assert NHS_NUMBERS[1] not in str(answer.json()["link"])


@pytest.mark.parametrize(
    "query",
    [
        {"patient": NHS_NUMBERS[0]},
        {"patient:identifier": NHS_NUMBERS[0]},
        {"subject": f"https://fhir.nhs.uk/Id/nhs-number|{NHS_NUMBERS[0]}"},
        {"identifier": f"https://fhir.nhs.uk/Id/nhs-number|{NHS_NUMBERS[0]}"},
        {"identifier": NHS_NUMBERS[0]},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_address_names_a_patient(edge: Site, query: dict[str, str], method: str) -> None:
    headers = {"authorization": f"Bearer {edge.token()}", "fairwait-reason": "booking"}
    path = "/FHIR/R4/ServiceRequest" + ("/_search" if method == "POST" else "")
    form = {"status": "active"} if method == "POST" else None

    answer = await edge.client.request(method, path, params=query, headers=headers, data=form)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [f"http.{next(iter(query))}"]
    assert NHS_NUMBERS[0] not in answer.text


async def test_the_pages_of_a_patient_name_nobody(edge: Site) -> None:
    who = patient()
    for number in (7, 8, 9):
        await edge.post(
            "ServiceRequest", urgent_request(contained=[who], identifier=[ubrn(number)])
        )

    first = await edge.search("ServiceRequest", patient=NHS_NUMBERS[0], _count="3")
    address = link(first, "next") or ""
    second = await follow(edge, address)

    assert NHS_NUMBERS[0] not in address
    assert sorted(ubrns(first) + ubrns(second)) == ["0", "7", "8", "9"]
    assert link(second, "next") is None
    foreign = await edge.client.get(
        address, headers={"authorization": f"Bearer {edge.token(STRANGER)}", "fairwait-reason": "booking"}
    )  # fmt: skip
    assert found(foreign) == []


# ---- pages


async def test_pages_follow_each_other_until_the_last(edge: Site) -> None:
    answer = await edge.get("/FHIR/R4/ServiceRequest", _count="1", status="active")
    seen = ubrns(answer)
    while address := link(answer, "next"):
        assert "status=active" in address
        answer = await follow(edge, address)
        seen += ubrns(answer)

    assert seen == ["2", "0", "1"]
    assert "total" not in answer.json()


@pytest.mark.parametrize(
    ("since", "expected"),
    [("0001-01-01", ["2", "0", "1"]), ("2020", ["2", "0", "1"]), ("9998", [])],
)
async def test_a_search_from_long_ago_or_far_ahead_ends(
    edge: Site, since: str, expected: list[str]
) -> None:
    edge.clock.instant += 400 * DAY

    answer = await edge.get("/FHIR/R4/ServiceRequest", _lastUpdated=f"ge{since}")
    page = await edge.get(
        "/FHIR/R4/ServiceRequest", _page=page_of(f"{since[:4]}-01-01T00:00:00.000000Z")
    )

    assert (ubrns(answer), ubrns(page)) == (expected, expected)


async def test_a_page_ends_within_a_pathway_too(edge: Site) -> None:
    for number in (5, 6):
        name = [{"system": "urn:diary", "value": f"diary-{number}"}]
        await edge.post(
            "Appointment",
            _appointment(0, identifier=name, start=f"2026-05-0{number}T09:00:00+01:00"),
        )

    answer = await edge.get("/FHIR/R4/Appointment", _count="2")
    seen = [names(answer)]
    while address := link(answer, "next"):
        answer = await follow(edge, address)
        seen.append(names(answer))

    assert seen == [["diary-1", "diary-0"], ["diary-5", "diary-6"]]


async def test_what_changes_meanwhile_comes_again_and_nothing_is_missed(edge: Site) -> None:
    first = await edge.get("/FHIR/R4/ServiceRequest", _count="1")
    await edge.post("Appointment", _appointment(2))

    second = await follow(edge, link(first, "next") or "")
    third = await follow(edge, link(second, "next") or "")
    last = await follow(edge, link(third, "next") or "")

    assert [ubrns(one) for one in (first, second, third, last)] == [["2"], ["0"], ["1"], ["2"]]


async def test_a_search_looks_at_so_many_and_says_where_to_go_on(
    edge: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.handlers.finding.LONGEST_LOOK", 1)

    answer = await edge.get("/FHIR/R4/ServiceRequest", authored="2026-03-01", status="revoked")
    pages = 1
    while address := link(answer, "next"):
        assert found(answer) == []
        answer = await follow(edge, address)
        pages += 1

    assert pages <= 4
    assert found(answer) == []


# ---- declared

_VALUES = {
    "_id": PATHWAY, "identifier": UBRN, "patient": NHS_NUMBERS[0], "status": "active",
    "authored": "2026", "date": "2026", "authored-on": "2026", "based-on": PATHWAY,
    "_lastUpdated": "2026",
}  # fmt: skip


async def test_every_parameter_that_is_declared_is_taken(edge: Site) -> None:
    rest = (await edge.client.get("/FHIR/R4/metadata")).json()["rest"][0]
    declared = {
        (one["type"], parameter["name"])
        for one in rest["resource"]
        for parameter in one["searchParam"]
    }

    for kind, name in sorted(declared):
        form = {name.replace("-", "__"): _VALUES[name]}
        assert (await edge.search(kind, **form)).status_code == 200, name
    for kind, name in {(kind, name) for kind in ("ServiceRequest", "Appointment", "Task")
                       for name in _VALUES} - declared:  # fmt: skip
        form = {name.replace("-", "__"): _VALUES[name]}
        assert (await edge.search(kind, **form)).status_code == 400, name


# ---- refused


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("ServiceRequest", {"date": "2026-03-01"}),
        ("ServiceRequest", {"name": "Example"}),
        ("ServiceRequest", {"authored": "yesterday"}),
        ("ServiceRequest", {"authored": "2026-02-30"}),
        ("ServiceRequest", {"authored": "ne2026-03-01"}),
        ("ServiceRequest", {"_count": "0"}),
        ("ServiceRequest", {"_count": "many"}),
        ("ServiceRequest", {"_sort": "-authored"}),
        ("ServiceRequest", {"_format": "xml"}),
        ("ServiceRequest", {"_page": "bm9uc2Vuc2U"}),
        ("ServiceRequest", {"_page": page_of("2026-02-30T10:00:00.000000Z")}),
        ("ServiceRequest", {"identifier": "|"}),
        ("ServiceRequest", {"status": "active' or 1"}),
        ("Appointment", {"based-on": "Patient/1"}),
        ("Task", {"_id": "x" * 65}),
    ],
)
async def test_what_cannot_be_searched_by_is_refused(
    edge: Site, kind: str, query: dict[str, str]
) -> None:
    answer = await edge.get(f"/FHIR/R4/{kind}", **query)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [f"http.{next(iter(query))}"]
    assert next(iter(query.values())) not in answer.text or len(next(iter(query.values()))) < 3


async def test_a_form_is_what_is_posted(edge: Site) -> None:
    headers = {
        "authorization": f"Bearer {edge.token()}",
        "fairwait-reason": "booking",
        "content-type": "application/json",
    }

    answer = await edge.client.post(
        "/FHIR/R4/ServiceRequest/_search", content=b"{}", headers=headers
    )

    assert answer.status_code == 415


async def test_who_searches_says_why_and_may(edge: Site) -> None:
    without = await edge.get("/FHIR/R4/Appointment", reason="")
    writer = {"authorization": f"Bearer {edge.token(TRUST, 'referral.write')}"}
    scope = await edge.client.get(
        "/FHIR/R4/Appointment", headers={**writer, "fairwait-reason": "booking"}
    )

    assert (without.status_code, scope.status_code) == (400, 403)
    assert without.json()["resourceType"] == "OperationOutcome"


# ---- on record


async def test_a_search_is_on_record_with_all_it_showed(edge: Site) -> None:
    await edge.search("Appointment", patient=NHS_NUMBERS[0], reason="direct-care")
    await edge.get("/FHIR/R4/Task")

    entries = [one["state"] for one in edge.store.collections["audit"].values()]
    assert [(one["what"], one["reason"], one["pathway_ids"]) for one in entries] == [
        ("POST /FHIR/R4/Appointment/_search", "direct-care", [PATHWAY]),
        ("GET /FHIR/R4/Task", "validation", []),
    ]


async def test_an_appointment_that_ends_is_found_by_its_new_status(edge: Site) -> None:
    kept = found(await edge.get("/FHIR/R4/Appointment", identifier="diary-0"))[0]
    edge.clock.instant += DAY
    reason = concept("http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "pat")
    cancelled = {**kept, "status": "cancelled", "cancelationReason": reason}
    await edge.put(f"Appointment/{kept['id']}", cancelled)

    answer = await edge.get("/FHIR/R4/Appointment", status="cancelled")

    assert names(answer) == ["diary-0"]
    assert found(answer)[0]["meta"]["lastUpdated"].startswith("2026-03-03")
