"""What the structure check says of a body, and that it never quotes it."""

import json

import fhirkit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import SOURCES_OF_REFERRAL
from referral.edges.fhir.concept_map import sources_by_snomed
from referral.edges.fhir.structure import NotJson, validate
from tests.unit.referral.builders import TODAY
from tests.unit.referral.fhir import message, service_request

CANARY = "Featherstonehaugh"


@pytest.mark.parametrize(
    ("body", "expression", "message"),
    [
        (
            b'{"resourceType": "Patient", "birthDate": "1950-13-03 Featherstonehaugh"}',
            "Patient.birthDate",
            "The value is not a valid date.",
        ),
        (
            b'{"resourceType": "Patient", "name": {"family": "Featherstonehaugh"}}',
            "Patient.name",
            "Expected an array, found an object.",
        ),
        (
            b'{"resourceType": "Patient", "Featherstonehaugh": 1}',
            "Patient",
            "Holds an element that R4 does not know.",
        ),
        (
            b'{"resourceType": "Featherstonehaugh"}',
            "Resource",
            "This is not as R4 requires it.",
        ),
        (
            b'{"resourceType": "ServiceRequest", "intent": "order", "subject": {}}',
            "ServiceRequest.status",
            "Required element missing.",
        ),
        (
            b'{"resourceType": "Patient", "id": "a", "id": "b"}',
            "Patient.id",
            "This key comes more than once.",
        ),
    ],
)
def test_an_issue_names_the_place_and_not_the_value(
    body: bytes, expression: str, message: str
) -> None:
    found = validate(body)

    assert (found[0].expression, found[0].message) == (expression, message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON: see line 1, column 1."),
        (b'{\n"a" Featherstonehaugh', "The body is not JSON: see line 2, column 5."),
        (b"\xff", "The body is not UTF-8."),
        (
            b'{"resourceType": "Patient", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
            "The body is nested too deeply.",
        ),
        (
            json.dumps({f"k{number}": number for number in range(3000)}).encode(),
            "An object has more than 200 members.",
        ),
        (b"{" + b'"a":1,' * 3000 + b'"a":1}', "An object has more than 200 members."),
    ],
)
def test_what_cannot_be_read_is_told_by_its_place_or_measure(body: bytes, message: str) -> None:
    with pytest.raises(NotJson) as error:
        validate(body)

    assert str(error.value) == message


def test_our_own_examples_are_valid_r4() -> None:
    for body in (service_request(), message()):
        assert fhirkit.validate(json.dumps(body)) == []


_json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.just(CANARY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "identifier", "birthDate", "status", "resourceType", CANARY]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json, st.sampled_from(["Patient", "ServiceRequest", "Bundle", CANARY]))
def test_no_issue_ever_holds_a_value_or_a_key_of_the_senders_invention(
    value: object, resource_type: str
) -> None:
    body = {"resourceType": resource_type, "contained": [value], "entry": [{"resource": value}]}
    if isinstance(value, dict):
        body = {**value, **body}

    for issue in validate(json.dumps(body).encode()):
        assert CANARY not in issue.expression + issue.message


def test_every_target_of_the_concept_map_is_a_source_of_referral() -> None:
    assert set(sources_by_snomed().values()) <= set(SOURCES_OF_REFERRAL.at(TODAY))
    assert sources_by_snomed()["108161000000109"] == "03"
