"""The channels that carry messages: an SMTP server for email, GOV.UK Notify for texts and letters.

Both are given our reference and both can be asked about it. Which server answers is a setting; in
development it is the sink.
"""

import asyncio
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from types import TracebackType
from typing import Any, Protocol, Self

import aiosmtplib
import httpx2
from notifications_python_client.authentication import create_jwt_token

from notifications.domain.contact import Channel
from notifications.ports import (
    ChannelError,
    Letter,
    NotNow,
    OutcomeUnknown,
    Receipt,
    Refused,
)
from notifications.settings import EmailSettings, NotificationsSection, NotifySettings
from notifications.writing import SERVICE

TOO_MANY, DUPLICATE = 429, 422
CONNECTIONS = 4  # of SMTP, each used by one hand-over at a time

_DELIVERED = frozenset(["delivered", "received"])
_FAILED = frozenset(["permanent-failure", "validation-failed", "cancelled", "virus-scan-failed"])


class Carrier(Protocol):
    """One server that carries messages of some channels."""

    async def send(self, letter: Letter) -> Receipt: ...

    async def find(self, reference: str) -> Receipt | None: ...

    async def close(self) -> None: ...


class Gateways:
    """Every channel, each by the carrier that serves it."""

    def __init__(self, carriers: Mapping[Channel, Carrier]) -> None:
        self._carriers = carriers

    @classmethod
    def of(cls, settings: NotificationsSection) -> Self:
        notify = GovNotify(settings.notify)
        return cls({"email": MailServer(settings.email), "sms": notify, "letter": notify})

    async def send(self, letter: Letter) -> Receipt:
        return await self._carrier(letter.channel).send(letter)

    async def find(self, reference: str, channel: Channel) -> Receipt | None:
        return await self._carrier(channel).find(reference)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for carrier in {id(one): one for one in self._carriers.values()}.values():
            await carrier.close()

    def _carrier(self, channel: Channel) -> Carrier:
        carrier = self._carriers.get(channel)
        if carrier is None:
            raise Refused("no carrier serves this channel")
        return carrier


# ---- email


class MailServer:
    """Hands email to an SMTP server over a few connections that stay open.

    The Message-ID is our reference. SMTP itself cannot be asked about one; `lookup_url` names a
    page of the mail server's that can, and without it an unknown outcome is for a person.
    """

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._idle: list[aiosmtplib.SMTP] = []
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._http = httpx2.AsyncClient(timeout=settings.timeout_seconds)

    async def send(self, letter: Letter) -> Receipt:
        email = self._written(letter)
        async with self._free:
            connection = await self._connected()
            try:
                await connection.send_message(email)
            except aiosmtplib.SMTPException as error:
                connection.close()
                raise _smtp_answer(error) from error
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
        return Receipt(letter.reference)

    async def find(self, reference: str) -> Receipt | None:
        if not self._settings.lookup_url:
            raise OutcomeUnknown("this mail server cannot be asked")
        try:
            answer = await self._http.get(
                self._settings.lookup_url, params={"reference": reference}
            )
            answer.raise_for_status()
            found = answer.json()["messages"]
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return Receipt(reference) if found else None

    async def close(self) -> None:
        for connection in self._idle:
            connection.close()
        await self._http.aclose()

    async def _connected(self) -> aiosmtplib.SMTP:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected:
                return connection
        settings = self._settings
        connection = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            start_tls=settings.tls,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            timeout=settings.timeout_seconds,
        )
        try:
            await connection.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            connection.close()
            raise NotNow(type(error).__name__) from error
        return connection

    def _written(self, letter: Letter) -> EmailMessage:
        sender = self._settings.sender
        email = EmailMessage(policy=SMTP_POLICY)
        try:
            email["Message-ID"] = f"<{letter.reference}@{sender.rpartition('@')[2]}>"
            email["From"] = f"{SERVICE} <{sender}>"
            email["To"] = Address(addr_spec=letter.to[0])
            email["Subject"] = letter.subject
            email["Auto-Submitted"] = "auto-generated"
            email.set_content(letter.body, cte="quoted-printable")
        except (ValueError, IndexError, HeaderParseError):
            # The error quotes the address, so it is not kept as the cause.
            raise Refused("no address that email can be sent to") from None
        return email


def _smtp_answer(error: aiosmtplib.SMTPException) -> ChannelError:
    """An SMTP answer says whether it was taken; no answer says nothing. Texts are not repeated."""
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=refused):
            codes = [one.code for one in refused]
            permanent = all(code >= 500 for code in codes)
            return Refused("the address is refused") if permanent else NotNow("try later")
        case aiosmtplib.SMTPNotSupported():
            return Refused("the mail server cannot write to such an address")
        case aiosmtplib.SMTPResponseException(code=code) if code >= 500:
            return Refused(f"SMTP answer {code}")
        case aiosmtplib.SMTPResponseException(code=code) if 400 <= code < 500:
            return NotNow(f"SMTP answer {code}")
        case _:
            return OutcomeUnknown(type(error).__name__)


# ---- GOV.UK Notify


class GovNotify:
    """Hands text messages and letters to GOV.UK Notify's version 2 API, and asks it afterwards."""

    def __init__(self, settings: NotifySettings) -> None:
        key = settings.api_key.get_secret_value()
        self._settings = settings
        self._service, self._secret = key[-73:-37], key[-36:]
        self._http = httpx2.AsyncClient(
            base_url=settings.base_url, timeout=settings.timeout_seconds
        )

    async def send(self, letter: Letter) -> Receipt:
        answer = await self._asked(
            "POST", f"/v2/notifications/{letter.channel}", json=self._body(letter)
        )
        match answer.status_code:
            case 200 | 201:
                return Receipt(letter.reference)
            case code if code == DUPLICATE:
                return Receipt(letter.reference)  # it has it already, which is what we wanted
            case code if code == TOO_MANY:
                raise NotNow("the channel asks us to slow down")
            case code if code >= 500:
                raise OutcomeUnknown(f"HTTP {code}")
            case 401 | 403:
                raise NotNow("the channel does not accept our key")
            case code:
                raise Refused(f"HTTP {code}")

    async def find(self, reference: str) -> Receipt | None:
        answer = await self._asked("GET", "/v2/notifications", params={"reference": reference})
        if answer.status_code != 200:
            raise OutcomeUnknown(f"HTTP {answer.status_code}")
        try:
            statuses = [str(one["status"]) for one in answer.json()["notifications"]]
        except (ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        if not statuses:
            return None
        if _FAILED.issuperset(statuses):
            raise Refused("the channel could not deliver it")
        return Receipt(reference, delivered=not _DELIVERED.isdisjoint(statuses))

    async def close(self) -> None:
        await self._http.aclose()

    async def _asked(self, method: str, path: str, **request: Any) -> httpx2.Response:
        jwt = create_jwt_token(self._secret, self._service)  # type: ignore[no-untyped-call]
        headers = {"Authorization": f"Bearer {jwt}"}
        try:
            return await self._http.request(method, path, headers=headers, **request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise NotNow(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise OutcomeUnknown(type(error).__name__) from error

    def _body(self, letter: Letter) -> dict[str, Any]:
        settings = self._settings
        if letter.channel == "sms":
            return {
                "phone_number": letter.to[0],
                "template_id": settings.sms_template,
                "personalisation": {"body": letter.body},
                "reference": letter.reference,
            }
        lines = {f"address_line_{n}": line for n, line in enumerate(letter.to[:7], start=1)}
        return {
            "template_id": settings.letter_template,
            "personalisation": {**lines, "subject": letter.subject, "body": letter.body},
            "reference": letter.reference,
        }
