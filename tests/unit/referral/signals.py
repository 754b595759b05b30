"""Signals of NHS England that are fine; a test changes what it is about. Nobody here is real."""

from typing import Any

import httpx2
import orjson

from tests.unit.referral.site import Site

NATIONAL = "X26"
STRUCTURED = "application/cloudevents+json"
NUMBER, OTHER_NUMBER = "9990000018", "9990000026"
SOURCE = "uk.nhs.personal-demographics-service"
DEATH_STATUS = (
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-DeathNotificationStatus"
)


def record(**changes: Any) -> dict[str, Any]:
    """A Patient of PDS."""
    return {"resourceType": "Patient", "id": NUMBER, **changes}


def death_record(status: str = "2", **changes: Any) -> dict[str, Any]:
    told = {
        "url": "deathNotificationStatus",
        "valueCodeableConcept": {"coding": [{"code": status}]},
    }
    return record(
        **{
            "deceasedDateTime": "2026-02-20T00:00:00+00:00",
            "extension": [{"url": DEATH_STATUS, "extension": [told]}],
            **changes,
        }
    )


def gp_record(practice: str = "A81002", **period: str) -> dict[str, Any]:
    identifier = {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": practice}
    return record(generalPractitioner=[{"identifier": {**identifier, "period": period}}])


def signal(kind: str = "pds-death-notification-2", **changes: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "s-1",
        "source": SOURCE,
        "type": kind,
        "time": "2026-03-01T13:00:00Z",
        "subject": NUMBER,
        "dataref": f"https://api.service.nhs.uk/personal-demographics/FHIR/R4/Patient/{NUMBER}",
        "data": death_record(),
        **changes,
    }
    return {name: value for name, value in event.items() if value is not None}


def delivered(event: dict[str, Any]) -> dict[str, Any]:
    """The same signal as the Multicast Notification Service delivers it."""
    told = [
        {
            "name": "notification-event",
            "part": [
                {"name": "event-number", "valueString": "1"},
                {"name": "timestamp", "valueInstant": event["time"]},
            ],
        },
        {
            "name": "additional-context",
            "part": [
                {"name": "event-type", "valueString": event["type"]},
                {"name": "source", "valueUri": event["source"]},
                {
                    "name": "subject",
                    "valueReference": {"identifier": {"value": event["subject"]}},
                },
            ],
        },
    ]
    entries: list[dict[str, Any]] = [
        {"resource": {"resourceType": "Parameters", "parameter": told}},
        *([{"resource": event["data"]}] if "data" in event else []),
    ]
    return {"resourceType": "Bundle", "type": "history", "id": event["id"], "entry": entries}


async def send(
    site: Site,
    body: bytes | dict[str, Any],
    *,
    organisation: str = NATIONAL,
    content_type: str = STRUCTURED,
    **headers: str,
) -> httpx2.Response:
    """POST /signals; a header is given as `ce_id="s-1"`."""
    given = {
        "authorization": f"Bearer {site.token(organisation)}",
        "content-type": content_type,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await site.client.post("/signals", content=content, headers=given)


async def send_binary(site: Site, event: dict[str, Any], **changes: str) -> httpx2.Response:
    attributes = {f"ce_{name}": value for name, value in event.items() if name != "data"}
    content = orjson.dumps(event["data"]) if "data" in event else b""
    return await send(
        site, content, content_type="application/fhir+json", **{**attributes, **changes}
    )
