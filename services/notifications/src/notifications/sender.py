"""The sender: claims what is due, hands it over once, and puts on record what became of it.

Several copies may run. Claims keep them apart; a claim whose sender died, and every hand-over
without an answer, is asked about by reference before anything is sent again.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from uuid_utils.compat import uuid7

from chassis.clock import Clock, SystemClock
from chassis.kill_points import reached
from chassis.units import Units
from notifications.domain.message import PERSON_WITHIN, Claimed, Message, no_longer_wanted
from notifications.domain.patient import Patient
from notifications.outcomes import (
    Impossible,
    NotFound,
    NotTaken,
    Outcome,
    Result,
    Taken,
    Uncertain,
    Unwanted,
    record,
)
from notifications.ports import Channels, NotNow, OutcomeUnknown, Refused
from notifications.repositories import Claims
from notifications.settings import SenderSettings
from notifications.writing import Unwritable, Writer

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sender:
    """`clock` is the patients' time, by which messages fall due; leases run by `wall`."""

    claims: Claims
    units: Units
    channels: Channels
    writer: Writer
    clock: Clock
    settings: SenderSettings
    wall: Clock = SystemClock()  # noqa: RUF009 - it has no state

    async def step(self) -> float:
        """One round of everything there is to do; how many seconds to rest after it."""
        await self.find_abandoned()
        handled = await self.ask() + await self.hand_over()
        return 0.0 if handled else self.settings.idle_seconds

    async def hand_over(self) -> int:
        """Hand over one batch of messages that are due; how many were claimed."""
        wall = self.wall.now()
        claimed = await self.claims.due(
            str(uuid7()),
            now=self.clock.now(),
            wall=wall,
            lease_until=wall + self._lease,
            limit=self.settings.batch,
        )
        if not claimed:
            return 0

        async def one(message: Message) -> Outcome | None:
            # As it is at this moment: those before it in the batch may have taken a while.
            return await self._hand_over(message, await self.claims.patient(message.pathway_id))

        reached("before-hand-over")
        outcomes = await self._each(one, claimed)
        reached("after-hand-over")
        await self._record(claimed, outcomes)
        return len(claimed)

    async def ask(self) -> int:
        """Ask the channels about one batch of unknown outcomes; how many were asked about."""
        wall = self.wall.now()
        asked = await self.claims.to_ask_about(
            str(uuid7()),
            wall=wall,
            lease_until=wall + self._lease,
            limit=self.settings.batch,
        )
        if asked:
            await self._record(asked, await self._each(self._ask, asked))
        return len(asked)

    async def find_abandoned(self) -> int:
        """Claims of senders that did not come back become unknown outcomes."""
        wall = self.wall.now()
        found = await self.claims.abandoned(wall=wall, person_by=wall + PERSON_WITHIN)
        if found:
            log.warning("messages.abandoned", count=found)
        return found

    @property
    def _lease(self) -> timedelta:
        return timedelta(seconds=self.settings.lease_seconds)

    async def _hand_over(self, message: Message, patient: Patient) -> Outcome | None:
        if self._late(message):
            return None
        reason = no_longer_wanted(message, patient, self.clock.now())
        if reason is not None:
            return Unwanted(reason)
        if patient.contact is None:
            return Impossible("the patient is not known")
        try:
            letter = self.writer.write(message, patient.contact, self.clock.today())
            receipt = await self.channels.send(letter)
        except (Unwritable, Refused) as error:
            return Impossible(str(error))
        except NotNow:
            return NotTaken()
        except OutcomeUnknown:
            return Uncertain()
        except Exception as error:  # a fault of ours: nobody knows how far it came
            # Its text may quote the person, so only its kind and place are told.
            log.error("message.stopped", message_id=message.message_id, fault=_place(error))
            return Uncertain()
        return Taken(receipt.delivered)

    async def _ask(self, message: Message) -> Outcome | None:
        try:
            receipt = await self.channels.find(message.message_id, message.channel)
        except Refused as error:
            return Impossible(str(error))
        except (OutcomeUnknown, NotNow):
            return Uncertain()
        return NotFound() if receipt is None else Taken(receipt.delivered)

    def _late(self, message: Message) -> bool:
        """Whether so much of the lease is gone that somebody else may soon take it over.

        A process that was paused must not hand over what another has asked about meanwhile.
        """
        status = message.status
        return not isinstance(status, Claimed) or (
            self.wall.now() >= status.lease_until - self._lease / 2
        )

    async def _each(
        self, function: Callable[[Message], Awaitable[T]], messages: Sequence[Message]
    ) -> list[T]:
        """The results in order, with so many at once as the settings say."""
        free = asyncio.Semaphore(self.settings.at_once)

        async def limited(message: Message) -> T:
            async with free:
                return await function(message)

        return await asyncio.gather(*(limited(message) for message in messages))

    async def _record(
        self, messages: Sequence[Message], outcomes: Sequence[Outcome | None]
    ) -> None:
        pairs = zip(messages, outcomes, strict=True)
        results: list[Result] = [(message, one) for message, one in pairs if one is not None]
        await self.units.run(record, results, self.wall.now())


def _place(error: BaseException) -> str:
    """The kind of an error and the line it comes from."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}"
