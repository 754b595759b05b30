"""The data set: its tables declared once, column by column, with the rules that rows must keep.

Files, data dictionary and checks are all made from these declarations.
"""

# ruff: noqa: N805  dataframely calls its rules with the class

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import dataframely as dy
import polars as pl

from contracts.codes import PRIORITY_TYPES, SEXES
from reporting.domain.rows import (
    CHOICE_STATES,
    PATHWAY_TOPICS,
    ROW_TOPICS,
    STATES,
)
from reporting.domain.weeks import AGE_BANDS, LAST_BAND, WAIT_BANDS

Frame: TypeAlias = pl.DataFrame

ODS = r"^[0-9A-Z]{3,8}$"
PATHWAY = r"^[0-9a-f]{32}$"
TWO_DIGITS = r"^[0-9]{2}$"
SUNDAY = 7

SECTORS = ("NHS", "IS")
VALIDITIES = ("valid", "defaulted", "contradicted", "missing")
PODS = ("first_outpatient", "follow_up_outpatient")


def _codes(code_list: Any) -> list[str]:
    return sorted({code.code for code in code_list.every()})


def _ods(description: str, *, nullable: bool = False) -> dy.String:
    return dy.String(regex=ODS, nullable=nullable, description=description)


def _day(description: str, *, nullable: bool = False) -> dy.Date:
    return dy.Date(nullable=nullable, description=description)


def _one_of(values: Iterable[str], description: str, *, nullable: bool = False) -> dy.Enum:
    return dy.Enum(list(values), nullable=nullable, description=description)


def _yes_no(description: str, *, nullable: bool = False) -> dy.Bool:
    return dy.Bool(nullable=nullable, description=description)


def _text(description: str, *, nullable: bool = False, regex: str | None = None) -> dy.String:
    return dy.String(
        nullable=nullable, regex=regex, min_length=1, max_length=200, description=description
    )


def _count(
    description: str, *, nullable: bool = False, unit: str | None = None, most: int | None = None
) -> dy.Int32:
    metadata = {"unit": unit} if unit else None
    return dy.Int32(nullable=nullable, min=0, max=most, description=description, metadata=metadata)


