"""The story of a run, day by day: capacity, referrals, choices, reminders, clinics, the data set."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import httpx2

from chassis.settings import development_secret
from contracts.submissions import PathwayKey
from fairwait.simulation.balance import Found, Sent
from fairwait.simulation.doors import Doors
from fairwait.simulation.pages import Invitation
from fairwait.simulation.patients import Patients
from fairwait.simulation.providers import Providers
from fairwait.system.books import Books
from fairwait.system.running import SINK, System
from fairwait.world import calendar
from fairwait.world.clinics import Clinic, clinics, later_clinics, refused_clinics
from fairwait.world.people import Person
from fairwait.world.referrals import (
    FUNCTIONS,
    Referral,
    day_of_referrals,
    first_round,
    one_more,
    second_round,
)
from matching.reference import ReferenceWorld
from referral.domain.names import pathway_id

OVER_HTTP_EVERY: Final = 40  # one clinic in so many is declared over HTTP
LATER: Final = "110"  # the treatment function of whoever is referred on the last day
LOOK_EVERY: Final = 0.3  # seconds
PATIENCE: Final = 120.0  # seconds without any progress

Tell = Callable[[str], None]


class NotSettled(Exception):
    """Something is still to be done and nobody does it. The text says what."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen. `days` after the day of the referrals; `manual`: people answer."""

    referrals: int
    seed: int
    days: int
    manual: bool = False

    @property
    def last_day(self) -> date:
        return calendar.REFERRAL_DAY + timedelta(days=self.days)


@dataclass(slots=True)
class World:
    """Who and what there is in a run."""

    referrals: Sequence[Referral]
    clinics: Sequence[Clinic]
    refused_clinics: Sequence[Clinic]
    one_more: Referral
    people: Mapping[str, Person] = field(default_factory=dict)
    keys: Mapping[str, PathwayKey] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, reference: ReferenceWorld) -> "World":
        referrals = day_of_referrals(plan.seed, plan.referrals, reference)
        more = one_more(plan.seed, reference, LATER, plan.last_day)
        good = {_pathway_of(one): one for one in (*referrals, more) if one.flaw is None}
        return cls(
            referrals=referrals,
            clinics=[*clinics(reference, list(FUNCTIONS)), *later_clinics(reference, LATER)],
            refused_clinics=list(refused_clinics(reference)),
            one_more=more,
            people={pathway: one.person for pathway, one in good.items()},
            keys={
                pathway: PathwayKey.model_validate(one.fields["pathway"])
                for pathway, one in good.items()
            },
        )


def _pathway_of(referral: Referral) -> str:
    """The pathway it will be, under the key that services of a local run have."""
    issuer = referral.fields["pathway"]["issuer"]
    return pathway_id(issuer, referral.ubrn, development_secret("pathways").get_secret_value())


