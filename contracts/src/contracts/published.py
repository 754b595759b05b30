"""What has been published: a JSON Schema and a golden example for every version of every type.

Once a file is here it is never edited. A change of a type raises its minor version (fields with
defaults, nothing else) or makes a new major version.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from contracts import event, events, submissions
from contracts.examples import EVENTS, NOW, SUBMISSIONS

FOLDER: Final = Path(str(files("contracts"))) / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one type, as the code has it now."""

    type: str
    minor: int
    schema: Json
    example: Json

    @property
    def name(self) -> str:
        return f"{self.type}.{self.minor}"


def current() -> Iterator[Version]:
    """Every type in the version that this code writes."""
    for type_, cls in sorted(event.TYPES.items()):
        yield Version(type_, cls.minor, schema_of(cls, type_, cls.minor), _event_example(type_))
    for type_, model in sorted(submissions.TYPES.items()):
        example = _submission_example(type_)
        yield Version(type_, model.minor, schema_of(model, type_, model.minor), example)


def schema_of(model: type[BaseModel], type_: str, minor: int) -> Json:
    """The JSON Schema of a type's data, as a writer of this version fills it."""
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:fairwait:schema:{type_}.{minor}", **schema}


def _event_example(type_: str) -> Json:
    """The example as a CloudEvent in structured mode."""
    example = EVENTS[type_]
    envelope = example.envelope
    return {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": type_,
        "time": envelope.time.isoformat(),
        "subject": envelope.subject,
        "dataschema": example.dataschema,
        "datacontenttype": "application/json",
        "sequence": str(envelope.sequence),
        "correlationid": envelope.correlation_id,
        "data": example.model_dump(mode="json"),
    }


def _submission_example(type_: str) -> Json:
    example = SUBMISSIONS[type_]
    return {
        "specversion": "1.0",
        "id": "6f1d2f9e-3c1b-4c55-9d0a-1f4f0c8c9a11",
        "source": "urn:nhs:ods:RJ1",
        "type": type_,
        "time": NOW.isoformat(),
        "dataschema": f"urn:fairwait:schema:{type_}.{example.minor}",
        "datacontenttype": "application/json",
        "data": example.model_dump(mode="json"),
    }


def text(content: Json) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema_file(name: str) -> Path:
    return FOLDER / f"{name}.schema.json"


def example_file(name: str) -> Path:
    return FOLDER / f"{name}.example.json"


def all_examples() -> Iterator[tuple[str, Json]]:
    """Every golden example ever published: (type, CloudEvent)."""
    for file in sorted(FOLDER.glob("*.example.json")):
        example = json.loads(file.read_text(encoding="utf-8"))
        yield example["type"], example


__all__ = ["FOLDER", "Version", "all_examples", "current", "events"]