class Pathways(dy.Schema):
    """One row per referral to treatment pathway, as it stood at the end of a day."""

    pathway_id = dy.String(
        primary_key=True,
        regex=PATHWAY,
        description="Fairwait's pseudonym of the pathway: the same for the same referral always.",
    )
    as_at = _day("The day at whose end the row describes the pathway (London).")
    week_ending = _day("The Sunday that ends the week of as_at.")
    state = _one_of(
        STATES,
        "Where the pathway stands: one state each. waiting: no list is open; stopped: the clock "
        "stopped without treatment.",
    )
    provider = _ods("The provider responsible now (ODS).")
    site = _ods("The site of the place that is held or booked (ODS).", nullable=True)
    provider_type = _one_of(
        SECTORS, "NHS or independent sector (IS); empty: not known.", nullable=True
    )
    provider_referred_to = _ods("The provider the referral was made to (ODS).")
    publisher = _ods("The organisation that told Fairwait of the referral (ODS).")
    commissioner = _ods("The commissioner, as sent (ODS).", nullable=True)
    treatment_function = _text("TREATMENT FUNCTION CODE.", regex=r"^[0-9]{3}$")
    rtt_group = _text(
        "Group under which the function's waits are published (C_100 ... X06).",
        nullable=True,
        regex=r"^(C_[0-9]{3}|X0[2-6])$",
    )
    referral_source = _text(
        "SOURCE OF REFERRAL FOR OUT-PATIENTS, two digits, as accepted.",
        nullable=True,
        regex=TWO_DIGITS,
    )
    referral_source_validity = _one_of(
        VALIDITIES, "Whether the source is in the list and agrees with who referred."
    )
    referring_organisation = _ods("Who referred (ODS).", nullable=True)
    priority = _one_of(
        _codes(PRIORITY_TYPES), "PRIORITY TYPE: 1 routine, 2 urgent, 3 two-week wait."
    )
    received_on = _day("The day the referral request was received.")
    age_band = _one_of(AGE_BANDS, "Age in completed years at referral, in bands.")
    sex = _one_of(_codes(SEXES), "1 male, 2 female, 9 indeterminate.")
    synthetic = _yes_no("A made-up patient (NHS number of the test range).")
    right_decision = _text("Code of the decision on the legal right to choose.", nullable=True)
    right_applies = _yes_no("Whether the legal right to choose applies.", nullable=True)
    choice_state = _one_of(CHOICE_STATES, "How far the choice of a provider has come.")
    shortlist_id = _text("The newest shortlist.", nullable=True)
    options = _count("Distinct providers on the newest shortlist.", nullable=True)
    shortfall = _count("How many providers fewer than five.", nullable=True, most=5)
    shortfall_reason = _text("Why there were fewer than five.", nullable=True)
    offered_five = _yes_no("Five or more providers, or a recorded reason.", nullable=True)
    informed = _yes_no(
        "Every provider on the list was shown with its wait and its distance.", nullable=True
    )
    chosen_provider = _ods("The provider the patient chose last (ODS).", nullable=True)
    chosen_provider_type = _one_of(SECTORS, "Its type; empty: not known.", nullable=True)
    chose_another_provider = _yes_no(
        "Whether it is another than the one referred to.", nullable=True
    )
    rtt_start = _day("Start of the RTT clock.", nullable=True)
    rtt_stop = _day("Stop of the RTT clock; empty while it runs.", nullable=True)
    rtt_status = _text(
        "REFERRAL TO TREATMENT PERIOD STATUS, the newest.", nullable=True, regex=TWO_DIGITS
    )
    in_rtt = _yes_no("Counted in RTT measurement: started, and not nullified by status 33.")
    days_waited = _count(
        "Calendar days in London from rtt_start to rtt_stop or as_at; empty where the start "
        "cannot be right (missing, 1900-01-01, after the end).",
        nullable=True,
        unit="days",
    )
    weeks_waited = _count("Completed weeks: days_waited / 7.", nullable=True, unit="weeks")
    wait_band = _one_of(
        WAIT_BANDS, "Weekly band; 126 days are in 0-18, 127 days in 18-40.", nullable=True
    )
    rtt_band = _count(
        'Monthly band k, "Gt k To k+1 Weeks": 7 days are in 0, 8 days in 1; 104 is open.',
        nullable=True,
        most=LAST_BAND,
    )
    over_18_weeks = _yes_no("days_waited / 7 is strictly over 18.", nullable=True)
    first_appointment_on = _day("Day of the earliest appointment booked.", nullable=True)
    attendances = _count("Appointments attended so far.")
    schema_version = _text("Version of this table's declaration.")

    @dy.rule()
    def week_ends_on_sunday(cls) -> pl.Expr:
        return pl.col("week_ending").dt.weekday() == SUNDAY

    @dy.rule()
    def week_holds_the_day(cls) -> pl.Expr:
        return (pl.col("week_ending") - pl.col("as_at")).dt.total_days().is_between(0, 6)

    @dy.rule()
    def stop_is_not_before_start(cls) -> pl.Expr:
        return pl.col("rtt_stop") >= pl.col("rtt_start")

    @dy.rule()
    def wait_is_the_difference_of_its_dates(cls) -> pl.Expr:
        end = pl.coalesce("rtt_stop", "as_at")
        return pl.col("days_waited") == (end - pl.col("rtt_start")).dt.total_days()

    @dy.rule()
    def stopped_states_have_a_stop(cls) -> pl.Expr:
        ended = pl.col("state").cast(pl.String).is_in(["treated", "stopped"])
        return ended == pl.col("rtt_stop").is_not_null()

    @dy.rule()
    def fewer_than_five_adds_up(cls) -> pl.Expr:
        return pl.col("shortfall") == (5 - pl.col("options")).clip(0)


