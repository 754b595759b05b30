"""The sink takes what the gateways send, loses nothing, and shows who has sent twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from notifications.gateways import Gateways
from notifications.ports import Letter, NotNow, OutcomeUnknown, Receipt, Refused
from notifications.settings import EmailSettings, NotificationsSection, NotifySettings
from notifications.sink.app import Sink, running
from notifications.sink.mailbox import FILE, Incoming, Mailbox


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[Sink]:
    async with running(tmp_path) as started:
        yield started


@pytest.fixture
async def gateways(sink: Sink) -> AsyncIterator[Gateways]:
    settings = NotificationsSection(
        email=EmailSettings(port=sink.smtp_port, lookup_url=f"{sink.url}/messages"),
        notify=NotifySettings(base_url=sink.url, timeout_seconds=0.3),
    )
    async with Gateways.of(settings) as opened:
        yield opened


def email(reference: str = "p.1", body: str = "Dear Zoë\n\nGood news.") -> Letter:
    return Letter(reference, "email", ("zoe@example.com",), "Your appointment: 5pm", body)


def sms(reference: str = "p.2") -> Letter:
    return Letter(reference, "sms", ("07700900001",), "", "Asha, https://choose.example/choose/x")


def letter(reference: str = "p.3") -> Letter:
    return Letter(reference, "letter", ("Asha", "1 Street", "LS1 4AP"), "Booked", "Dear Asha")


async def test_every_channel_arrives_as_it_was_written(sink: Sink, gateways: Gateways) -> None:
    for one in (email(), sms(), letter()):
        await gateways.send(one)

    kept = [
        (one.reference, one.channel, one.to, one.subject, one.body) for one in sink.mailbox.messages
    ]
    assert kept == [
        (one.reference, one.channel, one.to, one.subject, one.body)
        for one in (email(), sms(), letter())
    ]


async def test_a_reference_can_be_asked_about(gateways: Gateways) -> None:
    await gateways.send(email())
    await gateways.send(sms())

    assert await gateways.find("p.1", "email") == Receipt("p.1")
    assert await gateways.find("p.2", "sms") == Receipt("p.2", delivered=True)
    assert await gateways.find("p.9", "email") is None
    assert await gateways.find("p.9", "sms") is None


@pytest.mark.parametrize("one", [email(), sms(), letter()])
async def test_taken_without_an_answer_is_unknown_and_then_found(
    sink: Sink, gateways: Gateways, one: Letter
) -> None:
    sink.mailbox.make_trouble("accept-then-time-out", 1)

    with pytest.raises(OutcomeUnknown):
        await gateways.send(one)

    assert await gateways.find(one.reference, one.channel) is not None


@pytest.mark.parametrize("one", [email(), sms()])
async def test_not_now_and_never_are_told_apart(
    sink: Sink, gateways: Gateways, one: Letter
) -> None:
    sink.mailbox.make_trouble("try-later", 1)
    sink.mailbox.make_trouble("refuse", 1)

    with pytest.raises(NotNow):
        await gateways.send(one)
    with pytest.raises(Refused):
        await gateways.send(one)

    assert sink.mailbox.messages == []


async def test_a_second_message_with_a_reference_is_refused_and_counts_as_taken(
    sink: Sink, gateways: Gateways
) -> None:
    await gateways.send(sms())

    assert await gateways.send(sms()) == Receipt("p.2")
    assert len(sink.mailbox.messages) == 1
    assert sink.mailbox.duplicates_refused == 1


async def test_a_second_mail_with_a_reference_is_seen(sink: Sink, gateways: Gateways) -> None:
    await gateways.send(email())
    await gateways.send(email())

    async with httpx2.AsyncClient(base_url=sink.url) as browser:
        counts = (await browser.get("/counts")).json()
    assert (counts["messages"], counts["duplicates_kept"]) == (2, 1)


async def test_a_server_that_is_away_certainly_took_nothing() -> None:
    settings = NotificationsSection(
        email=EmailSettings(port=1), notify=NotifySettings(base_url="http://127.0.0.1:1")
    )
    async with Gateways.of(settings) as gateways:
        for one in (email(), sms()):
            with pytest.raises(NotNow):
                await gateways.send(one)
        with pytest.raises(OutcomeUnknown):
            await gateways.find("p.1", "email")


def test_messages_outlive_the_sink_and_a_torn_line_is_no_message(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as before:
        before.keep(incoming("p.1"))
        before.keep(incoming("p.2"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"number": 3, "id"')

    with Mailbox(tmp_path) as after:
        after.keep(incoming("p.3"))
        assert [one.reference for one in after.messages] == ["p.1", "p.2", "p.3"]
    with Mailbox(tmp_path) as last:
        assert [one.number for one in last.messages] == [1, 2, 3]


def incoming(reference: str) -> Incoming:
    return Incoming("sms", reference, ("07700900001",), "", "Asha, hello")


async def test_the_page_shows_messages_safely_newest_first(sink: Sink, gateways: Gateways) -> None:
    await gateways.send(
        email("pathway1.a", "Dear <script>alert(1)</script>\n\nhttps://choose.example/choose/abc")
    )
    await gateways.send(sms("pathway2.a"))

    async with httpx2.AsyncClient(base_url=sink.url) as browser:
        page = await browser.get("/")
        one = await browser.get("/", params={"q": "pathway1"})
        found = (await browser.get("/messages", params={"after": 1})).json()

    assert "<script>alert" not in page.text
    assert '<a href="https://choose.example/choose/abc" rel="noreferrer">' in page.text
    assert page.text.index("07700900001") < page.text.index("zoe@example.com")
    assert "1 message found" in one.text
    assert "07700900001" not in one.text
    assert [message["reference"] for message in found["messages"]] == ["pathway2.a"]
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "a\nBcc: x@y.example", "", "a b@c.example"])
async def test_what_is_no_address_is_refused_and_not_repeated(
    sink: Sink, gateways: Gateways, address: str
) -> None:
    with pytest.raises(Refused) as refusal:
        await gateways.send(Letter("p.1", "email", (address,), "Subject", "Body"))

    assert not address or address not in str(refusal.value)
    assert sink.mailbox.messages == []
