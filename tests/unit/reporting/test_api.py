"""What programs and people can ask reporting for, and who may."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError

from chassis.settings import RefusedSettings, load
from chassis.tokens import DevelopmentIssuer, Tokens
from contracts.event import write
from reporting.repositories import SEGMENTS
from reporting.settings import ReportingSection, ReportingSettings
from tests.unit.reporting import stories
from tests.unit.reporting.memory import MemoryUnits, consume
from tests.unit.reporting.site import site
from tests.unit.reporting.stories import events_of

PAGE = {"accept": "text/html"}
DAY = [
    *stories.day(seed=4, pathways=40),
    stories.core(),
    stories.winding(),
    stories.rejection(1),
    stories.capacity(1),
]


@pytest.fixture
async def units() -> MemoryUnits:
    units = MemoryUnits()
    await consume(units, events_of(DAY))
    return units


@pytest.fixture
def section(tmp_path: Path) -> ReportingSection:
    return ReportingSection(directory=tmp_path / "dataset", open=True)


@pytest.fixture
async def client(
    units: MemoryUnits, section: ReportingSection
) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=site(units, section))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def published(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    answer = await client.post("/dataset")
    assert answer.status_code == 201
    return client


# ---- releases and files


async def test_a_release_is_built_listed_and_downloaded(published: httpx2.AsyncClient) -> None:
    listed = (await published.get("/dataset")).json()["releases"]
    manifest = (await published.get("/dataset/latest/manifest.json")).json()

    assert [one["release"] for one in listed] == ["0001"]
    for name, facts in manifest["files"].items():
        answer = await published.get(f"/dataset/0001/{name}")
        assert answer.status_code == 200
        assert hashlib.sha256(answer.content).hexdigest() == facts["sha256"]
        assert answer.headers["content-disposition"].endswith(
            f'"fairwait-0001-{name.replace("/", "-")}"'
        )


async def test_the_newest_release_is_the_latest(published: httpx2.AsyncClient) -> None:
    await published.post("/dataset")

    answer = await published.get("/dataset/latest/pathways.csv")

    assert answer.headers["content-location"] == "/dataset/0002/pathways.csv"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/dataset/0009/pathways.csv", 404),
        ("/dataset/0001/secret.csv", 404),
        ("/dataset/0001/..%2f..%2fetc%2fpasswd", 404),
        ("/dataset/%2e%2e/manifest.json", 422),
        ("/lineage/pathways/nobody", 404),
        ("/lineage/nothing/nobody", 404),
        ("/lineage/figure?table=nothing", 400),
        ("/lineage/figure?measure=sum", 400),
        ("/lineage/figure?pathway_id=1", 400),
        ("/lineage/figure?page=0", 422),
        ("/events/referral.nobody.1", 404),
        ("/events/nothing", 404),
    ],
)
async def test_what_is_not_there_is_refused(
    published: httpx2.AsyncClient, path: str, status: int
) -> None:
    answer = await published.get(path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_before_the_first_release_there_is_no_latest(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/dataset/latest/manifest.json")).status_code == 404
    assert "There is no release yet" in (await client.get("/", headers=PAGE)).text
    assert (await client.get("/counts")).json()["rows"] == {}


async def test_a_rebuild_is_equal(published: httpx2.AsyncClient) -> None:
    rebuilt = (await published.post("/dataset/latest/rebuild")).json()

    assert rebuilt["equal"]
    assert rebuilt["rebuild_sha256"] == rebuilt["dataset_sha256"]


# ---- counts


async def test_counts_balance(published: httpx2.AsyncClient) -> None:
    counts = (await published.get("/counts")).json()

    assert counts["unbalanced"] == 0
    assert counts["events"] == len(events_of(DAY))
    assert counts["pathways"] == counts["rows"]["pathways"] == 42
    assert sum(counts["states"].values()) == 42
    assert (counts["refused"], counts["sessions"]) == (1, 1)
    assert counts["messages"] == {
        "intended": 3,
        "handed_over": 3,
        "failed": 0,
        "delivered": 0,
    }
    assert counts["events_by_type"]["fairwait.referral.received.v1"] == 42


async def test_a_message_that_was_never_handed_over_is_out_of_balance(
    units: MemoryUnits, client: httpx2.AsyncClient
) -> None:
    story = stories.message(stories.Story(stories.pathway_id(900)), "lapsed")
    await consume(units, story.events[:1])

    assert (await client.get("/counts")).json()["unbalanced"] == 1


# ---- lineage


async def test_a_figure_leads_to_rows_to_events_to_bytes(published: httpx2.AsyncClient) -> None:
    query = "/lineage/figure?table=pathways&measure=count&state=treated"
    figure = (await published.get(query)).json()
    row = (await published.get(f"/lineage/pathways/{figure['rows'][0]['key']}")).json()
    event = (await published.get(f"/events/{row['events'][0]}")).json()
    payload = await published.get(f"/events/{row['events'][0]}/payload")

    assert figure["value"] == figure["n"] == figure["total"] == len(figure["rows"]) == 1
    assert row["events"] == figure["rows"][0]["events"]
    told = {one.id: write(one) for one in events_of(DAY)}[event["event_id"]]
    assert payload.content == told[1]
    assert hashlib.sha256(payload.content).hexdigest() == event["payload_sha256"]
    assert payload.headers["x-payload-sha256"] == event["payload_sha256"]
    assert json.loads(event["payload"]) == json.loads(told[1])


async def test_every_event_can_be_found(published: httpx2.AsyncClient) -> None:
    for event in events_of(DAY):
        assert (await published.get(f"/events/{event.id}")).status_code == 200


async def test_an_event_of_a_damaged_segment_is_not_told(
    units: MemoryUnits, published: httpx2.AsyncClient
) -> None:
    for document in units.store.collections[SEGMENTS].values():
        document["state"]["content"] = document["state"]["content"][:-1] + b"!"

    answer = await published.get(f"/events/{DAY[0].events[0].id}")

    assert (answer.status_code, answer.json()["code"]) == (409, "ledger_damaged")
    assert (await published.post("/ledger/verification")).json()["sound"] is False


async def test_pages_are_told_one_after_the_other(
    units: MemoryUnits, client: httpx2.AsyncClient
) -> None:
    await consume(units, events_of(stories.day(seed=5, pathways=250)))
    await client.post("/dataset")

    first = (await client.get("/lineage/figure")).json()
    second = (await client.get("/lineage/figure?page=2")).json()

    assert (first["total"], first["pages"]) == (292, 2)
    keys = [row["key"] for answer in (first, second) for row in answer["rows"]]
    assert len(set(keys)) == 292


# ---- pages


async def test_every_page_is_shown_and_every_figure_of_the_first_leads_somewhere(
    published: httpx2.AsyncClient,
) -> None:
    page = (await published.get("/", headers=PAGE)).text
    links = {part.split('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]}
    figures = [link for link in links if link.startswith("/lineage/figure")]

    assert len(figures) > 40
    for link in figures:
        answer = await published.get(link, headers=PAGE)
        assert "Where a figure comes from" in answer.text, link
    row = f"/lineage/pathways/{stories.pathway_id(1)}"
    assert "Where a row comes from" in (await published.get(row, headers=PAGE)).text
    event = f"/events/{DAY[0].events[0].id}"
    assert "An event as it came" in (await published.get(event, headers=PAGE)).text
    wrong = await published.get("/events/nothing", headers=PAGE)
    assert (wrong.status_code, "cannot be shown" in wrong.text) == (404, True)


async def test_the_page_says_how_far_its_data_go_and_what_came_since(
    units: MemoryUnits, published: httpx2.AsyncClient
) -> None:
    before = (await published.get("/", headers=PAGE)).text
    await consume(units, stories.referral(stories.Story(stories.pathway_id(950))).events)
    after = (await published.get("/", headers=PAGE)).text

    assert "Data up to 5 January 2026" in before
    assert "Has not reported in the last seven days:</strong> NV7, RJ1, RYJ" in before
    assert "come in since" not in before
    assert "Nothing has come in for 85 days" in before
    assert "3 events have come in since this release" in after


async def test_the_chart_has_the_figures_of_the_table(published: httpx2.AsyncClient) -> None:
    values = (await published.get("/charts/latest/states.json")).json()
    counts = (await published.get("/counts")).json()

    assert sum(value["pathways"] for value in values) == counts["pathways"]


# ---- who may


@pytest.mark.parametrize("path", ["/", "/dataset", "/counts", "/lineage/figure", "/events/a.b.1"])
async def test_nothing_is_shown_without_the_right_token(
    units: MemoryUnits, tmp_path: Path, path: str
) -> None:
    issuer = DevelopmentIssuer(tmp_path / "issuer")
    section = ReportingSection(directory=tmp_path / "dataset")
    app = site(units, section, Tokens(issuer.settings()))
    transport = httpx2.ASGITransport(app=app)

    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        nobody = await client.get(path)
        other = await client.get(path, headers=_bearer(issuer, "pathway.read"))
        right = await client.get(path, headers=_bearer(issuer, "dataset.read"))

    assert (nobody.status_code, other.status_code) == (401, 403)
    assert right.status_code in (200, 404)


def _bearer(issuer: DevelopmentIssuer, scope: str) -> dict[str, str]:
    return {"authorization": f"Bearer {issuer.token('X24', [scope])}"}


def test_production_refuses_to_be_open() -> None:
    with pytest.raises(ValidationError, match="FAIRWAIT_REPORTING__OPEN"):
        ReportingSettings(
            service="reporting", environment="production", reporting=ReportingSection(open=True)
        )


def test_settings_come_from_the_environment() -> None:
    settings = load(
        ReportingSettings,
        "reporting",
        {"FAIRWAIT_REPORTING__OPEN": "true", "FAIRWAIT_REPORTING__EXPECTED_PUBLISHERS": '["RJ1"]'},
    )

    assert settings.reporting.open
    assert settings.reporting.expected_publishers == ("RJ1",)
    with pytest.raises(RefusedSettings):
        load(ReportingSettings, "reporting", {"FAIRWAIT_REPORTING__OPNE": "true"})