class Activity(dy.Schema):
    """One row per appointment that a patient attended."""

    activity_id = dy.String(
        primary_key=True, min_length=1, max_length=200, description="The appointment."
    )
    pathway_id = dy.String(regex=PATHWAY, description="The pathway the activity belongs to.")
    week_ending = _day("The Sunday that ends the week of activity_on.")
    activity_on = _day("The day of the activity (London).")
    pod = _one_of(PODS, "Point of delivery.")
    provider = _ods("The provider that saw the patient (ODS).")
    site = _ods("The site (ODS).")
    provider_type = _one_of(
        SECTORS, "NHS or independent sector (IS); empty: not known.", nullable=True
    )
    publisher = _ods("The organisation that told Fairwait of the referral (ODS).")
    commissioner = _ods("The commissioner, as sent (ODS).", nullable=True)
    treatment_function = _text("TREATMENT FUNCTION CODE.", regex=r"^[0-9]{3}$")
    rtt_group = _text(
        "Group under which the function's waits are published on that day.",
        nullable=True,
        regex=r"^(C_[0-9]{3}|X0[2-6])$",
    )
    referral_source = _text(
        "SOURCE OF REFERRAL FOR OUT-PATIENTS, two digits, as accepted.",
        nullable=True,
        regex=TWO_DIGITS,
    )
    referral_source_validity = _one_of(
        VALIDITIES, "Whether the source is in the list and agrees with who referred."
    )
    referring_organisation = _ods("Who referred (ODS).", nullable=True)
    priority = _one_of(
        _codes(PRIORITY_TYPES), "PRIORITY TYPE: 1 routine, 2 urgent, 3 two-week wait."
    )
    age_band = _one_of(AGE_BANDS, "Age in completed years at referral, in bands.")
    sex = _one_of(_codes(SEXES), "1 male, 2 female, 9 indeterminate.")
    synthetic = _yes_no("A made-up patient (NHS number of the test range).")
    choice_state = _one_of(CHOICE_STATES, "How far the choice of a provider has come.")
    rtt_start = _day("Start of the RTT clock.", nullable=True)
    rtt_status = _text(
        "REFERRAL TO TREATMENT PERIOD STATUS, the newest.", nullable=True, regex=TWO_DIGITS
    )
    days_at_activity = _count(
        "Calendar days from rtt_start to activity_on.", nullable=True, unit="days"
    )
    weeks_at_activity = _count("Completed weeks of them.", nullable=True, unit="weeks")
    attendance = _text(
        "ATTENDED OR DID NOT ATTEND: 5 seen in time, 6 late but seen.", regex="^[56]$"
    )
    outcome = _text(
        "OUTCOME OF ATTENDANCE: 1 discharged, 2 another appointment, 3 appointment later.",
        regex="^[123]$",
    )
    schema_version = _text("Version of this table's declaration.")

    @dy.rule()
    def week_ends_on_sunday(cls) -> pl.Expr:
        return pl.col("week_ending").dt.weekday() == SUNDAY

    @dy.rule()
    def week_holds_the_day(cls) -> pl.Expr:
        return (pl.col("week_ending") - pl.col("activity_on")).dt.total_days().is_between(0, 6)

    @dy.rule()
    def wait_is_the_difference_of_its_dates(cls) -> pl.Expr:
        days = (pl.col("activity_on") - pl.col("rtt_start")).dt.total_days()
        return pl.col("days_at_activity") == days


TABLES: Final[Mapping[str, type[dy.Schema]]] = {"pathways": Pathways, "activity": Activity}

# Which events a row of each table is made from: its lineage.
LINEAGE_TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "pathways": PATHWAY_TOPICS,
    "activity": ROW_TOPICS,
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
