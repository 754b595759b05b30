"""Which items of a referral were given, of those that may be left out.

What a referral cannot do without is refused at the edge and never counts as missing here. The items
are those of the waiting list minimum data set that we take and that lists, shortlists and messages
are poorer without (domain reference, 2.18 and 2.20).
"""

from typing import Final

from referral.domain.pathway import Person, Referral
from referral.domain.source import SourceValidity

ITEMS: Final = (
    "postcode",
    "address",
    "contact",
    "referring_organisation",
    "source_of_referral",
    "commissioner",
)


def lacking(person: Person, referral: Referral) -> tuple[str, ...]:
    """The items that were not given, or not so that they can be used."""
    given = {
        "postcode": person.postcode,
        "address": person.address,
        "contact": person.phone or person.email,
        "referring_organisation": referral.referring_organisation,
        "source_of_referral": referral.source.validity is not SourceValidity.MISSING,
        "commissioner": referral.commissioner,
    }
    return tuple(item for item in ITEMS if not given[item])
