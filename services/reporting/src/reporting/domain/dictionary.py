"""The data dictionary and the Frictionless data package, made from the declaration of the tables."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import dataframely as dy

from reporting.domain.dataset import TABLES, columns, rules
from reporting.domain.rows import SCHEMA_VERSION

NAME: Final = "fairwait-elective-pathways"
TITLE: Final = "Elective pathways and activity, NHS and independent sector"

_TYPES: Final[Mapping[type[dy.Column], str]] = {
    dy.String: "string",
    dy.Enum: "string",
    dy.Date: "date",
    dy.Bool: "boolean",
    dy.Int32: "integer",
}


def field_of(name: str, column: dy.Column) -> dict[str, Any]:
    """A column as a field of Table Schema."""
    described: dict[str, Any] = {
        "name": name,
        "type": _TYPES[type(column)],
        "description": column.description or "",
    }
    unit = (column.metadata or {}).get("unit")
    if unit:
        described["unit"] = unit
    constraints = dict(_constraints(column))
    if constraints:
        described["constraints"] = constraints
    return described


def _constraints(column: dy.Column) -> Iterator[tuple[str, Any]]:
    if not column.nullable:
        yield "required", True
    match column:
        case dy.Enum():
            yield "enum", list(column.categories)
        case dy.String():
            if column.regex:
                yield "pattern", column.regex.removeprefix("^").removesuffix("$")
            if column.max_length:
                yield "maxLength", column.max_length
        case dy.Int32():
            if column.min is not None:
                yield "minimum", column.min
            if column.max is not None:
                yield "maximum", column.max
        case _:
            pass


def table_schema(table: str) -> dict[str, Any]:
    """The Table Schema of a table."""
    return {
        "fields": [field_of(name, column) for name, column in columns(table).items()],
        "primaryKey": TABLES[table].primary_key(),
        "missingValues": [""],
    }


def data_package(files: Mapping[str, tuple[str, int]], release: str, as_at: str) -> dict[str, Any]:
    """`datapackage.json`. `files` gives the SHA-256 and the size in bytes of each table's CSV."""
    return {
        "name": NAME,
        "title": TITLE,
        "version": release,
        "profile": "data-package",
        "description": f"As at {as_at}. Internal edition: patient-level rows, exact figures.",
        "resources": [_resource(table, *files[table]) for table in TABLES],
    }


def _resource(table: str, sha256: str, size: int) -> dict[str, Any]:
    return {
        "name": table,
        "path": f"{table}.csv",
        "profile": "tabular-data-resource",
        "description": _purpose(table),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "header": True},
        "bytes": size,
        "hash": f"sha256:{sha256}",
        "schema": table_schema(table),
    }


def _purpose(table: str) -> str:
    return (TABLES[table].__doc__ or "").strip()


HEADER: Final = ("table", "column", "type", "unit", "may be empty", "values", "meaning")


def dictionary_rows() -> list[Sequence[str]]:
    """One row a column, for the data dictionary."""
    return [
        _dictionary_row(table, field_of(name, column))
        for table in TABLES
        for name, column in columns(table).items()
    ]


def _dictionary_row(table: str, described: Mapping[str, Any]) -> Sequence[str]:
    constraints = described.get("constraints", {})
    return (
        table,
        described["name"],
        described["type"],
        described.get("unit", ""),
        "no" if constraints.get("required") else "yes",
        _values(constraints),
        described["description"],
    )


def _values(constraints: Mapping[str, Any]) -> str:
    if "enum" in constraints:
        return " | ".join(constraints["enum"])
    if "pattern" in constraints:
        return f"matches {constraints['pattern']}"
    if "maximum" in constraints:
        return f"{constraints['minimum']} to {constraints['maximum']}"
    if "minimum" in constraints:
        return f"{constraints['minimum']} or more"
    return ""


def dictionary_csv() -> str:
    """The data dictionary as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(dictionary_rows())
    return out.getvalue()


def dictionary_markdown() -> str:
    """The data dictionary for reading."""
    parts = [f"# Data dictionary\n\nSchema version {SCHEMA_VERSION}.\n"]
    for table in TABLES:
        parts.append(f"\n## {table}\n\n{_purpose(table)}\n\n{_markdown_table(table)}\n")
        parts.append(f"\nRules that hold in every row: {_rules(table)}.\n")
    return "".join(parts)


def _markdown_table(table: str) -> str:
    lines = [
        "| column | type | unit | may be empty | values | meaning |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row[1:]) + " |"
        for row in dictionary_rows()
        if row[0] == table
    ]
    return "\n".join(lines)


def _rules(table: str) -> str:
    return "; ".join(rule.replace("_", " ") for rule in rules(table))
