"""A pathway moves to another provider: decided, its data set sent, received, or called off."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from referral.domain import clock as rtt
from referral.domain.names import digest
from referral.domain.pathway import Pathway, held_by
from referral.domain.problems import Problem, ProblemCode
from referral.domain.steps import Result, Step, TransferTold
from referral.domain.transfers import (
    TIME_TO_CONFIRM,
    DataSet,
    Sender,
    State,
    Transfer,
    due_at,
    may_send,
    missing,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the sender tells: the decision alone, or with the whole data set."""

    reference: str
    receiving_provider: str
    decided_on: date
    reason: str
    data: DataSet


def decide(pathway: Pathway, told: Decision, by: str, at: datetime, today: date) -> Result:
    """The pathway with a transfer begun, or its data set complete. Incomplete data are refused."""
    if pathway.over:
        return [Problem(ProblemCode.REFERRAL_OVER, "/pathway")]
    known = _sent_by(pathway, told.reference, by)
    transfer = known or _begun(pathway, told, by)
    problems = [
        *_decision_problems(pathway, transfer, told, today),
        *(_data_problems(pathway, told, by) if not told.data.empty else []),
    ]
    if problems:
        return problems
    begun = () if known else (TransferTold(transfer, "begun"),)
    if told.data.empty:
        return Step(_with(pathway, transfer), begun)
    if transfer.state is State.DATA_SENT:
        return Step(_with(pathway, replace(transfer, data=told.data)), begun)
    sent = replace(
        transfer,
        data=told.data,
        state=State.DATA_SENT,
        sent_on=today,
        in_time=at <= transfer.due_at,
        confirm_by=at + TIME_TO_CONFIRM,
    )
    return Step(_with(pathway, sent), (*begun, TransferTold(sent, "data_sent")))


def _begun(pathway: Pathway, told: Decision, by: str) -> Transfer:
    number = digest(pathway.id, by, told.reference)
    return Transfer(
        id=f"{pathway.id}.{number[:8]}",
        reference=told.reference,
        referring_provider=by,
        receiving_provider=told.receiving_provider,
        decided_on=told.decided_on,
        reason=told.reason,
        due_at=due_at(told.decided_on),
        data=DataSet(),
    )


def _decision_problems(
    pathway: Pathway, transfer: Transfer, told: Decision, today: date
) -> list[Problem]:
    same = (transfer.receiving_provider, transfer.decided_on, transfer.reason)
    others = (one for one in pathway.transfers if one.id != transfer.id and one.open)
    moving = any(one.moves_responsibility for one in others)
    checks = (
        (told.decided_on > today, ProblemCode.DATE_IN_FUTURE, "/decided_on"),
        (
            told.decided_on < pathway.referral.received_on,
            ProblemCode.BEFORE_REFERRAL,
            "/decided_on",
        ),
        (not transfer.open, ProblemCode.TRANSFER_OVER, "/reference"),
        (
            same != (told.receiving_provider, told.decided_on, told.reason),
            ProblemCode.TRANSFER_DIFFERS,
            "/reference",
        ),
        (
            # One provider answers for the patient, so one transfer at a time can move that.
            transfer.moves_responsibility and moving,
            ProblemCode.TRANSFER_DIFFERS,
            "/reference",
        ),
        (
            told.receiving_provider == transfer.referring_provider,
            ProblemCode.TRANSFER_DIFFERS,
            "/receiving_provider",
        ),
    )
    return [Problem(code, pointer) for wrong, code, pointer in checks if wrong]


def _data_problems(pathway: Pathway, told: Decision, by: str) -> list[Problem]:
    data = told.data
    start_differs = data.rtt_start is not None and data.rtt_start != pathway.started_on
    so_far = {by, *(one.provider for one in pathway.custody)}
    lacks_some = bool(data.organisations) and not so_far <= set(data.organisations)
    return [
        *(Problem(ProblemCode.TRANSFER_INCOMPLETE, one) for one in missing(data, sender(pathway))),
        *_status_problems(pathway, data.rtt_status, told.decided_on),
        *([Problem(ProblemCode.TRANSFER_DIFFERS, "/rtt_start")] * start_differs),
        *([Problem(ProblemCode.TRANSFER_INCOMPLETE, "/organisations")] * lacks_some),
    ]


def _status_problems(pathway: Pathway, status: str | None, on: date) -> list[Problem]:
    """The status has to be one that is sent, and to agree with the clock that goes with it.

    12 is for a separate condition, which has a pathway of its own and is not moved on this one.
    """
    if status is None:
        return []
    if not may_send(status, on):
        return [Problem(ProblemCode.TRANSFER_STATUS_NOT_ALLOWED, "/rtt_status")]
    ticking = isinstance(pathway.history.clock, rtt.Ticking)
    separate = pathway.history.clock_started_with == rtt.SEPARATE_CONDITION
    if status == rtt.SEPARATE_CONDITION and not separate:
        return [Problem(ProblemCode.RTT_STATUS_NEEDS_OWN_PATHWAY, "/rtt_status")]
    agrees = {
        rtt.SEPARATE_CONDITION: ticking,
        rtt.LATER_ACTIVITY: ticking,
        rtt.AFTER_TREATMENT: not ticking,
    }
    if not agrees.get(status, True):
        return [Problem(ProblemCode.TRANSFER_DIFFERS, "/rtt_status")]
    return []


