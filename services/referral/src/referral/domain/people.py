"""Who the patient of a pathway is: another number, a merge, a mistake undone, a death."""

from dataclasses import replace
from datetime import date, datetime

from referral.domain import clock as rtt
from referral.domain.pathway import Pathway, Person
from referral.domain.problems import Problem, ProblemCode
from referral.domain.records import Death, IdentityChange
from referral.domain.steps import (
    DeathWithdrawn,
    PracticeMoved,
    Step,
    with_facts,
    without_facts,
)


def told_again(pathway: Pathway, person: Person) -> Pathway:
    """The pathway with the person as last told. The NHS number changes in its own way only."""
    return replace(pathway, person=replace(person, nhs_number=pathway.person.nhs_number))


def renumbered(pathway: Pathway, change: IdentityChange) -> Pathway:
    """The pathway under another NHS number."""
    person = replace(pathway.person, nhs_number=change.current)
    return replace(pathway, person=person, identity=(*pathway.identity, change))


def undone(
    pathway: Pathway, message_id: str, publisher: str | None, at: datetime
) -> Pathway | Problem | None:
    """The pathway under its former number; None when that message changed nothing here.

    `publisher` None stands for a national service, which may undo what anybody told. Changes are
    undone from the last to the first.
    """
    standing = [one for one in pathway.identity if one.undone_at is None]
    meant = [
        one
        for one in standing
        if one.message_id == message_id and publisher in {None, one.publisher}
    ]
    if not meant:
        return None
    if standing[-1] is not meant[-1]:
        return Problem(ProblemCode.LATER_CHANGE_FIRST, "/undoes")
    person = replace(pathway.person, nhs_number=meant[-1].former)
    identity = tuple(
        replace(one, undone_at=at) if one is meant[-1] else one for one in pathway.identity
    )
    return replace(pathway, person=person, identity=identity)


def died(pathway: Pathway, death: Death) -> Step:
    """The pathway of a patient who has died. A clock that ticks stops on the day of death (36).

    Nobody knows better than the register of deaths: what was told of a later day is set aside.
    """
    known = pathway.death
    if known is not None and (known.on, known.status) == (death.on, death.status):
        return Step(pathway)
    before = _alive(pathway, death.recorded_at) if known is not None else Step(pathway)
    dead = replace(before.pathway, death=death)
    earlier = rtt.rebuild(rtt.effective_by(dead.facts, death.on))
    if not isinstance(earlier.clock, rtt.Ticking):
        return Step(dead, (death, *before.told))
    fact = rtt.Fact(
        rtt.DIED,
        death.on,
        death.recorded_at,
        death.message_id,
        death.publisher,
        activity=False,
    )
    step = with_facts(dead, [fact])
    if isinstance(step, rtt.Refusal):
        return Step(dead, (death, *before.told))
    changes = rtt.changed(pathway.history, step.pathway.history, [fact], "corrected")
    return Step(step.pathway, (death, *changes))


def alive(pathway: Pathway, at: datetime) -> Step:
    """The pathway of a patient who turned out to live: the clock goes on as if never stopped."""
    if pathway.death is None:
        return Step(pathway)
    step = _alive(pathway, at)
    return Step(step.pathway, (DeathWithdrawn(), *step.told))


def _alive(pathway: Pathway, at: datetime) -> Step:
    death = pathway.death
    living = replace(pathway, death=None)
    if death is None:
        return Step(living)
    step = without_facts(living, death.message_id, death.publisher, at)
    return step if isinstance(step, Step) else Step(living)


def registered(pathway: Pathway, practice: str | None, on: date) -> Step:
    """The pathway of a patient of another practice, or of none."""
    if pathway.practice == practice:
        return Step(pathway)
    return Step(replace(pathway, practice=practice), (PracticeMoved(practice, on),))


def marked(pathway: Pathway, sensitive: bool) -> Pathway:
    return replace(pathway, sensitive=sensitive)
