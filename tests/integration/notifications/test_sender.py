"""Every message goes once: whatever times out, dies, comes too late or is done twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.events import NotificationFailed, NotificationHandedOver
from fairwait.servers import Stack
from notifications.domain.contact import Channel
from notifications.domain.message import ASK_AGAIN_AFTER, PERSON_WITHIN
from notifications.handlers import offer_choice, take_answer
from notifications.ports import Channels, Letter, OutcomeUnknown, Receipt
from tests.integration.notifications.sending import LEASE, Office, of, office, pathway
from tests.unit.notifications.builders import shortlisted
from tests.unit.notifications.website import SetClock

TEXTS = {"email": None}
LETTERS = {"email": None, "phone": None}


@pytest.fixture
async def here(stack: Stack, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(stack.mongo_uri, tmp_path) as opened:
        yield opened


# ---- the straight way


@pytest.mark.parametrize("contact", [{}, TEXTS, LETTERS])
async def test_a_message_goes_once_and_is_put_on_record(
    here: Office, contact: dict[str, None]
) -> None:
    await here.intend([1], **contact)

    assert await here.sender().hand_over() == 1
    assert await here.sender().hand_over() == 0

    [reference] = here.sent()
    assert reference.startswith(pathway(1))
    assert await here.statuses() == {"handed_over": 1}
    intended, handed_over = await here.said()
    assert isinstance(handed_over, NotificationHandedOver)
    assert handed_over.message_id == reference
    assert handed_over.sequence == 2
    assert handed_over.envelope.correlation_id == intended.envelope.correlation_id


async def test_several_senders_share_the_work_and_double_none(here: Office) -> None:
    await here.intend(range(60))
    await here.intend(range(60, 120), **TEXTS)

    async def work() -> None:
        sender = here.sender(batch=7)
        while await sender.hand_over():
            continue

    await asyncio.gather(*(work() for _ in range(4)))

    assert len(here.sent()) == 120
    assert len(set(here.sent())) == 120
    assert await here.statuses() == {"handed_over": 120}
    assert await here.said_types() == {"intended": 120, "handed_over": 120}


async def test_nothing_goes_before_it_is_due(here: Office) -> None:
    here.clock.set(datetime(2026, 3, 7, 12, 0, tzinfo=UTC))  # a Saturday
    await here.intend([1])

    here.clock.set(datetime(2026, 3, 9, 7, 59, 59, tzinfo=UTC))
    assert await here.sender().hand_over() == 0
    here.clock.set(datetime(2026, 3, 9, 8, 0, tzinfo=UTC))
    assert await here.sender().hand_over() == 1


# ---- unknown outcomes


@pytest.mark.parametrize("contact", [{}, TEXTS])
async def test_taken_without_an_answer_is_found_by_reference_and_not_sent_again(
    here: Office, contact: dict[str, None]
) -> None:
    await here.intend([1], **contact)
    here.sink.mailbox.make_trouble("accept-then-time-out", 1)
    sender = here.sender()

    await sender.hand_over()
    assert await here.statuses() == {"unknown": 1}
    assert await sender.ask() == 0  # too early to ask
    here.wall.at += ASK_AGAIN_AFTER
    assert await sender.ask() == 1

    assert len(here.sent()) == 1
    types = await here.said_types()
    assert (types["intended"], types["handed_over"]) == (1, 1)


@dataclass(slots=True)
class DiesAfterSending:
    """A process that is killed between the hand-over and the record of it."""

    channels: Channels

    async def send(self, letter: Letter) -> Receipt:
        await self.channels.send(letter)
        raise asyncio.CancelledError

    async def find(self, reference: str, channel: Channel) -> Receipt | None:
        return await self.channels.find(reference, channel)


@pytest.mark.parametrize("contact", [{}, TEXTS])
async def test_a_sender_that_dies_after_the_hand_over_sends_no_second_message(
    here: Office, contact: dict[str, None]
) -> None:
    await here.intend([1], **contact)
    with pytest.raises(asyncio.CancelledError):
        await here.sender(DiesAfterSending(here.channels)).hand_over()
    assert await here.statuses() == {"claimed": 1}

    heir = here.sender()
    await heir.step()
    assert await here.statuses() == {"claimed": 1}  # its lease has not run out
    here.wall.at += LEASE
    await heir.step()

    assert len(here.sent()) == 1
    types = await here.said_types()
    assert (types["intended"], types["handed_over"]) == (1, 1)


@dataclass(slots=True)
class DiesBeforeSending(DiesAfterSending):
    async def send(self, letter: Letter) -> Receipt:
        raise asyncio.CancelledError


async def test_a_sender_that_dies_before_the_hand_over_loses_no_message(here: Office) -> None:
    await here.intend([1])
    with pytest.raises(asyncio.CancelledError):
        await here.sender(DiesBeforeSending(here.channels)).hand_over()
    heir = here.sender()
    here.wall.at += LEASE

    await heir.step()
    assert here.sent() == []  # not found once: it might be on its way
    here.wall.at += ASK_AGAIN_AFTER
    await heir.step()
    await heir.step()

    assert len(here.sent()) == 1
    assert await here.statuses() == {"handed_over": 1}


@dataclass(slots=True)
class Silent:
    """A channel that neither takes nor tells."""

    asked: int = 0

    async def send(self, letter: Letter) -> Receipt:
        raise OutcomeUnknown("silence")

    async def find(self, reference: str, channel: Channel) -> Receipt | None:
        self.asked += 1
        raise OutcomeUnknown("silence")


async def test_an_outcome_nobody_can_tell_is_for_a_person_within_15_minutes(here: Office) -> None:
    await here.intend([1])
    silent = Silent()
    sender, started = here.sender(silent), here.wall.at

    await sender.hand_over()
    while here.wall.at < started + PERSON_WITHIN:
        here.wall.at += timedelta(minutes=1)
        await sender.step()

    assert silent.asked == 15
    assert await here.statuses() == {"failed": 1}
    failed = (await here.said())[-1]
    assert isinstance(failed, NotificationFailed)
    assert failed.needs_a_person


class Hibernates(SetClock):
    """A process that is stopped for longer than its lease, after it has claimed."""

    def now(self) -> datetime:
        before = self.at
        self.at += LEASE
        return before


async def test_a_sender_that_was_paused_hands_nothing_over_late(here: Office) -> None:
    await here.intend([1])
    here.wall = Hibernates(here.wall.at)

    await here.sender().hand_over()

    assert here.sent() == []
    assert await here.statuses() == {"claimed": 1}


# ---- refusals


async def test_not_now_is_tried_again_after_a_rest(here: Office) -> None:
    await here.intend([1], **TEXTS)
    here.sink.mailbox.make_trouble("try-later", 1)
    sender = here.sender()

    await sender.step()
    assert await sender.hand_over() == 0
    here.wall.at += 2 * ASK_AGAIN_AFTER
    await sender.step()

    assert len(here.sent()) == 1
    assert await here.said_types() == {"intended": 1, "handed_over": 1}


async def test_a_refused_address_is_followed_by_the_next_channel(here: Office) -> None:
    await here.intend([1])
    here.sink.mailbox.make_trouble("refuse", 1)
    sender = here.sender()

    await sender.step()
    await sender.step()

    assert [one.channel for one in here.sink.mailbox.messages] == ["sms"]
    assert await here.said_types() == {"intended": 2, "failed": 1, "handed_over": 1}
    assert [
        event.needs_a_person for event in await here.said() if isinstance(event, NotificationFailed)
    ] == [False]


async def test_the_end_of_the_ladder_is_a_person(here: Office) -> None:
    await here.intend([1], **LETTERS)
    here.sink.mailbox.make_trouble("refuse", 1)

    await here.sender().step()

    failed = (await here.said())[-1]
    assert isinstance(failed, NotificationFailed)
    assert failed.needs_a_person


# ---- facts that changed


async def test_who_has_answered_is_not_asked_any_more(here: Office) -> None:
    await here.intend([1])
    await here.runtime.units.run(take_answer, pathway(1), "list-1", "RJ1")

    await here.sender().step()

    assert here.sent() == []
    assert await here.statuses() == {"failed": 1}


async def test_only_the_newest_list_is_sent(here: Office) -> None:
    await here.intend([1])
    newer = of(1, shortlisted(shortlist_id="list-2"))
    await here.runtime.units.run(offer_choice, newer)

    await here.sender().step()

    [message] = here.sink.mailbox.messages
    assert here.sender().writer.link(pathway(1), "list-2") in message.body
    assert await here.statuses() == {"failed": 1, "handed_over": 1}


async def test_an_offer_that_has_ended_is_not_sent(here: Office) -> None:
    await here.intend([1])
    here.clock.set(datetime(2026, 3, 17, 9, 0, tzinfo=UTC))

    await here.sender().step()

    assert here.sent() == []


# ---- a day


async def test_two_thousand_messages_leave_each_once(here: Office) -> None:
    for first in range(0, 2000, 250):
        await here.intend(range(first, first + 250), **(TEXTS if first % 500 else {}))
    sender, loop = here.sender(), asyncio.get_running_loop()

    started = loop.time()
    async with asyncio.timeout(300):
        while await here.statuses() != {"handed_over": 2000}:
            if await sender.step():  # on a slow machine an answer may be late, and is asked about
                here.wall.at += ASK_AGAIN_AFTER

    print(f"{2000 / (loop.time() - started):.0f} messages a second")  # noqa: T201
    assert len(set(here.sent())) == len(here.sent()) == 2000
