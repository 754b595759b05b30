"""A signal as the Multicast Notification Service delivers it: a FHIR Bundle of type history.

The first entry is a Parameters that says what has happened. A hydrated signal has a second one with
the record it points to.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chassis.errors import Rejected
from chassis.faults import MALFORMED
from referral.edges.signals.events import Places, Signal, attributes_of, json_of
from referral.edges.signals.faults import NO_SIGNAL

_PARAMETERS: Final = "/entry/0/resource/parameter"
_SAYING: Final = ("notification-event", "additional-context")
_PLACES: Final = Places(_PARAMETERS, "/entry/1/resource", whole=True)


def read_delivered(body: bytes) -> Signal:
    """The signal in a Bundle. `Rejected` for a Bundle that is none."""
    bundle = json_of(body)
    if not isinstance(bundle, dict):
        raise Rejected([MALFORMED.fault()])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "history":
        raise Rejected([NO_SIGNAL.fault(pointer="/type")])
    told = _resource(bundle, 0)
    if told.get("resourceType") != "Parameters":
        raise Rejected([NO_SIGNAL.fault(pointer="/entry/0/resource")])
    parts = {name: value for group in _parts(told.get("parameter")) for name, value in group}
    attributes = attributes_of(
        {
            "specversion": "1.0",
            "id": bundle.get("id"),
            "source": parts.get("source"),
            "type": parts.get("event-type"),
            "time": parts.get("timestamp"),
            "subject": parts.get("subject"),
        },
        _PLACES,
    )
    return Signal(attributes, _PLACES, lambda: _resource(bundle, 1) or None)


def _resource(bundle: Mapping[str, Any], number: int) -> dict[str, Any]:
    entries = bundle.get("entry")
    entry = entries[number] if isinstance(entries, list) and len(entries) > number else None
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return resource if isinstance(resource, dict) else {}


def _parts(parameters: Any) -> Iterable[list[tuple[str, Any]]]:
    """What the parameters that speak of the event say, by name."""
    for parameter in _objects(parameters):
        if parameter.get("name") in _SAYING:
            yield [(str(one.get("name")), _value(one)) for one in _objects(parameter.get("part"))]


def _objects(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _value(part: Mapping[str, Any]) -> Any:
    reference = part.get("valueReference")
    if isinstance(reference, dict):
        identifier = reference.get("identifier")
        return identifier.get("value") if isinstance(identifier, dict) else None
    return next((value for name, value in part.items() if name.startswith("value")), None)
