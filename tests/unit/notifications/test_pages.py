"""The journey over HTTP: who may answer, once, and what nobody learns."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest

from contracts.events import IdentityRecorded
from notifications.domain.links import TRIES
from tests.unit.notifications.builders import PATHWAY, RULES, identity, option, shortlisted, wait
from tests.unit.notifications.website import ORIGIN, Website, browser

BORN = {"day": "31", "month": "3", "year": "1980"}
CHOSEN, STAYED = "fairwait.response.provider_chosen.v1", "fairwait.response.stay_chosen.v1"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def website() -> Website:
    return Website()


@pytest.fixture
async def patient(website: Website) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(website) as client:
        yield client


def form_of(page: httpx2.Response) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def submitted(
    client: httpx2.AsyncClient, path: str, headers: dict[str, str] | None = None, **fields: str
) -> httpx2.Response:
    page = await client.get(path)
    return await client.post(path, data={"form": form_of(page), **fields}, headers=headers)


async def identified(client: httpx2.AsyncClient, link: str) -> None:
    answer = await submitted(client, link, None, **BORN)
    assert answer.headers["location"] == f"{link}/hospital"


async def picked(client: httpx2.AsyncClient, link: str, answer: str) -> None:
    await identified(client, link)
    taken = await submitted(client, f"{link}/hospital", answer=answer)
    assert taken.headers["location"] == f"{link}/check"


async def confirmed(client: httpx2.AsyncClient, link: str, answer: str) -> httpx2.Response:
    await picked(client, link, answer)
    done = await submitted(client, f"{link}/check")
    assert done.headers["location"] == f"{link}/done"
    return await client.get(f"{link}/done")


def heading(page: httpx2.Response) -> str:
    found = re.search(r"<h1[^>]*>\s*(.*?)\s*</h1>", page.text, re.DOTALL)
    assert found, page.text
    return found[1]


# ---- the journey


async def test_a_patient_chooses_a_hospital(website: Website, patient: httpx2.AsyncClient) -> None:
    link = await website.offer()

    page = await confirmed(patient, link, "RJ2")

    assert heading(page) == "We have your answer"
    assert "Hospital RJ2, Trust RJ2" in page.text
    assert website.answers() == [CHOSEN]


async def test_a_patient_stays(website: Website, patient: httpx2.AsyncClient) -> None:
    link = await website.offer()

    page = await confirmed(patient, link, "stay")

    assert "Stay where you are" in page.text
    assert website.answers() == [STAYED]


async def test_the_list_says_what_is_known_and_what_is_not(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    options = [
        option("RJ1", wait=None, distance_miles=None, next_place_on=None),
        option("NV7", sector="IS", wait=wait(13.2)),
    ]
    link = await website.offer(offer=shortlisted(options=options))
    await identified(patient, link)

    page = await patient.get(f"{link}/hospital")

    assert page.text.index('value="NV7"') < page.text.index('value="RJ1"')
    for said in (
        "Half of patients wait less than 14 weeks (4,321 people waiting, January 2026)",
        "7 miles away (straight line)",
        "Independent hospital, free on the NHS",
        "Next free appointment: Tuesday 7 April 2026",
        "Waiting time: not known",
        "Distance: not known",
        "Next free appointment: not known",
        "Answer by Monday 16 March 2026",
    ):
        assert said in page.text


async def test_the_answer_can_be_changed_until_it_is_confirmed(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")

    page = await patient.get(f"{link}/hospital")
    assert re.search(r'value="RJ1"[^>]* checked>', page.text)
    await submitted(patient, f"{link}/hospital", answer="stay")
    await submitted(patient, f"{link}/check")

    assert website.answers() == [STAYED]


async def test_nothing_picked_is_told_and_nothing_happens(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await identified(patient, link)

    for answer in ({}, {"answer": "RJ9"}, {"answer": SCRIPT}):
        page = await submitted(patient, f"{link}/hospital", None, **answer)
        assert page.status_code == 400
        assert "<title>Error: " in page.text
        assert 'href="#answer"' in page.text
        assert SCRIPT not in page.text


async def test_steps_cannot_be_skipped(website: Website, patient: httpx2.AsyncClient) -> None:
    link = await website.offer()

    for step in ("/hospital", "/check", "/done"):
        assert (await patient.get(link + step)).headers["location"] == link
    await identified(patient, link)
    assert (await patient.get(f"{link}/check")).headers["location"] == f"{link}/hospital"
    assert (await patient.get(f"{link}/done")).headers["location"] == link


# ---- the date of birth


@pytest.mark.parametrize(
    ("given", "error", "first"),
    [
        ({}, "Enter your date of birth", "day"),
        ({"day": "31", "year": "1980"}, "Date of birth must include a month", "month"),
        ({"day": "31"}, "Date of birth must include a month and year", "month"),
        (BORN | {"month": "2"}, "Date of birth must be a real date", "day"),
        (BORN | {"day": "x"}, "Date of birth must be a real date", "day"),
        (BORN | {"day": "²"}, "Date of birth must be a real date", "day"),
        (BORN | {"year": "0080"}, "Date of birth must be a real date", "day"),
        (BORN | {"year": "2027"}, "Date of birth must be in the past", "day"),
    ],
)
async def test_a_date_that_is_none_is_no_try(
    website: Website,
    patient: httpx2.AsyncClient,
    given: dict[str, str],
    error: str,
    first: str,
) -> None:
    link = await website.offer()

    pages = [await submitted(patient, link, None, **given) for _ in range(TRIES + 1)]

    page = pages[-1]
    assert page.status_code == 400
    assert "<title>Error: " in page.text
    assert f'href="#birth-date-{first}"' in page.text
    assert error in page.text
    await identified(patient, link)


@pytest.mark.parametrize("month", ["March", "mar", " 03 "])
async def test_a_month_may_be_written_as_people_write_it(
    website: Website, patient: httpx2.AsyncClient, month: str
) -> None:
    link = await website.offer()

    answer = await submitted(patient, link, None, **(BORN | {"month": month}))

    assert answer.status_code == 303


async def test_after_five_wrong_dates_of_birth_the_link_is_locked(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    form = form_of(await patient.get(link))

    pages = [
        await patient.post(link, data={"form": form, "day": str(day), "month": "1", "year": "1980"})
        for day in range(1, TRIES + 1)
    ]
    right = await patient.post(link, data={"form": form, **BORN})

    assert "You can try 4 more times" in pages[0].text
    assert "You can try once more" in pages[3].text
    assert [heading(page) for page in (pages[4], right)] == ["This link cannot be used"] * 2
    assert website.answers() == []


# ---- links that lead nowhere


async def dead_links(website: Website) -> list[str]:
    unknown = f"/choose/{'A' * 22}"
    replaced = await website.offer(offer=shortlisted(shortlist_id="list-0"))
    used = await website.offer()
    async with browser(website) as somebody:
        await confirmed(somebody, used, "RJ1")
    return [unknown, replaced, used, f"{used}x", "/choose/%00", "/choose/" + "B" * 4000]


async def test_unknown_replaced_and_used_links_are_one_page(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    pages = [await patient.get(link) for link in await dead_links(website)]

    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert len({tuple(sorted(set(page.headers) - {"date"})) for page in pages}) == 1
    assert "0808 157 0192" in pages[0].text


async def test_an_expired_link_is_the_same_page(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    website.clock.at = datetime(2026, 3, 16, 23, 59, tzinfo=UTC)
    assert (await patient.get(link)).status_code == 200

    website.clock.at = datetime(2026, 3, 17, 0, 0, tzinfo=UTC)

    expired, unknown = await patient.get(link), await patient.get(f"/choose/{'A' * 22}")
    assert (expired.status_code, expired.text) == (unknown.status_code, unknown.text)


async def test_an_answer_in_another_browser_needs_the_link_that_is_used_up(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await confirmed(patient, link, "RJ1")

    async with browser(website) as other:
        for step in ("", "/hospital", "/check", "/done"):
            page = await other.get(link + step, follow_redirects=True)
            assert page.status_code == 404
            assert "RJ1" not in page.text


# ---- answering twice


async def test_a_second_answer_is_told_the_first_and_changes_nothing(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    async with browser(website) as second:
        await picked(second, link, "stay")
        late = form_of(await second.get(f"{link}/check"))
        await confirmed(patient, link, "RJ1")

        await second.post(f"{link}/check", data={"form": late})
        page = await second.get(f"{link}/done")

    assert heading(page) == "You have already answered"
    assert "Your answer on Monday 2 March 2026: Hospital RJ1, Trust RJ1" in page.text
    assert website.answers() == [CHOSEN]


async def test_a_confirmation_sent_twice_is_one_answer(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")
    form = form_of(await patient.get(f"{link}/check"))

    for _ in range(2):
        await patient.post(f"{link}/check", data={"form": form})

    assert website.answers() == [CHOSEN]


async def test_opening_the_link_again_shows_the_answer(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await confirmed(patient, link, "RJ1")

    page = await patient.get(link, follow_redirects=True)

    assert "Hospital RJ1" in page.text


# ---- nobody else


async def test_mail_scanners_change_nothing(website: Website) -> None:
    link = await website.offer()
    before = str(website.store.collections)

    async with browser(website) as scanner:
        for step in ("", "/hospital", "/check", "/done") * 25:
            await scanner.get(link + step, follow_redirects=True)
            await scanner.head(link + step)
            await scanner.request("OPTIONS", link + step)

    assert str(website.store.collections) == before
    assert website.answers() == []


STEPS = ["", "/hospital", "/check"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
async def test_a_form_from_elsewhere_is_refused(
    website: Website, patient: httpx2.AsyncClient, step: str, headers: dict[str, str]
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")

    page = await submitted(patient, link + step, headers, **BORN, answer="RJ1")

    assert page.status_code == 403
    assert website.answers() == []


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), (ORIGIN, 303), ("null", 303)]
)
async def test_an_older_browser_is_judged_by_its_origin(
    website: Website, origin: str, status: int
) -> None:
    link = await website.offer()
    async with browser(website) as old:
        old.headers.pop("sec-fetch-site")

        page = await submitted(old, link, {"origin": origin}, **BORN)

    assert page.status_code == status


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("form", ["", "0" * 64, "ä", SCRIPT])
async def test_a_form_without_its_token_is_refused(
    website: Website, patient: httpx2.AsyncClient, step: str, form: str
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")

    page = await patient.post(link + step, data={"form": form, "answer": "RJ1", **BORN})

    assert page.status_code == 403
    assert website.answers() == []


async def test_the_token_of_one_form_or_visit_is_none_for_another(website: Website) -> None:
    link = await website.offer()
    async with browser(website) as one, browser(website) as other:
        await picked(one, link, "RJ1")
        await picked(other, link, "RJ1")
        for form in (
            form_of(await one.get(f"{link}/check")),
            form_of(await other.get(f"{link}/hospital")),
            form_of(await other.get(link)),
        ):
            page = await other.post(f"{link}/check", data={"form": form})
            assert page.status_code == 403

    assert website.answers() == []


async def test_without_the_cookie_nothing_can_be_answered(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")
    form = form_of(await patient.get(f"{link}/check"))
    patient.cookies.clear()

    page = await patient.post(f"{link}/check", data={"form": form})

    assert page.status_code == 403
    assert website.answers() == []


@pytest.mark.parametrize("cookie", ["", "x", "WyJhIl0.abc", "W10.invalid", "ä"])
async def test_a_forged_cookie_is_no_visit(website: Website, cookie: str) -> None:
    link = await website.offer()
    async with browser(website) as forger:
        given = [(b"cookie", f"visit={cookie}".encode())]
        page = await forger.get(f"{link}/hospital", headers=given)

    assert page.headers["location"] == link


async def test_a_visit_to_one_link_opens_no_other(website: Website) -> None:
    first = await website.offer(offer=shortlisted(shortlist_id="list-1"))
    async with browser(website) as patient:
        await identified(patient, first)
        cookie = patient.cookies["visit"]
        second = await website.offer(offer=shortlisted(shortlist_id="list-2"))
        page = await patient.get(f"{second}/hospital", headers={"cookie": f"visit={cookie}"})

    assert page.headers["location"] == second


async def test_the_cookie_is_for_this_link_only_and_no_script_reads_it(website: Website) -> None:
    link = await website.offer()
    async with browser(website) as patient:
        answer = await submitted(patient, link, None, **BORN)

    parts = set(answer.headers["set-cookie"].split("; ")[1:])
    assert parts == {"HttpOnly", f"Path={link}", "SameSite=strict", "Secure"}


async def test_the_cookie_works_without_encryption_on_a_developers_machine_only() -> None:
    website = Website(environment="development")
    link = await website.offer()
    async with browser(website) as patient:
        answer = await submitted(patient, link, None, **BORN)

    assert "Secure" not in answer.headers["set-cookie"]


# ---- what a page gives away


@pytest.mark.parametrize("step", ["", "/hospital", "/check"])
async def test_every_page_is_closed_to_scripts_frames_referrers_and_caches(
    website: Website, patient: httpx2.AsyncClient, step: str
) -> None:
    link = await website.offer()
    await picked(patient, link, "RJ1")

    headers = (await patient.get(link + step)).headers

    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


async def test_the_token_is_in_no_log_and_no_metric(
    website: Website, patient: httpx2.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    link = await website.offer()
    await confirmed(patient, link, "RJ1")
    await patient.get(link.replace("/choose/", "/choose/x"))

    metrics = (await patient.get("/metrics")).text
    output = capfd.readouterr()

    token = RULES.choice_token(PATHWAY, "list-1")
    assert token not in metrics + output.out + output.err
    assert "Asha" not in metrics + output.out + output.err


@pytest.mark.parametrize(
    "name",
    [
        SCRIPT,
        '"><img src=x onerror=alert(1)>',
        "[[ 1111*1111 ]]",
        "{{ 1111*1111 }}",
        "[% raise %]",
        "' onx='",
    ],
)
async def test_a_name_is_text_wherever_it_stands(
    website: Website, patient: httpx2.AsyncClient, name: str
) -> None:
    options = [option("RJ1", provider_name=name, site_name=f"{name} site")]
    link = await website.offer(contact=named(name), offer=shortlisted(options=options))
    await picked(patient, link, "RJ1")

    pages = [await patient.get(f"{link}/hospital"), await patient.get(f"{link}/check")]
    await submitted(patient, f"{link}/check")
    pages.append(await patient.get(f"{link}/done"))

    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "1234321" not in page.text


def named(name: str) -> IdentityRecorded:
    return identity(given_name=name[:100], family_name=name[:100])


# ---- the rest


@pytest.mark.parametrize("path", ["/", "/accessibility", "/privacy"])
async def test_plain_pages(patient: httpx2.AsyncClient, path: str) -> None:
    page = await patient.get(path)

    assert page.status_code == 200
    assert heading(page)


async def test_a_person_who_mistyped_gets_a_page(patient: httpx2.AsyncClient) -> None:
    page = await patient.get("/chose/abc")

    assert page.status_code == 404
    assert heading(page) == "Page not found"


async def test_a_body_that_is_too_large_is_a_page_too(patient: httpx2.AsyncClient) -> None:
    page = await patient.post(f"/choose/{'A' * 22}", content=b"x" * (1024 * 1024 + 1))

    assert heading(page) in {"Sorry, there is a problem", "This link cannot be used"}


async def test_a_program_that_mistyped_gets_a_problem(patient: httpx2.AsyncClient) -> None:
    answer = await patient.get("/chose/abc", headers={"accept": "application/json"})

    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("nhsuk-frontend.min.css", "text/css"),
        ("nhsuk-frontend.min.js", "text/javascript"),
        ("start.js", "text/javascript"),
        ("images/favicon.svg", "image/svg+xml"),
    ],
)
async def test_assets(patient: httpx2.AsyncClient, path: str, media_type: str) -> None:
    answer = await patient.get(f"/assets/{path}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "README.md", "", "/etc/passwd"])
async def test_nothing_else_is_an_asset(patient: httpx2.AsyncClient, path: str) -> None:
    assert (await patient.get(f"/assets/{path}")).status_code == 404


async def test_a_form_of_another_kind_is_read_as_empty(
    website: Website, patient: httpx2.AsyncClient
) -> None:
    link = await website.offer()

    answer = await patient.post(
        link, content=b'{"form": "x"}', headers={"content-type": "text/json"}
    )

    assert answer.status_code == 403
