"""The ways in, used as trusts and providers use them: FHIR over HTTP, and the Kafka topic."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import httpx2
from aiokafka import AIOKafkaProducer

from chassis.tokens import DevelopmentIssuer
from contracts.submissions import AttendanceRecorded, ReferralMade, Submission
from fairwait.simulation import fhir
from fairwait.simulation.together import together
from fairwait.simulation.topic import Message, put, put_garbage
from fairwait.system.running import System
from fairwait.world.clinics import Clinic
from fairwait.world.referrals import Referral

AT_ONCE: Final = 12  # HTTP requests
TRIES: Final = 20
TOKEN_LIFE: Final = timedelta(hours=12)
SCOPES: Final = ("referral.write", "capacity.write")
STRUCTURED_EVERY: Final = 5  # of the messages on Kafka, one in so many comes in structured mode
BUSY: Final = frozenset([429, 502, 503, 504])


class DoorFailed(Exception):
    """An edge answered as no edge should."""


class Doors:
    """Sends what organisations send, each with a token of its own."""

    def __init__(self, system: System, http: httpx2.AsyncClient, kafka: Any) -> None:
        self.answers: Counter[int] = Counter()
        self._system = system
        self._http = http
        self._kafka = kafka
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._tokens = Tokens(system.issuer)

    async def refer(self, referrals: Sequence[Referral]) -> None:
        """Sends these, each by its own way in; returns when all are answered or on the topic."""
        await together(self._refer(referral) for referral in referrals)

    async def declare(self, clinics: Sequence[Clinic], *, over_http: Sequence[Clinic]) -> None:
        """Declares capacity on the topic, and some of it over HTTP."""
        await together(self._declare_on_topic(clinic) for clinic in clinics)
        await together(self._declare_over_http(clinic) for clinic in over_http)

    async def record(self, provider: str, attendance: AttendanceRecorded) -> None:
        """Tells that a patient was seen."""
        key = attendance.pathway.identifier
        message_id = str(uuid5(NAMESPACE_URL, f"{provider}/{key}/{attendance.attended_on}"))
        await self._publish(provider, message_id, key, attendance)

    async def put_garbage(self) -> None:
        """What nobody can read, for the dead letters."""
        await put_garbage(self._kafka)

    # ---- each way in

    async def _refer(self, referral: Referral) -> None:
        match referral.door:
            case "fhir":
                await self._post_referral(referral, "ServiceRequest", fhir.service_request)
            case "bars":
                await self._post_referral(referral, "$process-message", fhir.message)
            case "kafka":
                await self._refer_on_topic(referral)

    async def _post_referral(
        self, referral: Referral, path: str, body: Callable[[Referral], bytes]
    ) -> None:
        url = f"{self._system.url('referral')}/FHIR/R4/{path}"
        await self._post(url, body(referral), referral.publisher, fhir.headers(referral))

    async def _refer_on_topic(self, referral: Referral) -> None:
        value = json.dumps(referral.fields, ensure_ascii=False).encode()
        message = Message(
            referral.publisher, referral.message_id, referral.ubrn, ReferralMade.type, value
        )
        structured = referral.number % STRUCTURED_EVERY == 0
        token = self._tokens.of(referral.publisher)
        await put(self._kafka, message, token, in_structured_mode=structured)

    async def _declare_on_topic(self, clinic: Clinic) -> None:
        capacity_id = clinic.offered.capacity_id
        await self._publish(clinic.provider, f"capacity/{capacity_id}", capacity_id, clinic.offered)

    async def _declare_over_http(self, clinic: Clinic) -> None:
        url = f"{self._system.url('matching')}/capacity"
        body = clinic.offered.model_dump_json().encode()
        headers = {"content-type": "application/json"}
        await self._post(url, body, clinic.provider, headers)

    async def _post(
        self, url: str, body: bytes, organisation: str, headers: Mapping[str, str]
    ) -> None:
        authorization = f"Bearer {self._tokens.of(organisation)}"
        async with self._at_once:
            status = await self._answer(url, body, {**headers, "authorization": authorization})
        self.answers[status] += 1
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise DoorFailed(f"{httpx2.URL(url).path} answered {status}")

    async def _answer(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status at last: a sender asks again while the other side is busy."""
        status = 0
        for _ in range(TRIES):
            answer = await self._http.post(url, content=body, headers=headers)
            status = answer.status_code
            if status not in BUSY:
                break
            await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        return status

    async def _publish(
        self, organisation: str, message_id: str, key: str, submission: Submission
    ) -> None:
        value = submission.model_dump_json().encode()
        message = Message(organisation, message_id, key, submission.type, value)
        await put(self._kafka, message, self._tokens.of(organisation))


class Tokens:
    """One token for each organisation, for as long as a run may last."""

    def __init__(self, issuer: DevelopmentIssuer) -> None:
        self._issuer = issuer
        self._tokens: dict[str, str] = {}

    def of(self, organisation: str) -> str:
        found = self._tokens.get(organisation)
        if found is None:
            found = self._issuer.token(organisation, SCOPES, TOKEN_LIFE)
            self._tokens[organisation] = found
        return found


@asynccontextmanager
async def open_doors(system: System) -> AsyncIterator[Doors]:
    """Connections to every way in, closed at the end."""
    producer = AIOKafkaProducer(
        bootstrap_servers=system.stack.kafka_bootstrap,
        enable_idempotence=system.stack.idempotence,
        acks="all",
        linger_ms=5,
    )
    await producer.start()
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            yield Doors(system, http, producer)
    finally:
        await producer.stop()
