"""The table of pathways: its columns and the rules that its rows keep."""

# ruff: noqa: N805  dataframely calls its rules with the class

import dataframely as dy
import polars as pl

from contracts.codes import PRIORITY_TYPES, SEXES
from reporting.domain.dataset.columns import (
    PATHWAY,
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
from reporting.domain.rows import CHOICE_STATES, STATES
from reporting.domain.weeks import AGE_BANDS, LAST_BAND, WAIT_BANDS


class Pathways(dy.Schema):
    """One row per referral to treatment pathway, as it stood at the end of a day."""

    pathway_id = dy.String(
        primary_key=True,
        regex=PATHWAY,
        description="Fairwait's pseudonym of the pathway: the same for the same referral always.",
    )
    as_at = day("The day at whose end the row describes the pathway (London).")
    week_ending = day("The Sunday that ends the week of as_at.")
    state = one_of(
        STATES,
        "Where the pathway stands: one state each. waiting: no list is open; stopped: the clock "
        "stopped without treatment.",
    )
    provider = ods("The provider responsible now (ODS).")
    site = ods("The site of the place that is held or booked (ODS).", nullable=True)
    provider_type = one_of(
        SECTORS, "NHS or independent sector (IS); empty: not known.", nullable=True
    )
    provider_referred_to = ods("The provider the referral was made to (ODS).")
    publisher = ods("The organisation that told Fairwait of the referral (ODS).")
    commissioner = ods("The commissioner, as sent (ODS).", nullable=True)
    treatment_function = text("TREATMENT FUNCTION CODE.", regex=r"^[0-9]{3}$")
    rtt_group = text(
        "Group under which the function's waits are published (C_100 ... X06).",
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
    received_on = day("The day the referral request was received.")
    received_week_ending = day("The Sunday that ends the week of received_on.")
    age_band = one_of(AGE_BANDS, "Age in completed years at referral, in bands.")
    sex = one_of(codes_of(SEXES), "1 male, 2 female, 9 indeterminate.")
    synthetic = yes_no("A made-up patient (NHS number of the test range).")
    right_decision = text("Code of the decision on the legal right to choose.", nullable=True)
    right_applies = yes_no("Whether the legal right to choose applies.", nullable=True)
    choice_state = one_of(CHOICE_STATES, "How far the choice of a provider has come.")
    shortlist_id = text("The newest shortlist.", nullable=True)
    options = count("Distinct providers on the newest shortlist.", nullable=True)
    shortfall = count("How many providers fewer than five.", nullable=True, most=5)
    shortfall_reason = text("Why there were fewer than five.", nullable=True)
    offered_five = yes_no("Five or more providers, or a recorded reason.", nullable=True)
    informed = yes_no(
        "Every provider on the list was shown with its wait and its distance.", nullable=True
    )
    chosen_provider = ods("The provider the patient chose last (ODS).", nullable=True)
    chosen_provider_type = one_of(SECTORS, "Its type; empty: not known.", nullable=True)
    chose_another_provider = yes_no(
        "Whether it is another than the one referred to.", nullable=True
    )
    rtt_start = day("Start of the RTT clock.", nullable=True)
    rtt_stop = day("Stop of the RTT clock; empty while it runs.", nullable=True)
    rtt_status = text(
        "REFERRAL TO TREATMENT PERIOD STATUS, the newest.", nullable=True, regex=TWO_DIGITS
    )
    in_rtt = yes_no("Counted in RTT measurement: started, and not nullified by status 33.")
    days_waited = count(
        "Calendar days in London from rtt_start to rtt_stop or as_at; empty where the start "
        "cannot be right (missing, 1900-01-01, after the end).",
        nullable=True,
        unit="days",
    )
    weeks_waited = count("Completed weeks: days_waited / 7.", nullable=True, unit="weeks")
    wait_band = one_of(
        WAIT_BANDS, "Weekly band; 126 days are in 0-18, 127 days in 18-40.", nullable=True
    )
    rtt_band = count(
        'Monthly band k, "Gt k To k+1 Weeks": 7 days are in 0, 8 days in 1; 104 is open.',
        nullable=True,
        most=LAST_BAND,
    )
    over_18_weeks = yes_no("days_waited / 7 is strictly over 18.", nullable=True)
    first_appointment_on = day("Day of the earliest appointment booked.", nullable=True)
    attendances = count("Appointments attended so far.")
    schema_version = text("Version of this table's declaration.")

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
