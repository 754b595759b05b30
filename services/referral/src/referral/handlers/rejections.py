"""Submissions that are turned down: kept, published once, and answered the same when repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from chassis.errors import Rejected
from chassis.faults import INVALID, MAX_FAULTS, REQUIRED, Fault
from chassis.messages import Received, RefusedSubmission
from contracts.event import Event
from contracts.events import SubmissionRejected
from contracts.events.referral import RejectedItem, WayIn
from contracts.submissions import TYPES, ReferralMade, Submission
from referral.domain.names import rejection_id
from referral.domain.telling import Verdict
from referral.faults import DUPLICATE_MESSAGE_ID
from referral.repositories import Entry
from referral.telling import effective_date, said_in
from referral.translation import pathway_id_of
from referral.work import ReferralWork

S = TypeVar("S", bound=Submission)

# What others read has a scope of its own (capacity.write).
OURS = frozenset(name for name, cls in TYPES.items() if cls.scope == Submission.scope)


async def record_rejection(
    received: Received[Submission], faults: list[Fault], work: ReferralWork
) -> None:
    """Keep and publish why a submission was turned down, once."""
    key = getattr(received.submission, "pathway", None)
    about = [] if key is None else [pathway_id_of(key, work.rules.pathway_secret)]
    entry = entry_of(received, work, "rejected", faults=tuple(faults), about=about)
    await _reject(entry, work)


async def record_refusal(refused: RefusedSubmission, work: ReferralWork) -> None:
    """Keep and publish that the fields of a submission could not be read, once.

    One whose id was used before with another body is turned down for that.
    """
    if refused.type not in OURS:
        return
    await _reject(_refused_entry(refused, work), work)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A body that came to an edge, before it is known what it holds."""

    publisher: str
    message_id: str
    body_hash: str
    way_in: WayIn
    type: str = ReferralMade.type
    """What it was meant to be, as far as its edge can tell."""

    def with_submission(
        self, submission: S, at: datetime, traceparent: str = "", *, if_version: int | None = None
    ) -> Received[S]:
        """What was received with it, now that it is known."""
        return Received(
            submission,
            self.publisher,
            self.message_id,
            self.body_hash,
            self.way_in,
            at,
            traceparent,
            if_version,
        )


def faults_on_record(refused: Rejected | None, entry: Entry | None) -> Sequence[Fault]:
    """Why a message was turned down; a repeat is answered as the first one was."""
    if refused is not None:
        return refused.faults
    return entry.faults if entry is not None else ()


async def refuse_arrival(arrival: Arrival, faults: list[Fault], work: ReferralWork) -> list[Fault]:
    """Keep and publish that an edge could make no submission of a body; the faults to answer with.

    An id that was used before with another body is a fault that goes before all others.
    """
    entry = Entry(
        publisher=arrival.publisher,
        message_id=arrival.message_id,
        body_hash=arrival.body_hash,
        way_in=arrival.way_in,
        type=arrival.type,
        day=work.today.isoformat(),
        received_at=work.now,
        verdict="rejected",
        faults=tuple(faults[:MAX_FAULTS]),
    )
    first = await work.intake.get(entry.publisher, entry.message_id)
    await _reject(entry, work)
    reused = first is not None and first.body_hash != entry.body_hash
    return [DUPLICATE_MESSAGE_ID.fault()] if reused else faults


def entry_of(
    received: Received[Submission],
    work: ReferralWork,
    verdict: Verdict,
    *,
    pathway_id: str | None = None,
    faults: tuple[Fault, ...] = (),
    about: Iterable[str] = (),
    said: Iterable[Event] = (),
    lacking: tuple[str, ...] = (),
) -> Entry:
    return Entry(
        publisher=received.publisher,
        message_id=received.message_id,
        body_hash=received.body_hash,
        way_in=received.way_in,
        type=type(received.submission).type,
        day=work.today.isoformat(),
        received_at=work.now,
        verdict=verdict,
        pathway_id=pathway_id,
        faults=faults[:MAX_FAULTS],
        about=tuple(about),
        effective_on=effective_date(received.submission),
        said=said_in(said),
        lacking=lacking,
    )


def _refused_entry(refused: RefusedSubmission, work: ReferralWork) -> Entry:
    return Entry(
        publisher=refused.publisher,
        message_id=refused.message_id,
        body_hash=refused.body_hash,
        way_in=refused.way_in,
        type=refused.type,
        day=work.today.isoformat(),
        received_at=work.now,
        verdict="rejected",
        faults=tuple(_fault_at(*problem) for problem in refused.problems[:MAX_FAULTS]),
    )


def _fault_at(pointer: str, problem: str) -> Fault:
    kind = REQUIRED if problem == "missing" else INVALID
    return kind.fault(pointer=pointer)


async def _reject(entry: Entry, work: ReferralWork) -> None:
    """A message is rejected once: under its id, or beside the one that took its id."""
    first = await work.intake.get(entry.publisher, entry.message_id)
    if first is None:
        await work.intake.save(entry)
        await _publish_rejection(entry, work)
    elif first.body_hash != entry.body_hash:
        await _reject_reuse(replace(entry, faults=(DUPLICATE_MESSAGE_ID.fault(),)), work)


async def _reject_reuse(entry: Entry, work: ReferralWork) -> None:
    if await work.intake.reuse(entry.publisher, entry.message_id, entry.body_hash) is None:
        await work.intake.save_reuse(entry)
        await _publish_rejection(entry, work)


async def _publish_rejection(entry: Entry, work: ReferralWork) -> None:
    subject = rejection_id(entry.publisher, entry.message_id, entry.body_hash)
    await work.publish(
        SubmissionRejected.about(
            subject,
            publisher=entry.publisher,
            way_in=entry.way_in,
            submission_id=entry.message_id,
            submission_type=entry.type,
            problems=[
                RejectedItem(
                    code=fault.code,
                    pointer=fault.place,
                    message=fault.message,
                )
                for fault in entry.faults
            ],
        )
    )
