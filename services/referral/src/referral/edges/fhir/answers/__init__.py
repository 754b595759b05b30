"""What we answer in FHIR: resources as they are now, and what goes around them."""

from typing import Any

from referral.edges.fhir.answers.appointments import appointments
from referral.edges.fhir.answers.referrals import service_request
from referral.edges.fhir.answers.tasks import tasks
from referral.repositories import Edition

TYPES = ("ServiceRequest", "Appointment", "Task")


def resources(type: str, edition: Edition) -> list[dict[str, Any]]:
    """The resources of a type that a pathway has."""
    match type:
        case "Appointment":
            return appointments(edition)
        case "Task":
            return tasks(edition)
        case _:
            return [service_request(edition)]


def resource(type: str, edition: Edition, id: str) -> dict[str, Any] | None:
    """The one of this id."""
    return next((one for one in resources(type, edition) if one["id"] == id), None)
