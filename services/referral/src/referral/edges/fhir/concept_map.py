"""SNOMED CT to SOURCE OF REFERRAL FOR OUT-PATIENTS, as a table that a clinician can read.

Targets are the codes of the NHS Data Dictionary; sources are members of the value set
UKCore-SourceOfServiceRequest 1.2.1. Four lines (GP, consultant, dentist, optician) are published,
the rest is our reading of the names. A source that is not in the table is told and left out.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

VERSION: Final = "2026-03-01"


@cache
def sources_by_snomed() -> Mapping[str, str]:
    """The NHS code for each SNOMED CT code of the table."""
    lines = files(__package__).joinpath("source_of_referral.csv").read_text("utf-8").splitlines()
    return MappingProxyType({row["snomed"]: row["code"] for row in csv.DictReader(lines)})
