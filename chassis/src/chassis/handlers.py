"""Which of a service's functions handles which event, submission or timer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from chassis.messages import RefusedSubmission
from contracts.event import Event
from contracts.submissions import Submission

Handler: TypeAlias = Callable[[Any, Any], Awaitable[None]]
BatchHandler: TypeAlias = Callable[[Sequence[Any], Any], Awaitable[None]]
F = TypeVar("F", bound=Callable[..., Any])


class Handlers:
    """A service's handlers, filled by decorators in its `consumers.py`."""

    def __init__(self) -> None:
        self.events: dict[type, Handler] = {}
        self.timers: dict[str, Handler] = {}
        self.loaders: list[BatchHandler] = []
        self.batch: BatchHandler | None = None
        self.refused: Handler | None = None
        self.rejected: Callable[[Any, Any, Any], Awaitable[None]] | None = None
        self.key_of: Callable[[Any], str] | None = None

    def on(self, *kinds: type[Event] | type[Submission]) -> Callable[[F], F]:
        """`async def handler(event, work)`; for a submission, `(received, work)`."""

        def register(handler: F) -> F:
            for kind in kinds:
                if kind in self.events:
                    raise TypeError(f"{kind.__name__} has two handlers")
                self.events[kind] = handler
            return handler

        return register

    def on_timer(self, name: str) -> Callable[[F], F]:
        """`async def handler(subject, work)`, called once when the timer `name` is due."""

        def register(handler: F) -> F:
            self.timers[name] = handler
            return handler

        return register

    def on_batch(self, handler: F) -> F:
        """`async def handler(recorded, work)` with all events of a batch that are new, at its end."""
        self.batch = handler
        return handler

    def preload(self, loader: F) -> F:
        """`async def loader(events, work)`: reads what the handlers will need in few reads."""
        self.loaders.append(loader)
        return loader

    def on_refused(self, handler: F) -> F:
        """`async def handler(refused, work)` for a submission whose fields are wrong."""
        self.refused = handler
        return handler

    def on_rejected(self, handler: F) -> F:
        """`async def handler(received, faults, work)` after a handler raised `Rejected`."""
        self.rejected = handler
        return handler

    def key(self, function: F) -> F:
        """`def function(submission) -> str`: the key whose order a submission has to keep."""
        self.key_of = function
        return function


__all__ = ["BatchHandler", "Handler", "Handlers", "RefusedSubmission"]
