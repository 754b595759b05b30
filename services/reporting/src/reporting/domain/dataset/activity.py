"""The table of what was done: its columns and the rules that its rows keep."""

# ruff: noqa: N805  dataframely calls its rules with the class

import dataframely as dy
import polars as pl

from contracts.codes import PRIORITY_TYPES, SEXES
from reporting.domain.dataset.columns import (
    PATHWAY,
    PODS,
    SECTORS,
    SUNDAY,
    TWO_DIGITS,
    VALIDITIES,
    codes_of,
    count,
    day,
    ods,
    one_of,
    text,
    yes_no,
)
from reporting.domain.rows import CHOICE_STATES
from reporting.domain.weeks import AGE_BANDS

MONTH = r"^[0-9]{4}-[0-9]{2}$"


class Activity(dy.Schema):
    """One row per appointment that a patient attended."""

    activity_id = dy.String(
        primary_key=True, min_length=1, max_length=200, description="The appointment."
    )
    pathway_id = dy.String(regex=PATHWAY, description="The pathway the activity belongs to.")
    week_ending = day("The Sunday that ends the week of activity_on.")
    activity_on = day("The day of the activity (London).")
    month = text("The month of activity_on, as 2026-01.", regex=MONTH)
    pod = one_of(PODS, "Point of delivery.")
    provider = ods("The provider that saw the patient (ODS).")
    site = ods("The site (ODS).")
    provider_type = one_of(
        SECTORS, "NHS or independent sector (IS); empty: not known.", nullable=True
    )
    publisher = ods("The organisation that told Fairwait of the referral (ODS).")
    commissioner = ods("The commissioner, as sent (ODS).", nullable=True)
    treatment_function = text("TREATMENT FUNCTION CODE.", regex=r"^[0-9]{3}$")
    rtt_group = text(
        "Group under which the function's waits are published on that day.",
        nullable=True,
        regex=r"^(C_[0-9]{3}|X0[2-6])$",
    )
    referral_source = text(
        "SOURCE OF REFERRAL FOR OUT-PATIENTS, two digits, as accepted.",
        nullable=True,
        regex=TWO_DIGITS,
    )
    referral_source_validity = one_of(
        VALIDITIES, "Whether the source is in the list and agrees with who referred."
    )
    referring_organisation = ods("Who referred (ODS).", nullable=True)
    priority = one_of(
        codes_of(PRIORITY_TYPES), "PRIORITY TYPE: 1 routine, 2 urgent, 3 two-week wait."
    )
    age_band = one_of(AGE_BANDS, "Age in completed years at referral, in bands.")
    sex = one_of(codes_of(SEXES), "1 male, 2 female, 9 indeterminate.")
    synthetic = yes_no("A made-up patient (NHS number of the test range).")
    choice_state = one_of(CHOICE_STATES, "How far the choice of a provider has come.")
    rtt_start = day("Start of the RTT clock.", nullable=True)
    rtt_status = text(
        "REFERRAL TO TREATMENT PERIOD STATUS, the newest.", nullable=True, regex=TWO_DIGITS
    )
    days_at_activity = count(
        "Calendar days from rtt_start to activity_on.", nullable=True, unit="days"
    )
    weeks_at_activity = count("Completed weeks of them.", nullable=True, unit="weeks")
    attendance = text(
        "ATTENDED OR DID NOT ATTEND: 5 seen in time, 6 late but seen.", regex="^[56]$"
    )
    outcome = text(
        "OUTCOME OF ATTENDANCE: 1 discharged, 2 another appointment, 3 appointment later.",
        regex="^[123]$",
    )
    schema_version = text("Version of this table's declaration.")

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
