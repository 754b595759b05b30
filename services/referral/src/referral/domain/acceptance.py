"""What makes a referral acceptable. All problems at once, so that a sender has to look only once."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from contracts.codes import TREATMENT_FUNCTIONS
from contracts.identifiers import E_REFERRAL_SERVICE, fits_issuer, is_synthetic, parse_nhs_number
from referral.domain.pathway import Person, Referral
from referral.domain.problems import Problem, ProblemCode
from referral.domain.waiting import age_on

E_RS_OLDEST_DAYS: Final = 365  # a start that e-RS supplies is in the past and at most so old (2.3)
# Long waits are told when they are years old, placeholders such as 1900-01-01 are no dates (2.1).
# DERIVED: no referral to treatment clock is older than the measurement.
FIRST_CLOCKS: Final = date(2007, 1, 1)
OLDEST_AGE: Final = 130
NHS_PATIENT: Final = "01"  # ADMINISTRATIVE CATEGORY: 02 to 04 are paid for in another way


def problems_of(
    person: Person, referral: Referral, today: date, *, allow_synthetic: bool
) -> list[Problem]:
    """Everything that keeps this referral out; nothing when it is acceptable.

    `allow_synthetic` is for tests and development: such NHS numbers belong to no patient.
    """
    return [
        *_person(person, allow_synthetic=allow_synthetic),
        *_birth_date(person.birth_date, min(today, referral.received_on)),
        *_dates(referral, today),
        *_referral(referral),
    ]


def _person(person: Person, *, allow_synthetic: bool) -> Iterator[Problem]:
    try:
        parse_nhs_number(person.nhs_number)
    except ValueError:
        yield Problem(ProblemCode.NHS_NUMBER, "/patient/nhs_number")
    else:
        if is_synthetic(person.nhs_number) and not allow_synthetic:
            yield Problem(ProblemCode.SYNTHETIC_PATIENT, "/patient/nhs_number")


def _birth_date(birth_date: date, on: date) -> Iterator[Problem]:
    if birth_date > on or age_on(birth_date, on) > OLDEST_AGE:
        yield Problem(ProblemCode.BIRTH_DATE, "/patient/birth_date")


def _dates(referral: Referral, today: date) -> Iterator[Problem]:
    if referral.received_on > today:
        yield Problem(ProblemCode.DATE_IN_FUTURE, "/received_on")
    elif referral.received_on < FIRST_CLOCKS or _too_old_for_e_rs(referral, today):
        yield Problem(ProblemCode.DATE_TOO_OLD, "/received_on")


def _too_old_for_e_rs(referral: Referral, today: date) -> bool:
    days = (today - referral.received_on).days
    return referral.publisher == E_REFERRAL_SERVICE and days > E_RS_OLDEST_DAYS


def _referral(referral: Referral) -> Iterator[Problem]:
    if referral.treatment_function not in TREATMENT_FUNCTIONS.at(referral.received_on):
        yield Problem(ProblemCode.UNKNOWN_TREATMENT_FUNCTION, "/treatment_function")
    if referral.administrative_category != NHS_PATIENT:
        yield Problem(ProblemCode.NOT_NHS_FUNDED, "/administrative_category")
    if not fits_issuer(referral.identifier, referral.issuer):
        yield Problem(ProblemCode.IDENTIFIER_FOR_ISSUER, "/pathway/identifier")


def may_refer(publisher: str, referral: Referral) -> bool:
    """A referral is told by whom it is to, by whom it is from, or by e-RS that issued it."""
    return publisher in {
        referral.responsible_provider,
        referral.referring_organisation,
        referral.issuer if referral.issuer == E_REFERRAL_SERVICE else None,
    }
