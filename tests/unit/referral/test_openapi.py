"""The OpenAPI document and what really happens agree, for any request it allows and many it does not."""

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.unit.referral.site import Site, made

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/FHIR/R4/ServiceRequest"),
    ("POST", "/FHIR/R4/$process-message"),
    *(
        (method, f"/FHIR/R4/{kind}{path}")
        for kind in ("ServiceRequest", "Appointment", "Task")
        for method, path in (("GET", "/{id}"), ("PUT", "/{id}"), ("GET", ""), ("POST", "/_search"))
    ),
    ("POST", "/FHIR/R4/Appointment"),
    ("POST", "/FHIR/R4/Task"),
    ("GET", "/FHIR/R4/metadata"),
    ("GET", "/pathways"),
    ("GET", "/pathways/{pathway_id}"),
    ("GET", "/pathways/{pathway_id}/story"),
    ("GET", "/pathways/{pathway_id}/reads"),
    ("GET", "/submissions/{message_id}"),
    ("GET", "/rejections"),
    ("GET", "/submission-counts"),
    ("GET", "/completeness"),
    ("GET", "/counts"),
    ("GET", "/waiting-list"),
    ("POST", "/waiting-list"),
    ("POST", "/signals"),
]


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return made(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def document(trust: Site) -> BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", trust.app)


def test_every_operation_is_tried(document: BaseSchema) -> None:
    assert {
        (method.upper(), path) for path, methods in document.items() for method in methods
    } == set(OPERATIONS)


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (method, path, mode)
        for method, path in OPERATIONS
        for mode in GenerationMode
        # Nothing can be wrong with a request that has no parameter.
        if (path, mode) != ("/FHIR/R4/metadata", GenerationMode.NEGATIVE)
    ],
)
def test_every_answer_is_one_that_is_described(
    document: BaseSchema, trust: Site, method: str, path: str, mode: GenerationMode
) -> None:
    operation = document[path][method]
    headers = {"authorization": f"Bearer {trust.token()}", "fairwait-reason": "validation"}

    @settings(max_examples=20)
    @given(st.data())
    def every(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.call_and_validate(headers=headers, checks=CHECKS)

    every()
