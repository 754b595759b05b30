"""Facts of the notifications service about messages. No content and no address."""

from typing import Literal

from contracts.event import Event
from contracts.events.identity import Channel
from contracts.topics import NOTIFICATION

Template = Literal["choose-provider", "booked", "stayed", "lapsed", "reminder"]


class NotificationIntended(Event, type="fairwait.notification.intended.v1", topic=NOTIFICATION):
    """The patient is to be told something. `message_id` is made of pathway, step and channel."""

    message_id: str
    template: Template
    template_version: str
    channel: Channel


class NotificationHandedOver(
    Event, type="fairwait.notification.handed_over.v1", topic=NOTIFICATION
):
    """The channel took the message, once, under our reference."""

    message_id: str
    channel: Channel


class NotificationDelivered(Event, type="fairwait.notification.delivered.v1", topic=NOTIFICATION):
    """The channel says that the message arrived."""

    message_id: str
    channel: Channel


class NotificationFailed(Event, type="fairwait.notification.failed.v1", topic=NOTIFICATION):
    """The message cannot be delivered by this channel, or a person must look at it."""

    message_id: str
    channel: Channel
    reason: str
    needs_a_person: bool = False
