"""Every route asked by every role for its own, somebody else's and nobody's pathway.

Nobody learns of a patient they have nothing to do with, and every route that shows patient data
puts exactly one entry on record for each read. A route that is not in `ROUTES` fails the test: say
there what it asks for and whether it reads patients.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import httpx2
import orjson
import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from chassis.errors import Rejected, TransientError
from chassis.tokens import DevelopmentIssuer
from contracts.submissions import (
    BookingRecorded,
    ChoiceNotOffered,
    ClockReported,
    ReferralMade,
    Submission,
    TransferDecided,
)
from referral.domain.names import pathway_id
from referral.pages.signing import COOKIE
from tests.unit.referral.builders import (
    CHOSEN,
    PRACTICE,
    SECRET,
    STRANGER,
    TRUST,
    received,
    referral_body,
)
from tests.unit.referral.fhir import (
    appointment,
    message,
    patient,
    service_request,
    transfer,
)
from tests.unit.referral.site import Site, made

OWN_UBRN, FOREIGN_UBRN, ABSENT_UBRN = "000000070001", "000000070002", "000000070003"
OWN, FOREIGN, ABSENT = (
    pathway_id("X09", ubrn, SECRET) for ubrn in (OWN_UBRN, FOREIGN_UBRN, ABSENT_UBRN)
)
PATHWAYS: Final = {"own": OWN, "foreign": FOREIGN, "absent": ABSENT}
UBRNS: Final = {"own": OWN_UBRN, "foreign": FOREIGN_UBRN, "absent": ABSENT_UBRN}

# What only the two trusts have to do with each patient may see, wherever it comes out.
SECRETS: Final = {
    TRUST: ("9990000018", "999 000 0018", "Ownfamily", "1961-05-04", OWN_UBRN, OWN),
    STRANGER: ("9990000026", "999 000 0026", "Foreignfamily", "1972-11-23", FOREIGN_UBRN, FOREIGN),
}

NUMBERS: Final = {"own": "9990000018", "foreign": "9990000026", "absent": "9990000034"}

Object = Literal["own", "foreign", "absent"]
OBJECTS: Final[tuple[Object, ...]] = ("own", "foreign", "absent")


@dataclass(frozen=True)
class Role:
    """Who asks. Without scopes it is whoever has no token, or none that is good."""

    organisation: str
    scopes: tuple[str, ...]
    token: Literal["good", "none", "forged"] = "good"


ROLES: Final[Mapping[str, Role]] = {
    "trust": Role(TRUST, ("referral.write", "pathway.read")),
    "reader": Role(TRUST, ("pathway.read",)),
    "writer": Role(TRUST, ("referral.write",)),
    "operator": Role(TRUST, ("ops",)),
    "referrer": Role(PRACTICE, ("referral.write", "pathway.read")),
    "uninvolved": Role(CHOSEN, ("referral.write", "pathway.read")),
    "analyst": Role(TRUST, ("dataset.read", "capacity.write", "shortlist.read")),
    "nobody": Role(TRUST, (), "none"),
    "forger": Role(TRUST, ("referral.write", "pathway.read"), "forged"),
}


Body = Literal["", "referral", "message", "appointment", "task", "patient", "file", "sign-in"]


@dataclass(frozen=True)
class Asks:
    """How a route is asked, and by whom.

    `scopes`: any of these lets a caller in. `reads`: whether the answer shows patient data: of the
    pathway that is `named` in the address, of the one that a search `finds`, or of all of the
    caller's.
    """

    scopes: tuple[str, ...] = ()
    reads: bool = False
    named: bool = False
    finds: bool = False
    page: bool = False
    query: str = ""
    body: Body = ""

    @property
    def open(self) -> bool:
        return not self.scopes


FHIR: Final = "/FHIR/R4"
READ, WRITE, OPS = ("pathway.read",), ("referral.write",), ("ops",)
PUBLISHERS = ("referral.write", "pathway.read", "ops")

ROUTES: Final[Mapping[tuple[str, str], Asks]] = {
    ("GET", "/pathways"): Asks(READ, reads=True),
    ("GET", "/pathways/{pathway_id}"): Asks(READ, reads=True, named=True),
    ("GET", "/pathways/{pathway_id}/story"): Asks(READ, reads=True, named=True),
    ("GET", "/waiting-list"): Asks(READ, reads=True),
    ("GET", "/submissions/{message_id}"): Asks(WRITE, named=True),
    ("GET", "/rejections"): Asks(PUBLISHERS),
    ("GET", "/submission-counts"): Asks(PUBLISHERS),
    ("GET", "/completeness"): Asks(PUBLISHERS),
    ("GET", "/counts"): Asks(OPS),
    ("POST", "/waiting-list"): Asks(WRITE, named=True, body="file"),
    # ---- FHIR
    ("GET", f"{FHIR}/metadata"): Asks(),
    ("POST", f"{FHIR}/$process-message"): Asks(WRITE, named=True, body="message"),
    ("POST", f"{FHIR}/ServiceRequest"): Asks(WRITE, named=True, body="referral"),
    ("PUT", f"{FHIR}/ServiceRequest/{{id}}"): Asks(WRITE, named=True, body="referral"),
    ("GET", f"{FHIR}/ServiceRequest/{{id}}"): Asks(READ, reads=True, named=True),
    ("GET", f"{FHIR}/ServiceRequest"): Asks(READ, reads=True),
    ("POST", f"{FHIR}/ServiceRequest/_search"): Asks(READ, reads=True, finds=True, body="patient"),
    ("POST", f"{FHIR}/Appointment"): Asks(WRITE, named=True, body="appointment"),
    ("PUT", f"{FHIR}/Appointment/{{id}}"): Asks(WRITE, named=True, body="appointment"),
    ("GET", f"{FHIR}/Appointment/{{id}}"): Asks(READ, reads=True, named=True),
    ("GET", f"{FHIR}/Appointment"): Asks(READ, reads=True, finds=True, query="based-on"),
    ("POST", f"{FHIR}/Appointment/_search"): Asks(READ, reads=True, finds=True, body="patient"),
    ("POST", f"{FHIR}/Task"): Asks(WRITE, named=True, body="task"),
    ("PUT", f"{FHIR}/Task/{{id}}"): Asks(WRITE, named=True, body="task"),
    ("GET", f"{FHIR}/Task/{{id}}"): Asks(READ, reads=True, named=True),
    ("GET", f"{FHIR}/Task"): Asks(READ, reads=True),
    ("POST", f"{FHIR}/Task/_search"): Asks(READ, reads=True, finds=True, body="patient"),
    # ---- pages
    ("GET", "/assets/{path:path}"): Asks(),
    ("GET", "/pages"): Asks(),
    ("GET", "/pages/sign-in"): Asks(),
    ("POST", "/pages/sign-in"): Asks(body="sign-in"),
    ("POST", "/pages/sign-out"): Asks(),
    ("GET", "/pages/waiting-list"): Asks(READ, reads=True, page=True),
    ("GET", "/pages/pathways/{pathway_id}"): Asks(READ, reads=True, named=True, page=True),
    ("GET", "/pages/rejections"): Asks(PUBLISHERS, page=True),
    ("GET", "/pages/days"): Asks(PUBLISHERS, page=True),
}

# What each trust has told of its patient.
LIFE: Final[tuple[tuple[type[Submission], dict[str, Any]], ...]] = (
    (ChoiceNotOffered, {"decided_on": "2026-03-02", "reason": "NO_OTHER_PROVIDER"}),
    (
        BookingRecorded,
        {
            "reference": "A/1",
            "local_start": "2026-04-01T09:30:00",
            "contact": "1",
            "booked_on": "2026-03-02",
        },
    ),
    (
        TransferDecided,
        {
            "reference": "T/1",
            "receiving_provider": "RQM",
            "decided_on": "2026-03-02",
            "reason": "01",
        },
    ),
)

# Of the process, not of patients: probes, metrics and the description of the API itself.
OPERATIONS: Final = frozenset(
    ["/livez", "/readyz", "/readyz/edge", "/startupz", "/metrics", "/openapi.json", "/docs",
     "/docs/api.js", "/docs/events.js", "/docs/oauth2-redirect", "/asyncapi", "/asyncapi.json",
     "/faults"]
)  # fmt: skip


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


def routes(site: Site) -> Iterator[tuple[str, str]]:
    """Every method and address that the application answers, the hidden ones included."""
    for route in flat(site.app.routes):
        if route.path not in OPERATIONS:
            for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
                yield method, route.path


def flat(found: Iterable[BaseRoute]) -> Iterator[Route | APIRoute]:
    """The routes of all routers; what is mounted are files that we ship."""
    for route in found:
        if isinstance(route, Route | APIRoute):
            yield route
        else:
            inner = getattr(route, "original_router", None)
            yield from flat(inner.routes if inner is not None else ())


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


# ---- asking


async def ask(
    site: Site, method: str, path: str, asks: Asks, who: Role, of: Object
) -> httpx2.Response:
    address = path.replace("{path:path}", "nhsuk-frontend.min.css")
    address = address.replace("{pathway_id}", PATHWAYS[of]).replace("{message_id}", f"m-{of}")
    address = address.replace("{id}", id_of(site, path, of))
    if asks.query:
        address += f"?{asks.query}={PATHWAYS[of]}"
    headers, cookies = credentials(site, asks, who)
    content = body_of(site, asks, method, of)
    site.client.cookies.clear()
    for name, value in cookies.items():
        site.client.cookies.set(name, value)
    headers |= {"x-request-id": site.next_id(), **types_of(asks)}
    return await site.client.request(method, address, content=content, headers=headers)


def credentials(site: Site, asks: Asks, who: Role) -> tuple[dict[str, str], dict[str, str]]:
    if who.token == "none":
        return {"accept": "text/html"} if asks.page else {}, {}
    token = token_of(site.issuer, who)
    if who.token == "forged":
        head, claims, signature = token.split(".")
        token = f"{head}.{claims}.{signature[::-1]}"
    if asks.page:
        return {"accept": "text/html"}, {COOKIE: f"audit.{token}"}
    return {"authorization": f"Bearer {token}", "fairwait-reason": "audit"}, {}


@lru_cache
def token_of(issuer: DevelopmentIssuer, who: Role) -> str:
    return issuer.token(who.organisation, who.scopes)


def id_of(site: Site, path: str, of: Object) -> str:
    """The id of what an address is about: a pathway, or its appointment or transfer."""
    document = site.store.collections["pathways"].get(PATHWAYS[of])
    if "/Appointment/" in path:
        return str(document["state"]["appointments"][0]["id"]) if document else "0" * 32
    if "/Task/" in path:
        return str(document["state"]["transfers"][0]["id"]) if document else f"{ABSENT}.0"
    return PATHWAYS[of]


def body_of(site: Site, asks: Asks, method: str, of: Object) -> bytes | None:
    """What the trust would tell of its own pathway, told of another's and of nobody's too."""
    ubrn = {"system": "https://fhir.nhs.uk/Id/UBRN", "value": UBRNS[of]}
    referral = {"type": "ServiceRequest", "identifier": ubrn}
    changed: dict[str, Any] = {}
    match asks.body:
        case "referral":
            changed = service_request(identifier=[ubrn], contained=[patient()])
        case "message":
            changed = message(identifier=[ubrn])
        case "appointment":
            changed = appointment(basedOn=[referral])
        case "task":
            changed = transfer(focus=referral)
        case "file":
            changed = referral_body(pathway={"identifier": UBRNS[of], "issuer": "X09"})
        case "patient":
            return f"patient=https://fhir.nhs.uk/Id/nhs-number|{NUMBERS[of]}".encode()
        case "sign-in":
            return b"token=x&reason=audit"
        case "":
            return None
    if method == "PUT":
        changed["id"] = id_of(site, f"/{changed['resourceType']}/", of)
    return orjson.dumps(changed)


def types_of(asks: Asks) -> dict[str, str]:
    kinds = {
        "": "", "file": "application/x-ndjson",
        "patient": "application/x-www-form-urlencoded",
        "sign-in": "application/x-www-form-urlencoded",
    }  # fmt: skip
    kind = kinds.get(asks.body, "application/fhir+json")
    return {"content-type": kind} if kind else {}


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
