"""The SMTP half of the sink."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from notifications.sink.mailbox import Incoming, Mailbox

LARGEST = 1024 * 1024  # bytes


class Receiver:
    """What aiosmtpd calls for each mail. A second mail with one reference is kept too: real mail
    servers do not compare, so whoever sends twice is seen here.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        trouble = self._mailbox.next_trouble()
        if trouble == "try-later":
            return "451 Try again later"
        if trouble == "refuse":
            return "550 No such person here"
        self._mailbox.keep(_incoming(envelope))
        if trouble == "accept-then-time-out" and server.transport is not None:
            server.transport.close()
        return "250 Kept"


async def serve(mailbox: Mailbox, port: int) -> asyncio.Server:
    """A server on loopback, already listening. Port 0 takes any."""
    loop = asyncio.get_running_loop()
    receiver = Receiver(mailbox)

    def session() -> SMTP:
        return SMTP(
            receiver, hostname="sink", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop
        )

    return await loop.create_server(session, "127.0.0.1", port)


def _incoming(envelope: Envelope) -> Incoming:
    content: Any = envelope.original_content
    mail = message_from_bytes(content or b"", _class=EmailMessage, policy=default)
    text = mail.get_body(("plain",))
    reference, _, _ = str(mail.get("Message-ID", "")).strip("<> ").rpartition("@")
    return Incoming(
        channel="email",
        reference=reference,
        to=tuple(str(address) for address in envelope.rcpt_tos),
        subject=str(mail.get("Subject", "")),
        body="\n".join(text.get_content().splitlines()).strip() if text else "",
    )
