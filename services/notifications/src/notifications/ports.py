"""What this service needs from outside: a channel that takes messages."""

from dataclasses import dataclass
from typing import Protocol

from notifications.domain.contact import Channel


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, written and addressed, as a channel hands it over. Lives for one hand-over.

    `reference` is ours and the same on every try: it is what an unknown outcome is asked about by.
    """

    reference: str
    channel: Channel
    to: tuple[str, ...]
    subject: str
    body: str

    def __repr__(self) -> str:
        """The reference only, so that no log shows whom it is for."""
        return f"Letter({self.reference})"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel has the message."""

    reference: str
    delivered: bool = False


class ChannelError(Exception):
    """The base of what a channel may answer instead of a receipt."""


class OutcomeUnknown(ChannelError):
    """No answer, or one that does not tell: the message may have been taken."""


class NotNow(ChannelError):
    """The channel certainly did not take it, and may take it later."""


class Refused(ChannelError):
    """The channel will never take this message. The reason quotes nothing of it."""


class Channels(Protocol):
    """Hands messages over. Every copy of the sender may use it at once."""

    async def send(self, letter: Letter) -> Receipt:
        """Hand over once; a channel that already has the reference gives its receipt again."""
        ...

    async def find(self, reference: str, channel: Channel) -> Receipt | None:
        """What the channel knows of a reference; None when it says that it knows nothing.

        Raises `OutcomeUnknown` when it cannot say.
        """
        ...