class Story:
    """One run. `tell` is called with what happens now."""

    def __init__(
        self,
        plan: Plan,
        world: World,
        system: System,
        books: Books,
        doors: Doors,
        patients: Patients,
        providers: Providers,
        tell: Tell,
    ) -> None:
        self.patients = patients
        self._plan = plan
        self._world = world
        self._system = system
        self._books = books
        self._doors = doors
        self._providers = providers
        self._tell = tell
        self._extra = 0

    async def live(self) -> None:
        """Everything up to the last day of the plan; nothing is under way when it returns."""
        await self.declare_capacity()
        await self.refer()
        if self._plan.manual:
            return
        await self.answer()
        await self.let_lapse()
        await self.treat()
        await self.move_to(calendar.at(self._plan.last_day, 18), "The last day ends")

    # ---- days

    async def declare_capacity(self) -> None:
        self._tell("Providers declare their clinics")
        every = [*self._world.clinics, *self._world.refused_clinics]
        over_http = every[::OVER_HTTP_EVERY]
        on_topic = [one for number, one in enumerate(every) if number % OVER_HTTP_EVERY]
        await self._doors.declare(on_topic, over_http=over_http)
        await self.settle()

    async def refer(self) -> None:
        self._system.clock.set(calendar.REFERRED)
        self._tell("Trusts, practices and e-RS send referrals")
        referrals = self._world.referrals
        await self._doors.refer(first_round(referrals))
        await self._doors.refer(list(second_round(referrals)))
        await self._doors.put_garbage()
        await self.settle()
        await self.patients.read_messages()

    async def answer(self) -> None:
        for day in self._lived(calendar.ANSWER_DAYS):
            await self.move_to(calendar.at(day, 10), f"Patients choose on {day:%-d %B}")
            await self.patients.answer(day)
            await self.settle()

    async def let_lapse(self) -> None:
        if calendar.LAPSED.date() <= self._plan.last_day:
            await self.move_to(calendar.LAPSED, "Choices that nobody made lapse")

    async def treat(self) -> None:
        for day in calendar.later_days():
            if day.on > self._plan.last_day:
                return
            what = "Clinics and reminders" if day.clinics else "Reminders"
            await self.move_to(day.ends, f"{what} of {day.on:%-d %B}")
            if day.clinics:
                events = await self._books.events()
                await self._providers.read_appointments(events["fairwait.appointment.booked.v1"])
                await self._providers.record_attendances(day.on)
                await self.settle()

    async def move_to(self, instant: datetime, what: str) -> None:
        """Sets the clock, if it is not later already, and waits for what falls due."""
        self._tell(what)
        if instant > self._system.clock.now():
            self._system.clock.set(instant)
        await self.settle()

    def _lived(self, days: Sequence[date]) -> list[date]:
        return [day for day in days if day <= self._plan.last_day]

    # ---- waiting

    async def settle(self) -> None:
        """Wait until nothing is under way. Raises `NotSettled` when nothing moves any more."""
        loop = asyncio.get_running_loop()
        before, patient_until = "", loop.time() + PATIENCE
        while outstanding := await self._outstanding(before):
            if outstanding != before:
                before, patient_until = outstanding, loop.time() + PATIENCE
            if loop.time() > patient_until:
                raise NotSettled(f"nothing has moved for {PATIENCE:.0f} s: {outstanding}")
            await asyncio.sleep(LOOK_EVERY)

    async def _outstanding(self, before: str) -> str:
        """What is not done yet, in words; nothing when all is.

        Adding up what is on the way reads every pathway, so it is done only when nothing else is
        outstanding and, after the first time, nothing more has reached the ledger since.
        """
        missing = self._sent_to_referral() - await self._books.intake()
        undeclared = len(self._world.clinics) + len(self._world.refused_clinics)
        undeclared -= await self._books.sessions()
        if missing > 0 or undeclared > 0:
            return f"{missing} submissions and {undeclared} clinics not seen yet"
        if due := await self._books.due(self._system.clock.now()):
            return str(due)
        in_ledger = f"{(await self._books.events()).total()} events in the ledger"
        if before and not before.startswith(in_ledger):
            return in_ledger
        unfinished = await self._books.unfinished(self._system.clock.now())
        return f"{in_ledger}, {unfinished}" if unfinished else ""

    def _sent_to_referral(self) -> int:
        referred = self._system.clock.now() >= calendar.REFERRED
        told = self._providers.recorded + self._extra
        return told + len(self._world.referrals) if referred else told

    # ---- the end

    def sent(self) -> Sent:
        """What there is to balance."""
        bad = sum(one.flaw is not None for one in self._world.referrals)
        return Sent(
            good_referrals=len(self._world.referrals) - bad,
            bad_referrals=bad,
            attendances=self._providers.recorded,
            good_clinics=len(self._world.clinics),
            bad_clinics=len(self._world.refused_clinics),
            answers=None if self._plan.manual else self.patients.answers.total(),
        )

    async def close(self) -> Found:
        """Builds the data set, builds it again from the ledger, and asks everybody for their sums."""
        self._tell("Reporting builds the data set")
        reporting = self._system.url("reporting")
        async with httpx2.AsyncClient(trust_env=False, timeout=300) as http:
            manifest = await _json(http, "POST", f"{reporting}/dataset")
            release = manifest["release"]
            rebuilt = await _json(http, "POST", f"{reporting}/dataset/{release}/rebuild")
            return Found(
                verdicts=await self._books.verdicts(),
                pathways=await self._pathways(http),
                messages=await self._books.messages(),
                sink=await _json(http, "GET", f"{self._system.url(SINK)}/counts"),
                counts=await _json(http, "GET", f"{reporting}/counts"),
                manifest=manifest,
                rebuilt=rebuilt,
            )

    async def _pathways(self, http: httpx2.AsyncClient) -> dict[str, int]:
        token = self._system.issuer.token("X24", ["ops"])
        found = await _json(
            http,
            "GET",
            f"{self._system.url('referral')}/counts",
            headers={"authorization": f"Bearer {token}"},
        )
        return dict(found["pathways"])

    async def invite(self) -> Invitation | None:
        """Somebody whose choice is open: of those who wait, or one more, referred on this day."""
        if not self._plan.manual:
            self._extra = 1
            await self._doors.refer([self._world.one_more])
            await self.settle()
            await self.patients.read_messages()
            return self.patients.invitations.get(_pathway_of(self._world.one_more))
        found = sorted(self.patients.invitations.items())
        return found[0][1] if found else None


async def _json(http: httpx2.AsyncClient, method: str, url: str, **request: Any) -> dict[str, Any]:
    answer = await http.request(method, url, **request)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
