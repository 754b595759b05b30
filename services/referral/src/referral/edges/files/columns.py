"""The columns of a waiting-list file, by the names of the waiting list minimum data set."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.identifiers import E_REFERRAL_SERVICE

# Where a column's value goes in the submission. Several names for one are those that extracts of the
# data set use; names are compared without regard to case, blanks and underscores.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "/pathway/identifier": ("patient_pathway_identifier", "ppi"),
    "/pathway/issuer": ("organisation_code_ppi_issuer", "ppi_issuer"),
    "/ubrn": ("unique_booking_reference_number", "ubrn"),
    "/patient/nhs_number": ("nhs_number",),
    "/patient/given_name": ("given_name", "person_given_name"),
    "/patient/family_name": ("family_name", "person_family_name"),
    "/patient/birth_date": ("birth_date", "person_birth_date"),
    "/patient/sex": ("sex", "person_stated_gender_code"),
    "/patient/postcode": ("postcode", "postcode_of_usual_address"),
    "/patient/phone": ("phone",),
    "/patient/email": ("email",),
    "/patient/preferred_channel": ("preferred_channel",),
    "/patient/language": ("language",),
    "/responsible_provider": ("provider", "organisation_code_provider"),
    "/referring_organisation": ("referring_organisation", "referring_organisation_code"),
    "/treatment_function": ("treatment_function", "activity_treatment_function_code", "tfc"),
    "/priority": ("priority_type_code", "priority"),
    "/source_of_referral": ("source_of_referral", "source_of_referral_for_out_patients"),
    "/received_on": ("referral_request_received_date", "received_on"),
    "/commissioner": ("commissioner", "organisation_code_commissioner"),
    "/administrative_category": ("administrative_category", "administrative_category_code"),
    "/travel_limit_miles": ("travel_limit_miles",),
}
REQUIRED: Final = (
    "/patient/nhs_number",
    "/patient/given_name",
    "/patient/family_name",
    "/patient/birth_date",
    "/patient/sex",
    "/responsible_provider",
    "/treatment_function",
    "/received_on",
)
MOST: Final = 200  # columns; those that we do not know are passed over

_PLAIN: Final = re.compile(r"[^a-z0-9]")


def _plain(name: str) -> str:
    return _PLAIN.sub("", name.lower())


_POINTERS: Final = {_plain(name): pointer for pointer, names in COLUMNS.items() for name in names}


def column_of(pointer: str) -> str:
    """The name of a column by what it is for; the pointer itself for what has none."""
    while pointer and pointer not in COLUMNS:
        pointer = pointer.rpartition("/")[0]
    return COLUMNS[pointer][0] if pointer else ""


class BadHeader(Exception):
    """The first row does not name the columns that are needed."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__("columns are missing")
        self.missing = tuple(missing)


class BadRow(Exception):
    """The row does not fit the first one, or is no CSV."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column holds what, as the first row says."""

    pointers: tuple[str, ...]

    @classmethod
    def of(cls, row: bytes) -> "Layout":
        try:
            names = _cells(row)
        except BadRow:
            names = []
        pointers = tuple(_POINTERS.get(_plain(name), "") for name in names[:MOST])
        missing = [COLUMNS[pointer][0] for pointer in REQUIRED if pointer not in pointers]
        if "/pathway/identifier" not in pointers and "/ubrn" not in pointers:
            missing.insert(0, COLUMNS["/pathway/identifier"][0])
        if missing or len(names) > MOST:
            raise BadHeader(missing)
        return cls(pointers)

    def fields(self, row: bytes) -> dict[str, Any]:
        """The row as the fields of a submission; empty cells are left out."""
        cells = _cells(row)
        if len(cells) != len(self.pointers):
            raise BadRow("another number of cells than the first row has")
        fields: dict[str, Any] = {}
        for pointer, cell in zip(self.pointers, cells, strict=True):
            if pointer and cell.strip():
                _put(fields, pointer, cell.strip())
        return _named(fields)


def _cells(row: bytes) -> list[str]:
    try:
        text = row.decode()
        found: Iterator[list[str]] = csv.reader([text], strict=True)
        return next(found, [])
    except (UnicodeDecodeError, csv.Error):
        raise BadRow("no CSV in UTF-8") from None


def _put(fields: dict[str, Any], pointer: str, value: str) -> None:
    *above, name = pointer.strip("/").split("/")
    for part in above:
        fields = fields.setdefault(part, {})
    fields[name] = value


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """A row of e-RS has a UBRN in place of a pathway identifier."""
    ubrn = fields.pop("ubrn", None)
    if ubrn and "identifier" not in fields.get("pathway", {}):
        fields["pathway"] = {"identifier": ubrn, "issuer": E_REFERRAL_SERVICE}
    number = fields.get("patient", {}).get("nhs_number")
    if number:
        fields["patient"]["nhs_number"] = number.replace(" ", "")
    return fields
