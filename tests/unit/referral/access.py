"""Who asks what of the referral service: roles, routes, and how each is asked.

A new route is a line in `ROUTES`: which scopes let a caller in, and whether it shows patients.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import httpx2
import orjson
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from chassis.tokens import DevelopmentIssuer
from contracts.submissions import (
    BookingRecorded,
    ChoiceNotOffered,
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
    referral_body,
)
from tests.unit.referral.fhir import (
    appointment,
    message,
    patient,
    service_request,
    transfer,
)
from tests.unit.referral.signals import death_record, delivered, signal
from tests.unit.referral.site import Site

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


Body = Literal[
    "", "referral", "message", "appointment", "task", "patient", "file", "signal", "sign-in"
]


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
    ("GET", "/pathways/{pathway_id}/reads"): Asks(READ, reads=True, named=True),
    ("GET", "/waiting-list"): Asks(READ, reads=True),
    ("GET", "/submissions/{message_id}"): Asks(WRITE, named=True),
    ("GET", "/rejections"): Asks(PUBLISHERS),
    ("GET", "/submission-counts"): Asks(PUBLISHERS),
    ("GET", "/completeness"): Asks(PUBLISHERS),
    ("GET", "/counts"): Asks(OPS),
    ("POST", "/waiting-list"): Asks(WRITE, named=True, body="file"),
    ("POST", "/signals"): Asks(WRITE, named=True, body="signal"),
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
        case "signal":
            told = signal(subject=NUMBERS[of], data=death_record(id=NUMBERS[of]))
            changed = delivered(told)
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
