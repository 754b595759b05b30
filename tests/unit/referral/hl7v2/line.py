"""The intake of HL7 v2 messages over documents in memory, without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from referral.edges.hl7v2.framing import Frame
from referral.edges.hl7v2.intake import Intake
from tests.unit.referral.builders import TRUST
from tests.unit.referral.site import Site, made


@dataclass(frozen=True)
class Line:
    """An intake, and the service behind it."""

    site: Site
    intake: Intake

    async def send(self, content: bytes, organisation: str = TRUST) -> list[bytes]:
        """What comes back for the messages of one frame."""
        answers = []
        for message in self.intake.messages(Frame(content)):
            answered = await self.intake.answer(message, organisation)
            answers += answered.acknowledgements
        return answers

    async def one(self, content: bytes, organisation: str = TRUST) -> bytes:
        """The only answer there is."""
        (answer,) = await self.send(content, organisation)
        return answer


@contextmanager
def line(directory: Path, *, environment: str = "development", **given: Any) -> Iterator[Line]:
    site = made(directory)
    options: dict[str, Any] = {"facilities": {}, "character_set": "ASCII", **given}
    yield Line(site, Intake(site.app.state.runtime, environment=environment, **options))
