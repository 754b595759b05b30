"""Where a running system is, on record for the other commands."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

FILE = "running.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The addresses of a running system. `urls` are by name of the service, the sink among them."""

    pid: int
    urls: Mapping[str, str]
    kafka: str
    idempotence: bool
    mongo: str

    def write(self, directory: Path) -> None:
        """Readable by its owner alone: an address of MongoDB may hold a password."""
        path = directory / FILE
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({**asdict(self), "urls": dict(self.urls)}, file)

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """The system that runs there; None where none does."""
        try:
            found = cls(**json.loads((directory / FILE).read_text(encoding="utf-8")))
            os.kill(found.pid, 0)
        except (OSError, ValueError, TypeError):
            return None
        return found


def forget(directory: Path) -> None:
    with suppress(FileNotFoundError):
        (directory / FILE).unlink()
