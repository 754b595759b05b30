"""The sender over a real database and the real sink, with clocks that tests set."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from chassis.clock import SimulatedClock, write_instant
from chassis.service import Runtime, build
from chassis.testing import NOW
from contracts.event import Event, read
from notifications.app import notifications, rules_of
from notifications.gateways import Gateways
from notifications.handlers import keep_contact, offer_choice
from notifications.ports import Channels
from notifications.repositories import Claims
from notifications.sender import Sender
from notifications.settings import NotificationsSettings
from notifications.sink.app import Sink, running
from notifications.work import NotificationsWork
from notifications.writing import Writer
from tests.unit.notifications.builders import RULES, identity, shortlisted
from tests.unit.notifications.website import SetClock

LEASE = timedelta(seconds=60)


def pathway(number: int) -> str:
    return UUID(int=number).hex


@dataclass(slots=True)
class Office:
    """One service with its database, sink and senders. `clock` is the patients', `wall` the real."""

    runtime: Runtime
    sink: Sink
    channels: Channels
    clock: SimulatedClock
    wall: SetClock = field(default_factory=lambda: SetClock(datetime.now(NOW.tzinfo)))

    def sender(self, channels: Channels | None = None, **settings: Any) -> Sender:
        own = self.runtime.settings.notifications
        return Sender(
            claims=Claims(self.runtime.mongo),
            units=self.runtime.units,
            channels=channels or self.channels,
            writer=Writer(rules_of(self.runtime.settings), own.public_url, own.helpline),
            clock=self.clock,
            settings=own.sender.model_copy(update=settings),
            wall=self.wall,
        )

    async def intend(self, numbers: Sequence[int], **contact: Any) -> None:
        """One message each to these patients."""

        async def all_of_them(work: NotificationsWork) -> None:
            await work.patients.load(pathway(number) for number in numbers)
            for number in numbers:
                await keep_contact(of(number, identity(**contact)), work)
                await offer_choice(of(number, shortlisted()), work)

        await self.runtime.units.run(all_of_them)

    async def statuses(self) -> dict[str, int]:
        """How many messages there are by status."""
        counts: dict[str, int] = {}
        async for one in self.runtime.mongo.db["messages"].find({}):
            status = one["state"]["status"]
            counts[status] = counts.get(status, 0) + 1
        return counts

    async def said(self) -> list[Event]:
        """Everything in the outbox, which nobody empties here, in the order it was said."""
        chunks = await self.runtime.mongo.db["outbox"].find({}).to_list(None)
        rows = [row for one in sorted(chunks, key=lambda one: one["_id"]) for row in one["rows"]]
        return [
            read(bytes(value), [(name, bytes(content)) for name, content in headers])
            for _, _, value, headers in rows
        ]

    async def said_types(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for event in await self.said():
            name = event.type.removeprefix("fairwait.notification.").removesuffix(".v1")
            counts[name] = counts.get(name, 0) + 1
        return counts

    def sent(self) -> list[str]:
        """The references of all messages that patients have got."""
        return [one.reference for one in self.sink.mailbox.messages]


def of(number: int, event: Any) -> Any:
    """The event, about another patient."""
    moved = event.model_copy()
    object.__setattr__(moved, "envelope", event.envelope._replace(subject=pathway(number)))
    return moved


@asynccontextmanager
async def office(mongo_uri: str, directory: Path) -> AsyncIterator[Office]:
    clock_file = directory / "clock"
    write_instant(clock_file, NOW)
    async with running(directory) as sink:
        settings = NotificationsSettings.model_validate(
            {
                "service": "notifications",
                "environment": "test",
                "clock": {"file": clock_file},
                "mongo": {"uri": mongo_uri, "database": f"office_{uuid4().hex}"},
                "notifications": {
                    "link_secret": RULES.link_secret.decode(),
                    "email": {
                        "port": sink.smtp_port,
                        "lookup_url": f"{sink.url}/messages",
                        "timeout_seconds": 5,
                    },
                    "notify": {"base_url": sink.url, "timeout_seconds": 0.3},
                },
            }
        )
        runtime = build(notifications(settings), settings)
        await runtime.machinery.prepare()
        try:
            async with Gateways.of(settings.notifications) as channels:
                yield Office(runtime, sink, channels, SimulatedClock(clock_file))
        finally:
            await runtime.mongo.client.drop_database(settings.mongo.database)
            runtime.mongo.close()
