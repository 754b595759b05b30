"""What matching does about a session that a provider declares or withdraws, or tries to."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from chassis.errors import Rejected
from chassis.faults import CONFLICT, FORBIDDEN, INVALID, NOT_FOUND, Fault, Kind
from chassis.messages import Received, RefusedSubmission
from contracts.events.capacity import CapacityDeclared, CapacityRefused, CapacityWithdrawn
from contracts.submissions import CapacityOffered, Submission, WithdrawalDeclared
from matching import handlers
from matching.domain.capacity import Session, Withdrawn, same_offer, slot_id, withdraw
from matching.domain.declaration import Declaration, Wrong, session_name, session_of, wrong_with
from matching.work import MatchingWork

OURS: Final = frozenset({CapacityOffered.type, WithdrawalDeclared.type})

_TOLD: Final[Mapping[Wrong, tuple[Kind, str, str]]] = {
    Wrong.ID_TOO_LONG: (INVALID, "/capacity_id", "An id has 55 characters at most."),
    Wrong.UNKNOWN_SITE: (INVALID, "/site", "This site is not in the directory."),
    Wrong.NOT_ITS_PROVIDER: (
        FORBIDDEN,
        "/site",
        "Only the provider of a site may declare its sessions.",
    ),
    Wrong.UNKNOWN_TREATMENT_FUNCTION: (
        INVALID,
        "/treatment_function",
        "This is no treatment function in use today.",
    ),
    Wrong.NOT_WALL_CLOCK: (
        INVALID,
        "/local_start",
        "The start is wall clock time in London, without an offset.",
    ),
    Wrong.NO_SUCH_TIME: (
        INVALID,
        "/local_start",
        "The clocks go forward over this time, so it does not exist.",
    ),
    Wrong.IN_THE_PAST: (INVALID, "/local_start", "The session has already begun."),
    Wrong.TOO_FAR_AHEAD: (INVALID, "/local_start", "The session is more than two years away."),
    Wrong.DECLARED_OTHERWISE: (
        CONFLICT,
        "/capacity_id",
        "A session with this id was declared with other content.",
    ),
}


async def declare_session(received: Received[CapacityOffered], work: MatchingWork) -> None:
    """Take a session with its places. The same declaration again changes nothing."""
    declared = declaration_of(received)
    known = await work.sessions.get(declared.session_id)
    if known is not None and _repeats(declared, known):
        return

    wrong = wrong_with(
        declared,
        provider_of_site=work.directory.provider_of(declared.site, work.today),
        now=work.now,
        today=work.today,
    )
    if known is not None:
        wrong.append(Wrong.DECLARED_OTHERWISE)
    if wrong:
        raise Rejected(faults(wrong))

    session = session_of(declared)
    await work.sessions.save(session, before=None, today=work.today)
    await work.publish(_declared(session))


async def withdraw_session(received: Received[WithdrawalDeclared], work: MatchingWork) -> None:
    """Take places out of a session and see to everybody who has one. Known withdrawals are past."""
    told = received.submission
    session = await work.sessions.get(session_name(received.publisher, told.capacity_id))
    if session is None:
        raise Rejected([NOT_FOUND.fault("No such session was declared.", pointer="/capacity_id")])

    withdrawn = withdraw(session, told.withdrawal_id, told.places)
    if withdrawn is None:
        return

    after = withdrawn.session
    await work.sessions.save(after, before=session, today=work.today)
    await work.publish(_withdrawn(withdrawn, told))
    await handlers.displace(after, withdrawn.displaced, told.reason, work)
    if withdrawn.at_risk:
        await handlers.alert_booked(after, told.reason, work)
    work.rematch_at(slot_id((after.site, after.treatment_function)), work.now)


async def refuse_session(
    received: Received[Submission], faults: Sequence[Fault], work: MatchingWork
) -> None:
    """Tell the provider what is wrong with what it declared."""
    problems = [f"{fault.pointer}: {fault.message}" for fault in faults]
    await _refuse(received, problems, work)


async def refuse_unreadable(refused: RefusedSubmission, work: MatchingWork) -> None:
    """Tell the provider which fields of its message cannot be read."""
    if refused.type not in OURS:
        return  # another service's business
    await _refuse(refused, [f"{where}: {what}" for where, what in refused.problems], work)


def faults(wrong: Iterable[Wrong]) -> list[Fault]:
    """The faults to tell, in the words of whoever has to put them right."""
    told = (_TOLD[one] for one in wrong)
    return [kind.fault(message, pointer=pointer) for kind, pointer, message in told]


async def _refuse(
    message: Received[Submission] | RefusedSubmission,
    problems: list[str],
    work: MatchingWork,
) -> None:
    name = "\n".join((message.publisher, message.message_id, message.body_hash))
    subject = f"rejection-{sha256(name.encode()).hexdigest()[:32]}"
    if await work.refusals.known(subject):
        return

    await work.refusals.save(subject, message.publisher)
    await work.publish(
        CapacityRefused.about(
            subject,
            publisher=message.publisher,
            submission_id=message.message_id,
            problems=problems,
        )
    )


def _repeats(declared: Declaration, known: Session) -> bool:
    return declared.local_start.tzinfo is None and same_offer(session_of(declared), known)


def declaration_of(received: Received[CapacityOffered]) -> Declaration:
    offered = received.submission
    return Declaration(
        publisher=received.publisher,
        capacity_id=offered.capacity_id,
        site=offered.site,
        treatment_function=offered.treatment_function,
        local_start=offered.local_start,
        places=offered.places,
    )


def _withdrawn(withdrawn: Withdrawn, told: WithdrawalDeclared) -> CapacityWithdrawn:
    session = withdrawn.session
    return CapacityWithdrawn.about(
        session.session_id,
        provider=session.provider,
        site=session.site,
        treatment_function=session.treatment_function,
        withdrawal_id=told.withdrawal_id,
        reason=told.reason,
        week=session.week,
        places=withdrawn.places,
        displaced=len(withdrawn.displaced),
        booked_at_risk=withdrawn.at_risk,
    )


def _declared(session: Session) -> CapacityDeclared:
    return CapacityDeclared.about(
        session.session_id,
        provider=session.provider,
        site=session.site,
        treatment_function=session.treatment_function,
        local_start=session.local_start,
        starts_at=session.starts_at,
        places=session.places,
    )
