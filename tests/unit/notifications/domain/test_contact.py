"""By which channel a person is reached, and what their contact shows of them."""

from dataclasses import replace
from datetime import date

import pytest

from notifications.domain.contact import Channel, Contact, ladder, next_channel

EVERYTHING = Contact(
    nhs_number="9990000018",
    given_name="Asha",
    family_name="Example",
    birth_date=date(1980, 3, 31),
    postcode="LS1 4AP",
    address=("1 Test Street",),
    phone="07700900001",
    email="asha@example.com",
)


@pytest.mark.parametrize(
    ("preferred", "steps"),
    [
        (None, ("email", "sms", "letter")),
        ("sms", ("sms", "email", "letter")),
        ("letter", ("letter", "email", "sms")),
        ("nhs_app", ("email", "sms", "letter")),
    ],
)
def test_the_preferred_channel_comes_first_where_it_exists(
    preferred: Channel | None, steps: tuple[Channel, ...]
) -> None:
    assert ladder(replace(EVERYTHING, preferred=preferred)) == steps


def test_a_channel_that_does_not_reach_is_no_step() -> None:
    assert ladder(replace(EVERYTHING, email=None, preferred="email")) == ("sms", "letter")
    assert ladder(replace(EVERYTHING, email="", phone="", postcode=None)) == ()


def test_the_ladder_goes_down_and_ends() -> None:
    assert next_channel(EVERYTHING, "email") == "sms"
    assert next_channel(EVERYTHING, "sms") == "letter"
    assert next_channel(EVERYTHING, "letter") is None


def test_a_channel_that_was_taken_away_is_followed_by_the_best_that_is_left() -> None:
    assert next_channel(replace(EVERYTHING, email=None), "email") == "sms"


def test_a_contact_that_is_printed_shows_nothing_of_the_person() -> None:
    assert repr(EVERYTHING) == "Contact(...)"
    assert "9990000018" not in f"{EVERYTHING}"
