"""Organisations that send: by FHIR over HTTP and by the topic, again and again until they know."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import httpx2
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.submissions import AttendanceRecorded, CapacityOffered, ReferralMade
from fairwait.simulation import fhir
from fairwait.simulation.doors import Tokens
from fairwait.world.clinics import Clinic
from fairwait.world.referrals import Referral
from tests.crash.system.history import History, Outcome
from tests.crash.system.plan import fingerprint
from tests.crash.system.processes import until
from tests.crash.system.whole import Whole

TOPIC: Final = "submission"
AT_ONCE: Final = 10
PATIENCE: Final = timedelta(minutes=3)
AGAIN_AFTER: Final = 0.3  # seconds
TOO_MANY: Final = 429


class Senders:
    """Every organisation, each with a token of its own."""

    def __init__(self, whole: Whole, history: History, http: httpx2.AsyncClient) -> None:
        self._whole = whole
        self._history = history
        self._http = http
        self._tokens = Tokens(whole.issuer)
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._producer: AIOKafkaProducer | None = None

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    # ---- what is sent

    async def refer(self, referral: Referral) -> None:
        body_of = {"fhir": fhir.service_request, "bars": fhir.message}
        key = f"{referral.publisher}|{referral.message_id}|{fingerprint(referral.fields)}"
        self._history.sending(
            "referral",
            key,
            publisher=referral.publisher,
            message_id=referral.message_id,
            identifier=referral.ubrn,
            door=referral.door,
            expects="rejected" if referral.flaw else "accepted",
        )
        async with self._at_once:
            if referral.door == "kafka":
                value = json.dumps(referral.fields).encode()
                await self._publish("referral", key, referral.publisher, referral.message_id, referral.ubrn, ReferralMade.type, value)  # fmt: skip
            else:
                await self._post(key, referral, body_of[referral.door](referral))

    async def declare(self, clinic: Clinic) -> None:
        offered = clinic.offered
        key, message_id = f"{clinic.provider}|{offered.capacity_id}", f"capacity/{offered.capacity_id}"  # fmt: skip
        self._history.sending(
            "capacity",
            key,
            publisher=clinic.provider,
            site=offered.site,
            treatment_function=offered.treatment_function,
            local_start=offered.local_start.isoformat(),
            places=offered.places,
        )
        value = offered.model_dump_json().encode()
        await self._publish("capacity", key, clinic.provider, message_id, offered.capacity_id, CapacityOffered.type, value)  # fmt: skip

    async def attended(self, provider: str, pathway_id: str, told: AttendanceRecorded) -> None:
        identifier = told.pathway.identifier
        message_id = str(uuid5(NAMESPACE_URL, f"{provider}/{identifier}/{told.attended_on}"))
        key = f"{provider}|{message_id}"
        self._history.sending(
            "attendance",
            key,
            publisher=provider,
            message_id=message_id,
            identifier=identifier,
            pathway_id=pathway_id,
            on=told.attended_on.isoformat(),
            status=told.rtt_status,
        )
        value = told.model_dump_json().encode()
        await self._publish("attendance", key, provider, message_id, identifier, AttendanceRecorded.type, value)  # fmt: skip

    async def put_unreadable(self, value: bytes) -> None:
        key = value.hex()
        self._history.sending("unreadable", key)
        headers = [("content-type", b"text/plain")]
        await self._until_known("unreadable", key, lambda: self._send(value, b"unreadable", headers))  # fmt: skip

    # ---- by HTTP

    async def _post(self, key: str, referral: Referral, body: bytes) -> None:
        path = "ServiceRequest" if referral.door == "fhir" else "$process-message"
        url = f"{self._whole.url('referral')}/FHIR/R4/{path}"
        headers = {
            **fhir.headers(referral),
            "authorization": f"Bearer {self._tokens.of(referral.publisher)}",
        }
        await self._until_known("referral", key, lambda: self._answer(url, body, headers))

    async def _answer(self, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
        try:
            answer = await self._http.post(url, content=body, headers=headers)
        except httpx2.HTTPError:
            return "unknown"
        if answer.status_code >= 500 or answer.status_code == TOO_MANY:
            return "unknown"
        return "acknowledged" if answer.is_success else "refused"

    # ---- by the topic

    async def _publish(
        self, kind: str, key: str, publisher: str, message_id: str, record_key: str, event_type: str, value: bytes
    ) -> None:  # fmt: skip
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": message_id,
            "ce_source": f"urn:nhs:ods:{publisher}",
            "ce_type": event_type,
            "content-type": "application/json",
            "authorization": self._tokens.of(publisher),
        }
        headers = [(name, text.encode()) for name, text in attributes.items()]
        await self._until_known(kind, key, lambda: self._send(value, record_key.encode(), headers))

    async def _send(self, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Outcome:
        try:
            producer = await self._started()
            await producer.send_and_wait(TOPIC, value, key=key, headers=headers)
        except (KafkaError, OSError):
            return "unknown"
        return "acknowledged"

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = producer = AIOKafkaProducer(
                bootstrap_servers=self._whole.stack.kafka_bootstrap,
                enable_idempotence=self._whole.stack.idempotence,
                acks="all",
                linger_ms=5,
            )
            await producer.start()
        return self._producer

    # ---- until it is known

    async def _until_known(self, kind: str, key: str, send: Callable[[], Any]) -> None:
        """Send under the same id until there is an answer; an unknown outcome is sent again."""
        outcome: Outcome = "unknown"

        async def known() -> bool:
            nonlocal outcome
            outcome = await send()
            return outcome != "unknown"

        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE.total_seconds()):
                await until(known, AGAIN_AFTER)
        self._history.outcome(kind, key, outcome)
