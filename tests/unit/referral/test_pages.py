"""The pages for staff: who gets in, what is on record, and that they show what the API shows."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import httpx2
import pytest

from referral.domain.clock import Period
from referral.pages.timeline import LEFT, WIDTH, timeline
from tests.unit.referral.builders import PATHWAY, STRANGER, TODAY, TRUST
from tests.unit.referral.fhir import service_request
from tests.unit.referral.site import Site, site
from tests.unit.referral.test_waiting_list import wait_for

FORM = {"sec-fetch-site": "same-origin"}
BROWSER = {"accept": "text/html"}


@pytest.fixture
async def trust(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


async def signed_in(
    trust: Site, organisation: str = TRUST, *scopes: str, reason: str = "audit"
) -> httpx2.Response:
    given = {"token": trust.token(organisation, *scopes), "reason": reason}
    return await trust.client.post("/pages/sign-in", data=given, headers=FORM)


async def get(trust: Site, path: str) -> httpx2.Response:
    return await trust.client.get(path, headers=BROWSER)


async def test_the_token_is_kept_where_no_script_and_no_other_site_has_it(trust: Site) -> None:
    answer = await signed_in(trust)

    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/pages" in cookie


@pytest.mark.parametrize("path", ["/pages/waiting-list", f"/pages/pathways/{PATHWAY}"])
async def test_whoever_is_not_signed_in_is_asked_to(trust: Site, path: str) -> None:
    answer = await get(trust, path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/pages/sign-in")
    assert trust.store.collections["audit"] == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"token": "", "reason": "audit"}, "Enter your access token"),
        ({"token": "x.y.z", "reason": "audit"}, "The access token is not valid"),
        ({"token": "x" * 5000, "reason": "audit"}, "The access token is not valid"),
        ({"token": "x.y.z", "reason": ""}, "Select why you read"),
        ({"token": "x.y.z", "reason": "curiosity"}, "Select why you read"),
    ],
)
async def test_nobody_signs_in_without_a_token_and_a_reason(
    trust: Site, given: dict[str, str], told: str
) -> None:
    answer = await trust.client.post("/pages/sign-in", data=given, headers=FORM)

    assert answer.status_code == 400
    assert told in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_form_of_another_site_signs_nobody_in(trust: Site) -> None:
    answer = await trust.client.post(
        "/pages/sign-in",
        data={"token": trust.token(), "reason": "audit"},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403


async def test_a_token_without_the_scope_reads_no_patient(trust: Site) -> None:
    await wait_for(trust, 1, 10)
    await signed_in(trust, TRUST, "referral.write")

    assert (await get(trust, "/pages/waiting-list")).status_code == 403
    assert (await get(trust, "/pages/rejections")).status_code == 200
    assert trust.store.collections["audit"] == {}


async def test_signing_out_ends_it(trust: Site) -> None:
    await signed_in(trust)
    await trust.client.post("/pages/sign-out", headers=FORM)

    assert (await get(trust, "/pages/waiting-list")).status_code == 303


async def test_reading_is_on_record_with_the_reason_that_was_given(trust: Site) -> None:
    id = await wait_for(trust, 1, 200)
    await signed_in(trust, reason="complaint")

    await get(trust, "/pages/waiting-list")
    await get(trust, f"/pages/pathways/{id}")
    await get(trust, f"/pages/pathways/{'0' * 32}")

    entries = [one["state"] for one in trust.store.collections["audit"].values()]
    assert [(one["reason"], one["given"], one["pathway_ids"]) for one in entries] == [
        ("complaint", True, [id]),
        ("complaint", True, [id]),
        ("complaint", False, ["0" * 32]),
    ]
    assert [one["what"] for one in entries][1] == "GET /pages/pathways/{pathway_id}"


async def test_the_list_of_the_page_is_the_list_of_the_api(trust: Site) -> None:
    for number in range(60):
        await wait_for(trust, number, 10 * number)
    await signed_in(trust)

    first = await get(trust, "/pages/waiting-list?band=&status=waiting&due_by=")
    following = first.text.split("Next page")[0].rpartition('href="')[2].partition('"')[0]
    second = await get(trust, following.replace("&amp;", "&"))
    file = await get(trust, "/pages/waiting-list?status=waiting&format=csv")

    assert first.text.count('scope="row"') == 50
    assert second.text.count('scope="row"') == 10
    api = await trust.get("/waiting-list", format="csv")
    assert file.text == api.text


async def test_a_filter_not_in_its_form_is_told_and_nothing_is_read(trust: Site) -> None:
    await signed_in(trust)

    for query in ("band=x", "due_by=soon&deadline=18-weeks", "due_by=2026-03-01"):
        answer = await get(trust, f"/pages/waiting-list?{query}")
        assert answer.status_code == 400
        assert "There is a problem" in answer.text
    assert trust.store.collections["audit"] == {}


async def test_a_page_of_another_trusts_patient_is_not_there(trust: Site) -> None:
    await trust.post("ServiceRequest", service_request())
    await signed_in(trust, STRANGER)

    foreign = await get(trust, f"/pages/pathways/{PATHWAY}")
    absent = await get(trust, f"/pages/pathways/{'0' * 32}")

    assert foreign.status_code == absent.status_code == 404
    assert foreign.text == absent.text


async def test_what_is_no_name_of_a_pathway_gets_on_no_record(trust: Site) -> None:
    await signed_in(trust)

    answer = await get(trust, "/pages/pathways/9990000018")

    assert answer.status_code == 422
    assert "This page cannot be shown" in answer.text
    assert trust.store.collections["audit"] == {}


async def test_what_came_from_outside_is_text_on_a_page(trust: Site) -> None:
    await wait_for(trust, 1, 10, treatment_function="<b>")
    await signed_in(trust)

    answer = await get(trust, "/pages/waiting-list")

    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text


# ---- the picture


def test_a_period_is_as_long_as_its_days() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=100)
    half = first + timedelta(days=50)

    drawn = timeline([Period(first, "10", half, "30"), Period(half, "11")], [], last)

    assert [(bar.x, bar.open) for bar in drawn.bars] == [(LEFT, False), (WIDTH // 2, True)]
    assert drawn.bars[0].width == drawn.bars[1].width == WIDTH // 2 - LEFT
    assert "still running on 11 April 2026" in drawn.bars[1].title


@pytest.mark.parametrize(("days", "limits"), [(125, []), (126, ["18 weeks"]), (370, ["18", "52"])])
def test_limits_are_drawn_where_they_have_been_reached(days: int, limits: list[str]) -> None:
    drawn = timeline([Period(TODAY - timedelta(days=days), "10")], [], TODAY)

    assert [one.text.split()[0] for one in drawn.limits] == [one.split()[0] for one in limits]


def test_a_story_of_one_day_can_be_drawn() -> None:
    drawn = timeline([Period(TODAY, "10")], [], TODAY)

    assert drawn.bars[0].width > 0
    assert len(drawn.days) >= 1
