"""The table of messages to patients: its columns and the rules that its rows keep."""

# ruff: noqa: N805  dataframely calls its rules with the class

import dataframely as dy
import polars as pl

from reporting.domain.dataset.columns import PATHWAY, SUNDAY, day, one_of, text
from reporting.domain.messages import STEPS


class Messages(dy.Schema):
    """One row per message to a patient, by how far it came. What it said is not in it."""

    message_id = dy.String(
        primary_key=True, min_length=1, max_length=200, description="The message."
    )
    pathway_id = dy.String(regex=PATHWAY, description="The pathway that it is about.")
    first_told_on = day("The day of its oldest event (London).")
    week_ending = day("The Sunday that ends the week of first_told_on.")
    template = text("Which message; empty: its intent has not come.", nullable=True)
    channel = text("How it was to go, the newest.")
    reached = one_of(
        STEPS,
        "How far it came. delivered: the channel said so, which not every channel does; failed: and "
        "never handed over or delivered.",
    )
    schema_version = text("Version of this table's declaration.")

    @dy.rule()
    def week_ends_on_sunday(cls) -> pl.Expr:
        return pl.col("week_ending").dt.weekday() == SUNDAY
