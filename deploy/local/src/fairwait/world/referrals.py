"""A day of referrals, the same for the same seed: most are good, a known share is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from random import Random
from typing import Any, Literal
from uuid import UUID

from contracts.identifiers import E_REFERRAL_SERVICE
from fairwait.world.calendar import REFERRAL_DAY
from fairwait.world.people import Person, people
from fairwait.world.trusts import Trusts
from matching.reference import ReferenceWorld

Door = Literal["fhir", "bars", "kafka"]

# Treatment functions with how many of a hundred referrals are to them.
FUNCTIONS = {"110": 29, "130": 21, "100": 15, "101": 12, "120": 12, "502": 11}
GYNAECOLOGY = "502"

DOORS: dict[Door, int] = {"fhir": 40, "bars": 30, "kafka": 30}
PRIORITIES = {"1": 86, "2": 11, "3": 3}
SOURCES = {"03": 93, "05": 4, "97": 3}  # general practitioner, other consultant, other
TRAVEL_LIMITS = {None: 50, 10: 8, 20: 14, 30: 12, 50: 11, 100: 5}
CIRCUMSTANCES = {None: 96, "already_under_care": 2, "urgent_or_emergency": 1, "armed_forces": 1}

GOOD_BEFORE_A_BAD_ONE = 11  # so one in twelve is bad
TWICE_EVERY = 15


class Flaw(StrEnum):
    """What is wrong with a referral that has to be turned down."""

    UNKNOWN_TREATMENT_FUNCTION = "unknown treatment function"
    NHS_NUMBER = "NHS number with a wrong check digit"
    FOREIGN_ORGANISATION = "sent by an organisation it is none of the business of"
    IN_THE_FUTURE = "received after today"
    NO_FAMILY_NAME = "a patient without a family name"
    REUSED_ID = "a message id that was used for another referral"


FLAWS = tuple(Flaw)


@dataclass(frozen=True, slots=True)
class Referral:
    """One message to be sent. `fields` are those of `ReferralMade`, as JSON values.

    `twice` is for a message that its sender sends again, as systems do that saw no answer.
    """

    number: int
    person: Person
    door: Door
    publisher: str
    message_id: str
    fields: dict[str, Any]
    flaw: Flaw | None = None
    twice: bool = False

    @property
    def ubrn(self) -> str:
        return str(self.fields["pathway"]["identifier"])


def day_of_referrals(seed: int, number: int, world: ReferenceWorld) -> list[Referral]:
    """As many messages as asked for, bad ones included; repeats do not count."""
    trusts = Trusts(world)
    good: list[Referral] = []
    made: list[Referral] = []
    for person in people(seed, REFERRAL_DAY):
        if len(made) == number:
            break
        referral = _referral(seed, person, trusts)
        if person.number % (GOOD_BEFORE_A_BAD_ONE + 1) == GOOD_BEFORE_A_BAD_ONE:
            referral = flawed(referral, _flaw(person.number), good)
        else:
            referral = replace(referral, twice=person.number % TWICE_EVERY == 1)
            good.append(referral)
        made.append(referral)
    return made


def _flaw(number: int) -> Flaw:
    return FLAWS[number // (GOOD_BEFORE_A_BAD_ONE + 1) % len(FLAWS)]


def _referral(seed: int, person: Person, trusts: Trusts) -> Referral:
    draw = Random(f"{seed}|referral|{person.number}")
    function = _function(draw, person)
    site = trusts.nearest(person.home.position, function)
    trust = trusts.provider(site)
    source = _drawn(draw, SOURCES)
    door: Door = _drawn(draw, DOORS)
    fields = {
        "pathway": {"identifier": _ubrn(seed, person.number), "issuer": E_REFERRAL_SERVICE},
        "patient": _patient(person),
        "responsible_provider": trust,
        "referring_organisation": trust if source == "05" else person.practice,
        "treatment_function": function,
        "priority": _drawn(draw, PRIORITIES),
        "source_of_referral": source,
        "received_on": REFERRAL_DAY.isoformat(),
        "commissioner": site.icb,
        "travel_limit_miles": _drawn(draw, TRAVEL_LIMITS),
        "circumstances": [one] if (one := _drawn(draw, CIRCUMSTANCES)) else [],
    }
    return Referral(
        number=person.number,
        person=person,
        door=door,
        publisher=fields["referring_organisation"] if door == "bars" else trust,
        message_id=str(UUID(int=draw.getrandbits(128), version=4)),
        fields={name: value for name, value in fields.items() if value is not None},
    )


def _function(draw: Random, person: Person) -> str:
    drawn: str = _drawn(draw, FUNCTIONS)
    return "110" if drawn == GYNAECOLOGY and person.sex == "1" else drawn


def _drawn(draw: Random, weights: dict[Any, int]) -> Any:
    return draw.choices(list(weights), list(weights.values()))[0]


def _ubrn(seed: int, number: int) -> str:
    return f"{Random(f'{seed}|ubrn').randint(1, 999_999):06}{number:06}"


def _patient(person: Person) -> dict[str, Any]:
    fields = {
        "nhs_number": person.nhs_number,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "birth_date": person.birth_date.isoformat(),
        "sex": person.sex,
        "postcode": person.postcode,
        "address": list(person.address),
        "phone": person.phone,
        "email": person.email,
    }
    return {name: value for name, value in fields.items() if value is not None}


def one_more(seed: int, world: ReferenceWorld, function: str, on: date) -> Referral:
    """A referral that brings a choice, of an adult who is none of the others."""
    adult = next(one for one in people(-1 - seed, on) if on.year - one.birth_date.year > 20)
    referral = _referral(-1 - seed, adult, Trusts(world))
    site = Trusts(world).nearest(adult.home.position, function)
    fields = {
        **referral.fields,
        "responsible_provider": Trusts(world).provider(site),
        "referring_organisation": adult.practice,
        "treatment_function": function,
        "priority": "1",
        "source_of_referral": "03",
        "received_on": on.isoformat(),
        "circumstances": [],
    }
    fields.pop("travel_limit_miles", None)
    return replace(referral, door="fhir", publisher=adult.practice, fields=fields)


# ---- bad ones


def flawed(referral: Referral, flaw: Flaw, others: Sequence[Referral]) -> Referral:
    """The referral with this wrong with it. `others` are good ones, for a message id to take."""
    fields, patient = dict(referral.fields), dict(referral.fields["patient"])
    publisher, message_id, door = referral.publisher, referral.message_id, referral.door
    match flaw:
        case Flaw.UNKNOWN_TREATMENT_FUNCTION:
            fields["treatment_function"] = "999"
        case Flaw.NHS_NUMBER:
            patient["nhs_number"] = _with_wrong_digit(patient["nhs_number"])
        case Flaw.FOREIGN_ORGANISATION:
            publisher = "RJ1" if fields["responsible_provider"] != "RJ1" else "RR8"
        case Flaw.IN_THE_FUTURE:
            fields["received_on"] = _after(REFERRAL_DAY, 10).isoformat()
        case Flaw.NO_FAMILY_NAME:
            del patient["family_name"]
        case Flaw.REUSED_ID:
            first = others[-1]
            publisher, message_id, door = first.publisher, first.message_id, first.door
    return replace(
        referral,
        publisher=publisher,
        message_id=message_id,
        door=door,
        fields={**fields, "patient": patient},
        flaw=flaw,
    )


def _with_wrong_digit(nhs_number: str) -> str:
    return f"{nhs_number[:-1]}{(int(nhs_number[-1]) + 1) % 10}"


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)


# ---- sending


def first_round(referrals: Sequence[Referral]) -> list[Referral]:
    """Every message that needs no other to be there before it."""
    return [one for one in referrals if one.flaw is not Flaw.REUSED_ID]


def second_round(referrals: Sequence[Referral]) -> Iterator[Referral]:
    """What comes after: ids used again for something else, and messages sent again."""
    yield from (one for one in referrals if one.flaw is Flaw.REUSED_ID)
    yield from (one for one in referrals if one.twice)
