"""Every route asked by every role for its own, somebody else's and nobody's pathway.

Nobody learns of a patient they have nothing to do with, and every route that shows patient data
puts exactly one entry on record for each read. A route that is not in `ROUTES` (`access.py`) fails
the test: say there what it asks for and whether it reads patients.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from chassis.errors import Rejected, TransientError
from contracts.submissions import ClockReported, ReferralMade
from tests.unit.referral.access import (
    FOREIGN_UBRN,
    LIFE,
    NUMBERS,
    OBJECTS,
    OWN,
    OWN_UBRN,
    PATHWAYS,
    READ,
    ROLES,
    ROUTES,
    SECRETS,
    UBRNS,
    Asks,
    Object,
    Role,
    ask,
    body_of,
    id_of,
    routes,
    types_of,
)
from tests.unit.referral.builders import STRANGER, TRUST, received, referral_body
from tests.unit.referral.site import Site, made


@pytest.fixture
def trusts(two_trusts: Site) -> Iterator[Site]:
    """The two trusts, as they are found again after every test."""
    kept = {name: dict(documents) for name, documents in two_trusts.store.collections.items()}
    yield two_trusts
    two_trusts.store.collections.clear()
    two_trusts.store.collections.update(kept)


@pytest.fixture(scope="module")
async def two_trusts(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Two trusts with a patient each, an appointment, a transfer, and a message rejected."""
    site = made(tmp_path_factory.mktemp("access"))
    units = site.app.state.runtime.units
    people = (
        (TRUST, OWN_UBRN, "9990000018", "Ownfamily", "1961-05-04", "m-own"),
        (STRANGER, FOREIGN_UBRN, "9990000026", "Foreignfamily", "1972-11-23", "m-foreign"),
    )
    for organisation, ubrn, number, family, born, id in people:
        body = referral_body(
            pathway={"identifier": ubrn, "issuer": "X09"}, responsible_provider=organisation
        )
        body["patient"] |= {"nhs_number": number, "family_name": family, "birth_date": born}
        made_ = ReferralMade.model_validate(body)
        await units.receive(received(made_, publisher=organisation, message_id=id))
        for kind, told in LIFE:
            submission = kind.model_validate(
                {"pathway": {"identifier": ubrn, "issuer": "X09"}, **told}
            )
            await units.receive(
                received(submission, publisher=organisation, message_id=f"{kind.__name__}-{id}")
            )
        late = ClockReported.model_validate(
            {
                "pathway": {"identifier": ubrn, "issuer": "X09"},
                "rtt_status": "30",
                "effective_on": "2027-01-01",
            }
        )
        with pytest.raises(Rejected):
            await units.receive(received(late, publisher=organisation, message_id=f"bad-{id}"))
    return site


def test_every_route_is_in_the_matrix(trusts: Site) -> None:
    document = trusts.app.openapi()
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }

    answered = set(routes(trusts))

    assert answered == set(ROUTES)
    assert described <= answered


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_sees_what_is_not_theirs_and_every_read_is_on_record(
    trusts: Site, method: str, path: str, role: str
) -> None:
    asks, who = ROUTES[method, path], ROLES[role]
    answers: dict[Object, httpx2.Response] = {}
    for of in OBJECTS:
        before = len(trusts.store.collections["audit"])
        answer = answers[of] = await ask(trusts, method, path, asks, who, of)
        entries = list(trusts.store.collections["audit"].values())[before:]

        assert answer.status_code < 500, answer.text
        assert leaks(answer, who, of) == []
        if not may(who, asks):
            assert turned_away(answer, asks), answer.text
        expected = 1 if asks.reads and may(who, asks) else 0
        assert len(entries) == expected
        for entry in entries:
            check_entry(entry["state"], who, method, path, asks, of, answer)

    if asks.reads or (asks.named and not asks.body):
        assert alike(answers["foreign"], answers["absent"])
    if asks.reads and who.organisation != TRUST:
        assert alike(answers["own"], answers["absent"])


def may(who: Role, asks: Asks) -> bool:
    return asks.open or (who.token == "good" and bool(set(who.scopes) & set(asks.scopes)))


def check_entry(
    entry: Mapping[str, Any],
    who: Role,
    method: str,
    path: str,
    asks: Asks,
    of: Object,
    answer: httpx2.Response,
) -> None:
    """Who, whom, why, what, and given or not."""
    assert entry["organisation"] == who.organisation
    assert entry["subject"]
    assert entry["reason"] == "audit"
    assert entry["what"] == f"{method} {path}"
    assert entry["request_id"] == answer.headers["x-request-id"]
    mine = who.organisation == TRUST and of == "own"
    if asks.named:
        # What is not there under another name than its pathway's is no pathway's.
        assert entry["pathway_ids"] in ([PATHWAYS[of]], [] if of == "absent" else None)
        assert entry["given"] is mine
    elif asks.finds:
        assert entry["pathway_ids"] == ([OWN] if mine else [])
        assert entry["given"] is True
    else:
        assert entry["pathway_ids"] == ([OWN] if who.organisation == TRUST else [])
        assert entry["given"] is True


def turned_away(answer: httpx2.Response, asks: Asks) -> bool:
    to_sign_in = asks.page and answer.headers.get("location") == "/pages/sign-in"
    return answer.status_code in {401, 403} or to_sign_in


def leaks(answer: httpx2.Response, who: Role, of: Object) -> list[str]:
    """What an answer tells of patients that its reader has nothing to do with.

    What the question itself held is no news to who asked it, nor is our name for it: that follows
    from the identifier.
    """
    told = f"{answer.request.url} {answer.request.content.decode()} {PATHWAYS[of]}"
    shown = answer.text + repr(sorted(answer.headers.items()))
    return [
        secret
        for organisation, secrets in SECRETS.items()
        for secret in secrets
        if organisation != who.organisation and secret not in told and secret in shown
    ]


def alike(one: httpx2.Response, other: httpx2.Response) -> bool:
    """Whether two answers differ in nothing but what was asked and the id of the request."""

    def bare(answer: httpx2.Response) -> tuple[int, str]:
        text = re.sub(r"urn:request:[0-9a-zA-Z-]+", "", answer.text)
        text = text.replace(str(answer.request.url), "")
        asked = (one for names in (PATHWAYS, UBRNS, NUMBERS) for one in names.values())
        for name in asked:
            text = text.replace(name, "")
        return answer.status_code, text

    return bare(one) == bare(other)


# ---- what a read needs


async def test_without_a_reason_nothing_is_read(trusts: Site) -> None:
    for (method, path), asks in ROUTES.items():
        if not asks.reads or asks.page:
            continue
        before = len(trusts.store.collections["audit"])
        address = re.sub(r"\{\w+\}", id_of(trusts, path, "own"), path)
        headers = {"authorization": f"Bearer {trusts.token(TRUST, *READ)}", **types_of(asks)}
        content = body_of(trusts, asks, method, "own")

        answer = await trusts.client.request(method, address, content=content, headers=headers)

        assert answer.status_code == 400, path
        assert len(trusts.store.collections["audit"]) == before
        assert OWN_UBRN not in answer.text


async def test_what_cannot_be_put_on_record_is_not_shown(
    trusts: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_commit(*_: object) -> None:
        raise TransientError("the database is away")

    monkeypatch.setattr(trusts.store, "commit", no_commit)
    for (method, path), asks in ROUTES.items():
        if not asks.reads:
            continue

        answer = await ask(trusts, method, path, asks, ROLES["trust"], "own")

        assert answer.status_code >= 500, path
        assert "Ownfamily" not in answer.text
        assert OWN_UBRN not in answer.text
