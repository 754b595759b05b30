"""The messages of the sink, kept in a file so that no crash of any process loses one."""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

Channel = Literal["email", "sms", "letter"]
Trouble = Literal["accept-then-time-out", "try-later", "refuse"]

FILE = "messages.ndjson"


@dataclass(frozen=True, slots=True)
class Kept:
    """One message as it came in. `number` counts from 1."""

    number: int
    id: str
    channel: Channel
    reference: str
    to: tuple[str, ...]
    subject: str
    body: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message before it is kept."""

    channel: Channel
    reference: str
    to: tuple[str, ...]
    subject: str
    body: str


class Mailbox:
    """Every message, in order, by reference, and what trouble the next ones shall meet.

    A message is in the file before whoever sent it gets an answer. The file outlives processes, not
    a power cut: it is written and not synced.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / FILE
        self.messages: list[Kept] = list(_read(self._path))
        self._by_reference: dict[str, list[Kept]] = defaultdict(list)
        for one in self.messages:
            self._by_reference[one.reference].append(one)
        self._file = self._path.open("ab", buffering=0)
        self.duplicates_refused = 0
        self._troubles: list[Trouble] = []

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def keep(self, incoming: Incoming) -> Kept:
        kept = Kept(
            number=len(self.messages) + 1,
            id=str(uuid.uuid4()),
            channel=incoming.channel,
            reference=incoming.reference,
            to=incoming.to,
            subject=incoming.subject,
            body=incoming.body,
            received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        self._file.write(json.dumps(asdict(kept), ensure_ascii=False).encode() + b"\n")
        self.messages.append(kept)
        self._by_reference[kept.reference].append(kept)
        return kept

    def of_reference(self, reference: str) -> list[Kept]:
        return list(self._by_reference.get(reference, ()))

    def matching(self, text: str, *, after: int = 0) -> list[Kept]:
        """Messages with this text in the name, address, reference or words; all for no text."""
        wanted = text.casefold().strip()
        return [one for one in self.messages[after:] if not wanted or wanted in _searchable(one)]

    # ---- trouble, for tests and demonstrations

    def make_trouble(self, kind: Trouble, times: int) -> None:
        """The next messages meet this, one each."""
        self._troubles += [kind] * times

    def next_trouble(self) -> Trouble | None:
        return self._troubles.pop(0) if self._troubles else None


def _searchable(one: Kept) -> str:
    return " ".join((*one.to, one.reference, one.subject, one.body)).casefold()


def _read(path: Path) -> Iterator[Kept]:
    if not path.exists():
        return
    whole = path.read_bytes()
    complete, _, torn = whole.rpartition(b"\n")
    if torn:  # its sender never got an answer
        with path.open("r+b") as file:
            file.truncate(len(whole) - len(torn))
    for line in complete.splitlines():
        content = json.loads(line)
        content["to"] = tuple(content["to"])
        yield Kept(**content)
