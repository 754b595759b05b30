"""`python -m contracts.tools write|check`: keep what is published, and refuse to rewrite it."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts import asyncapi, event, submissions
from contracts.compatibility import breaks
from contracts.published import (
    FOLDER,
    Version,
    all_examples,
    current,
    example_file,
    schema_file,
    text,
)

ASYNCAPI = FOLDER / "asyncapi.json"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["write"]:
            problems = list(_write())
        case ["check"]:
            problems = list(_check())
        case _:
            print(__doc__)
            return 2
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _write() -> Iterator[str]:
    FOLDER.mkdir(exist_ok=True)
    for version in current():
        yield from _keep(version, schema_file(version.name), text(version.schema))
        yield from _keep(version, example_file(version.name), text(version.example))
    ASYNCAPI.write_text(text(asyncapi.document()), encoding="utf-8")


def _keep(version: Version, file: Path, content: str) -> Iterator[str]:
    if not file.exists():
        file.write_text(content, encoding="utf-8")
        print(f"published {file.name}")
    elif file.read_text(encoding="utf-8") != content:
        yield (
            f"{file.name} is published and would change: give {version.type} minor version "
            f"{version.minor + 1}, or a new major version if a reader would break"
        )


def _check() -> Iterator[str]:
    for version in current():
        for file, content in (
            (schema_file(version.name), text(version.schema)),
            (example_file(version.name), text(version.example)),
        ):
            if not file.exists():
                yield f"{file.name} is missing: run `make contracts`"
            elif file.read_text(encoding="utf-8") != content:
                yield f"{file.name} is published and the code says something else"
        yield from _follows(version)
    if not ASYNCAPI.exists() or ASYNCAPI.read_text(encoding="utf-8") != text(asyncapi.document()):
        yield "asyncapi.json is out of date: run `make contracts`"
    yield from _unreadable_examples()


def _follows(version: Version) -> Iterator[str]:
    """Every older minor version must be readable, and must be able to read this one."""
    for minor in range(version.minor):
        file = schema_file(f"{version.type}.{minor}")
        if not file.exists():
            yield f"{file.name} is missing, though a later version is there"
            continue
        old: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        for why in breaks(old, version.schema):
            yield f"{version.name} cannot follow {version.type}.{minor}: {why}"


def _unreadable_examples() -> Iterator[str]:
    for type_, example in all_examples():
        model = event.TYPES.get(type_) or submissions.TYPES.get(type_)
        if model is None:
            yield f"{type_} was published and is no longer known"
            continue
        try:
            model.model_validate_json(json.dumps(example["data"]))
        except ValueError as error:
            yield f"a published example of {type_} is no longer readable: {type(error).__name__}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
