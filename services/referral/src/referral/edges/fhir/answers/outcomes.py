"""What was odd about something that went well."""

from collections.abc import Sequence
from typing import Any

from chassis.faults import MAX_FAULTS, Fault


def outcome(warnings: Sequence[Fault]) -> dict[str, Any]:
    """An OperationOutcome of something that went well, with what was odd about it."""
    issues = [
        {
            "severity": "warning",
            "code": warning.fhir_code,
            "diagnostics": warning.message,
            "expression": [warning.expression],
        }
        for warning in warnings[:MAX_FAULTS]
    ]
    fine = {"severity": "information", "code": "informational", "diagnostics": "Accepted."}
    return {"resourceType": "OperationOutcome", "issue": issues or [fine]}


def warning_header(warnings: Sequence[Fault]) -> str:
    """The first warnings as an HTTP `Warning` header (code 199, miscellaneous)."""
    return ", ".join(
        f'199 fairwait "{warning.expression}: {warning.message}"' for warning in warnings[:5]
    )
