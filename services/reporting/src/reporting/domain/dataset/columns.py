"""The kinds of columns that tables are made of, each with its description."""

from collections.abc import Iterable
from typing import Any

import dataframely as dy

ODS = r"^[0-9A-Z]{3,8}$"
PATHWAY = r"^[0-9a-f]{32}$"
TWO_DIGITS = r"^[0-9]{2}$"
SUNDAY = 7

SECTORS = ("NHS", "IS")
VALIDITIES = ("valid", "defaulted", "contradicted", "missing")
PODS = ("first_outpatient", "follow_up_outpatient")


def codes_of(code_list: Any) -> list[str]:
    return sorted({code.code for code in code_list.every()})


def ods(description: str, *, nullable: bool = False) -> dy.String:
    return dy.String(regex=ODS, nullable=nullable, description=description)


def day(description: str, *, nullable: bool = False) -> dy.Date:
    return dy.Date(nullable=nullable, description=description)


def one_of(values: Iterable[str], description: str, *, nullable: bool = False) -> dy.Enum:
    return dy.Enum(list(values), nullable=nullable, description=description)


def yes_no(description: str, *, nullable: bool = False) -> dy.Bool:
    return dy.Bool(nullable=nullable, description=description)


def text(description: str, *, nullable: bool = False, regex: str | None = None) -> dy.String:
    return dy.String(
        nullable=nullable, regex=regex, min_length=1, max_length=200, description=description
    )


def count(
    description: str, *, nullable: bool = False, unit: str | None = None, most: int | None = None
) -> dy.Int32:
    metadata = {"unit": unit} if unit else None
    return dy.Int32(nullable=nullable, min=0, max=most, description=description, metadata=metadata)
