"""What keeps a referral out, the day before, on the day and the day after."""

from datetime import date, timedelta

import pytest

from referral.domain.acceptance import may_refer, problems_of
from referral.domain.pathway import Person, Referral
from tests.unit.referral.builders import PRACTICE, STRANGER, TODAY, TRUST, person, referral


def codes(person: Person, referral: Referral, *, allow_synthetic: bool = True) -> list[str]:
    found = problems_of(person, referral, TODAY, allow_synthetic=allow_synthetic)
    return [problem.code.value for problem in found]


def test_a_plain_referral_is_acceptable() -> None:
    assert codes(person(), referral()) == []


@pytest.mark.parametrize(
    ("days_ago", "problems"),
    [
        (-1, ["date_in_future"]),
        (0, []),
        (1, []),
        (364, []),
        (365, []),
        (366, ["date_too_old"]),
    ],
)
def test_e_rs_gives_a_start_of_today_or_at_most_365_days_ago(
    days_ago: int, problems: list[str]
) -> None:
    made = referral(publisher="X09", received_on=TODAY - timedelta(days=days_ago))

    assert codes(person(), made) == problems


@pytest.mark.parametrize(
    ("received_on", "problems"),
    [
        (TODAY - timedelta(days=366), []),
        (TODAY - timedelta(weeks=104), []),
        (date(2007, 1, 1), []),
        (date(2006, 12, 31), ["date_too_old"]),
        (date(1900, 1, 1), ["birth_date", "date_too_old"]),
    ],
)
def test_a_trust_tells_of_the_longest_waits_and_of_no_placeholder(
    received_on: date, problems: list[str]
) -> None:
    assert codes(person(), referral(received_on=received_on)) == problems


@pytest.mark.parametrize(
    ("birth_date", "problems"),
    [
        (date(2026, 2, 28), []),
        (date(2026, 3, 1), []),
        (date(2026, 3, 2), ["birth_date"]),
        (date(1895, 3, 1), ["birth_date"]),
        (date(1895, 3, 2), []),
    ],
)
def test_the_patient_is_born_by_the_day_of_the_referral_and_not_over_130(
    birth_date: date, problems: list[str]
) -> None:
    assert codes(person(birth_date=birth_date), referral()) == problems


@pytest.mark.parametrize(
    ("number", "problems"),
    [
        ("9990000018", []),
        ("4010232137", []),
        ("4010232138", ["nhs_number"]),
        ("0000000000", ["nhs_number"]),
        ("", ["nhs_number"]),
    ],
)
def test_the_nhs_number_is_one_of_england(number: str, problems: list[str]) -> None:
    assert codes(person(nhs_number=number), referral()) == problems


def test_no_test_patient_comes_into_production() -> None:
    assert codes(person(), referral(), allow_synthetic=False) == ["synthetic_patient"]


@pytest.mark.parametrize("function", ["000", "999", "610"])
def test_the_treatment_function_is_known_on_the_day(function: str) -> None:
    found = codes(person(), referral(treatment_function=function))

    assert found == ["unknown_treatment_function"]


@pytest.mark.parametrize("category", ["02", "03", "04"])
def test_private_patients_are_on_no_nhs_pathway(category: str) -> None:
    assert codes(person(), referral(administrative_category=category)) == ["not_nhs_funded"]


def test_e_rs_identifies_a_pathway_by_a_ubrn() -> None:
    assert codes(person(), referral(identifier="ABC123")) == ["identifier_for_issuer"]
    assert codes(person(), referral(identifier="ABC123", issuer="RJ1")) == []


def test_all_problems_are_told_at_once() -> None:
    found = codes(
        person(nhs_number="1", birth_date=date(2030, 1, 1)),
        referral(treatment_function="000", administrative_category="02", identifier="A"),
    )

    assert found == [
        "nhs_number",
        "birth_date",
        "unknown_treatment_function",
        "not_nhs_funded",
        "identifier_for_issuer",
    ]


@pytest.mark.parametrize(
    ("publisher", "may"), [(TRUST, True), (PRACTICE, True), ("X09", True), (STRANGER, False)]
)
def test_only_who_has_to_do_with_a_referral_may_send_it(publisher: str, may: bool) -> None:
    assert may_refer(publisher, referral()) is may


def test_e_rs_sends_only_what_it_issued() -> None:
    assert not may_refer("X09", referral(issuer="RJ1"))
