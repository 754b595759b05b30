"""An instance of the allocation: who waits, where they may go, and what there is, each thing once.

Everything is an array, one row a patient, service or resource, and cannot be written to. A
*service* is one activity of one treatment function at one site. A *resource* is a physical thing in
one week: minutes of a list, of a theatre pool, of a clinician team, bed nights, slots. A service may
use up to four resources a week, one for each `Role`; a resource may serve many services, which is
how a clinician who works at two hospitals is counted once.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import IntEnum, IntFlag
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

METRES_PER_MILE: Final = 1609.344
ANY_DISTANCE: Final = np.inf
NONE: Final = -1
"""In an index: no site, no team, no resource, no seat."""


class Activity(IntEnum):
    """What a patient waits for."""

    CLINIC = 0
    SURGERY = 1
    DIAGNOSTIC = 2


class Role(IntEnum):
    """What a procedure takes of a service: the columns of `Services.rows` and `Procedures.needs`."""

    PRIMARY = 0  # a slot, or minutes of the service's own list
    CLINICIAN = 1  # minutes
    THEATRE = 2  # minutes
    BED = 3  # nights


class Kind(IntEnum):
    """What a resource is, and so its unit."""

    LIST_MINUTES = 0
    CLINIC_SLOTS = 1
    DIAGNOSTIC_SLOTS = 2
    CLINICIAN_MINUTES = 3
    THEATRE_MINUTES = 4
    BED_NIGHTS = 5


class Sex(IntFlag):
    """Of a patient: one bit, or none where it is not known. Of a service: whom it treats."""

    NOT_KNOWN = 0
    MALE = 1
    FEMALE = 2
    ALL = 3


class ProblemFaulty(ValueError):
    """The instance contradicts itself. `faults` says where, one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class _Arrays:
    """Makes the arrays of a dataclass read-only, so that an instance cannot change under a plan."""

    def __post_init__(self) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)


@dataclass(frozen=True)
class Patients(_Arrays):
    """One row a patient.

    `place` indexes `Problem.places`. `home` is the site that has the patient now, which is never too
    far. `same_team` says that only the team of that site may treat. `preferred` holds sites in order
    of preference. `asa` is the fitness grade of the American Society of Anesthesiologists, 1 to 4;
    `bmi` is in kg/m². Deprivation decile 1 is the most deprived (Index of Multiple Deprivation).
    """

    weeks_waited: Array  # float32
    priority: Array  # int8, 1 to 4, of the clinical prioritisation programme
    function: Array  # int16, treatment function
    procedure: Array  # int8
    place: Array  # int32
    travel_limit_miles: Array  # float32, inf for anywhere
    icb: Array  # int16
    decile: Array  # int8, 1 to 10
    age: Array  # int16, years
    sex: Array  # int8, bits of Sex
    asa: Array  # int8
    bmi: Array  # float32
    home: Array  # int32, site
    same_team: Array  # bool
    preferred: Array  # int32 (patients, 3), site

    @property
    def count(self) -> int:
        return len(self.weeks_waited)


@dataclass(frozen=True)
class Procedures(_Arrays):
    """What can be done, and the recipe of what it takes: the only place where minutes live."""

    name: tuple[str, ...]
    activity: Array  # int8
    needs: Array  # int32 (procedures, roles)


@dataclass(frozen=True)
class Sites(_Arrays):
    """Hospitals, with positions in metres on the national grid."""

    code: tuple[str, ...]
    position: Array  # float64 (sites, 2)
    icb: Array  # int16
    independent: Array  # bool

    @property
    def count(self) -> int:
        return len(self.code)


@dataclass(frozen=True)
class Services(_Arrays):
    """What a site does for one treatment function, whom it may treat, and the resources it uses."""

    site: Array  # int32
    function: Array  # int16
    activity: Array  # int8
    team: Array  # int32, of clinicians
    min_age: Array  # int16, years
    max_age: Array  # int16, years
    sexes: Array  # int8, bits of Sex
    max_asa: Array  # int8
    max_bmi: Array  # float32
    rows: Array  # int32 (services, weeks, roles), resource

    @property
    def count(self) -> int:
        return len(self.site)


@dataclass(frozen=True)
class Resources(_Arrays):
    """Physical things, each once. `shared` is a clinician team of an NHS and an independent site."""

    kind: Array  # int8
    site: Array  # int32
    function: Array  # int16
    team: Array  # int32
    week: Array  # int8, from 0
    shared: Array  # bool
    capacity: Array  # int32, in the unit of the kind

    @property
    def count(self) -> int:
        return len(self.kind)

    def identities(self) -> list[tuple[int, ...]]:
        """What each resource is, the same from day to day."""
        columns = (self.kind, self.site, self.function, self.team, self.week)
        return list(zip(*(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True)
class Groups(_Arrays):
    """Groups of patients that must get at least `floor` and at most `ceiling` places."""

    name: tuple[str, ...]
    floor: Array  # int64
    ceiling: Array  # int64
    of: Array  # int16 (patients, groups a patient is in)

    @property
    def count(self) -> int:
        return len(self.name)


@dataclass(frozen=True)
class Seats(_Arrays):
    """A service and a week for each patient, `NONE` for those without."""

    service: Array  # int32
    week: Array  # int8


@dataclass(frozen=True)
class Problem:
    """Everything a plan is made from, except the weights. `kept` are the seats of yesterday."""

    functions: tuple[str, ...]
    icbs: tuple[str, ...]
    weeks: int
    places: Array  # float64 (places, 2), metres on the national grid
    patients: Patients
    procedures: Procedures
    sites: Sites
    services: Services
    resources: Resources
    groups: Groups
    kept: Seats

    def __post_init__(self) -> None:
        self.places.setflags(write=False)

    @cached_property
    def miles(self) -> NDArray[np.float32]:
        """Straight-line miles from every place to every site."""
        between = self.places[:, None, :] - self.sites.position[None, :, :]
        metres: NDArray[np.float64] = np.hypot(between[..., 0], between[..., 1])
        return (metres / METRES_PER_MILE).astype(np.float32)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it, so that a plan can name what it was made from."""
        found = hashlib.sha256()
        for path, value in _leaves("problem", self):
            found.update(path.encode())
            found.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
        return found.hexdigest()


def no_groups(patients: int) -> Groups:
    """Nobody is in any group."""
    none = np.zeros(0, np.int64)
    return Groups((), none, none.copy(), np.zeros((patients, 0), np.int16))


def no_seats(patients: int) -> Seats:
    """Nobody has a seat."""
    return Seats(np.full(patients, NONE, np.int32), np.full(patients, NONE, np.int8))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not is_dataclass(value):
        yield path, value
        return
    for field in fields(value):
        yield from _leaves(f"{path}.{field.name}", getattr(value, field.name))
