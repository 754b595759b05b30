"""What providers and trusts ask matching over HTTP, and what others are not told."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.events import CapacityDeclared, CapacityRefused
from matching import handlers
from matching.domain.shortlist import Rule
from matching.explaining import WORDS
from tests.unit.matching.site import Site, site
from tests.unit.matching.stories import (
    ADA,
    EARLIEST,
    SITES,
    offered,
    provider_chosen,
    referral_received,
    right_decided,
)

LIST = f"{ADA}-1"
TRUST, STRANGER = "RR8", "RGT"


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        yield made


def body(place: str = "NT219", **changes: Any) -> dict[str, Any]:
    return offered(place, **changes).model_dump(mode="json")


def shown(answer: Any) -> dict[str, Any]:
    """An answer without what names the single request."""
    return {name: value for name, value in answer.json().items() if name != "instance"}


async def declare_and_refer(asked: Site, **referral: Any) -> None:
    for place, provider in SITES.items():
        await asked.post("/capacity", body(place), provider)
    await asked.units.run(handlers.record_referral, referral_received(**referral))
    await asked.units.run(handlers.offer_choice, right_decided())


# ---- capacity


async def test_a_provider_declares_a_session_and_sees_it(asked: Site) -> None:
    declared = await asked.post("/capacity", body(), "NT2")

    assert declared.status_code == 201
    name = f"NT2.NT219-{EARLIEST.isoformat()}"
    assert declared.json() == {"session": name}
    seen = await asked.get(declared.headers["location"], "NT2")
    assert seen.json()["free"] == seen.json()["places"] == 4
    assert [one["session"] for one in (await asked.get("/capacity", "NT2")).json()] == [name]
    assert [type(event) for event in asked.events] == [CapacityDeclared]


async def test_the_same_session_twice_is_one(asked: Site) -> None:
    answers = [await asked.post("/capacity", body(), "NT2") for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert len(asked.events) == 1


async def test_other_content_under_a_known_id_is_a_conflict(asked: Site) -> None:
    await asked.post("/capacity", body(), "NT2")

    answer = await asked.post("/capacity", body(places=9), "NT2")

    assert answer.status_code == 409
    assert answer.json()["errors"][0]["pointer"] == "#/capacity_id"


async def test_a_site_of_somebody_else_is_forbidden_and_the_refusal_is_told(asked: Site) -> None:
    answer = await asked.post("/capacity", body(), STRANGER)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert [type(event) for event in asked.events] == [CapacityRefused]
    assert (await asked.get("/capacity", "NT2")).json() == []


@pytest.mark.parametrize(
    ("content", "status", "pointer"),
    [
        (b"{", 400, None),
        (b"[" * 100 + b"]" * 100, 400, None),
        (b"[]", 422, None),
        (b"{}", 422, "#/capacity_id"),
    ],
)
async def test_a_body_that_is_no_session_is_refused(
    asked: Site, content: bytes, status: int, pointer: str | None
) -> None:
    answer = await asked.post("/capacity", content, "NT2")

    assert answer.status_code == status
    if pointer is not None:
        assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert asked.events == []


@pytest.mark.parametrize(("places", "status"), [(0, 422), (1, 201), (500, 201), (501, 422)])
async def test_a_session_has_1_to_500_places(asked: Site, places: int, status: int) -> None:
    answer = await asked.post("/capacity", {**body(), "places": places}, "NT2")

    assert answer.status_code == status


async def test_no_one_sees_sessions_of_others(asked: Site) -> None:
    declared = await asked.post("/capacity", body(), "NT2")

    listed = await asked.get("/capacity", STRANGER, provider="NT2")
    foreign = await asked.get(declared.headers["location"], STRANGER)
    absent = await asked.get("/capacity/NT2.nothing", STRANGER)

    assert listed.status_code == 403
    assert foreign.status_code == absent.status_code == 404
    assert shown(foreign) == shown(absent)


# ---- who may ask


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("/capacity", ("shortlist.read",)),
        (f"/shortlists/{LIST}", ("capacity.write",)),
        (f"/shortlists/{LIST}/replay", ("capacity.write",)),
        (f"/shortlists/{LIST}/why/NT2", ("capacity.write",)),
        ("/counts", ("capacity.write", "shortlist.read")),
    ],
)
async def test_a_token_without_the_scope_is_forbidden(
    asked: Site, path: str, scopes: tuple[str, ...]
) -> None:
    assert (await asked.get(path, TRUST, *scopes)).status_code == 403


@pytest.mark.parametrize("path", ["/capacity", "/providers", f"/shortlists/{LIST}", "/counts"])
async def test_without_a_token_nothing_is_told(asked: Site, path: str) -> None:
    answer = await asked.client.get(path)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


# ---- directory


async def test_the_directory_is_public_facts_by_provider(asked: Site) -> None:
    providers = (await asked.get("/providers", STRANGER)).json()

    trust = next(one for one in providers if one["provider"] == TRUST)
    assert [one["site"] for one in trust["sites"]] == ["RR801", "RR802"]
    assert trust["sites"][0]["sector"] == "NHS"


# ---- shortlists


async def test_the_trust_sees_the_list_and_a_reason_for_every_other_site(asked: Site) -> None:
    await declare_and_refer(asked, travel_limit_miles=12)

    found = (await asked.get(f"/shortlists/{LIST}", TRUST)).json()

    assert [one["provider"] for one in found["options"]] == ["NT2", "NV3", "RAE", "RXF"]
    listed = {one["site"] for one in found["options"]}
    excluded = {one["site"] for one in found["excluded"]}
    assert not listed & excluded
    assert len(listed | excluded) == found["candidates"] == 10
    assert all(one["reasons"] for one in found["excluded"])
    assert found["shortfall"] == 1
    assert found["options"][0]["wait"]["statistic"] == "median"


async def test_a_site_that_fails_two_rules_shows_both(asked: Site) -> None:
    await declare_and_refer(asked, travel_limit_miles=12)

    found = (await asked.get(f"/shortlists/{LIST}", TRUST)).json()

    guys = next(one for one in found["excluded"] if one["site"] == "RGT01")
    assert [one["rule"] for one in guys["reasons"]] == ["BEYOND_TRAVEL_LIMIT", "NO_NET_CAPACITY"]
    assert guys["reasons"][0]["evidence"] == "120.0 miles away, limit 12"


async def test_a_list_made_again_is_the_same_though_places_have_gone(asked: Site) -> None:
    await declare_and_refer(asked)
    await asked.units.run(handlers.take_choice, provider_chosen("NT2"))
    await asked.post("/capacity", body("RR802"), TRUST)

    replay = (await asked.get(f"/shortlists/{LIST}/replay", TRUST)).json()

    assert replay["identical"] is True
    assert replay["stored_sha256"] == replay["replayed_sha256"]


async def test_a_list_that_was_tampered_with_is_found_out(asked: Site) -> None:
    await declare_and_refer(asked)
    document = asked.store.collections["shortlists"][LIST]
    document["state"]["patient"]["age"] += 1

    replay = (await asked.get(f"/shortlists/{LIST}/replay", TRUST)).json()

    assert replay["identical"] is False


async def test_why_is_told_in_words_by_site_or_provider(asked: Site) -> None:
    await declare_and_refer(asked, travel_limit_miles=12)

    [listed] = (await asked.get(f"/shortlists/{LIST}/why/NT2", TRUST)).json()
    [far] = (await asked.get(f"/shortlists/{LIST}/why/RCF01", TRUST)).json()

    assert listed["listed"] is True
    assert listed["words"][0].startswith("Number 1 of 4")
    assert "31 January 2026" in listed["words"][1]
    assert far["only_reason"] == "BEYOND_TRAVEL_LIMIT"
    assert "15.0 miles away, limit 12" in far["words"][0]


async def test_why_for_a_code_that_was_no_candidate_is_404(asked: Site) -> None:
    await declare_and_refer(asked)

    assert (await asked.get(f"/shortlists/{LIST}/why/ZZ999", TRUST)).status_code == 404


@pytest.mark.parametrize("tail", ["", "/replay", "/why/NT2"])
async def test_for_another_organisation_there_is_no_such_list(asked: Site, tail: str) -> None:
    await declare_and_refer(asked)

    foreign = await asked.get(f"/shortlists/{LIST}{tail}", STRANGER)
    absent = await asked.get(f"/shortlists/{'0' * 32}-1{tail}", STRANGER)

    assert foreign.status_code == absent.status_code == 404
    assert shown(foreign) == shown(absent)


async def test_operations_see_every_list(asked: Site) -> None:
    await declare_and_refer(asked)

    answer = await asked.get(f"/shortlists/{LIST}", STRANGER, "shortlist.read", "ops")

    assert answer.status_code == 200


def test_every_rule_has_its_words() -> None:
    assert set(WORDS) == set(Rule)
