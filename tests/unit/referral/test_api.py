"""What trusts ask over JSON, and the record of who read what."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.referral.builders import PATHWAY, PRACTICE, STRANGER, TRUST
from tests.unit.referral.fhir import service_request
from tests.unit.referral.site import Site, site


@pytest.fixture
async def trust(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


def ubrn(number: int) -> dict[str, Any]:
    value = f"{number:012d}"
    return {"identifier": [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": value}]}


def audit(site: Site) -> list[dict[str, Any]]:
    return [one["state"] for one in site.store.collections["audit"].values()]


async def test_a_trust_sees_its_pathway(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())

    answer = await trust.get(f"/pathways/{PATHWAY}")

    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "waiting"
    assert body["days_waited"] == 1
    assert body["right_to_choose"]["decision"] == "RIGHT_A"
    assert body["periods"] == [
        {
            "started_on": "2026-03-01",
            "start_status": "10",
            "stopped_on": None,
            "stop_status": None,
        }
    ]


@pytest.mark.parametrize("organisation", [STRANGER, PRACTICE])
async def test_for_others_there_is_no_such_pathway(trust: Site, organisation: str) -> None:
    await trust.post("ServiceRequest", service_request())

    foreign = await trust.get(f"/pathways/{PATHWAY}", organisation=organisation)
    absent = await trust.get(f"/pathways/{'0' * 32}", organisation=organisation)

    def shown(answer: Any) -> dict[str, Any]:
        return {name: value for name, value in answer.json().items() if name != "instance"}

    assert foreign.status_code == absent.status_code == 404
    assert shown(foreign) == shown(absent)


async def test_every_read_and_every_attempt_is_on_record(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())

    await trust.get(f"/pathways/{PATHWAY}", reason="direct-care")
    await trust.get(f"/pathways/{PATHWAY}", organisation=STRANGER)
    await trust.get("/pathways", reason="booking")

    told = [(one["organisation"], one["reason"], one["given"]) for one in audit(trust)]
    assert told == [
        (TRUST, "direct-care", True),
        (STRANGER, "validation", False),
        (TRUST, "booking", True),
    ]
    assert [one["pathway_ids"] for one in audit(trust)] == [[PATHWAY]] * 3
    assert audit(trust)[0]["subject"] == "rj1-system"
    assert [one["what"] for one in audit(trust)] == [
        "GET /pathways/{pathway_id}",
        "GET /pathways/{pathway_id}",
        "GET /pathways",
    ]


async def test_a_list_is_one_read_of_all_its_pathways_and_an_empty_one_is_a_read_too(
    trust: Site,
) -> None:
    await trust.post("ServiceRequest", service_request(**ubrn(1)))
    await trust.post("ServiceRequest", service_request(**ubrn(2)))

    listed = (await trust.get("/pathways")).json()["pathways"]
    await trust.get("/pathways", organisation=STRANGER)

    ids = [[one["pathway_id"] for one in listed], []]
    assert [one["pathway_ids"] for one in audit(trust)] == ids


async def test_a_trust_can_say_who_looked_the_newest_first(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())
    for reason in ("direct-care", "booking", "complaint"):
        trust.clock.instant += timedelta(minutes=1)
        await trust.get(f"/pathways/{PATHWAY}", reason=reason)
    trust.clock.instant += timedelta(minutes=1)
    await trust.get(f"/pathways/{PATHWAY}", organisation=STRANGER)
    await trust.get("/waiting-list")

    trust.clock.instant += timedelta(minutes=1)
    first = await trust.get(f"/pathways/{PATHWAY}/reads", limit="3", reason="audit")
    rest = await trust.get(
        f"/pathways/{PATHWAY}/reads", cursor=first.json()["next"], reason="audit"
    )

    told = [(one["organisation"], one["reason"], one["given"]) for one in first.json()["reads"]]
    assert sorted(told[:2]) == [(TRUST, "validation", True), (STRANGER, "validation", False)]
    assert told[2] == (TRUST, "complaint", True)
    assert [one["reason"] for one in rest.json()["reads"]] == ["booking", "direct-care"]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("reason", ["", "curiosity"])
@pytest.mark.parametrize("path", [f"/pathways/{PATHWAY}", "/pathways"])
async def test_nobody_reads_without_a_reason(trust: Site, path: str, reason: str) -> None:
    answer = await trust.get(path, reason=reason)

    assert answer.status_code == 400
    assert answer.json()["code"] == "reason_required"


@pytest.mark.parametrize("path", ["/pathways/x", "/pathways/" + "A" * 32, "/pathways?limit=0"])
async def test_a_question_not_in_its_form_is_refused(trust: Site, path: str) -> None:
    assert (await trust.get(path)).status_code == 422


async def test_a_list_goes_on_from_page_to_page_longest_waits_first(trust: Site) -> None:
    days = ["2026-02-10", "2026-02-12", "2026-02-11", "2026-02-11", "2026-02-14"]
    for number, day in enumerate(days):
        await trust.post("ServiceRequest", service_request(**ubrn(number), authoredOn=day))

    seen, path = [], "/pathways?limit=2"
    for _ in range(10):
        answer = await trust.get(path)
        seen += [one["started_on"] for one in answer.json()["pathways"]]
        if "link" not in answer.headers:
            break
        path = answer.headers["link"].partition(">")[0].removeprefix("<")

    assert seen == sorted(days)


async def test_a_list_is_of_one_state_and_of_one_organisation(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())

    waiting = await trust.get("/pathways", status="waiting")
    booked = await trust.get("/pathways", status="booked")
    others = await trust.get("/pathways", organisation=STRANGER)

    assert [len(one.json()["pathways"]) for one in (waiting, booked, others)] == [1, 0, 0]
    assert (await trust.get("/pathways", status="lost")).status_code == 422


@pytest.mark.parametrize("cursor", ["x", "!!", "eyIkZ3QiOiIifQ", "MjAyNi0wMy0wMXx4"])
async def test_a_cursor_of_somebody_elses_making_is_refused(trust: Site, cursor: str) -> None:
    assert (await trust.get("/pathways", cursor=cursor)).status_code == 400


async def test_a_publisher_learns_what_became_of_its_messages(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request(), request_id="good")
    await trust.post("ServiceRequest", service_request(**ubrn(2), performer=None), request_id="bad")

    good, bad = await trust.get("/submissions/good"), await trust.get("/submissions/bad")
    foreign = await trust.get("/submissions/good", organisation=STRANGER)

    assert (good.json()["verdict"], good.json()["pathway_id"]) == ("accepted", PATHWAY)
    assert bad.json()["verdict"] == "rejected"
    assert [one["pointer"] for one in bad.json()["problems"]] == ["ServiceRequest.performer"]
    assert foreign.status_code == 404


async def test_counts_are_for_operators(trust: Site) -> None:
    assert (await trust.get("/counts")).status_code == 403


async def test_a_trust_asks_how_a_pathway_stood_and_what_was_known(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())

    today = (await trust.get(f"/pathways/{PATHWAY}?as_at=2026-03-01")).json()
    before = await trust.get(f"/pathways/{PATHWAY}?as_at=2026-02-28")
    unknown = await trust.get(f"/pathways/{PATHWAY}?as_known_on=2026-03-01")

    assert (today["days_waited"], today["as_at"], today["as_known_on"]) == (
        0,
        "2026-03-01",
        "2026-03-02",
    )
    assert before.json()["periods"] == []
    assert unknown.status_code == 404
