"""The referral service on real servers: in by FHIR and by Kafka, out as events, asked over HTTP."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chassis.clock import london_date
from chassis.service import run
from chassis.settings import HttpSettings, KafkaSettings, MongoSettings
from chassis.tokens import DevelopmentIssuer
from contracts.event import Event, read
from contracts.events import AppointmentAttended, AppointmentBooked, ClockStopped
from contracts.submissions import AttendanceRecorded, PatientDied, ReferralMade, Submission
from fairwait.servers import Stack
from referral.app import referral
from referral.domain.names import pathway_id
from referral.settings import ReferralSection, ReferralSettings
from tests.integration.chassis.world import Publisher, everything, until
from tests.unit.referral.builders import (
    CHOSEN,
    SECRET,
    TRUST,
    attendance_body,
    offer_accepted,
    offer_shortlisted,
    referral_body,
    types,
)
from tests.unit.referral.fhir import appointment, extension, service_request

TODAY = london_date(datetime.now(UTC))


class Running:
    """A running copy of the service, with the tokens and the Kafka producer of its publishers."""

    def __init__(self, port: int, issuer: DevelopmentIssuer, publisher: Publisher) -> None:
        self.client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20)
        self.issuer = issuer
        self.publisher = publisher

    def headers(self, organisation: str, *scopes: str, **others: str) -> dict[str, str]:
        token = self.issuer.token(organisation, scopes or ("referral.write", "pathway.read"))
        return {"authorization": f"Bearer {token}", "fairwait-reason": "audit", **others}

    async def refer(self, number: int, **changes: Any) -> httpx2.Response:
        ubrn = [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": f"{number:012d}"}]
        body = service_request(identifier=ubrn, authoredOn=TODAY.isoformat(), **changes)
        return await self.fhir("POST", "ServiceRequest", body, f"f-{number}")

    async def fhir(
        self, method: str, path: str, body: dict[str, Any], id: str, **others: str
    ) -> httpx2.Response:
        """A resource sent to the FHIR edge; a header is given as `if_match="..."`."""
        told = {name.replace("_", "-"): value for name, value in others.items()}
        headers = self.headers(TRUST, **{"x-request-id": id, **told})
        headers["content-type"] = "application/fhir+json"
        return await self.client.request(
            method, f"/FHIR/R4/{path}", content=json.dumps(body), headers=headers
        )

    async def submit(
        self, kind: type[Submission], id: str, body: object, organisation: str = TRUST
    ) -> None:
        """Send a CloudEvent in binary mode, as a trust would."""
        token = self.issuer.token(organisation, ["referral.write"])
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": id,
            "ce_type": kind.type,
            "ce_source": f"urn:nhs:ods:{organisation}",
            "authorization": token,
            "content-type": "application/json",
        }
        headers = [(name, value.encode()) for name, value in attributes.items()]
        await self.publisher.raw("submission", b"key", json.dumps(body).encode(), headers)

    async def counts(self) -> dict[str, Any]:
        answer = await self.client.get("/counts", headers=self.headers("X24", "ops"))
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def pathway(self, id: str, organisation: str = TRUST) -> httpx2.Response:
        return await self.client.get(f"/pathways/{id}", headers=self.headers(organisation))


@asynccontextmanager
async def started(stack: Stack, directory: Path) -> AsyncIterator[Running]:
    issuer = DevelopmentIssuer(directory / "issuer")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    settings = ReferralSettings(
        service="referral",
        kafka=KafkaSettings(bootstrap=stack.kafka_bootstrap, idempotence=stack.idempotence),
        mongo=MongoSettings.model_validate(
            {"uri": stack.mongo_uri, "database": f"fairwait_{port}"}
        ),
        http=HttpSettings(port=port),
        auth=issuer.settings(),
        referral=ReferralSection.model_validate({"pathway_secret": SECRET}),
    )
    stop = asyncio.Event()
    task = asyncio.create_task(run(referral(settings), settings, stop))
    async with Publisher(stack) as publisher:
        running = Running(port, issuer, publisher)
        try:
            await until(lambda: _is_ready(running.client))
            yield running
        finally:
            await running.client.aclose()
            stop.set()
            async with asyncio.timeout(15):
                assert await task == 0


async def _is_ready(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx2.TransportError:
        return False


async def events_of(stack: Stack, *topics: str) -> list[Event]:
    records = [record for topic in topics for record in await everything(stack, topic)]
    return [read(record.value, record.headers) for record in records]


def kafka_referral(number: int, **changes: Any) -> dict[str, Any]:
    key = {"identifier": f"{number:012d}", "issuer": "X09"}
    return referral_body(pathway=key, received_on=TODAY.isoformat(), **changes)


@pytest.fixture
async def service(empty_stack: Stack, tmp_path: Path) -> AsyncIterator[Running]:
    async with started(empty_stack, tmp_path) as running:
        yield running


async def test_a_referral_goes_from_fhir_to_treatment(empty_stack: Stack, service: Running) -> None:
    created = await service.refer(70000)
    assert created.status_code == 201
    pathway = created.json()["id"]
    starts_at = datetime.now(UTC) + timedelta(days=1)
    shortlisted, accepted = (
        service.publisher.number(event)
        for event in (
            offer_shortlisted(),
            offer_accepted(starts_at=starts_at, held_until=starts_at),
        )
    )
    await service.publisher.send([shortlisted, accepted])
    await until(lambda: _status_is(service, pathway, "booked"))

    visit = attendance_body(attended_on=TODAY.isoformat())
    await service.submit(AttendanceRecorded, "a-1", visit, organisation=CHOSEN)
    await until(lambda: _status_is(service, pathway, "stopped"))

    events = await events_of(empty_stack, "referral", "appointment", "identity")
    assert Counter(types(events)) == Counter(
        [
            "referral.received",
            "referral.right_decided",
            "referral.clock_started",
            "referral.clock_stopped",
            "appointment.booked",
            "appointment.attended",
            "identity.recorded",
        ]
    )
    assert {event.subject for event in events} == {pathway}
    (stopped,) = (event for event in events if isinstance(event, ClockStopped))
    assert stopped.days_waited == 0
    booked, attended = (
        next(event for event in events if isinstance(event, kind))
        for kind in (AppointmentBooked, AppointmentAttended)
    )
    assert booked.appointment_id == attended.appointment_id
    first = next(event.id for event in events if event.type.endswith("received.v1"))
    told = {event.envelope.correlation_id for event in events if event is not booked}
    assert told == {first}


async def test_a_death_told_by_a_national_service_stops_every_clock_of_the_person(
    empty_stack: Stack, service: Running
) -> None:
    for number in (1, 2):
        await service.submit(ReferralMade, f"m-{number}", kafka_referral(number))
    pathways = [pathway_id("X09", f"{number:012d}", SECRET) for number in (1, 2)]
    for pathway in pathways:
        await until(partial(_status_is, service, pathway, "waiting"))

    death = {"nhs_number": "9990000018", "died_on": TODAY.isoformat()}
    for _ in range(2):
        await service.submit(PatientDied, "mns-1", death, organisation="X26")
    for pathway in pathways:
        await until(partial(_status_is, service, pathway, "died"))

    told = Counter(types(await events_of(empty_stack, "referral")))
    assert told["referral.patient_died"] == told["referral.clock_stopped"] == 2
    view = (await service.pathway(pathways[0])).json()
    assert view["periods"][-1]["stop_status"] == "36"


async def _status_is(service: Running, pathway: str, status: str) -> bool:
    found: bool = (await service.pathway(pathway)).json().get("status") == status
    return found


async def test_submissions_are_accepted_or_rejected_and_nothing_is_counted_twice(
    empty_stack: Stack, service: Running
) -> None:
    bad = kafka_referral(2, treatment_function="000")
    unreadable = {**kafka_referral(3), "received_on": "yesterday"}
    other = kafka_referral(1, priority="2")
    foreign = kafka_referral(4, responsible_provider="RR8", referring_organisation=None)
    for _ in range(2):
        await service.submit(ReferralMade, "m-1", kafka_referral(1))
        await service.submit(ReferralMade, "m-2", bad)
        await service.submit(ReferralMade, "m-3", unreadable)
        await service.submit(ReferralMade, "m-1", other)
        await service.submit(ReferralMade, "m-4", foreign)
    await service.submit(ReferralMade, "last", kafka_referral(9))

    await until(lambda: _counted(service, accepted=2))

    counts = await service.counts()
    assert (counts["accepted"], counts["rejected"]) == (2, 4)
    assert counts["publishers"] == {TRUST: {"accepted": 2, "rejected": 4}}
    assert counts["pathways"]["waiting"] == sum(counts["pathways"].values()) == 2
    events = await events_of(empty_stack, "referral")
    assert Counter(types(events))["referral.rejected"] == 4
    rejected = await service.client.get("/submissions/m-3", headers=service.headers(TRUST))
    assert [one["pointer"] for one in rejected.json()["problems"]] == ["/received_on"]


async def _counted(service: Running, accepted: int) -> bool:
    found: bool = (await service.counts())["accepted"] == accepted
    return found


async def test_a_record_nobody_can_read_goes_to_the_dead_letters_at_once(
    empty_stack: Stack, service: Running
) -> None:
    await service.publisher.raw("submission", b"key", b"{", [("content-type", b"text/plain")])
    await service.submit(ReferralMade, "m-1", kafka_referral(1))

    await until(lambda: _counted(service, accepted=1))

    (dead,) = await everything(empty_stack, "submission.referral.dlt")
    assert dead.value == b"{"


async def test_the_same_referral_from_many_hands_at_once_is_one_pathway(
    empty_stack: Stack, service: Running
) -> None:
    answers = await asyncio.gather(*(service.refer(70000) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(await events_of(empty_stack, "referral")) == 3


async def test_a_list_pages_over_the_database(service: Running) -> None:
    for number in range(5):
        await service.refer(number)

    seen: list[str] = []
    path = "/pathways?limit=2&status=waiting"
    while path:
        answer = await service.client.get(path, headers=service.headers(TRUST))
        seen += [one["pathway_id"] for one in answer.json()["pathways"]]
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("<")

    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen)
    assert set(seen) == {pathway_id("X09", f"{number:012d}", SECRET) for number in range(5)}


async def test_of_many_who_move_an_appointment_at_once_one_does(
    empty_stack: Stack, service: Running
) -> None:
    urgent = extension("circumstance", valueCode="urgent_or_emergency")
    created = await service.refer(70000, extension=[urgent])
    based_on = [{"reference": created.headers["location"]}]
    day = TODAY + timedelta(days=30)
    booking = appointment(
        basedOn=based_on, start=f"{day}T10:00:00+00:00", created=TODAY.isoformat()
    )

    booked = await service.fhir("POST", "Appointment", booking, "b-1")
    kept, etag = booked.json(), booked.headers["etag"]
    read = await service.client.get(booked.headers["location"], headers=service.headers(TRUST))
    by_patient = [extension("done-by", valueCode="patient")]
    answers = await asyncio.gather(
        *(
            service.fhir(
                "PUT",
                f"Appointment/{kept['id']}",
                {**kept, "start": f"{day}T{hour}:00:00+00:00", "extension": by_patient},
                f"m-{hour}",
                if_match=etag,
            )
            for hour in range(11, 17)
        )
    )

    assert (booked.status_code, read.json(), read.headers["etag"]) == (201, kept, etag)
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412, 412, 412]
    await until(lambda: _are_told(empty_stack, 2))
    told = types(await events_of(empty_stack, "appointment"))
    assert told == ["appointment.booked", "appointment.rebooked"]
    moved = next(one for one in answers if one.is_success)
    form = {"patient": "9990000018", "status": "booked"}
    found = await service.client.post(
        "/FHIR/R4/Appointment/_search", data=form, headers=service.headers(TRUST)
    )
    assert [one["resource"] for one in found.json()["entry"]] == [moved.json()]


async def _are_told(stack: Stack, number: int) -> bool:
    return len(await events_of(stack, "appointment")) == number
