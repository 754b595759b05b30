"""The FHIR addresses that search: by GET, and by POST where a patient is named."""

from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response

from chassis.errors import Rejected
from chassis.faults import BAD_REQUEST, UNSUPPORTED
from chassis.service import Runtime
from referral.asking import asked as on_record
from referral.edges.fhir import headers
from referral.edges.fhir.answers import TYPES
from referral.edges.fhir.capabilities import parameters
from referral.edges.fhir.resources import ANSWER, BASE, fhir
from referral.edges.fhir.search.asked import PAGE, Asked, read_asked
from referral.edges.fhir.search.matching import wanted
from referral.edges.fhir.search.pages import searchset
from referral.handlers.finding import Page, Place, search
from referral.handlers.reading import Question

router = APIRouter(tags=["FHIR R4"])

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 50

Reader = Annotated[Question, Depends(on_record)]


def _by_get(type: str) -> None:
    async def found(request: Request, question: Reader) -> Response:
        headers.check_accept(request)
        given = request.query_params.multi_items()
        return await _answer(request, question, read_asked(type, given))

    found.__name__ = f"search_{type}"
    router.add_api_route(
        f"{BASE}/{type}",
        found,
        methods=["GET"],
        responses={200: ANSWER},
        openapi_extra={"parameters": _described(type, in_address=True)},
        summary=f"Search for {type} resources",
        description="Of pathways that the caller has to do with, those changed first before others.",
    )


def _by_post(type: str) -> None:
    async def found(request: Request, question: Reader) -> Response:
        headers.check_accept(request)
        read_asked(type, request.query_params.multi_items())
        given = [*request.query_params.multi_items(), *await _form(request)]
        return await _answer(request, question, read_asked(type, given, in_address=False))

    found.__name__ = f"search_{type}_by_form"
    properties = {one["name"]: one["schema"] for one in _described(type, in_address=False)}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    router.add_api_route(
        f"{BASE}/{type}/_search",
        found,
        methods=["POST"],
        responses={200: ANSWER},
        openapi_extra={"requestBody": {"content": {FORM: {"schema": schema}}}},
        summary=f"Search for {type} resources of a patient",
        description="As by GET, and by NHS number: `patient`. The only way to ask for a patient.",
    )


def _described(type: str, *, in_address: bool) -> list[dict[str, Any]]:
    text = {"type": "string", "maxLength": 1000}
    names = [one["name"] for one in parameters(type)]
    return [
        {"name": name, "in": "query", "schema": text}
        for name in (*names, "_count", PAGE)
        if not (in_address and name == "patient")
    ]


async def _form(request: Request) -> list[tuple[str, str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Rejected([UNSUPPORTED.fault(f"Send {FORM}.", header="Content-Type")])
    body = await request.body()
    try:
        return parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        raise Rejected([BAD_REQUEST.fault("The form cannot be read.")]) from None


async def _answer(request: Request, question: Question, asked: Asked) -> Response:
    runtime: Runtime = request.app.state.runtime
    page: Page = await runtime.units.run(search, question, wanted(asked, question.organisation))
    body = searchset(
        f"{str(request.base_url).rstrip('/')}{BASE}",
        asked.type,
        asked.shown,
        page,
        first=asked.after == Place(),
        of_person=bool(asked.nhs_number or asked.same_person_as),
    )
    return fhir(body, 200, {})


for _type in TYPES:
    _by_get(_type)
    _by_post(_type)
