"""From the record of a session to its row."""

from typing import Any, Final

from reporting.domain.facts import Declared
from reporting.domain.projection import PathwayRecord
from reporting.domain.rows import SCHEMA_VERSION, group_of, sector_of
from reporting.domain.weeks import week_ending

CAPACITY_TOPIC: Final = "capacity"


def capacity_rows(record: PathwayRecord) -> list[dict[str, Any]]:
    """The row of a declared session, as declared last; none where nothing was declared."""
    declared = record.last(Declared)
    if declared is None:
        return []
    on = declared.local_start.date()
    return [
        {
            "session_id": record.subject,
            "week_ending": week_ending(on),
            "session_on": on,
            "starts_at": f"{declared.local_start:%H:%M}",
            "provider": declared.provider,
            "site": declared.site,
            "provider_type": sector_of(declared.provider, record),
            "treatment_function": declared.treatment_function,
            "rtt_group": group_of(declared.treatment_function, on),
            "places": declared.places,
            "schema_version": SCHEMA_VERSION,
        }
    ]
