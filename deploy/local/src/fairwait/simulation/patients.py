"""All patients: they read what the sink received for them, and answer when it is their day."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import httpx2

from fairwait.simulation.pages import Invitation, answer, browser_client
from fairwait.simulation.together import together
from fairwait.system.running import SINK, System
from fairwait.world.decisions import Patient
from fairwait.world.people import Person

AT_ONCE: Final = 8
PAGE: Final = 1_000  # messages in one look at the sink

_LINK = re.compile(r"https?://\S+/choose/[\w-]+")


@dataclass(slots=True)
class Patients:
    """`people` are by pathway id."""

    system: System
    people: Mapping[str, Person]
    seed: int
    http: httpx2.AsyncClient
    invitations: dict[str, Invitation] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    _read: int = 0

    async def read_messages(self) -> None:
        """Takes the links out of all messages since the last look."""
        while found := await self._messages():
            for message in found:
                self._take(message)
            self._read = found[-1]["number"]

    async def answer(self, on: date) -> None:
        """Those whose day it is answer, a few at a time."""
        at_once = asyncio.Semaphore(AT_ONCE)
        due = [one for one in self.invitations.values() if self._patient(one).answers_on == on]

        await together(self._answer(invitation, at_once) for invitation in due)

    async def _answer(self, invitation: Invitation, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            chosen = await answer(invitation, self._patient(invitation), self.http)
        self.answers["stay" if chosen is None else "provider"] += 1

    def _patient(self, invitation: Invitation) -> Patient:
        return Patient(self.seed, invitation.pathway_id)

    async def _messages(self) -> list[dict[str, Any]]:
        answer = await self.http.get(
            f"{self.system.url(SINK)}/messages", params={"after": self._read, "limit": PAGE}
        )
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def _take(self, message: Mapping[str, Any]) -> None:
        pathway_id = message["reference"].partition(".")[0]
        link = _LINK.search(message["body"])
        if link is None or pathway_id not in self.people:
            return
        birth_date = self.people[pathway_id].birth_date
        self.invitations[pathway_id] = Invitation(pathway_id, link.group(), birth_date)


@asynccontextmanager
async def patients_of(
    system: System, people: Mapping[str, Person], seed: int
) -> AsyncIterator[Patients]:
    """All patients, each with a browser."""
    async with browser_client() as http:
        yield Patients(system, people, seed, http)
