"""Dated facts about sites and services that no public table holds, as data of our own.

`services.csv` says whom a service sees, `standings.csv` which sites hold a qualifying contract and
are registered. Rows marked as assumptions stand in until registers can be had; each names why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files

EVERY = "*"


class Fact(StrEnum):
    """What a site needs to have in force to be listed."""

    CONTRACT = "contract"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Standing:
    """A fact in force at a site, or at every site (`*`), from the first to the last of its days."""

    site: str
    fact: Fact
    valid_from: date
    valid_to: date | None
    because: str

    def is_valid(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """Whom services of a sector and a treatment function (or its RTT group) see.

    Every rule that fits a service narrows it: ages from and to in completed years, both included;
    `sexes` and `priorities` are codes of the NHS Data Dictionary.
    """

    sector: str
    treatment_function: str
    age_from: int
    age_to: int
    sexes: frozenset[str]
    priorities: frozenset[str]
    valid_from: date
    valid_to: date | None
    because: str

    def fits(self, sector: str, treatment_function: str, rtt_group: str, on: date) -> bool:
        """Whether the rule says something about such a service on this day."""
        return (
            self.sector in (EVERY, sector)
            and self.treatment_function in (EVERY, treatment_function, rtt_group)
            and self.valid_from <= on
            and (self.valid_to is None or on <= self.valid_to)
        )


def standings() -> tuple[Standing, ...]:
    """The standings of this package."""
    return tuple(
        Standing(
            row["site"],
            Fact(row["fact"]),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["because"],
        )
        for row in _rows("standings.csv")
    )


def service_rules() -> tuple[ServiceRule, ...]:
    """The service rules of this package."""
    return tuple(
        ServiceRule(
            row["sector"],
            row["treatment_function"],
            int(row["age_from"]),
            int(row["age_to"]),
            frozenset(row["sexes"].split()),
            frozenset(row["priorities"].split()),
            date.fromisoformat(row["valid_from"]),
            _day(row["valid_to"]),
            row["because"],
        )
        for row in _rows("services.csv")
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
