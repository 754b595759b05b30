"""People who do not exist, the same ones for the same seed.

NHS numbers are of the range that begins with 999, given to no patient; telephone numbers are those
that Ofcom keeps for drama (07700 900000 to 900999); email goes to the domain that never resolves.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, islice
from random import Random

from contracts.events.identity import Channel
from contracts.events.referral import Sex
from fairwait.world.homes import Home, homes

# 9990000xxx are the numbers of everybody's examples and stay theirs.
FIRST_NUMBERS = range(1_000, 500_000)

FEMALE_NAMES = ("Ada", "Beatrix", "Clementine", "Dorothea", "Edith", "Flora", "Greta", "Hester",
                "Imogen", "Juniper", "Lavinia", "Marigold", "Nerys", "Ottoline", "Perpetua")  # fmt: skip
MALE_NAMES = ("Albion", "Barnaby", "Caspian", "Dunstan", "Ellis", "Fergus", "Gulliver", "Horatio",
              "Ivo", "Jasper", "Lorcan", "Merlin", "Ned", "Orlando", "Piers")  # fmt: skip
FAMILY_NAMES = ("Appleyard-Test", "Bellwether", "Copperfield", "Dovetail", "Elderflower",
                "Fairweather", "Goosegreen", "Hollowell", "Inkpenny", "Juniper-Test", "Kettleby",
                "Larkspur", "Merryweather", "Nightingale-Test", "Oxlip", "Pennywhistle",
                "Quillfeather", "Rosethorn", "Silverthorn", "Thistledown")  # fmt: skip
STREETS = ("Example Street", "Sample Lane", "Specimen Road", "Placeholder Close", "Pattern Way")

# Most people who are referred are past 50.
AGES = ((2, 17, 3), (18, 34, 15), (35, 49, 20), (50, 64, 27), (65, 79, 25), (80, 94, 10))
# How somebody likes to be told: most by email, some by text message, the rest by letter.
CHANNELS: tuple[tuple[Channel, int], ...] = (("email", 60), ("sms", 22), ("letter", 18))
# Units of a district that begin with 9 and end in these are seldom in use.
UNIT_LETTERS = "WXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist. `number` counts from 0."""

    number: int
    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: Sex
    home: Home
    postcode: str
    address: tuple[str, ...]
    practice: str
    channel: Channel
    email: str | None
    phone: str | None

    def __repr__(self) -> str:
        """Nothing of the person: habits with synthetic people become habits with real ones."""
        return f"Person({self.number})"


def people(seed: int, on: date) -> Iterator[Person]:
    """Everybody, as old as they are on this day; there is no end to them."""
    places = homes()
    numbers = nhs_numbers(Random(f"{seed}|nhs numbers").choice(FIRST_NUMBERS))
    for number, nhs_number in zip(count(), numbers, strict=False):
        yield _person(number, nhs_number, Random(f"{seed}|person|{number}"), places, on)


def some_people(seed: int, number: int, on: date) -> list[Person]:
    """The first `number` of `people`."""
    return list(islice(people(seed, on), number))


def nhs_numbers(first: int) -> Iterator[str]:
    """Valid numbers in order from 999 and these six digits on."""
    for six in range(first, 1_000_000):
        nine = f"999{six:06}"
        digit = check_digit(nine)
        if digit < 10:
            yield f"{nine}{digit}"


def check_digit(nine: str) -> int:
    """Modulus 11 of the NHS Data Dictionary; 10 where no number begins with these nine digits."""
    weighted = sum(
        int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)
    )
    return (11 - weighted % 11) % 11


def _person(
    number: int, nhs_number: str, draw: Random, places: tuple[Home, ...], on: date
) -> Person:
    sex: Sex = draw.choices(("1", "2", "9"), (48, 51, 1))[0]
    given, family = draw.choice(_given_names(sex)), draw.choice(FAMILY_NAMES)
    home = draw.choice(places)
    channel = draw.choices([one for one, _ in CHANNELS], [weight for _, weight in CHANNELS])[0]
    return Person(
        number=number,
        nhs_number=nhs_number,
        given_name=given,
        family_name=family,
        birth_date=_birth_date(draw, on),
        sex=sex,
        home=home,
        postcode=_postcode(draw, home.outcode),
        address=(f"{draw.randint(1, 199)} {draw.choice(STREETS)}", "Exampleton"),
        practice=_practice(home.outcode),
        channel=channel,
        email=f"{given}.{family}.{number}@example.invalid".lower() if channel == "email" else None,
        phone=f"07700900{draw.randint(0, 999):03}" if channel != "letter" else None,
    )


def _given_names(sex: Sex) -> tuple[str, ...]:
    match sex:
        case "1":
            return MALE_NAMES
        case "2":
            return FEMALE_NAMES
        case "9":
            return FEMALE_NAMES + MALE_NAMES


def _birth_date(draw: Random, on: date) -> date:
    youngest, oldest, _ = draw.choices(AGES, [weight for *_, weight in AGES])[0]
    days = draw.randint(youngest * 366, oldest * 365)
    return on - timedelta(days=days)


def _postcode(draw: Random, outcode: str) -> str:
    return f"{outcode} 9{draw.choice(UNIT_LETTERS)}{draw.choice(UNIT_LETTERS)}"


def _practice(outcode: str) -> str:
    """A code of the shape of a general practice, one for each postcode district."""
    draw = Random(f"practice|{outcode}")
    return f"{draw.choice('ABCDEFGHJKLMNPY')}{draw.choice(string.digits)}{draw.randint(0, 9999):04}"
