"""The table of declared capacity: its columns and the rules that its rows keep."""

# ruff: noqa: N805  dataframely calls its rules with the class

import dataframely as dy
import polars as pl

from reporting.domain.dataset.columns import SECTORS, SUNDAY, count, day, ods, one_of, text


class Capacity(dy.Schema):
    """One row per session that a provider declared, with the places it has."""

    session_id = dy.String(
        primary_key=True, min_length=1, max_length=64, description="The session, as declared."
    )
    week_ending = day("The Sunday that ends the week of session_on.")
    session_on = day("The day of the session (London).")
    starts_at = text("When it starts, wall clock in London.", regex=r"^[0-9]{2}:[0-9]{2}$")
    provider = ods("The provider that declared it (ODS).")
    site = ods("The site (ODS).")
    provider_type = one_of(
        SECTORS, "NHS or independent sector (IS), by the form of the code.", nullable=True
    )
    treatment_function = text("TREATMENT FUNCTION CODE.", regex=r"^[0-9]{3}$")
    rtt_group = text(
        "Group under which the function's waits are published on that day.",
        nullable=True,
        regex=r"^(C_[0-9]{3}|X0[2-6])$",
    )
    places = count("Places declared. How many are used is not in it yet.")
    schema_version = text("Version of this table's declaration.")

    @dy.rule()
    def week_ends_on_sunday(cls) -> pl.Expr:
        return pl.col("week_ending").dt.weekday() == SUNDAY

    @dy.rule()
    def a_session_has_a_place(cls) -> pl.Expr:
        return pl.col("places") >= 1
