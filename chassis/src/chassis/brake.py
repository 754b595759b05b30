"""The brake: a release that refuses everything is stopped before it empties the stream."""

from __future__ import annotations

from collections import deque

IN_A_ROW = 20
WINDOW = 1_000
IN_WINDOW = WINDOW // 100


class BrakeTripped(Exception):
    """Too many records in a row, or of the last 1,000, were dead or parked: a person must look."""


class Brake:
    """Counts records set aside. Repeats and gaps are no sign of a bad release and do not count."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._in_a_row = 0

    def fork(self) -> Brake:
        """A copy to count a batch on: it replaces this one only when the batch is committed."""
        copy = Brake()
        copy._recent, copy._in_a_row = self._recent.copy(), self._in_a_row
        return copy

    def done(self) -> None:
        self._recent.append(False)
        self._in_a_row = 0

    def set_aside(self) -> None:
        """Count one record set aside; raises `BrakeTripped` when it is one too many."""
        if self._in_a_row >= IN_A_ROW:
            raise BrakeTripped(f"{IN_A_ROW} records in a row were set aside")
        if len(self._recent) == WINDOW and sum(self._recent) >= IN_WINDOW:
            raise BrakeTripped(f"more than {IN_WINDOW} of {WINDOW} records were set aside")
        self._recent.append(True)
        self._in_a_row += 1
