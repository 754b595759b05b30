"""What becomes known of a person, on every pathway of theirs that the teller may change."""

from collections.abc import Callable
from typing import TypeAlias

from chassis.errors import Rejected
from chassis.messages import Received
from contracts.event import Envelope, Event
from contracts.events import (
    IdentityRestored,
    NhsNumberReplaced,
    PatientMerged,
    SensitivityChanged,
)
from contracts.submissions import (
    GpChanged,
    IdentityChangeUndone,
    NhsNumberChanged,
    PatientChanged,
    PatientDeathWithdrawn,
    PatientDied,
    PatientMarkedSensitive,
    PatientsMerged,
    Submission,
)
from referral.domain import people as domain
from referral.domain.pathway import Pathway
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Death, IdentityChange
from referral.domain.steps import Step
from referral.faults import faults_of
from referral.handlers.arriving import is_repeat, origin_of, publish, refuse_if
from referral.handlers.rejections import entry_of
from referral.translation import identity_event, person_of
from referral.work import ReferralWork

Change: TypeAlias = Callable[[Pathway], Step]
Tell: TypeAlias = Callable[[Pathway, Envelope], list[Event]]


async def change_person(received: Received[PatientChanged], work: ReferralWork) -> None:
    """Keep the person as last told."""
    person = person_of(received.submission.patient)

    def change(pathway: Pathway) -> Step:
        return Step(domain.told_again(pathway, person))

    await _on_all(received, person.nhs_number, work, change, _identity)


async def change_number(received: Received[NhsNumberChanged], work: ReferralWork) -> None:
    """Keep the person under another NHS number."""
    told = received.submission
    _refuse_same(told.nhs_number, told.former)

    def tell(pathway: Pathway, origin: Envelope) -> list[Event]:
        replaced = NhsNumberReplaced.following(
            origin,
            nhs_number=told.nhs_number,
            former=told.former,
            effective_on=told.changed_on,
        )
        return [replaced, identity_event(pathway, origin)]

    def change(pathway: Pathway) -> Step:
        identity = IdentityChange(
            "number",
            told.former,
            told.nhs_number,
            told.changed_on,
            received.publisher,
            received.message_id,
            work.now,
        )
        return Step(domain.renumbered(pathway, identity))

    await _on_all(received, told.former, work, change, tell)


async def merge(received: Received[PatientsMerged], work: ReferralWork) -> None:
    """Keep under one NHS number what was kept of one person under two."""
    told = received.submission
    _refuse_same(told.nhs_number, told.merged, pointer="/merged")

    def tell(pathway: Pathway, origin: Envelope) -> list[Event]:
        merged = PatientMerged.following(
            origin,
            nhs_number=told.nhs_number,
            merged=told.merged,
            effective_on=told.merged_on,
        )
        return [merged, identity_event(pathway, origin)]

    def change(pathway: Pathway) -> Step:
        identity = IdentityChange(
            "merge",
            told.merged,
            told.nhs_number,
            told.merged_on,
            received.publisher,
            received.message_id,
            work.now,
        )
        return Step(domain.renumbered(pathway, identity))

    await _on_all(received, told.merged, work, change, tell)


async def undo(received: Received[IdentityChangeUndone], work: ReferralWork) -> None:
    """Give pathways back to who they were of before a change or a merge."""
    told = received.submission
    if await is_repeat(received, work):
        return
    publisher = None if _is_national(received, work) else received.publisher
    known = await work.pathways.of_person(told.nhs_number)
    found = {one.id: domain.undone(one, told.undoes, publisher, work.now) for one in known}
    refuse_if([one for one in found.values() if isinstance(one, Problem)])
    if not any(found.values()):
        raise Rejected(faults_of([Problem(ProblemCode.UNKNOWN_MESSAGE, "/undoes")]))

    def change(pathway: Pathway) -> Step:
        restored = found[pathway.id]
        return Step(restored if isinstance(restored, Pathway) else pathway)

    def tell(pathway: Pathway, origin: Envelope) -> list[Event]:
        restored = IdentityRestored.following(
            origin, nhs_number=pathway.person.nhs_number, former=told.nhs_number
        )
        return [restored, identity_event(pathway, origin)]

    await _on_all(received, told.nhs_number, work, change, tell)


