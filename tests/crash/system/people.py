"""Patients who answer on the pages, and providers who tell who was seen."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.submissions import PathwayKey
from fairwait.simulation.pages import Invitation, PageFailed, answer
from fairwait.world.decisions import Patient
from fairwait.world.visits import Visit, attendance
from tests.crash.system.history import History
from tests.crash.system.plan import Plan
from tests.crash.system.senders import Senders
from tests.crash.system.whole import SINK, Whole

AT_ONCE: Final = 6
TRIES: Final = 60
AGAIN_AFTER: Final = 0.5  # seconds
LOOK_EVERY: Final = 0.5  # seconds
PARTITIONS: Final = 12

_LINK = re.compile(r"https?://\S+/choose/[\w-]+")


@dataclass
class Patients:
    """All patients. Those who answer do so as soon as a message asks them to choose."""

    whole: Whole
    plan: Plan
    history: History
    http: httpx2.AsyncClient
    answering: set["asyncio.Task[None]"] = field(default_factory=set)
    _read: int = 0
    _links: set[str] = field(default_factory=set)
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def live(self) -> None:
        """Reads the messages and answers, until it is cancelled."""
        while True:
            for message in await self._messages():
                self._read = message["number"]
                self._take(message)
            for done in [task for task in self.answering if task.done()]:
                self.answering.discard(done)
                done.result()
            await asyncio.sleep(LOOK_EVERY)

    async def _messages(self) -> list[dict[str, Any]]:
        query = {"after": self._read, "limit": 500}
        found = await self.http.get(f"{self.whole.url(SINK)}/messages", params=query)
        messages: list[dict[str, Any]] = found.raise_for_status().json()["messages"]
        return messages

    def _take(self, message: Mapping[str, Any]) -> None:
        pathway = message["reference"].partition(".")[0]
        link = _LINK.search(message["body"])
        referral = self.plan.people.get(pathway)
        if link is None or referral is None or not self.plan.answers_at_all(pathway):
            return
        if link.group() in self._links:
            return
        self._links.add(link.group())
        invitation = Invitation(pathway, link.group(), referral.person.birth_date)
        self.answering.add(asyncio.create_task(self._answer(invitation)))

    async def _answer(self, invitation: Invitation) -> None:
        """Until it is confirmed, or the page no longer takes it: then nobody knows."""
        key = invitation.link.rpartition("/")[2]
        patient = Patient(self.plan.seed, invitation.pathway_id)
        async with self._at_once:
            self.history.sending("answer", key, pathway_id=invitation.pathway_id)
            for _ in range(TRIES):
                try:
                    chosen = await answer(invitation, patient, self.http)
                except httpx2.HTTPError:
                    await asyncio.sleep(AGAIN_AFTER)
                except PageFailed as failure:
                    if "404" in str(failure):
                        break
                    await asyncio.sleep(AGAIN_AFTER)
                else:
                    self.history.outcome("answer", key, "acknowledged", chosen=chosen)
                    return
            self.history.outcome("answer", key, "unknown")


async def appointments(whole: Whole) -> list[tuple[str, Mapping[str, Any]]]:
    """Pathway and content of every appointment on the topic, each once, as providers read it."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=whole.stack.kafka_bootstrap, enable_auto_commit=False
    )
    await consumer.start()
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    try:
        partitions = [TopicPartition("appointment", number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while batch := await consumer.getmany(timeout_ms=1_500):
            for record in (one for records in batch.values() for one in records):
                if b"booked" in dict(record.headers)["ce_type"]:
                    content = json.loads(record.value)
                    found[content["appointment_id"]] = (record.key.decode(), content)
    finally:
        await consumer.stop()
    return list(found.values())


async def record_attendances(whole: Whole, plan: Plan, senders: Senders) -> date | None:
    """Tell of everybody who had an appointment; the last day of one."""
    days: list[date] = []
    for pathway, content in await appointments(whole):
        day = datetime.fromisoformat(content["local_start"]).date()
        referral = plan.people.get(pathway)
        if referral is None:
            continue  # the oracle will say what it thinks of this one
        key = PathwayKey.model_validate(referral.fields["pathway"])
        told = attendance(plan.seed, Visit(pathway, content["provider"], day), key)
        if told is not None:
            await senders.attended(content["provider"], pathway, told)
        days.append(day)
    return max(days, default=None)
