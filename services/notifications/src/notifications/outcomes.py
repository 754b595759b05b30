"""What became of hand-overs, put on record: states and events of many messages at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never

from contracts.event import Envelope
from contracts.events import (
    NotificationDelivered,
    NotificationHandedOver,
)
from notifications.domain import message as messages
from notifications.domain.contact import next_channel
from notifications.domain.message import (
    Delivered,
    HandedOver,
    Intended,
    Message,
    Unknown,
    message_id,
)
from notifications.domain.windows import not_before
from notifications.translation import failure, intended, origin
from notifications.work import NotificationsWork


@dataclass(frozen=True, slots=True)
class Taken:
    """The channel has it."""

    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody knows."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked about, and the channel knows nothing of it."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Certainly not taken; it may be later."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """This channel will never take it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Not handed over, because it is no longer true or no longer needed."""

    reason: str


Outcome: TypeAlias = Taken | Uncertain | NotFound | NotTaken | Impossible | Unwanted
Result: TypeAlias = tuple[Message, Outcome]


async def record(results: Sequence[Result], wall: datetime, work: NotificationsWork) -> None:
    """Keep what became of each message and say so, all of them in one commit.

    A message that somebody else settled meanwhile stays as it is. `wall` is the real time, by which
    leases and retries run; the patient's time is the work's.
    """
    await work.messages.load(message.message_id for message, _ in results)
    await work.patients.load(message.pathway_id for message, _ in results)
    for claimed, outcome in results:
        current = await work.messages.get(claimed.message_id)
        if current is not None and current.status == claimed.status:
            await _settle(current, outcome, wall, work)


async def _settle(
    message: Message, outcome: Outcome, wall: datetime, work: NotificationsWork
) -> None:
    match outcome:
        case Taken(delivered):
            await _taken(message, delivered, work)
        case Uncertain():
            await _put(_uncertain(message, wall), work)
        case NotFound():
            await _put(_not_found(message, wall, work), work)
        case NotTaken():
            attempt = messages.attempt_of(message)
            await _put(messages.put_off(message, attempt, wall, _due(message, work)), work)
        case Impossible(reason):
            await _step_down(message, reason, work)
        case Unwanted(reason):
            patient = await work.patients.get(message.pathway_id)
            alone = patient.sensitive and not patient.deceased  # a person has to tell them
            await _put(messages.failed(message, work.now, reason, needs_a_person=alone), work)
        case _:
            assert_never(outcome)


async def _taken(message: Message, delivered: bool, work: NotificationsWork) -> None:
    status = Delivered(work.now) if delivered else HandedOver(work.now)
    await work.messages.save(replace(message, status=status))
    about = {"message_id": message.message_id, "channel": message.channel}
    await work.publish(NotificationHandedOver.following(_origin(message), **about))
    if delivered:
        await work.publish(NotificationDelivered.following(_origin(message), **about))


async def _put(message: Message, work: NotificationsWork) -> None:
    await work.messages.save(message)
    if isinstance(message.status, messages.Failed):
        await work.publish(failure(_origin(message), message, message.status))


def _uncertain(message: Message, wall: datetime) -> Message:
    match message.status:
        case Unknown() as asked:
            return messages.no_answer(message, asked, wall)
        case _:
            return messages.unknown(message, messages.attempt_of(message), wall)


def _not_found(message: Message, wall: datetime, work: NotificationsWork) -> Message:
    match message.status:
        case Unknown() as asked:
            return messages.not_found(message, asked, wall, _due(message, work))
        case _:
            return message


async def _step_down(message: Message, reason: str, work: NotificationsWork) -> None:
    """Fail here and intend the next channel; at the end of the ladder a person has to help."""
    following = await _following(message, work)
    await _put(messages.failed(message, work.now, reason, needs_a_person=following is None), work)
    if following is None or await work.messages.get(following.message_id) is not None:
        return

    await work.messages.save(following)
    await work.publish(intended(_origin(following), following))


async def _following(message: Message, work: NotificationsWork) -> Message | None:
    contact = (await work.patients.get(message.pathway_id)).contact
    channel = next_channel(contact, message.channel) if contact else None
    if channel is None:
        return None
    return replace(
        message,
        message_id=message_id(message.pathway_id, message.step, channel),
        channel=channel,
        status=Intended(not_before(work.now, channel, work.rules.window)),
    )


def _due(message: Message, work: NotificationsWork) -> datetime:
    return not_before(work.now, message.channel, work.rules.window)


def _origin(message: Message) -> Envelope:
    return origin(message.pathway_id, message.trail)
