"""The data set: its tables declared once, column by column, with the rules that rows must keep.

Files, data dictionary and checks are all made from these declarations.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import dataframely as dy
import polars as pl

from reporting.domain.capacity import CAPACITY_TOPIC
from reporting.domain.dataset.activity import Activity
from reporting.domain.dataset.capacity import Capacity
from reporting.domain.dataset.messages import Messages
from reporting.domain.dataset.pathways import Pathways
from reporting.domain.messages import MESSAGE_TOPIC
from reporting.domain.rows import PATHWAY_TOPICS, ROW_TOPICS

Frame: TypeAlias = pl.DataFrame

TABLES: Final[Mapping[str, type[dy.Schema]]] = {
    "pathways": Pathways,
    "activity": Activity,
    "capacity": Capacity,
    "messages": Messages,
}

# Which events a row of each table is made from: its lineage.
LINEAGE_TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "pathways": PATHWAY_TOPICS,
    "activity": ROW_TOPICS,
    "capacity": (CAPACITY_TOPIC,),
    "messages": (MESSAGE_TOPIC,),
}


def frame(table: str, rows: list[dict[str, Any]]) -> Frame:
    """Rows of one table as a frame in the declared columns and order."""
    schema = TABLES[table]
    types = {name: column.dtype for name, column in schema.columns().items()}
    return in_order(table, pl.DataFrame(rows, schema=types, orient="row"))


def in_order(table: str, of: Frame) -> Frame:
    """The rows sorted by primary key, so that the order of arrival never shows."""
    return of.sort(TABLES[table].primary_key())


def broken_rules(table: str, of: Frame) -> dict[str, int]:
    """The rules that rows break, with how many rows break each; empty for a table as declared."""
    _, failures = TABLES[table].filter(of)
    return dict(failures.counts())


def columns(table: str) -> Mapping[str, dy.Column]:
    """The declared columns of a table, in order."""
    return TABLES[table].columns()


def rules(table: str) -> list[str]:
    """The names of the rules of a table that look at several columns."""
    declared = vars(TABLES[table]).items()
    return [name for name, value in declared if type(value).__name__ == "RuleFactory"]
