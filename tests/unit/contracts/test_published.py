"""What is published stays readable, and a change that breaks a reader is refused."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts import asyncapi, event, submissions, tools
from contracts.compatibility import breaks
from contracts.event import UnknownMajor, UnknownType, Unreadable, read, write
from contracts.events import ClockStarted
from contracts.examples import EVENTS, SUBMISSIONS
from contracts.published import all_examples, current
from contracts.topics import PARTITIONS, TOPICS


def test_every_type_has_an_example() -> None:
    assert EVENTS.keys() == event.TYPES.keys()
    assert SUBMISSIONS.keys() == submissions.TYPES.keys()


def test_every_published_example_is_readable() -> None:
    examples = list(all_examples())

    assert len(examples) >= len(event.TYPES) + len(submissions.TYPES)
    for type_, example in examples:
        model = event.TYPES.get(type_) or submissions.TYPES[type_]
        model.model_validate_json(json.dumps(example["data"]))


def test_every_example_satisfies_its_schema() -> None:
    for version in current():
        jsonschema.validate(version.example["data"], dict(version.schema))


def test_the_code_says_what_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["check"]) == 0, capsys.readouterr().err


def test_a_published_schema_is_not_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from contracts import published

    monkeypatch.setattr(published, "FOLDER", tmp_path)
    monkeypatch.setattr(tools, "FOLDER", tmp_path)
    monkeypatch.setattr(tools, "ASYNCAPI", tmp_path / "asyncapi.json")
    assert tools.main(["write"]) == 0
    file = published.schema_file(f"{ClockStarted.type}.0")
    file.write_text(file.read_text().replace("started_on", "began_on"))
    before = file.read_text()

    assert tools.main(["write"]) == 1

    assert file.read_text() == before
    assert "minor version 1" in capsys.readouterr().err


OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "a": {"type": "string", "title": "A"},
        "b": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}], "default": None},
    },
    "required": ["a"],
}


def changed(**properties: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}


def test_an_added_field_with_a_default_breaks_nobody() -> None:
    assert breaks(OLD, changed(c={"type": "string", "default": ""})) == []


def test_prose_may_change() -> None:
    assert breaks(OLD, changed(a={"type": "string", "description": "better said"})) == []


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ({**OLD, "properties": {"a": {"type": "string"}}}, "/b is gone"),
        ({**OLD, "required": ["a", "b"]}, "/b has become required"),
        ({**OLD, "required": []}, "/a is no longer always there, and old readers need it"),
        (changed(a={"type": "integer"}), "/a: type has changed"),
        (changed(a={"type": "string", "enum": ["x"]}), "/a: enum has changed"),
        (
            changed(b={"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}),
            "/b/anyOf0: minimum has changed",
        ),
    ],
)
def test_what_breaks_a_reader_is_named(new: dict[str, Any], why: str) -> None:
    assert why in breaks(OLD, new)


@pytest.mark.parametrize("example", EVENTS.values(), ids=lambda one: one.type)
def test_an_event_comes_back_as_it_was_written(example: event.Event) -> None:
    key, value, headers = write(example)

    again = read(value, headers)

    assert again == example
    assert again.envelope == example.envelope
    assert key.decode() == again.subject


def test_a_reader_ignores_what_a_newer_writer_added() -> None:
    _, value, headers = write(EVENTS[ClockStarted.type])

    again = read(value[:-1] + b',"added_later":1}', headers)

    assert again == EVENTS[ClockStarted.type]


def with_header(name: str, content: bytes) -> list[tuple[str, bytes | None]]:
    _, _, headers = write(EVENTS[ClockStarted.type])
    return [*((one, value) for one, value in headers if one != name), (name, content)]


def test_an_unknown_type_is_passed_over_and_an_unknown_major_is_dead() -> None:
    value = write(EVENTS[ClockStarted.type])[1]

    with pytest.raises(UnknownType):
        read(value, with_header("ce_type", b"fairwait.weather.changed.v1"))
    with pytest.raises(UnknownMajor):
        read(value, with_header("ce_type", b"fairwait.referral.clock_started.v2"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ce_type", b"\xff"),
        ("ce_sequence", b"first"),
        ("ce_time", b"yesterday"),
        ("ce_subject", b"\xff"),
    ],
)
def test_a_spoilt_header_makes_the_record_unreadable(name: str, content: bytes) -> None:
    value = write(EVENTS[ClockStarted.type])[1]

    with pytest.raises(Unreadable):
        read(value, with_header(name, content))


def test_why_a_body_is_unreadable_never_quotes_it() -> None:
    headers = with_header("ce_subject", b"x")

    with pytest.raises(Unreadable) as refused:
        read(b'{"started_on":"9990000018","status":"10"}', headers)

    assert "9990000018" not in str(refused.value)
    assert "started_on" in str(refused.value)


def test_asyncapi_names_every_topic_and_is_valid(shared_data: Path) -> None:
    document = asyncapi.document()
    schema = json.loads((shared_data / "events/asyncapi/schemas/3.0.0.json").read_text())

    jsonschema.validate(document, schema)

    assert document["channels"].keys() == {topic.name for topic in TOPICS}
    operations = document["operations"]
    assert len(operations) == sum(1 + len(topic.readers) for topic in TOPICS)


def test_all_topics_are_partitioned_alike() -> None:
    assert {topic.partitions for topic in TOPICS} == {PARTITIONS}
