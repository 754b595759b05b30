"""What reporting needs from outside."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

R = TypeVar("R")


class Units(Protocol):
    """Runs a function over a unit of work of reporting, which comes as its last argument."""

    async def run(self, function: Callable[..., Awaitable[R]], *arguments: Any) -> R:
        """Commits what the function changed; runs it again when another writer was faster."""
        ...

    async def read(self, function: Callable[..., Awaitable[R]], *arguments: Any) -> R:
        """Commits nothing."""
        ...
