"""What is wrong with an instance, said so that whoever made it can find it."""

from collections.abc import Iterator

import numpy as np

from matching.allocation.problem import NONE, Activity, Array, Kind, Problem, ProblemFaulty, Role

_KINDS = {
    (Activity.CLINIC, Role.PRIMARY): Kind.CLINIC_SLOTS,
    (Activity.SURGERY, Role.PRIMARY): Kind.LIST_MINUTES,
    (Activity.DIAGNOSTIC, Role.PRIMARY): Kind.DIAGNOSTIC_SLOTS,
}
_SHARED_KINDS = {
    Role.CLINICIAN: Kind.CLINICIAN_MINUTES,
    Role.THEATRE: Kind.THEATRE_MINUTES,
    Role.BED: Kind.BED_NIGHTS,
}


def checked(problem: Problem) -> Problem:
    """The same instance, or `ProblemFaulty` with everything that is wrong with it."""
    found = faults(problem)
    if found:
        raise ProblemFaulty(found)
    return problem


def faults(problem: Problem) -> tuple[str, ...]:
    """One sentence for each thing that is wrong; nothing for an instance that can be solved."""
    shapes = tuple(_shapes(problem))
    if shapes:
        return shapes
    ranges = tuple(_ranges(problem))
    return ranges or (*_rows(problem), *_limits(problem))


def _shapes(problem: Problem) -> Iterator[str]:
    people, services = problem.patients.count, problem.services.count
    roles, weeks = len(Role), problem.weeks
    for name, array in vars(problem.patients).items():
        if array.shape[0] != people:
            yield f"patients.{name} has {array.shape[0]} rows for {people} patients"
    for name, array in vars(problem.resources).items():
        if array.shape != (problem.resources.count,):
            yield f"resources.{name} has the shape {array.shape}"
    if problem.services.rows.shape != (services, weeks, roles):
        yield f"services.rows has the shape {problem.services.rows.shape}, not services, weeks, roles"
    for name, array in vars(problem.services).items():
        if array.shape[0] != services:
            yield f"services.{name} has {array.shape[0]} rows for {services} services"
    if problem.procedures.needs.shape != (len(problem.procedures.name), roles):
        yield f"procedures.needs has the shape {problem.procedures.needs.shape}"
    if problem.groups.of.shape[0] != people:
        yield f"groups.of has {problem.groups.of.shape[0]} rows for {people} patients"
    if not problem.kept.service.shape == problem.kept.week.shape == (people,):
        yield f"kept has {problem.kept.service.shape[0]} rows for {people} patients"
    if not problem.groups.floor.shape == problem.groups.ceiling.shape == (problem.groups.count,):
        yield f"groups have {problem.groups.floor.shape[0]} floors for {problem.groups.count} names"


def _ranges(problem: Problem) -> Iterator[str]:
    patients, services, sites = problem.patients, problem.services, problem.sites.count
    functions = len(problem.functions)
    for name, array, least, most in (
        ("patients.priority", patients.priority, 1, 4),
        ("patients.function", patients.function, 0, functions - 1),
        ("patients.procedure", patients.procedure, 0, len(problem.procedures.name) - 1),
        ("patients.place", patients.place, 0, len(problem.places) - 1),
        ("patients.icb", patients.icb, 0, len(problem.icbs) - 1),
        ("patients.decile", patients.decile, 1, 10),
        ("patients.age", patients.age, 0, 130),
        ("patients.sex", patients.sex, 0, 3),
        ("patients.home", patients.home, NONE, sites - 1),
        ("patients.preferred", patients.preferred, NONE, sites - 1),
        ("patients.weeks_waited", patients.weeks_waited, 0, 1_000),
        ("patients.travel_limit_miles", patients.travel_limit_miles, 0, np.inf),
        ("procedures.needs", problem.procedures.needs, 0, 100_000),
        ("procedures.activity", problem.procedures.activity, 0, len(Activity) - 1),
        ("services.site", services.site, 0, sites - 1),
        ("services.function", services.function, 0, functions - 1),
        ("services.activity", services.activity, 0, len(Activity) - 1),
        ("services.rows", services.rows, NONE, problem.resources.count - 1),
        ("resources.capacity", problem.resources.capacity, 0, 2**31 - 1),
        ("resources.week", problem.resources.week, 0, problem.weeks - 1),
        ("resources.team", problem.resources.team, NONE, 2**31 - 1),
        ("groups.of", problem.groups.of, NONE, problem.groups.count - 1),
        ("kept.service", problem.kept.service, NONE, services.count - 1),
        ("kept.week", problem.kept.week, NONE, problem.weeks - 1),
    ):
        yield from _outside(name, array, least, most)


def _outside(name: str, array: Array, least: float, most: float) -> Iterator[str]:
    wrong = ~((array >= least) & (array <= most))  # so that not-a-number is outside too
    if wrong.any():
        first = tuple(int(at) for at in np.argwhere(wrong)[0])
        where = ", ".join(map(str, first))
        yield f"{name} is {array[first]} at {where}, outside {least} to {most} ({wrong.sum()} so)"


def _rows(problem: Problem) -> Iterator[str]:
    """A service that uses a resource of another week, kind, site or team would hide double use."""
    services, resources = problem.services, problem.resources
    for role in Role:
        service, week = np.nonzero(services.rows[:, :, role] != NONE)
        row = services.rows[service, week, role]
        yield from _differ("week", role, service, resources.week[row] != week)
        kinds = _expected_kinds(services.activity[service], role)
        yield from _differ("kind", role, service, resources.kind[row] != kinds)
        if role is Role.CLINICIAN:
            wrong = resources.team[row] != services.team[service]
            yield from _differ("team", role, service, wrong)
        else:
            wrong = resources.site[row] != services.site[service]
            yield from _differ("site", role, service, wrong)


def _expected_kinds(activities: Array, role: Role) -> Array:
    if role is not Role.PRIMARY:
        return np.full(len(activities), _SHARED_KINDS[role])
    return np.array([_KINDS[activity, role] for activity in Activity])[activities]


def _differ(what: str, role: Role, service: Array, wrong: Array) -> Iterator[str]:
    if wrong.any():
        first = int(service[np.argmax(wrong)])
        yield f"services.rows of service {first} names a {role.name.lower()} of another {what}"


def _limits(problem: Problem) -> Iterator[str]:
    groups = problem.groups
    members = np.bincount(groups.of[groups.of != NONE], minlength=groups.count)
    for at, name in enumerate(groups.name):
        floor, ceiling = int(groups.floor[at]), int(groups.ceiling[at])
        if not 0 <= floor <= ceiling:
            yield f"group {name} has a floor of {floor} and a ceiling of {ceiling}"
        elif floor > members[at]:
            yield f"group {name} has a floor of {floor} for {members[at]} members"
    if groups.of.shape[1] > 1:
        ordered = np.sort(groups.of, axis=1)
        twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] != NONE)).any(axis=1)
        if twice.any():
            yield f"patient {int(np.argmax(twice))} is twice in one group"
    half = (problem.kept.service == NONE) != (problem.kept.week == NONE)
    if half.any():
        yield f"kept seat of patient {int(np.argmax(half))} has a service without a week or reversed"
