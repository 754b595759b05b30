"""Facts of the referral service about a patient who moves between providers.

The clock never stops or starts for a transfer. The reporter of a pathway changes with
`ReferralTransferred` and with nothing else.
"""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from contracts.event import Event
from contracts.identifiers import OdsCode
from contracts.topics import REFERRAL


class TransferBegun(Event, type="fairwait.referral.transfer_begun.v1", topic=REFERRAL):
    """A provider has decided to refer the patient on. `due_at`: when the data set has to be sent."""

    transfer_id: str
    referring_provider: OdsCode
    receiving_provider: OdsCode
    decided_on: date
    reason: str
    moves_responsibility: bool
    due_at: AwareDatetime


class TransferDataSent(Event, type="fairwait.referral.transfer_data_sent.v1", topic=REFERRAL):
    """The inter-provider transfer minimum data set of a transfer is complete."""

    transfer_id: str
    referring_provider: OdsCode
    receiving_provider: OdsCode
    sent_on: date
    in_time: bool


class TransferOverdue(Event, type="fairwait.referral.transfer_overdue.v1", topic=REFERRAL):
    """ALARM: the transfer data set was not complete 48 hours after the decision to refer."""

    transfer_id: str
    referring_provider: OdsCode
    receiving_provider: OdsCode
    due_at: AwareDatetime
    missing: list[str]


class TransferUnconfirmed(Event, type="fairwait.referral.transfer_unconfirmed.v1", topic=REFERRAL):
    """TASK: the data set was sent a day ago and the receiver has not said that it arrived.

    The sender is still responsible, and somebody has to ask.
    """

    transfer_id: str
    referring_provider: OdsCode
    receiving_provider: OdsCode
    confirm_by: AwareDatetime


class ReferralTransferred(Event, type="fairwait.referral.transferred.v1", topic=REFERRAL):
    """Another provider is responsible for the pathway from `effective_on` on; the start stays."""

    transfer_id: str
    from_provider: OdsCode
    to_provider: OdsCode
    effective_on: date
    started_on: date


class TransferEnded(Event, type="fairwait.referral.transfer_ended.v1", topic=REFERRAL):
    """A transfer came to its end without moving responsibility."""

    transfer_id: str
    receiving_provider: OdsCode
    ended_on: date
    outcome: Literal["cancelled", "received"]
