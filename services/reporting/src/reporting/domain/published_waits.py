"""Waits published back: how long those who wait have waited, by provider and treatment function.

For shortlists and for patients, who may compare providers. A statistic is never without its n and
its date; how few is too few is for whoever shows it.
"""

from datetime import date
from typing import Final

import polars as pl

from reporting.domain.dataset import Frame

BY: Final = ("provider", "treatment_function")


def published_waits(pathways: Frame, as_at: date) -> Frame:
    """Mean, median, 92nd and 95th percentile in days of the running clocks, with n.

    Percentiles lie between two waits in proportion. Starts that cannot be right are left out.
    """
    running = pl.col("in_rtt") & pl.col("rtt_stop").is_null() & pl.col("days_waited").is_not_null()
    days = pl.col("days_waited")
    return (
        pathways.filter(running)
        .group_by(BY)
        .agg(
            pl.len().alias("n"),
            days.mean().round(1).alias("mean_days"),
            days.median().alias("median_days"),
            days.quantile(0.92, "linear").round(1).alias("p92_days"),
            days.quantile(0.95, "linear").round(1).alias("p95_days"),
        )
        .with_columns(pl.lit(as_at).alias("as_at"), pl.lit("waiting so far").alias("statistic"))
        .sort(BY)
    )