def sender(pathway: Pathway) -> Sender:
    """What the pathway cannot give to the data set."""
    person = pathway.person
    if not person.address:
        return Sender(("address",) if person.postcode else ("address", "postcode"))
    return Sender(() if person.postcode else ("postcode",))


def named(pathway: Pathway, reference: str, by: str) -> Transfer | None:
    """The transfer that either side means by the sender's reference: an open one before others."""
    meant = [
        one
        for one in reversed(pathway.transfers)
        if one.reference == reference and by in {one.referring_provider, one.receiving_provider}
    ]
    return min(meant, key=lambda one: not one.open, default=None)


def _sent_by(pathway: Pathway, reference: str, by: str) -> Transfer | None:
    """The sender's own transfer of that name; whoever sent the patient here may have used it too."""
    mine = (one for one in pathway.transfers if one.referring_provider == by)
    return next((one for one in mine if one.reference == reference), None)


def receive(
    pathway: Pathway, reference: str, by: str, on: date, at: datetime, today: date
) -> Result:
    """The pathway with the receiver responsible. It has the data set, or nothing has arrived."""
    transfer = named(pathway, reference, by)
    if transfer is None or transfer.receiving_provider != by:
        return [Problem(ProblemCode.UNKNOWN_TRANSFER, "/reference")]
    problems = _problems_of_receiving(pathway, transfer, on, today)
    if problems:
        return problems
    received = replace(transfer, state=State.RECEIVED, ended_on=on)
    after = _with(pathway, received)
    if not transfer.moves_responsibility:
        return Step(after, (TransferTold(received, "ended"),))
    moved = held_by(after, by, at, "transferred", on=on)
    return Step(moved, (TransferTold(received, "transferred"),))


def _problems_of_receiving(
    pathway: Pathway, transfer: Transfer, on: date, today: date
) -> list[Problem]:
    elsewhere = transfer.moves_responsibility and pathway.provider != transfer.referring_provider
    if not transfer.open or elsewhere:
        return [Problem(ProblemCode.TRANSFER_OVER, "/reference")]
    if on > today or on < transfer.decided_on:
        code = ProblemCode.DATE_IN_FUTURE if on > today else ProblemCode.BEFORE_REFERRAL
        return [Problem(code, "/received_on")]
    if transfer.state is State.DATA_SENT:
        return []
    lacking = missing(transfer.data, sender(pathway))
    return [Problem(ProblemCode.TRANSFER_INCOMPLETE, one) for one in lacking]


def call_off(pathway: Pathway, reference: str, by: str, on: date, today: date) -> Result:
    """The pathway stays where it is."""
    transfer = named(pathway, reference, by)
    if transfer is None:
        return [Problem(ProblemCode.UNKNOWN_TRANSFER, "/reference")]
    if not transfer.open:
        return [Problem(ProblemCode.TRANSFER_OVER, "/reference")]
    if on > today or on < transfer.decided_on:
        code = ProblemCode.DATE_IN_FUTURE if on > today else ProblemCode.BEFORE_REFERRAL
        return [Problem(code, "/cancelled_on")]
    ended = replace(transfer, state=State.CANCELLED, ended_on=on)
    return Step(_with(pathway, ended), (TransferTold(ended, "ended"),))


def overdue(pathway: Pathway, transfer_id: str, now: datetime) -> Step:
    """The pathway with the alarm raised, when the data set is late."""
    transfer = _waiting(pathway, transfer_id, State.DECIDED)
    if transfer is None or transfer.overdue or now < transfer.due_at:
        return Step(pathway)
    late = replace(transfer, overdue=True)
    lacking = missing(transfer.data, sender(pathway))
    return Step(_with(pathway, late), (TransferTold(late, "overdue", missing=lacking),))


def unconfirmed(pathway: Pathway, transfer_id: str, now: datetime) -> Step:
    """The pathway with a task for a person: the data set was sent, and nobody said it arrived."""
    transfer = _waiting(pathway, transfer_id, State.DATA_SENT)
    if transfer is None or transfer.unconfirmed:
        return Step(pathway)
    if transfer.confirm_by is None or now < transfer.confirm_by:
        return Step(pathway)
    asked = replace(transfer, unconfirmed=True)
    return Step(_with(pathway, asked), (TransferTold(asked, "unconfirmed"),))


def _waiting(pathway: Pathway, transfer_id: str, state: State) -> Transfer | None:
    """The transfer while it is in this state; None for somebody who moves nowhere any more."""
    if pathway.over:
        return None
    found = (one for one in pathway.transfers if one.id == transfer_id and one.state is state)
    return next(found, None)


def _with(pathway: Pathway, transfer: Transfer) -> Pathway:
    others = tuple(one for one in pathway.transfers if one.id != transfer.id)
    return replace(pathway, transfers=(*others, transfer))
