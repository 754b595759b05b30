"""One catalogue of faults, two forms, and no value of the sender in either."""

import re
from datetime import date
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from chassis.faults import (
    CATALOGUE,
    Fault,
    Kind,
    of_status,
    of_validation,
    operation_outcome,
    problem_json,
)

CANARY = "Featherstonehaugh"


@pytest.mark.parametrize("kind", CATALOGUE.values(), ids=CATALOGUE)
def test_every_kind_has_both_forms(kind: Kind) -> None:
    fault = kind.fault(pointer="/a", expression="Thing.a")

    problem, outcome = problem_json([fault], "urn:request:1"), operation_outcome([fault])

    assert problem["status"] == kind.status
    assert problem["type"] == f"/faults#{kind.code}"
    assert problem["errors"] == [{"code": kind.code, "detail": kind.message, "pointer": "#/a"}]
    (issue,) = outcome["issue"]
    assert issue["code"] == kind.fhir_code
    assert issue["expression"] == ["Thing.a"]
    assert re.fullmatch(r"REC_[A-Z_]+", issue["details"]["coding"][0]["code"])
    assert kind.message.endswith(".")


def test_many_faults_are_told_up_to_a_hundred() -> None:
    found = [Fault("invalid", 422, "No.", pointer=f"/{n}") for n in range(500)]

    assert len(problem_json(found)["errors"]) == len(operation_outcome(found)["issue"]) == 100


@pytest.mark.parametrize("status", [400, 402, 418, 451, 499, 500, 502, 507])
def test_any_status_has_a_kind(status: int) -> None:
    assert of_status(status).status // 100 == status // 100


class Child(BaseModel):
    model_config = ConfigDict(extra="forbid")

    on: date
    sex: Literal["1", "2"]
    code: str = Field(pattern=r"^\d{3}$")
    checked: str = "x"

    @field_validator("checked")
    @classmethod
    def _check(cls, given: str) -> str:
        raise ValueError(f"{given} is not good" if given == CANARY else "the check digit is wrong")


class Parent(BaseModel):
    children: list[Child]
    numbers: dict[str, int] = {}


def faults_in(document: Any) -> list[Fault]:
    with pytest.raises(ValidationError) as refused:
        Parent.model_validate(document)
    return of_validation(refused.value, base="/body")


def test_each_fault_of_a_body_is_pointed_at_and_no_value_is_repeated() -> None:
    wrong = {"on": CANARY, "sex": CANARY, "code": CANARY, "checked": CANARY, CANARY * 3: CANARY}

    found = faults_in({"children": [wrong], "numbers": {"943 476 5919": CANARY}})

    assert {fault.pointer for fault in found} == {
        "/body/children/0/on", "/body/children/0/sex", "/body/children/0/code",
        "/body/children/0/checked", "/body/children/0/?", "/body/numbers/?",
    }  # fmt: skip
    assert CANARY not in str(problem_json(found)) + str(operation_outcome(found))


def test_what_is_missing_is_required_and_a_rule_speaks_in_its_own_words() -> None:
    found = faults_in({"children": [{"sex": "1", "code": "100", "checked": "9"}]})

    assert [(fault.code, fault.message) for fault in found] == [
        ("required", "This is required."),
        ("invalid", "the check digit is wrong."),
    ]
