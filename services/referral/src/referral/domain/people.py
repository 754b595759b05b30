"""What becomes of a pathway whose patient died, lives, moved practice, or was told again."""

from dataclasses import replace
from datetime import date, datetime

from referral.domain import clock as rtt
from referral.domain.pathway import Pathway, Person
from referral.domain.records import Death
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
