"""Identifiers: what is accepted, what is refused, and that nothing refused is ever repeated."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from contracts.identifiers import (
    CapacityId,
    ConsultantCode,
    Easting,
    GmcNumber,
    MaskedNhsNumber,
    NhsNumber,
    Northing,
    OdsCode,
    PathwayId,
    PathwayIdentifier,
    Postcode,
    TreatmentFunctionCode,
    Ubrn,
    fits_issuer,
    is_pseudo,
    is_synthetic,
    mask,
    names_a_consultant,
    outward,
    parse_nhs_number,
    parse_postcode,
)

ROOT = Path(__file__).parents[3]
TEN_DIGITS = st.text("0123456789", min_size=10, max_size=10)


class Someone(BaseModel):
    """A model as the contracts write them."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    nhs_number: NhsNumber
    postcode: Postcode | None = None
    provider: OdsCode = "RJ1"


def vectors(name: str) -> Path:
    shared = Path(os.environ.get("FAIRWAIT_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "identifiers" / name
    if not path.exists():
        pytest.skip(f"{name} is not there: set FAIRWAIT_SHARED to the folder that holds data/")
    return path


def rows(name: str) -> Iterator[dict[str, str]]:
    with vectors(name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def valid_nhs_number(text: str) -> bool:
    try:
        parse_nhs_number(text)
    except ValueError:
        return False
    return True


def valid_postcode(text: str) -> str | None:
    try:
        return parse_postcode(text)
    except ValueError:
        return None


def check_digit(identifier: str) -> int:
    """The digit after these nine, as the data dictionary puts it: 10 means that there is none."""
    weighted = sum(
        int(digit) * weight for digit, weight in zip(identifier, range(10, 1, -1), strict=True)
    )
    return (11 - weighted % 11) % 11


def expected_verdict(number: str) -> bool:
    return number[0] in "4679" and check_digit(number[:9]) == int(number[9])


# ---- NHS number


@pytest.mark.parametrize(
    "number",
    [
        "9434765919",
        "9876543210",
        "9000000009",
        "9912003888",
        "9990000018",
        "9990000050",
        "4000000632",
    ],
)
def test_a_number_with_the_right_check_digit_is_accepted(number: str) -> None:
    assert parse_nhs_number(number) == number


@pytest.mark.parametrize("number", ["0000000000", "1111111111", "5900046192", "0101011113"])
def test_a_number_not_issued_in_england_is_refused_although_its_check_digit_agrees(
    number: str,
) -> None:
    assert check_digit(number[:9]) == int(number[9])

    assert not valid_nhs_number(number)


def test_no_number_starts_with_999000000_because_its_check_digit_would_be_10() -> None:
    assert not any(valid_nhs_number(f"999000000{check}") for check in range(10))


@pytest.mark.parametrize("written", ["943 476 5919", "943-476-5919", "9434765919"])
def test_the_usual_spacing_is_taken_out(written: str) -> None:
    assert TypeAdapter(NhsNumber).validate_python(written) == "9434765919"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "943476591",
        "94347659190",
        "94 3476 5919",
        "943 4765919",
        "943476591X",
        "９434765919",
        "9434765919\n",
    ],
)
def test_anything_but_ten_digits_is_refused(written: str) -> None:
    assert not valid_nhs_number(written)


@given(TEN_DIGITS)
def test_the_verdict_is_modulus_11_within_the_ranges_of_england(number: str) -> None:
    assert valid_nhs_number(number) == expected_verdict(number)


@given(st.integers(600_000_000, 799_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_never_passes(identifier: int, position: int, error: int) -> None:
    check = check_digit(str(identifier))
    assume(check < 10)
    number = f"{identifier}{check}"
    assert valid_nhs_number(number)

    wrong_digit = (int(number[position]) + error) % 10
    wrong = number[:position] + str(wrong_digit) + number[position + 1 :]

    assert not valid_nhs_number(wrong)


def test_published_vectors() -> None:
    cases = json.loads(vectors("nhs-number-test-vectors.json").read_text(encoding="utf-8"))

    for case in cases["is_valid"]:
        digits = case["input"].replace(" ", "")
        expected = case["valid"] and expected_verdict(digits)
        assert valid_nhs_number(case["input"]) == expected, case
    for case in cases["is_valid_for_region"]:
        if case["region"] == "ENGLAND_WALES_IOM" and case["valid"]:
            assert valid_nhs_number(case["input"])
    for case in cases["region_of"]:
        ours = case["region"] in {"ENGLAND_WALES_IOM", "SYNTHETIC"}
        assert valid_nhs_number(case["number"]) == ours, case
        assert is_synthetic(case["number"]) == (case["region"] == "SYNTHETIC")


def test_numbers_in_published_payloads_get_the_recorded_verdict() -> None:
    for row in rows("nhs-numbers-in-payloads.csv"):
        number = row["nhs_number"]

        expected = row["check_digit_ok"] == "yes" and number[0] in "4679" and len(number) == 10

        assert valid_nhs_number(number) == expected, row["seen_in"]


def test_an_environment_can_tell_test_patients_from_people() -> None:
    assert is_synthetic("9990000018")
    assert not is_synthetic("4000000632")


def test_a_number_is_masked_wherever_it_is_represented_and_whole_where_it_is_stored() -> None:
    someone = Someone(nhs_number="999 000 0018")

    assert "999***0018" in repr(someone)
    assert (
        "9990000018"
        not in f"{someone!r} {someone!s} {[someone.nhs_number]} {{'n': {someone.nhs_number!r}}}"
    )
    assert someone.model_dump_json(include={"nhs_number"}) == '{"nhs_number":"9990000018"}'
    assert json.dumps(someone.nhs_number) == '"9990000018"'
    assert isinstance(someone.nhs_number, MaskedNhsNumber)
    assert mask("9990000018") == "999***0018"


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(ValidationError) as refused:
        Someone.model_validate(
            {"nhs_number": "9990000019", "postcode": "QQ1 1QQ", "provider": "rj1"}
        )

    report = str(refused.value)
    assert refused.value.error_count() == 3
    assert not any(value in report for value in ("9990000019", "0019", "QQ1", "rj1"))


# ---- postcode


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("sw1a1aa", "SW1A 1AA"),
        (" SW1A  1AA ", "SW1A 1AA"),
        ("m25bq", "M2 5BQ"),
        ("dn169aa", "DN16 9AA"),
        ("n1p1gw", "N1P 1GW"),
        ("gir0aa", "GIR 0AA"),
        ("bfpo 5", "BFPO 5"),
        ("BFPO1234", "BFPO 1234"),
        ("bf1 4bb", "BF1 4BB"),
        ("zz993vz", "ZZ99 3VZ"),
    ],
)
def test_a_postcode_is_put_in_its_normal_form(written: str, normal: str) -> None:
    assert parse_postcode(written) == normal
    assert parse_postcode(normal) == normal


@pytest.mark.parametrize(
    "written",
    [
        "",
        "SW1A",
        "Q1 1AA",
        "M34 4CB",
        "NPT 0DT",
        "BFPO",
        "ZZ98 3VZ",
        "EC1C 1HQ",
        "SW1A 1AAA",
        "١A 1AA",
    ],
)
def test_what_is_not_a_postcode_is_refused(written: str) -> None:
    assert valid_postcode(written) is None


def test_every_postcode_of_the_live_sample_is_accepted() -> None:
    for row in rows("postcodes-live-sample.csv"):
        assert valid_postcode(row["postcode"]) == row["postcode"]
        assert outward(row["postcode"]) == row["outcode"]


def test_the_strict_published_cases_get_the_published_verdict() -> None:
    for row in rows("postcode-parse-cases.csv"):
        if (row["strict"], row["incode_mandatory"]) != ("True", "True"):
            continue

        expected = f"{row['outcode']} {row['incode']}" if row["verdict"] == "valid" else None

        assert valid_postcode(row["postcode"]) == expected


@given(st.text(max_size=12))
def test_normalising_twice_changes_nothing(text: str) -> None:
    normal = valid_postcode(text)

    assert normal is None or valid_postcode(normal) == normal


def test_a_pseudo_postcode_is_no_place() -> None:
    assert is_pseudo("ZZ99 3VZ")
    assert not is_pseudo("SW1A 1AA")


# ---- the others


@pytest.mark.parametrize(
    ("kind", "accepted", "refused"),
    [
        (
            TypeAdapter(OdsCode),
            ["RJ1", "RJ122", "NV7", "8HA03", "A81001", "Z9B2Z", "VPP00"],
            ["", "R1", "rj1", "RJ1 ", "RJ1\n", "ABCDEFGHI"],
        ),
        (
            TypeAdapter(Ubrn),
            ["000049558590"],
            ["", "00004955859", "0000 4955 8590", "00004955859X", "٠00049558590"],
        ),
        (
            TypeAdapter(PathwayIdentifier),
            ["000049558590", "PPI-1/2024", "A" * 20],
            ["", "A" * 21, " A", "-A"],
        ),
        (TypeAdapter(GmcNumber), ["4567890"], ["456789", "C4567890", "45678901"]),
        (
            TypeAdapter(ConsultantCode),
            ["C4567890", "CD123456", "X9999998", "R9999981", "H9999998"],
            ["4567890", "D4567890", "X1234567", "CD1234567"],
        ),
        (TypeAdapter(TreatmentFunctionCode), ["100", "990"], ["10", "1000", "C_100", "X02"]),
        (
            TypeAdapter(PathwayId),
            ["0123456789abcdef" * 2],
            ["0123456789ABCDEF" * 2, "0" * 31, "0" * 33],
        ),
        (TypeAdapter(CapacityId), ["RJ122.110.2026-W05", "a"], ["", "a" * 65, "a b", "a/b"]),
    ],
)
def test_shapes(kind: TypeAdapter[str], accepted: list[str], refused: list[str]) -> None:
    assert [kind.validate_python(value) for value in accepted] == accepted
    for value in refused:
        with pytest.raises(ValidationError):
            kind.validate_python(value)
    with pytest.raises(ValidationError):
        kind.validate_python(b"RJ1")


@pytest.mark.parametrize(
    ("kind", "most"), [(TypeAdapter(Easting), 700_000), (TypeAdapter(Northing), 1_300_000)]
)
def test_grid_positions_are_whole_metres_on_the_grid(kind: TypeAdapter[int], most: int) -> None:
    assert [kind.validate_python(value) for value in (0, most)] == [0, most]
    for value in (-1, most + 1, 1.0, "1", True):
        with pytest.raises(ValidationError):
            kind.validate_python(value)


def test_a_pathway_identifier_from_e_rs_is_a_ubrn() -> None:
    assert fits_issuer("000049558590", issuer="X09")
    assert not fits_issuer("PPI-1", issuer="X09")
    assert fits_issuer("PPI-1", issuer="RJ1")


def test_default_consultant_codes_name_nobody() -> None:
    assert names_a_consultant("C4567890")
    assert not names_a_consultant("C9999998")
