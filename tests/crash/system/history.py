"""What was sent and what was answered, in a file, written before anything is sent.

The oracle knows of a run what is in this file and what it finds; nothing else.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

Outcome: TypeAlias = Literal["acknowledged", "refused", "unknown"]


class History:
    """Lines of JSON. A line that was begun when the machine died is no line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self.sent = 0
        self.answered = 0

    def sending(self, kind: str, key: str, **what: Any) -> None:
        """Before anything leaves. `key` is what the outcome will name."""
        self._write({"line": "sending", "kind": kind, "key": key, **what})
        self.sent += 1

    def outcome(self, kind: str, key: str, outcome: Outcome, **how: Any) -> None:
        """What the other side said, at last."""
        self._write({"line": "outcome", "kind": kind, "key": key, "outcome": outcome, **how})
        self.answered += 1

    def close(self) -> None:
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
