"""A transfer between providers: its data set, its deadline, and when responsibility moves.

Source: Inter-Provider Transfer Administrative Minimum Data Set (domain reference, 2.5 and 2.10b).
The clock neither stops nor starts. One provider is responsible at every instant: the sender until
the receiver confirms that the referral has arrived.
"""

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from contracts.codes import RTT_STATUSES, UnknownCode
from referral.domain.days import LONDON, london_date

RESPONSIBILITY: Final = "01"  # transfer reason; 02 opinion only and 03 test move nothing
DAYS_TO_SEND: Final = 2  # 48 hours from the decision to refer
# No source: how long a transfer may be half done before a person is asked to look (decision 14).
TIME_TO_CONFIRM: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, repr=False)
class DataSet:
    """What the sender adds to what is known of the pathway. Never shown by `repr`."""

    rtt_status: str | None = None
    rtt_start: date | None = None
    referring_treatment_function: str | None = None
    receiving_treatment_function: str | None = None
    care_professional: str | None = None
    referrer_code: str | None = None
    contact: str | None = None
    gp_name: str | None = None
    gp_practice: str | None = None
    local_patient_id: str | None = None
    service_requested_on: date | None = None
    organisations: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether only the decision was told, and the data set is to follow."""
        return all(not getattr(self, one.name) for one in fields(self))


class State(StrEnum):
    """Where a transfer is."""

    DECIDED = "decided"
    DATA_SENT = "data_sent"
    RECEIVED = "received"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer of a pathway."""

    id: str
    reference: str
    referring_provider: str
    receiving_provider: str
    decided_on: date
    reason: str
    due_at: datetime
    data: DataSet
    state: State = State.DECIDED
    sent_on: date | None = None
    in_time: bool | None = None
    overdue: bool = False
    ended_on: date | None = None
    confirm_by: datetime | None = None
    unconfirmed: bool = False

    def as_of(self, day: date) -> "Transfer":
        """As it stood on a day: without what was sent, received or called off later."""
        ended = self.ended_on is not None and self.ended_on <= day
        sent = self.sent_on is not None and self.sent_on <= day
        if ended:
            return self
        return replace(
            self,
            state=State.DATA_SENT if sent else State.DECIDED,
            data=self.data if sent else DataSet(),
            sent_on=self.sent_on if sent else None,
            in_time=self.in_time if sent else None,
            overdue=self.overdue and _by(self.due_at, day),
            unconfirmed=self.unconfirmed and _by(self.confirm_by, day),
            ended_on=None,
        )

    @property
    def open(self) -> bool:
        return self.state in {State.DECIDED, State.DATA_SENT}

    @property
    def moves_responsibility(self) -> bool:
        return self.reason == RESPONSIBILITY


def _by(instant: datetime | None, day: date) -> bool:
    return instant is not None and london_date(instant) <= day


def due_at(decided_on: date) -> datetime:
    """48 hours after the day of the decision has ended in London. DERIVED: the hour is not told."""
    ends = datetime.combine(decided_on + timedelta(days=1 + DAYS_TO_SEND), datetime.min.time())
    return ends.replace(tzinfo=LONDON).astimezone(UTC)


def missing(data: DataSet, person: "Sender") -> tuple[str, ...]:
    """What the data set lacks, as pointers. Empty when it is complete."""
    lacking = [f"/{one.name}" for one in fields(data) if not getattr(data, one.name)]
    return (*lacking, *(f"/patient/{name}" for name in person.lacking))


@dataclass(frozen=True, slots=True)
class Sender:
    """What the pathway itself has to give: the parts of the person that are not known."""

    lacking: tuple[Literal["address", "postcode"], ...] = ()


def may_send(status: str, on: date) -> bool:
    """Whether the provider that hands over may send this RTT status (12, 20, 90 or 98; trap T18)."""
    try:
        return RTT_STATUSES.get(status, on).inter_provider_transfer
    except UnknownCode:
        return False
