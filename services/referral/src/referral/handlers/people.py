"""What becomes known of a person, on every pathway of theirs that the teller may change."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, TypeAlias

from chassis.errors import Rejected
from chassis.messages import Received
from contracts.event import Envelope, Event
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
from referral.domain.names import patient_key
from referral.domain.pathway import Pathway
from referral.domain.persons import (
    PersonRecord,
    Records,
    as_told,
    changed,
    current_of,
    undone,
    with_death,
    with_mark,
    without_death,
)
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Death, IdentityChange
from referral.domain.steps import Step
from referral.faults import FORBIDDEN_ORGANISATION, faults_of
from referral.handlers.arriving import is_repeat, origin_of, publish, refuse_if
from referral.handlers.rejections import entry_of
from referral.telling import effective_date
from referral.telling.people import identity_events
from referral.translation import person_of
from referral.work import ReferralWork

SETTLING: Final = "person-settling"
# A referral that was decided at the very moment of a change may have missed it: look once more.
TIME_TO_SETTLE: Final = timedelta(minutes=5)

Change: TypeAlias = Callable[[Pathway], Step]


async def change_person(received: Received[PatientChanged], work: ReferralWork) -> None:
    """Keep the person as last told."""
    if await is_repeat(received, work):
        return
    person = person_of(received.submission.patient)
    pathways = await _pathways(received, person.nhs_number, work)
    _refuse_unknown(received, pathways, work)
    await _change(received, pathways, lambda one: Step(domain.told_again(one, person)), work)


async def change_practice(received: Received[GpChanged], work: ReferralWork) -> None:
    """Keep with which practice the person is registered."""
    if await is_repeat(received, work):
        return
    told = received.submission
    pathways = await _pathways(received, told.nhs_number, work)
    _refuse_unknown(received, pathways, work)
    await _change(
        received,
        pathways,
        lambda one: domain.registered(one, told.practice, told.changed_on),
        work,
    )


# ---- what is kept of the person, and follows on all their pathways


async def change_number(received: Received[NhsNumberChanged], work: ReferralWork) -> None:
    """Keep the person under another NHS number."""
    told = received.submission
    change = IdentityChange(
        "number",
        told.former,
        told.nhs_number,
        told.changed_on,
        received.publisher,
        received.message_id,
        work.now,
    )
    await _rename(received, change, "/former", work)


async def merge(received: Received[PatientsMerged], work: ReferralWork) -> None:
    """Keep under one NHS number what was kept of one person under two."""
    told = received.submission
    change = IdentityChange(
        "merge",
        told.merged,
        told.nhs_number,
        told.merged_on,
        received.publisher,
        received.message_id,
        work.now,
    )
    await _rename(received, change, "/merged", work)


async def _rename(
    received: Received[Submission], change: IdentityChange, pointer: str, work: ReferralWork
) -> None:
    if await is_repeat(received, work):
        return
    refuse_if([Problem(ProblemCode.SAME_PATIENT, pointer)] * (change.former == change.current))
    pathways = await _pathways(received, change.former, work)
    _refuse_unknown(received, pathways, work)
    records = await work.persons.around(change.former, change.current)
    after = changed(records, change, _tellers(received, work))
    refuse_if([Problem(ProblemCode.LATER_CHANGE_FIRST, pointer)] if after is None else [])
    await _follow(received, pathways, records, after or {}, work)


async def undo(received: Received[IdentityChangeUndone], work: ReferralWork) -> None:
    """Give pathways back to who they were of before a change or a merge."""
    if await is_repeat(received, work):
        return
    told = received.submission
    records = await work.persons.around(told.nhs_number)
    meant = _meant(records, received, work)
    refuse_if([] if meant else [Problem(ProblemCode.UNKNOWN_MESSAGE, "/undoes")])
    pathways = await _pathways(received, told.nhs_number, work)
    for one in meant:
        refuse_if(_later(one, pathways))
    await _follow(received, pathways, records, undone(records, meant, work.now), work)


def _meant(
    records: Records, received: Received[IdentityChangeUndone], work: ReferralWork
) -> list[IdentityChange]:
    """The changes that a message told; a national service may undo what anybody told."""
    return [
        one
        for record in records.values()
        for one in record.changes
        if one.former == record.nhs_number
        and one.undone_at is None
        and one.message_id == received.submission.undoes
        and (_is_national(received, work) or one.publisher == received.publisher)
    ]


def _later(change: IdentityChange, pathways: Iterable[Pathway]) -> list[Problem]:
    """Changes of one pathway are undone from the last to the first."""
    for pathway in pathways:
        standing = [one.key for one in pathway.identity if one.undone_at is None]
        if change.key in standing[:-1]:
            return [Problem(ProblemCode.LATER_CHANGE_FIRST, "/undoes")]
    return []


async def record_death(received: Received[PatientDied], work: ReferralWork) -> None:
    """Stop every clock of somebody who has died, and all that would reach them."""
    told = received.submission
    if told.died_on > work.today:
        raise Rejected(faults_of([Problem(ProblemCode.DATE_IN_FUTURE, "/died_on")]))
    death = Death(told.died_on, told.status, received.publisher, received.message_id, work.now)
    await _keep(received, told.nhs_number, lambda one: with_death(one, death), work)


async def withdraw_death(received: Received[PatientDeathWithdrawn], work: ReferralWork) -> None:
    """Let the clocks go on of somebody who turned out to live. Who told of the death takes it back."""
    number = received.submission.nhs_number
    teller = None if _is_national(received, work) else received.publisher
    records = await work.persons.around(number)
    told_by = {death.publisher for record in records.values() for death in record.deaths}
    if teller is not None and told_by and teller not in told_by:
        raise Rejected([FORBIDDEN_ORGANISATION.fault(pointer="/nhs_number")])
    await _keep(received, number, lambda one: without_death(one, teller), work, everywhere=True)


async def mark_sensitive(received: Received[PatientMarkedSensitive], work: ReferralWork) -> None:
    """Stop sharing where a person is, or share it again."""
    told = received.submission

    def mark(record: PersonRecord) -> PersonRecord:
        return with_mark(record, received.publisher, sensitive=told.sensitive)

    # A flag is taken down wherever this teller raised it, under whichever of their numbers.
    await _keep(received, told.nhs_number, mark, work, everywhere=not told.sensitive)


async def _keep(
    received: Received[Submission],
    number: str,
    tell: Callable[[PersonRecord], PersonRecord],
    work: ReferralWork,
    *,
    everywhere: bool = False,
) -> None:
    """Keep something of the person, and let it follow on their pathways."""
    if await is_repeat(received, work):
        return
    pathways = await _pathways(received, number, work)
    _refuse_unknown(received, pathways, work)
    records = await work.persons.around(number)
    numbers = records.keys() if everywhere else {number}
    after = {one: tell(records[one]) for one in numbers}
    await _follow(received, pathways, records, after, work)


async def _follow(
    received: Received[Submission],
    pathways: list[Pathway],
    records: Records,
    after: Records,
    work: ReferralWork,
) -> None:
    changed_records = {number: one for number, one in after.items() if one != records.get(number)}
    for record in changed_records.values():
        await work.persons.save(record)
    if changed_records:
        _settle(changed_records, work)
    records = {**records, **after}
    touched = {one.id: one for one in pathways}
    for number in changed_records:
        touched |= {one.id: one for one in await work.pathways.of_person(number)}
    national = work.rules.national_services

    def follow(pathway: Pathway) -> Step:
        return as_told(pathway, records, national, work.now)

    await _change(received, [touched[id] for id in sorted(touched)], follow, work)


def _settle(records: Iterable[str], work: ReferralWork) -> None:
    number = min(records)
    key = patient_key(number, work.rules.pathway_secret)
    work.set_timer(SETTLING, key, work.now + TIME_TO_SETTLE)


async def settle(key: str, work: ReferralWork) -> None:
    """See that every pathway of a person is what their records say, once more."""
    number = await work.persons.number_of(key)
    if number is None:
        return
    records = await work.persons.around(number)
    for one in sorted(records):
        for pathway in await work.pathways.of_person(one):
            step = as_told(pathway, records, work.rules.national_services, work.now)
            await _change_one(pathway, step, work.today, origin_of(pathway.id), work)


# ---- on all pathways of a person


async def _pathways(
    received: Received[Submission], number: str, work: ReferralWork
) -> list[Pathway]:
    """The pathways of who is or was known by a number, as far as the teller has to do with them.

    A message that was on its way while a number changed still finds its person.
    """
    records = await work.persons.around(number)
    national = _is_national(received, work)
    found = []
    for one in sorted(records):
        for pathway in await work.pathways.of_person(one):
            tellers = pathway.involved | work.rules.national_services
            theirs = current_of(number, records, tellers) == one
            if theirs and (national or received.publisher in pathway.involved):
                found.append(pathway)
    return found


def _refuse_unknown(
    received: Received[Submission], pathways: list[Pathway], work: ReferralWork
) -> None:
    """A national service speaks of everybody, so it is right also about a person nobody knows."""
    if not pathways and not _is_national(received, work):
        raise Rejected(faults_of([Problem(ProblemCode.UNKNOWN_PATIENT, "/nhs_number")]))


async def _change(
    received: Received[Submission],
    pathways: list[Pathway],
    change: Change,
    work: ReferralWork,
) -> None:
    """Change pathways, tell each change, and keep what became of the message."""
    said: list[Event] = []
    on = effective_date(received.submission) or work.today
    for pathway in pathways:
        origin = origin_of(pathway.id, received.traceparent)
        said += await _change_one(pathway, change(pathway), on, origin, work)
    about = [one.id for one in pathways]
    first = about[0] if len(about) == 1 else None
    await work.intake.save(
        entry_of(received, work, "accepted", pathway_id=first, about=about, said=said)
    )


async def _change_one(
    before: Pathway, step: Step, on: date, origin: Envelope, work: ReferralWork
) -> list[Event]:
    if step.pathway == before:
        return []
    await work.pathways.save(step.pathway)
    said = await publish(step.pathway, step.told, origin, work)
    events = identity_events(before, step.pathway, on, origin)
    return [*said, *[await work.publish(event) for event in events]]


def _tellers(received: Received[Submission], work: ReferralWork) -> frozenset[str]:
    return work.rules.national_services | {received.publisher}


def _is_national(received: Received[Submission], work: ReferralWork) -> bool:
    return received.publisher in work.rules.national_services
