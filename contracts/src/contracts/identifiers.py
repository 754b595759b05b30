"""The identifiers of NHS elective care, as strings that have been checked.

Each type is a plain `str` (or `int`) while the program runs, so it costs nothing to encode. No
message from here repeats the value it refuses; pydantic's own report does, unless the model sets
`hide_input_in_errors=True`. Source of the shapes: NHS Data Model and Dictionary.
"""

import re
from functools import lru_cache
from typing import Annotated, Final, TypeAlias

from nhs_number.constants import REGION_ENGLAND_WALES_IOM, REGION_SYNTHETIC
from nhs_number.validate import is_valid
from pydantic import AfterValidator, Field, Strict, StringConstraints, WithJsonSchema

OdsCode: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Z]{3,8}$")]
"""Code of an organisation or site (ODS), an3 to an8, in capitals: RJ1, RJ122, NV7, 8HA03."""

Ubrn: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{12}$")]
"""Unique booking reference number of e-RS: 12 digits."""

PathwayIdentifier: TypeAlias = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z][0-9A-Za-z/._-]{0,19}$")
]
"""Patient pathway identifier, an20 at most; unique only within the organisation that issued it."""

GmcNumber: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{7}$")]
"""General Medical Council reference number: 7 digits."""

ConsultantCode: TypeAlias = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^(?:C[0-9]{7}|CD[0-9]{6}|[HMNX]9999998|R9999981)$"),
]
"""C and a GMC number, CD and six digits for a dentist, or a default (`names_a_consultant`)."""

TreatmentFunctionCode: TypeAlias = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[0-9]{3}$")
]
"""Three digits. Which of them exist on a date is for `contracts.codes`."""

PathwayId: TypeAlias = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{32}$")]
"""Our own name for a pathway, and its Kafka key: a UUID as 32 lower-case hexadecimal digits."""

CapacityId: TypeAlias = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z._-]{1,64}$")
]
"""Our own name for a piece of declared capacity, and its Kafka key."""

Easting: TypeAlias = Annotated[int, Strict(), Field(ge=0, le=700_000)]
"""Metres east on the British National Grid."""

Northing: TypeAlias = Annotated[int, Strict(), Field(ge=0, le=1_300_000)]
"""Metres north on the British National Grid."""


E_REFERRAL_SERVICE: Final = "X09"
DEFAULT_CONSULTANTS: Final = frozenset(
    ["C9999998", "CD999998", "H9999998", "M9999998", "N9999998", "R9999981", "X9999998"]
)

_UBRN = re.compile(r"[0-9]{12}")


def fits_issuer(identifier: str, issuer: str) -> bool:
    """Whether this issuer could have given this identifier: e-RS (X09) gives the first UBRN."""
    return issuer != E_REFERRAL_SERVICE or _UBRN.fullmatch(identifier) is not None


def names_a_consultant(code: str) -> bool:
    """False for the codes that stand for somebody not known or of another profession."""
    return code not in DEFAULT_CONSULTANTS


# ---- NHS number

_TEN_DIGITS = re.compile(r"([0-9]{3})([ -]?)([0-9]{3})\2([0-9]{4})")
_SYNTHETIC = "9"


class MaskedNhsNumber(str):
    """An NHS number whose `repr` is masked; as a `str`, stored or sent, it is the ten digits."""

    __slots__ = ()

    def __repr__(self) -> str:
        """The masked number, so that no model, dataclass, traceback or test report shows it."""
        return f"'{mask(self)}'"


@lru_cache(maxsize=32)  # one message has its number checked by everything that carries it on
def parse_nhs_number(text: str) -> MaskedNhsNumber:
    """Ten digits, also when written 3-3-4: a number of England, Wales and the Isle of Man, or a
    synthetic one. Numbers of Scotland, Northern Ireland and the reserved ranges are refused, and
    0000000000 with them.
    """
    match = _TEN_DIGITS.fullmatch(text)
    if match is None:
        raise ValueError("an NHS number has 10 digits")

    number = match[1] + match[3] + match[4]
    # Without a region the library also accepts 0000000000 and the numbers of other countries.
    region = REGION_SYNTHETIC if is_synthetic(number) else REGION_ENGLAND_WALES_IOM
    if not is_valid(number, for_region=region):
        raise ValueError("no NHS number of England: the check digit or the range is wrong")
    return MaskedNhsNumber(number)


def is_synthetic(number: str) -> bool:
    """Whether the number is in the range kept for tests (first digit 9), given to no patient."""
    return number.startswith(_SYNTHETIC)


def mask(number: str) -> str:
    """The number as a log or a screen may show it: 999***0018."""
    return f"{number[:3]}***{number[6:]}"


NhsNumber: TypeAlias = Annotated[
    str,
    Strict(),
    AfterValidator(parse_nhs_number),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{10}$"}),
]
"""NHS number: ten digits, masked in every `repr`. `is_synthetic` tells test patients from people."""


# ---- postcode

_POSTCODE = re.compile(
    r"""
    (?: GIR\ 0AA
      | BFPO\ [0-9]{1,4}
      | ZZ99\ [0-9][A-Z]{2}                               # pseudo: no fixed abode, abroad
      | (?: BF1                                           # British forces, as a postcode
          | (?!BF|ZZ)
            (?: [A-PR-UWYZ][0-9]{1,2}                     # M1, B33
              | [A-PR-UWYZ][0-9][ABCDEFGHJKPSTUW]         # W1A
              | [A-PR-UWYZ][A-HK-Y][0-9]{1,2}             # CR2, DN55
              | [A-PR-UWYZ][A-HK-Y][0-9][ABEHMNPRVWXY]    # EC1A
              | N1P | NW1W | SE1P )
        )
        \ [0-9][ABD-HJLNP-UW-Z]{2}
    )""",
    re.VERBOSE,
)
_PSEUDO = "ZZ99"


def parse_postcode(text: str) -> str:
    """The postcode in capitals with one space before the inward code: SW1A 1AA."""
    compact = "".join(text.split()).upper()
    inward = 4 if compact.startswith("BFPO") else len(compact) - 3

    normal = f"{compact[:inward]} {compact[inward:]}"
    if _POSTCODE.fullmatch(normal) is None:
        raise ValueError("not a postcode")
    return normal


def outward(postcode: str) -> str:
    """The half before the space, about a town or a district: SW1A."""
    return postcode.partition(" ")[0]


def is_pseudo(postcode: str) -> bool:
    """Whether the postcode stands for no place at all, such as ZZ99 3VZ for no fixed abode."""
    return postcode.startswith(_PSEUDO)


Postcode: TypeAlias = Annotated[
    str,
    Strict(),
    AfterValidator(parse_postcode),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z0-9]{2,4} [A-Z0-9]{1,4}$"}),
]
"""Postcode in its normal form. Pseudo-postcodes, BFPO and GIR 0AA pass; none has a position."""
