"""Instances of any size over real geography, by seed. The people and what hospitals have are made up.

What is real is where hospitals are and where people live. The mix of treatment functions falls off
as Zipf's law, supply is about half of demand and badly placed, and a team that works for an NHS
hospital and an independent one has less time than the two advertise in sum.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator

from matching.allocation.problem import (
    ANY_DISTANCE,
    METRES_PER_MILE,
    NONE,
    Activity,
    Array,
    Kind,
    Patients,
    Problem,
    Procedures,
    Resources,
    Role,
    Services,
    Sex,
    Sites,
    no_groups,
    no_seats,
)

WEEKS: Final = 6
CLINIC_MINUTES: Final = 20  # of a clinician, for a first appointment
SURGERY: Final = (
    (30, 0),
    (45, 0),
    (60, 0),
    (90, 0),
    (90, 1),
    (120, 1),
    (150, 2),
    (180, 3),
    (240, 5),
)
"""Minutes of theatre and nights after it: four day cases, five inpatient procedures."""
SURGERY_SHARE: Final = (0.19, 0.19, 0.15, 0.1, 0.11, 0.11, 0.07, 0.05, 0.03)
HALF_LIST: Final = 120  # minutes
MODALITIES: Final = 5  # kinds of diagnostic rooms
SHARED_TEAMS: Final = 0.7  # share of independent services that a team of the NHS also does
TRUE_MINUTES: Final = 0.7  # of what the sites of a shared team advertise in sum
FUNCTIONS: Final = (
    "110", "130", "502", "120", "100", "101", "320", "330", "400", "301", "340", "140", "160",
    "430", "107", "103", "150", "410", "170", "300", "302", "307", "313", "314", "361", "303",
    "104", "105", "106", "102", "171", "214", "211", "212", "215", "216", "217", "218", "219",
    "221", "222", "144", "145", "147", "143", "108", "109", "111", "113", "115", "420", "421",
    "503", "505", "306", "308", "309", "310", "311", "335",
)  # fmt: skip
"""Main specialty and treatment function codes (NHS Data Dictionary), the longest lists first."""
WOMEN_ONLY: Final = 2
"""Which of them treats women only: gynaecology."""


@dataclass(frozen=True)
class Geography:
    """Where things are, in metres on the national grid."""

    homes: Array  # float64 (homes, 2)
    sites: Array  # float64 (sites, 2)
    codes: tuple[str, ...]
    icbs: tuple[str, ...]
    icb: Array  # int16, by site
    provider: Array  # int32, by site
    independent: Array  # bool

    def sized(self, sites: int, seed: int) -> "Geography":
        """So many sites: some of these, evenly from all of them, or these and outposts.

        An outpost belongs to a real site and stands at a home near it.
        """
        have = len(self.codes)
        if sites <= have:
            return self._with(np.arange(sites) * have // sites, self.sites, self.codes)
        draw = np.random.default_rng([seed, 1])
        of = draw.integers(0, have, sites - have)
        home = np.array([_near(self.homes, self.sites[site], draw) for site in of.tolist()])
        codes = tuple(f"{self.codes[site]}-{at}" for at, site in enumerate(of.tolist(), 1))
        return self._with(
            np.append(np.arange(have), of),
            np.vstack([self.sites, self.homes[home]]),
            self.codes + codes,
        )

    def _with(self, of: Array, sites: Array, codes: tuple[str, ...]) -> "Geography":
        """Sites like those of these numbers, at other places where there are more than they."""
        same = len(sites) == len(of)
        return Geography(
            homes=self.homes,
            sites=sites if same else sites[of],
            codes=codes if same else tuple(codes[site] for site in of.tolist()),
            icbs=self.icbs,
            icb=self.icb[of],
            provider=self.provider[of],
            independent=self.independent[of],
        )


def network_for(patients: int) -> tuple[int, int]:
    """Sites and treatment functions that so many patients would wait at.

    400,000 wait at about 1,000 sites for all functions. A small instance needs a small network, or
    hardly any two of its patients would want the same thing.
    """
    return min(1_000, max(40, patients // 25)), min(len(FUNCTIONS), max(6, patients // 400))


def generate(
    geography: Geography,
    patients: int,
    seed: int,
    *,
    supply: float = 0.5,
) -> Problem:
    """An instance with so many patients, whose capacity is about `supply` of what they need."""
    sites, how_many = network_for(patients)
    functions = FUNCTIONS[:how_many]
    geography = geography.sized(sites, seed)
    network = _network(geography, np.random.default_rng([seed, 2]), len(functions))
    people = _patients(geography, network, patients, np.random.default_rng([seed, 3]))
    rooms = _Rooms(network, people, supply, np.random.default_rng([seed, 4]))
    services, resources = rooms.built()
    return Problem(
        functions=functions,
        icbs=geography.icbs,
        weeks=WEEKS,
        places=geography.homes.astype(float),
        patients=people,
        procedures=PROCEDURES,
        sites=Sites(geography.codes, geography.sites.astype(float), geography.icb, network.private),
        services=services,
        resources=resources,
        groups=no_groups(patients),
        kept=no_seats(patients),
    )


def _procedures() -> Procedures:
    surgery = [(minutes, minutes, minutes, nights) for minutes, nights in SURGERY]
    needs = [(1, CLINIC_MINUTES, 0, 0), *surgery, (1, 0, 0, 0)]
    names = [f"{m} min, {n} nights" if n else f"{m} min, day case" for m, n in SURGERY]
    activities = [Activity.CLINIC, *[Activity.SURGERY] * len(SURGERY), Activity.DIAGNOSTIC]
    return Procedures(
        ("first appointment", *names, "diagnostic test"),
        np.array(activities, np.int8),
        np.array(needs, np.int32),
    )


PROCEDURES: Final = _procedures()


# ---- the network


@dataclass(frozen=True)
class _Network:
    """Who does what. `team` is NONE where a site does not treat a function."""

    miles: Array  # (homes, sites)
    private: Array  # bool, by site
    size: Array  # by site, 1 is usual
    team: Array  # int32 (sites, functions)
    shared: Array  # bool, by team
    mix: Array  # share of patients, by function
    surgical: Array  # bool, by function
    icb_of_home: Array


def _network(geography: Geography, draw: Generator, functions: int) -> _Network:
    private = geography.independent.astype(bool)
    sites = len(private)
    size = np.where(private, draw.lognormal(-0.9, 0.4, sites), draw.lognormal(-0.4, 0.9, sites))
    size = np.clip(size, 0.08, 5)
    mix = 1 / np.arange(1, functions + 1) ** 1.05
    surgical = np.arange(functions) % 5 != 3
    treats = _treats(private, size, mix, surgical, draw)
    team, shared = _teams(geography, private, treats, draw)
    nearest = _miles(geography.homes, geography.sites[~private]).argmin(axis=1)
    return _Network(
        miles=_miles(geography.homes, geography.sites),
        private=private,
        size=size,
        team=team,
        shared=shared,
        mix=mix / mix.sum(),
        surgical=surgical,
        icb_of_home=geography.icb[~private][nearest],
    )


def _treats(private: Array, size: Array, mix: Array, surgical: Array, draw: Generator) -> Array:
    """Which site treats which function: big sites nearly all, independent ones what is operated on."""
    common = np.sqrt(mix / mix.max())
    nhs = np.clip(size[:, None] * common * 1.1, 0, 0.97)
    other = np.where(surgical, np.clip(common, 0, 0.9), 0.08)
    treats: Array = draw.random(nhs.shape) < np.where(private[:, None], other, nhs)
    biggest = np.argsort(-np.where(private, 0, size), kind="stable")[: max(2, len(size) // 80)]
    treats[biggest] = True
    return treats


def _teams(
    geography: Geography, private: Array, treats: Array, draw: Generator
) -> tuple[Array, Array]:
    """One team a provider and function; most independent services are done by a team of the NHS."""
    team = np.full(treats.shape, NONE, np.int32)
    numbers: dict[tuple[int, int], int] = {}
    for site, function in np.argwhere(treats & ~private[:, None]).tolist():
        key = (int(geography.provider[site]), function)
        team[site, function] = numbers.setdefault(key, len(numbers))

    count, shared = len(numbers), set()
    nhs = np.flatnonzero(~private)
    between = _miles(geography.sites, geography.sites[nhs])
    for site, function in np.argwhere(treats & private[:, None]).tolist():
        same = np.flatnonzero(team[nhs, function] != NONE)
        if len(same) and draw.random() < SHARED_TEAMS:
            near = nhs[same[between[site, same].argmin()]]
            team[site, function] = team[near, function]
            shared.add(int(team[near, function]))
        else:
            team[site, function] = count
            count += 1
    is_shared = np.zeros(count, bool)
    is_shared[sorted(shared)] = True
    return team, is_shared


# ---- people


def _patients(geography: Geography, network: _Network, count: int, draw: Generator) -> Patients:
    homes, functions = len(geography.homes), len(network.mix)
    need = draw.lognormal(0, 0.35, len(geography.icbs))[network.icb_of_home]
    place = draw.choice(homes, count, p=need / need.sum()).astype(np.int32)
    function = draw.choice(functions, count, p=network.mix).astype(np.int16)
    home = _home_sites(network, place, function)
    age = np.clip(draw.normal(56, 20, count), 0, 99).astype(np.int16)
    sex = draw.choice([Sex.NOT_KNOWN, Sex.MALE, Sex.FEMALE], count, p=[0.01, 0.47, 0.52])
    return Patients(
        weeks_waited=np.minimum(40 + draw.exponential(9, count), 130).astype(np.float32),
        priority=draw.choice([1, 2, 3, 4], count, p=[0.005, 0.115, 0.28, 0.6]).astype(np.int8),
        function=function,
        procedure=_wanted(network, function, draw),
        place=place,
        travel_limit_miles=draw.choice(
            np.array([50, 100, ANY_DISTANCE], np.float32), count, p=[0.62, 0.2, 0.18]
        ),
        icb=network.icb_of_home[place].astype(np.int16),
        decile=_deciles(network, draw)[place],
        age=age,
        sex=np.where(function == WOMEN_ONLY, Sex.FEMALE, sex).astype(np.int8),
        asa=draw.choice([1, 2, 3, 4], count, p=[0.3, 0.45, 0.21, 0.04]).astype(np.int8),
        bmi=np.clip(draw.normal(28.5, 5.5, count), 15, 60).astype(np.float32),
        home=home,
        same_team=draw.random(count) < 0.05,
        preferred=_preferred(network, place, function, draw),
    )


def _wanted(network: _Network, function: Array, draw: Generator) -> Array:
    """The procedure: 60 % a first appointment, 8 % a test, the rest an operation where there is one."""
    chance = draw.random(len(function))
    operation = 1 + draw.choice(len(SURGERY), len(function), p=SURGERY_SHARE)
    wanted = np.where((chance >= 0.6) & (chance < 0.92), operation, 0)
    wanted = np.where(network.surgical[function], wanted, 0)
    return np.where(chance >= 0.92, len(SURGERY) + 1, wanted).astype(np.int8)


def _deciles(network: _Network, draw: Generator) -> Array:
    """The deprivation decile of each home: neighbours are alike, as far as boards are."""
    homes = len(network.icb_of_home)
    boards = draw.normal(0, 1, int(network.icb_of_home.max()) + 1)
    score = boards[network.icb_of_home] + draw.normal(0, 1.2, homes)
    ranks = np.argsort(np.argsort(score, kind="stable"), kind="stable")
    return (ranks * 10 // homes + 1).astype(np.int8)


def _home_sites(network: _Network, place: Array, function: Array) -> Array:
    """The nearest NHS site that treats the function."""
    home = np.full(len(place), NONE, np.int32)
    for number in np.unique(function).tolist():
        sites = np.flatnonzero((network.team[:, number] != NONE) & ~network.private)
        people = np.flatnonzero(function == number)
        home[people] = sites[network.miles[:, sites].argmin(axis=1)[place[people]]]
    return home


def _preferred(network: _Network, place: Array, function: Array, draw: Generator) -> Array:
    """Up to three of the eight nearest sites that treat the function."""
    preferred = np.full((len(place), 3), NONE, np.int32)
    how_many = draw.choice([0, 1, 2, 3], len(place), p=[0.4, 0.25, 0.2, 0.15])
    for number in np.unique(function).tolist():
        sites = np.flatnonzero(network.team[:, number] != NONE)
        people = np.flatnonzero(function == number)
        near = sites[np.argsort(network.miles[:, sites], axis=1, kind="stable")[:, :8]][
            place[people]
        ]
        picked = np.argsort(draw.random(near.shape), axis=1)[:, :3]
        found = np.take_along_axis(near, picked, axis=1)
        preferred[people, : found.shape[1]] = found
    preferred[np.arange(3) >= how_many[:, None]] = NONE
    return preferred


# ---- rooms and staff


class _Rooms:
    """Draws what each site has and numbers it: every physical thing becomes one row."""

    def __init__(
        self, network: _Network, patients: Patients, supply: float, draw: Generator
    ) -> None:
        self.network, self.draw = network, draw
        activity = PROCEDURES.activity[patients.procedure]
        needs = PROCEDURES.needs[patients.procedure]
        functions = len(network.mix)
        surgery = activity == Activity.SURGERY

        def wanted(who: Array, amount: Array) -> Array:
            return np.bincount(patients.function[who], amount[who], functions) * supply

        self.minutes = self._spread(
            np.where(network.surgical, wanted(surgery, needs[:, Role.PRIMARY]), 0), HALF_LIST
        )
        self.slots = self._spread(wanted(activity == Activity.CLINIC, needs[:, Role.PRIMARY]), 1)
        self.tests = self._tests(float((activity == Activity.DIAGNOSTIC).sum()) * supply)
        nights = needs[surgery, Role.BED].sum() / max(needs[surgery, Role.PRIMARY].sum(), 1)
        lists = self.minutes.sum(axis=1)
        # 8 % of half-lists are promised twice
        self.theatre = HALF_LIST * draw.binomial(lists // HALF_LIST, 0.92)
        self.beds = draw.poisson(lists * nights * 0.9)
        self.team_minutes = self._team_minutes()
        self.columns: list[Resources] = []
        self.count = 0

    def built(self) -> tuple[Services, Resources]:
        """The services and the resources they use."""
        team = self.network.team
        sites, functions = np.nonzero(team != NONE)
        lists = self._numbered(Kind.LIST_MINUTES, self.minutes)
        slots = self._numbered(Kind.CLINIC_SLOTS, self.slots)
        tests = self._numbered(Kind.DIAGNOSTIC_SLOTS, self.tests)
        teams = self._numbered(Kind.CLINICIAN_MINUTES, self.team_minutes, always=True)
        theatre = self._numbered(Kind.THEATRE_MINUTES, self.theatre, always=True)
        beds = self._numbered(Kind.BED_NIGHTS, self.beds, always=True)

        clinician = teams[team[sites, functions]]
        none = np.full_like(clinician, NONE)
        surgery = (lists[sites, functions], clinician, theatre[sites], beds[sites])
        clinic = (slots[sites, functions], clinician, none, none)
        where = np.repeat(np.arange(len(team)), team.shape[1])
        which = np.tile(np.arange(team.shape[1]), len(team))
        test = (tests[where, which % MODALITIES], *[np.full((len(where), WEEKS), NONE)] * 3)

        parts = [
            self._services(Activity.SURGERY, sites, functions, surgery),
            self._services(Activity.CLINIC, sites, functions, clinic),
            self._services(Activity.DIAGNOSTIC, where, which, test),
        ]
        return _stacked_services(parts), _stacked_resources(self.columns)

    def _spread(self, total: Array, unit: int) -> Array:
        """So many units of each function over the sites that treat it, not where people live."""
        network = self.network
        weight = network.size[:, None] * (network.team != NONE)
        share = weight / np.maximum(weight.sum(axis=0), 1e-9)
        mean = total * share / WEEKS / unit * self.draw.lognormal(-0.3, 0.75, share.shape)
        spread: Array = self.draw.poisson(np.repeat(mean[:, :, None], WEEKS, axis=2)) * unit
        return spread

    def _tests(self, total: float) -> Array:
        share = self.network.size / self.network.size.sum()
        luck = self.draw.lognormal(-0.3, 0.75, (len(share), MODALITIES))
        mean = total / MODALITIES * share[:, None] / WEEKS * luck
        tests: Array = self.draw.poisson(np.repeat(mean[:, :, None], WEEKS, axis=2))
        return tests

    def _team_minutes(self) -> Array:
        """What a team really has: less than its sites advertise where it is shared."""
        network = self.network
        advertised = self.minutes + self.slots * CLINIC_MINUTES
        total = np.zeros((len(network.shared), WEEKS))
        sites, functions = np.nonzero(network.team != NONE)
        np.add.at(total, network.team[sites, functions], advertised[sites, functions])
        share = np.where(network.shared, TRUE_MINUTES, 1.0)[:, None]
        minutes: Array = (total * share).astype(np.int64) // 10 * 10
        return minutes

    def _numbered(self, kind: Kind, capacity: Array, *, always: bool = False) -> Array:
        """The row of each thing; NONE for what no site has, unless it is a limit of others."""
        has = np.ones(capacity.shape, bool) if always else capacity > 0
        rows = np.full(capacity.shape, NONE, np.int32)
        rows[has] = self.count + np.arange(int(has.sum()))
        self.count += int(has.sum())
        at = np.nonzero(has)
        none = np.full(len(at[0]), NONE)
        by_team = kind is Kind.CLINICIAN_MINUTES
        self.columns.append(
            Resources(
                kind=np.full(len(none), kind, np.int8),
                site=(none if by_team else at[0]).astype(np.int32),
                function=(at[1] if capacity.ndim == 3 else none).astype(np.int16),
                team=(at[0] if by_team else none).astype(np.int32),
                week=at[-1].astype(np.int8),
                shared=self.network.shared[at[0]] if by_team else np.zeros(len(none), bool),
                capacity=capacity[at].astype(np.int32),
            )
        )
        return rows

    def _services(
        self, activity: Activity, site: Array, function: Array, rows: tuple[Array, ...]
    ) -> Services:
        """Independent sites take the fitter; children go to big NHS sites; rules are the site's."""
        network = self.network
        used = (rows[Role.PRIMARY] != NONE).any(axis=1)
        site, function = site[used], function[used]
        rules = np.random.default_rng(len(network.size))
        strict = rules.random(len(network.size)) < 0.5
        private = network.private
        max_asa = np.where(private, np.where(strict, 2, 3), 4)
        max_bmi = np.where(private, np.where(strict, 35.0, 40.0), np.inf)
        min_age = np.where(private | (network.size < 1.2), 16, 0)
        count = len(site)
        return Services(
            site=site.astype(np.int32),
            function=function.astype(np.int16),
            activity=np.full(count, activity, np.int8),
            team=network.team[site, function]
            if activity is not Activity.DIAGNOSTIC
            else np.full(count, NONE, np.int32),
            min_age=min_age[site].astype(np.int16),
            max_age=np.full(count, 130, np.int16),
            sexes=np.where(function == WOMEN_ONLY, Sex.FEMALE, Sex.ALL).astype(np.int8),
            max_asa=max_asa[site].astype(np.int8),
            max_bmi=max_bmi[site].astype(np.float32),
            rows=np.stack(rows, axis=2)[used].astype(np.int32),
        )


def _stacked_services(parts: list[Services]) -> Services:
    return Services(
        **{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
    )


def _stacked_resources(parts: list[Resources]) -> Resources:
    return Resources(
        **{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
    )


# ---- distances


def _miles(these: Array, those: Array) -> Array:
    between = these[:, None, :] - those[None, :, :]
    miles: Array = np.hypot(between[..., 0], between[..., 1]) / METRES_PER_MILE
    return miles


def _near(homes: Array, site: Array, draw: Generator) -> int:
    """One of the sixty homes nearest to the site."""
    distance = np.hypot(*(homes - site).T)
    return int(draw.choice(np.argsort(distance, kind="stable")[:60]))
