"""Admissions: the date given (TCI), and what came of it.

Admission for treatment stops the clock on the day of admission; when the treatment is called off
after that, the clock goes on as if it had not stopped (domain reference, 2.3).
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

Step: TypeAlias = Literal["planned", "admitted", "cancelled", "discharged"]


@dataclass(frozen=True, slots=True)
class Admission:
    """One stay in hospital, planned or begun. `clock_source` is the message that stopped the clock."""

    id: str
    provider: str
    site: str
    planned_on: date | None = None
    admitted_on: date | None = None
    cancelled_on: date | None = None
    discharged_on: date | None = None
    decided_to_admit_on: date | None = None
    treated: bool | None = None
    clock_source: str | None = None


def after(admission: Admission, step: Step, on: date) -> Admission:
    """The admission after one more step of it."""
    match step:
        case "planned":
            return replace(admission, planned_on=on, cancelled_on=None)
        case "admitted":
            return replace(admission, admitted_on=on, cancelled_on=None)
        case "cancelled":
            return replace(admission, cancelled_on=on)
        case "discharged":
            return replace(admission, discharged_on=on)