async def record_death(received: Received[PatientDied], work: ReferralWork) -> None:
    """Stop every clock of somebody who has died, and all that would reach them."""
    told = received.submission
    if told.died_on > work.today:
        raise Rejected(faults_of([Problem(ProblemCode.DATE_IN_FUTURE, "/died_on")]))
    death = Death(told.died_on, told.status, received.publisher, received.message_id, work.now)
    await _on_all(received, told.nhs_number, work, lambda one: domain.died(one, death), _nothing)


async def withdraw_death(received: Received[PatientDeathWithdrawn], work: ReferralWork) -> None:
    """Let the clocks go on of somebody who turned out to live."""
    number = received.submission.nhs_number
    await _on_all(received, number, work, lambda one: domain.alive(one, work.now), _nothing)


async def change_practice(received: Received[GpChanged], work: ReferralWork) -> None:
    """Keep with which practice the person is registered."""
    told = received.submission
    await _on_all(
        received,
        told.nhs_number,
        work,
        lambda one: domain.registered(one, told.practice, told.changed_on),
        _nothing,
    )


async def mark_sensitive(received: Received[PatientMarkedSensitive], work: ReferralWork) -> None:
    """Stop sharing where a person is, or share it again."""
    told = received.submission

    def tell(pathway: Pathway, origin: Envelope) -> list[Event]:
        changed = SensitivityChanged.following(
            origin, sensitive=told.sensitive, effective_on=told.marked_on
        )
        return [changed, identity_event(pathway, origin)]

    await _on_all(
        received,
        told.nhs_number,
        work,
        lambda one: Step(domain.marked(one, told.sensitive)),
        tell,
    )


# ---- on all pathways of a person


async def _on_all(
    received: Received[Submission],
    nhs_number: str,
    work: ReferralWork,
    change: Change,
    tell: Tell,
) -> None:
    """Change every pathway of the person that the publisher has to do with, and tell each change.

    A national service speaks of everybody, so it is right also about a person nobody here knows.
    """
    if await is_repeat(received, work):
        return
    national = _is_national(received, work)
    pathways = [
        one
        for one in await work.pathways.of_person(nhs_number)
        if national or received.publisher in one.involved
    ]
    if not pathways and not national:
        raise Rejected(faults_of([Problem(ProblemCode.UNKNOWN_PATIENT, "/nhs_number")]))
    said: list[Event] = []
    for pathway in pathways:
        said += await _change_one(pathway, received, work, change, tell)
    about = [one.id for one in pathways]
    first = about[0] if len(about) == 1 else None
    await work.intake.save(
        entry_of(received, work, "accepted", pathway_id=first, about=about, said=said)
    )


async def _change_one(
    pathway: Pathway,
    received: Received[Submission],
    work: ReferralWork,
    change: Change,
    tell: Tell,
) -> list[Event]:
    step = change(pathway)
    if step.pathway == pathway:
        return []
    await work.pathways.save(step.pathway)
    origin = origin_of(pathway.id, received)
    said = await publish(step.pathway, step.told, origin, work)
    return [*said, *[await work.publish(event) for event in tell(step.pathway, origin)]]


def _identity(pathway: Pathway, origin: Envelope) -> list[Event]:
    return [identity_event(pathway, origin)]


def _nothing(_: Pathway, __: Envelope) -> list[Event]:
    return []


def _is_national(received: Received[Submission], work: ReferralWork) -> bool:
    return received.publisher in work.rules.national_services


def _refuse_same(one: str, other: str, pointer: str = "/former") -> None:
    refuse_if([Problem(ProblemCode.SAME_PATIENT, pointer)] if one == other else [])
