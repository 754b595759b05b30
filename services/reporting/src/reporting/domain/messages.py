"""From a record to the rows of its messages."""

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from reporting.domain.facts import Messaged, Said
from reporting.domain.projection import PathwayRecord
from reporting.domain.rows import SCHEMA_VERSION
from reporting.domain.weeks import week_ending

MESSAGE_TOPIC: Final = "notification"
STEPS: Final = (
    "intended",
    "failed",
    "handed_over",
    "delivered",
)  # the last that was reached counts
LONDON: Final = ZoneInfo("Europe/London")


def message_rows(record: PathwayRecord) -> list[dict[str, Any]]:
    """A row per message, by name."""
    told: dict[str, list[tuple[Said, Messaged]]] = {}
    for source, messaged in record.each(Messaged):
        told.setdefault(messaged.message, []).append((record.said[source], messaged))
    return [_row(record.subject, message, told[message]) for message in sorted(told)]


def _row(subject: str, message: str, told: Sequence[tuple[Said, Messaged]]) -> dict[str, Any]:
    first_told_on = told[0][0].at.astimezone(LONDON).date()
    templates = [messaged.template for _, messaged in told if messaged.template]
    return {
        "message_id": message,
        "pathway_id": subject,
        "first_told_on": first_told_on,
        "week_ending": week_ending(first_told_on),
        "template": templates[0] if templates else None,
        "channel": told[-1][1].channel,
        "reached": max((messaged.step for _, messaged in told), key=STEPS.index),
        "schema_version": SCHEMA_VERSION,
    }
