"""Synthetic people: nobody real, everybody distinct, and the same for the same seed."""

from datetime import date
from itertools import islice

import pytest

from contracts.identifiers import is_synthetic, parse_nhs_number, parse_postcode
from fairwait.world.people import check_digit, nhs_numbers, some_people

DAY = date(2026, 3, 2)
SOME = some_people(7, 2_000, DAY)


def test_nhs_numbers_are_valid_of_the_test_range_and_nobody_elses_example() -> None:
    for person in SOME:
        assert parse_nhs_number(person.nhs_number) == person.nhs_number
        assert is_synthetic(person.nhs_number)
        assert person.nhs_number.startswith("999")
        assert not person.nhs_number.startswith("9990000")


def test_no_two_people_share_a_number() -> None:
    assert len({person.nhs_number for person in SOME}) == len(SOME)


@pytest.mark.parametrize(
    ("nine", "digit"),
    [("943476591", 9), ("401023213", 7), ("999000001", 8)],
)
def test_the_check_digit_is_that_of_the_data_dictionary(nine: str, digit: int) -> None:
    assert check_digit(nine) == digit


def test_nine_digits_without_a_check_digit_begin_no_number() -> None:
    found = list(islice(nhs_numbers(1_000), 1_000))

    assert all(len(number) == 10 and number.isdigit() for number in found)
    assert len(found) < int(found[-1][3:9]) - 1_000 + 1


def test_telephone_numbers_are_those_kept_for_drama_and_email_goes_nowhere() -> None:
    for person in SOME:
        assert person.phone is None or person.phone.startswith("07700900")
        assert person.email is None or person.email.endswith("@example.invalid")


def test_everybody_can_be_reached_by_the_way_they_like() -> None:
    for person in SOME:
        match person.channel:
            case "email":
                assert person.email
            case "sms":
                assert person.phone
                assert not person.email
            case _:
                assert not person.email
                assert not person.phone
                assert person.address


def test_postcodes_are_in_their_form_and_of_the_district_of_the_home() -> None:
    for person in SOME:
        assert parse_postcode(person.postcode) == person.postcode
        assert person.postcode.startswith(f"{person.home.outcode} ")


def test_people_have_been_born_and_are_not_older_than_anybody() -> None:
    assert all(date(1930, 1, 1) < person.birth_date < DAY for person in SOME)


def test_the_same_seed_has_the_same_people() -> None:
    assert some_people(7, 50, DAY) == SOME[:50]


def test_another_seed_has_others() -> None:
    others = some_people(8, 50, DAY)

    assert not {one.nhs_number for one in others} & {one.nhs_number for one in SOME[:50]}


def test_a_person_is_never_written_out() -> None:
    person = SOME[0]

    assert repr(person) == "Person(0)"
