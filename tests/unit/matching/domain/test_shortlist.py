"""The shortlist: its rules one by one, and what must hold for every catalogue and patient."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.domain.shortlist import (
    Candidate,
    Catalogue,
    Contract,
    Option,
    Patient,
    Places,
    Rule,
    Rules,
    Service,
    Shortlist,
    Wait,
    build_shortlist,
    rules_named,
    rules_on,
)

TODAY = date(2026, 2, 2)
RULES = rules_on(TODAY)
HOME = (430_000, 433_000)
MILE = 1609.344
CONTRACT = Contract(date(2024, 1, 1))


def wait(weeks: float) -> Wait:
    return Wait(weeks, "median", n=100, as_at=date(2026, 1, 31), source="published")


def site(
    code: str = "RJ101",
    provider: str | None = None,
    *,
    weeks: float | None = 10,
    miles: float = 5,
    contract: Contract | None = CONTRACT,
    is_registered: bool = True,
    **service: object,
) -> Candidate:
    """A site that fits, `miles` east of the patient."""
    shown = Service("110", wait=None if weeks is None else wait(weeks))
    return Candidate(
        site=code,
        provider=provider or code[:3],
        sector="NHS",
        position=(HOME[0] + round(miles * MILE), HOME[1]),
        services=(replace(shown, **service),),  # type: ignore[arg-type]
        contract=contract,
        is_registered=is_registered,
    )


def patient(**changes: object) -> Patient:
    someone = Patient(age=50, sex="2", treatment_function="110", priority="1", position=HOME)
    return replace(someone, **changes)  # type: ignore[arg-type]


def shortlist(*candidates: Candidate, on: date = TODAY, **changes: object) -> Shortlist:
    return build_shortlist(patient(**changes), candidates, RULES, on)


def sites(made: Shortlist) -> list[str]:
    return [option.site for option in made.options]


def reasons(made: Shortlist, code: str = "RJ101") -> list[str]:
    return [exclusion.rule for exclusion in made.why_not(code)]


# ---- each rule, at its edge


@pytest.mark.parametrize(("age", "fits"), [(17, False), (18, True), (75, True), (76, False)])
def test_age(age: int, fits: bool) -> None:
    made = shortlist(site(age_from=18, age_to=75), age=age)

    assert reasons(made) == ([] if fits else [Rule.AGE_OUT_OF_RANGE])


def test_sex_and_priority() -> None:
    women_only = site(sexes=frozenset("2"))
    no_urgent = site(priorities=frozenset("1"))

    assert reasons(shortlist(women_only, sex="1")) == [Rule.SEX_NOT_TREATED]
    assert reasons(shortlist(women_only, sex="2")) == []
    assert reasons(shortlist(no_urgent, priority="2")) == [Rule.PRIORITY_NOT_ACCEPTED]


def test_another_treatment_function_says_nothing_about_ages() -> None:
    made = shortlist(site(age_from=18), treatment_function="130", age=5)

    assert reasons(made) == [Rule.TFC_MISMATCH]


@pytest.mark.parametrize(
    ("contract", "fits"),
    [
        (None, False),
        (Contract(date(2026, 2, 2), date(2026, 2, 2)), True),
        (Contract(date(2026, 2, 3)), False),
        (Contract(date(2024, 1, 1), date(2026, 2, 1)), False),
        (Contract(date(2024, 1, 1), date(2026, 2, 2)), True),
    ],
)
def test_a_contract_counts_from_its_first_to_its_last_day(
    contract: Contract | None, fits: bool
) -> None:
    made = shortlist(site(contract=contract))

    assert reasons(made) == ([] if fits else [Rule.NO_QUALIFYING_CONTRACT])


def test_registration_and_publication() -> None:
    assert reasons(shortlist(site(is_registered=False))) == [Rule.CQC_NOT_REGISTERED]
    assert reasons(shortlist(site(is_published=False))) == [Rule.NOT_PUBLISHED]


@pytest.mark.parametrize(
    ("closed_on", "fits"), [(date(2026, 2, 2), False), (date(2026, 2, 3), True)]
)
def test_a_service_is_closed_from_its_first_closed_day(closed_on: date, fits: bool) -> None:
    made = shortlist(site(closed_on=closed_on))

    assert reasons(made) == ([] if fits else [Rule.SERVICE_CLOSED])


def test_needs_and_refused_providers() -> None:
    lift = frozenset({"hoist", "interpreter"})

    made = shortlist(site(needs_met=frozenset({"hoist"})), needs=lift)

    assert [(one.rule, one.evidence) for one in made.why_not("RJ101")] == [
        (Rule.NEED_NOT_SUPPORTED, "does not offer interpreter")
    ]
    assert reasons(shortlist(site(), refused=frozenset({"RJ1"}))) == [Rule.PATIENT_REFUSED_PROVIDER]


def test_the_provider_that_has_the_patient_needs_no_line() -> None:
    made = shortlist(site("RJ101"), site("RAE01"), current="RJ1")

    assert [option.site for option in made.options] == ["RAE01"]
    assert [(one.rule, one.evidence) for one in made.why_not("RJ101")] == [
        (Rule.CURRENT_PROVIDER, "the patient is with this provider and may stay")
    ]


@pytest.mark.parametrize(
    ("metres", "fits"),
    [(16_093, True), (16_094, False)],  # ten miles are 16,093.44 m
)
def test_the_travel_limit_is_exact_to_the_metre(metres: int, fits: bool) -> None:
    there = replace(site(), position=(HOME[0], HOME[1] - metres))

    made = shortlist(there, travel_limit_miles=10)

    assert reasons(made) == ([] if fits else [Rule.BEYOND_TRAVEL_LIMIT])


def test_the_evidence_of_a_distance_names_it_and_the_limit() -> None:
    made = shortlist(site(miles=62.34), travel_limit_miles=50)

    assert made.why_not("RJ101")[0].evidence == "62.3 miles away, limit 50"


def test_without_a_position_no_distance_is_known_and_the_limit_cannot_be_judged() -> None:
    made = shortlist(site(miles=300), position=None, travel_limit_miles=10)

    assert [option.distance_miles for option in made.options] == [None]
    assert made.not_judged == {Rule.BEYOND_TRAVEL_LIMIT: "where the patient lives is not known"}


def test_known_to_have_no_place_is_not_the_same_as_not_known() -> None:
    catalogue = Catalogue.of([site("RJ101"), site("RAE01"), site("RYR01")])
    left = {"RJ101": Places(0), "RAE01": Places(3, date(2026, 3, 2))}

    made = build_shortlist(patient(), catalogue.with_places(left), RULES, TODAY)

    assert reasons(made, "RJ101") == [Rule.NO_NET_CAPACITY]
    assert [(option.site, option.places) for option in made.options] == [
        ("RAE01", Places(3, date(2026, 3, 2))),
        ("RYR01", None),
    ]


def test_all_failing_rules_are_told_and_not_only_the_first() -> None:
    made = shortlist(
        site(age_from=60, sexes=frozenset("1"), is_registered=False, contract=None, miles=30),
        refused=frozenset({"RJ1"}),
        travel_limit_miles=10,
    )

    assert reasons(made) == [
        Rule.NO_QUALIFYING_CONTRACT,
        Rule.CQC_NOT_REGISTERED,
        Rule.AGE_OUT_OF_RANGE,
        Rule.SEX_NOT_TREATED,
        Rule.BEYOND_TRAVEL_LIMIT,
        Rule.PATIENT_REFUSED_PROVIDER,
    ]


# ---- the order


def test_the_shortest_wait_comes_first_and_an_unknown_one_last() -> None:
    made = shortlist(
        site("RAA01", weeks=None, miles=0), site("RBB01", weeks=30), site("RCC01", weeks=3)
    )

    assert sites(made) == ["RCC01", "RBB01", "RAA01"]
    assert made.options[-1].wait is None


def test_equal_waits_are_ordered_by_distance_and_then_by_code() -> None:
    made = shortlist(site("RCC01", miles=2), site("RBB01", miles=9), site("RAA01", miles=9))

    assert sites(made) == ["RCC01", "RAA01", "RBB01"]


def test_a_provider_has_one_line_with_its_best_site() -> None:
    made = shortlist(site("RJ101", miles=20), site("RJ102", miles=2), site("RAE01", miles=1))

    assert sites(made) == ["RAE01", "RJ102"]
    assert [(one.rule, one.evidence) for one in made.why_not("RJ101")] == [
        (Rule.OTHER_SITE_LISTED, "listed with RJ102")
    ]


def test_sites_are_sorted_before_the_list_is_cut() -> None:
    many = [site(f"R{number:02}01", weeks=40 - number) for number in range(30)]

    made = shortlist(*many, site("R2902", weeks=30))

    assert len(made.options) == 20
    assert sites(made)[0] == "R2901"
    assert reasons(made, "R0001") == [Rule.AFTER_THE_LAST_LINE]
    assert reasons(made, "R2902") == [Rule.OTHER_SITE_LISTED]
    assert made.why_not("R0001")[0].evidence == "provider 30 of a list of 20"


# ---- shortfall


def test_a_shortfall_says_which_rule_alone_keeps_how_many_providers_off() -> None:
    made = shortlist(
        site("RAA01"),
        site("RBB01", miles=60),
        site("RBB02", miles=70),
        site("RCC01", contract=None),
        site("RDD01", contract=None, miles=80),
        travel_limit_miles=50,
    )

    assert made.shortfall == 4
    assert made.shortfall_reason == (
        "1 of 5 providers fit; kept off by one rule alone: "
        "NO_QUALIFYING_CONTRACT 1, BEYOND_TRAVEL_LIMIT 1"
    )


def test_five_providers_are_no_shortfall_and_six_sites_of_one_are() -> None:
    five = [site(f"R{letter}101") for letter in "ABCDE"]
    one = [site(f"RJ10{number}") for number in range(6)]

    assert (shortlist(*five).shortfall, shortlist(*five).shortfall_reason) == (0, None)
    assert shortlist(*one).shortfall == 4


def test_an_empty_catalogue_is_a_shortfall_of_five() -> None:
    made = shortlist()

    assert (made.shortfall, made.options, made.excluded) == (5, (), ())
    assert made.shortfall_reason == "0 of 5 providers fit; kept off by one rule alone: none"


# ---- rule sets


def test_rules_are_those_of_the_day() -> None:
    assert rules_on(date(2024, 1, 1)).name == "shortlist-2024-01"
    assert rules_named("shortlist-2024-01") == rules_on(TODAY)
    with pytest.raises(LookupError):
        rules_on(date(2023, 12, 31))
    with pytest.raises(LookupError):
        rules_named("shortlist-2023-01")


def test_another_cap_or_minimum_is_another_set_of_rules() -> None:
    many = [site(f"R{number:02}01", weeks=number) for number in range(9)]

    made = build_shortlist(patient(), many, Rules("trial", TODAY, at_least=8, cap=6), TODAY)

    assert (len(made.options), made.shortfall) == (6, 2)
    assert made.inputs_hash != shortlist(*many).inputs_hash


# ---- written form


def test_a_catalogue_is_read_as_it_was_written() -> None:
    catalogue = Catalogue.of(
        [
            site("RJ101", closed_on=date(2027, 1, 1), needs_met=frozenset({"hoist"})),
            site("NVC01", weeks=None, contract=Contract(TODAY, TODAY)),
            Candidate("RAE01", "RAE", "IS", (1, 2), is_registered=False),
        ]
    )

    again = Catalogue.from_bytes(catalogue.to_bytes())

    assert again == catalogue
    assert again.static_digest == catalogue.static_digest
    assert again.digest == catalogue.digest


def test_places_change_the_digest_and_not_the_candidates() -> None:
    catalogue = Catalogue.of([site()])

    now = catalogue.with_places({"RJ101": Places(2, TODAY)})

    assert now.static_digest == catalogue.static_digest
    assert now.digest != catalogue.digest
    assert now.digest == Catalogue.of([site()]).with_places({"RJ101": Places(2, TODAY)}).digest


def test_a_site_twice_is_no_catalogue() -> None:
    with pytest.raises(ValueError, match="twice"):
        Catalogue.of([site(), site()])


def test_the_form_of_a_list_stays_as_it_is() -> None:
    """Replays of old lists depend on it: a change here needs a new rule set."""
    made = shortlist(site("RAE01", weeks=7.5), site("RJ101", miles=80), travel_limit_miles=50)

    assert made.to_bytes().decode() == (
        '{"as_at":"2026-02-02","candidates":2,'
        '"excluded":[["RJ101","RJ1","BEYOND_TRAVEL_LIMIT","80.0 miles away, limit 50"]],'
        '"inputs_hash":"' + made.inputs_hash + '",'
        '"not_judged":{},'
        '"options":[{"distance_miles":5.0,"places":null,"provider":"RAE","sector":"NHS",'
        '"site":"RAE01","wait":[7.5,"median",100,"2026-01-31","published"],"wait_p92":null}],'
        '"rule_set":"shortlist-2024-01",'
        '"shortfall":[4,"1 of 5 providers fit; kept off by one rule alone: '
        'BEYOND_TRAVEL_LIMIT 1"]}'
    )
    assert made.inputs_hash == ("f6f58d1a2440f6a1d840adbc9a6f48632765f57cd1a8f6900ce3f2ab95a0c8fd")


# ---- for every catalogue and patient

WAITS = st.none() | st.sampled_from([0.5, 3.0, 3.5, 18.0, 104.0]).map(wait)
SERVICES = st.builds(
    Service,
    treatment_function=st.sampled_from(["110", "110", "110", "130"]),
    age_from=st.sampled_from([0, 0, 18]),
    age_to=st.sampled_from([130, 130, 17]),
    sexes=st.sampled_from([frozenset("129"), frozenset("129"), frozenset("1")]),
    priorities=st.sampled_from([frozenset("123"), frozenset("12")]),
    needs_met=st.sampled_from([frozenset(), frozenset({"hoist"})]),
    is_published=st.sampled_from([True, True, True, False]),
    closed_on=st.sampled_from([None, None, None, TODAY, date(2027, 1, 1)]),
    wait=WAITS,
)
CONTRACTS = st.sampled_from(
    [Contract(date(2024, 1, 1))] * 4 + [None, Contract(date(2020, 1, 1), date(2025, 12, 31))]
)
POSITIONS = st.tuples(
    st.integers(400_000, 500_000), st.integers(400_000, 500_000)
) | st.sampled_from([HOME, (450_000, 433_000)])
CANDIDATES = st.builds(
    Candidate,
    site=st.from_regex(r"R[A-D][1-3][0-4]{2}", fullmatch=True),
    provider=st.just(""),
    sector=st.sampled_from(["NHS", "IS"]),
    position=POSITIONS,
    services=SERVICES.map(lambda service: (service,)) | st.just(()),
    contract=CONTRACTS,
    is_registered=st.sampled_from([True, True, True, False]),
).map(lambda candidate: replace(candidate, provider=candidate.site[:3]))
CATALOGUES = st.lists(CANDIDATES, max_size=40, unique_by=lambda candidate: candidate.site)
PLACES = st.dictionaries(
    st.from_regex(r"R[A-D][1-3][0-4]{2}", fullmatch=True),
    st.builds(Places, free=st.integers(0, 2), next_on=st.none() | st.just(TODAY)),
    max_size=10,
)
PATIENTS = st.builds(
    Patient,
    age=st.integers(0, 100),
    sex=st.sampled_from("129"),
    treatment_function=st.sampled_from(["110", "110", "130"]),
    priority=st.sampled_from("123"),
    position=st.none() | POSITIONS,
    travel_limit_miles=st.none() | st.integers(1, 60),
    refused=st.sampled_from([frozenset(), frozenset({"RA1"}), frozenset({"RB2", "RC3"})]),
    current=st.sampled_from([None, "RA1", "RB2"]),
    needs=st.sampled_from([frozenset(), frozenset(), frozenset({"hoist"})]),
)


def make(someone: Patient, candidates: Sequence[Candidate], places: dict[str, Places]) -> Shortlist:
    catalogue = Catalogue.of(candidates).with_places(places)
    return build_shortlist(someone, catalogue, RULES, TODAY)


def fails(one: Candidate, someone: Patient, places: dict[str, Places]) -> set[Rule]:
    """The rules again, one site at a time and in another manner, to hold the fast ones against."""
    service = one.service(someone.treatment_function)
    failed = set()
    if service is None:
        failed.add(Rule.TFC_MISMATCH)
    else:
        checks = {
            Rule.NOT_PUBLISHED: service.is_published,
            Rule.SERVICE_CLOSED: service.closed_on is None or service.closed_on > TODAY,
            Rule.AGE_OUT_OF_RANGE: someone.age in range(service.age_from, service.age_to + 1),
            Rule.SEX_NOT_TREATED: someone.sex in service.sexes,
            Rule.PRIORITY_NOT_ACCEPTED: someone.priority in service.priorities,
            Rule.NEED_NOT_SUPPORTED: not someone.needs - service.needs_met,
            Rule.NO_NET_CAPACITY: one.site not in places or places[one.site].free > 0,
        }
        failed |= {rule for rule, passed in checks.items() if not passed}
    if one.contract is None or not one.contract.is_in_force(TODAY):
        failed.add(Rule.NO_QUALIFYING_CONTRACT)
    if not one.is_registered:
        failed.add(Rule.CQC_NOT_REGISTERED)
    limit = math.inf if someone.travel_limit_miles is None else someone.travel_limit_miles
    if someone.position is not None and math.dist(one.position, someone.position) > limit * MILE:
        failed.add(Rule.BEYOND_TRAVEL_LIMIT)
    if one.provider in someone.refused:
        failed.add(Rule.PATIENT_REFUSED_PROVIDER)
    if one.provider == someone.current:
        failed.add(Rule.CURRENT_PROVIDER)
    return failed


def order(one: Candidate, someone: Patient) -> tuple[float, float, str]:
    service = one.service(someone.treatment_function)
    known = service is not None and service.wait is not None
    weeks = service.wait.weeks if known and service and service.wait else math.inf
    far = 0.0 if someone.position is None else math.dist(one.position, someone.position)
    return weeks, far, one.site


@given(PATIENTS, CATALOGUES, PLACES)
def test_every_site_is_listed_or_excluded_and_never_both(
    someone: Patient, candidates: list[Candidate], places: dict[str, Places]
) -> None:
    made = make(someone, candidates, places)

    listed, excluded = set(sites(made)), {one.site for one in made.excluded}

    assert listed | excluded == {one.site for one in candidates}
    assert not listed & excluded
    assert made.candidates == len(candidates)
    assert len({(one.site, one.rule) for one in made.excluded}) == len(made.excluded)
    assert all(one.evidence for one in made.excluded)


@given(PATIENTS, CATALOGUES, PLACES)
def test_the_ledger_holds_all_failing_rules_and_the_list_the_best_site_of_each_provider(
    someone: Patient, candidates: list[Candidate], places: dict[str, Places]
) -> None:
    made = make(someone, candidates, places)

    fitting = [one for one in candidates if not fails(one, someone, places)]
    for one in candidates:
        told = set(reasons(made, one.site)) - {Rule.OTHER_SITE_LISTED, Rule.AFTER_THE_LAST_LINE}
        assert told == fails(one, someone, places)
    best: dict[str, Candidate] = {}
    for one in sorted(fitting, key=lambda one: order(one, someone)):
        best.setdefault(one.provider, one)
    assert sites(made) == [one.site for one in best.values()][: RULES.cap]


@given(PATIENTS, CATALOGUES, PLACES)
def test_five_distinct_providers_or_the_shortfall_explained(
    someone: Patient, candidates: list[Candidate], places: dict[str, Places]
) -> None:
    made = make(someone, candidates, places)

    providers = [option.provider for option in made.options]

    assert len(set(providers)) == len(providers) <= RULES.cap
    assert made.shortfall == max(0, 5 - len(providers))
    assert (made.shortfall_reason is not None) == (made.shortfall > 0)


@given(PATIENTS, CATALOGUES, PLACES)
def test_an_unknown_wait_is_last_and_never_zero(
    someone: Patient, candidates: list[Candidate], places: dict[str, Places]
) -> None:
    made = make(someone, candidates, places)

    weeks = [option.wait.weeks if option.wait else math.inf for option in made.options]

    assert weeks == sorted(weeks)


@given(PATIENTS, CATALOGUES, PLACES)
def test_nhs_and_independent_sites_are_treated_alike(
    someone: Patient, candidates: list[Candidate], places: dict[str, Places]
) -> None:
    swapped = [replace(one, sector="IS" if one.sector == "NHS" else "NHS") for one in candidates]

    made, other = make(someone, candidates, places), make(someone, swapped, places)

    assert [_without_sector(option) for option in made.options] == [
        _without_sector(option) for option in other.options
    ]
    assert (made.excluded, made.shortfall_reason) == (other.excluded, other.shortfall_reason)


def _without_sector(option: Option) -> Option:
    return replace(option, sector="NHS")


@given(PATIENTS, CATALOGUES, PLACES, st.randoms(use_true_random=False))
def test_the_same_inputs_in_any_order_give_the_same_bytes(
    someone: Patient,
    candidates: list[Candidate],
    places: dict[str, Places],
    shuffle: random.Random,
) -> None:
    made = make(someone, candidates, places)
    again = list(candidates)
    shuffle.shuffle(again)

    catalogue = Catalogue.from_bytes(Catalogue.of(again).to_bytes())
    replayed = build_shortlist(
        someone, catalogue.with_places(dict(reversed(places.items()))), RULES, TODAY
    )

    assert replayed.to_bytes() == made.to_bytes()


@given(PATIENTS, CATALOGUES)
def test_a_list_made_after_many_others_is_the_same(
    someone: Patient, candidates: list[Candidate]
) -> None:
    used = Catalogue.of(candidates)
    for other in (patient(), patient(treatment_function="130"), patient(sex="9", priority="3")):
        build_shortlist(other, used, RULES, TODAY)

    made = build_shortlist(someone, used, RULES, TODAY)

    assert made == build_shortlist(someone, Catalogue.of(candidates), RULES, TODAY)


@given(PATIENTS, CATALOGUES)
def test_relaxing_the_one_rule_that_keeps_a_provider_off_lets_it_on(
    someone: Patient, candidates: list[Candidate]
) -> None:
    made = make(someone, candidates, {})
    away = made.one_rule_away().get(Rule.BEYOND_TRAVEL_LIMIT, 0)

    further = make(replace(someone, travel_limit_miles=None), candidates, {})

    assert len(further.options) == min(RULES.cap, len(made.options) + away)
