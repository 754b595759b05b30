"""The directory: who sees whom on which day, under which provider."""

from datetime import date, timedelta

import pytest

from matching.directory import Directory, Fact, NextDays
from matching.directory.facts import standings
from matching.domain.shortlist import Candidate, Contract, Service
from matching.reference import Succession
from tests.unit.matching.worlds import (
    LEEDS,
    ORTHOPAEDICS,
    SITES,
    directory,
    standing,
    world,
)

TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


NOBODY: NextDays = ()


def candidate(
    found: Directory, site: str, on: date = TODAY, *, declared: NextDays = NOBODY
) -> Candidate:
    catalogue = found.catalogue(ORTHOPAEDICS, on, declared)
    return next(one for one in catalogue.candidates if one.site == site)


def service(found: Directory, site: str, function: str = ORTHOPAEDICS) -> Service:
    """The service of a site that has declared sessions, whether or not its wait is published."""
    catalogue = found.catalogue(function, TODAY, ((site, None),))
    of_site = next(one for one in catalogue.candidates if one.site == site).service(function)
    assert of_site is not None
    return of_site


def test_every_site_is_a_candidate_by_its_code() -> None:
    catalogue = directory().catalogue(ORTHOPAEDICS, TODAY, NOBODY)

    assert [one.site for one in catalogue.candidates] == sorted(one.code for one in SITES)


def test_the_wait_is_that_of_the_group_of_the_function_with_its_statistic() -> None:
    spinal = service(directory(), "NT219", "108")

    assert spinal.wait is not None
    assert (spinal.wait.weeks, spinal.wait.statistic, spinal.wait.n) == (6.5, "median", 900)
    assert spinal.wait_p92 is not None
    assert spinal.wait_p92.weeks == 19.5


def test_a_site_does_what_it_declares_and_its_unknown_wait_is_not_zero() -> None:
    declared = candidate(directory(), "RCB01", declared=(("RCB01", TODAY),))

    assert candidate(directory(), "RCB01").services == ()
    assert [one.wait for one in declared.services] == [None]


def test_a_function_in_no_group_is_done_by_nobody() -> None:
    catalogue = directory().catalogue("510", TODAY, NOBODY)

    assert not any(one.services for one in catalogue.candidates)


def test_without_a_session_there_is_no_room() -> None:
    found = directory().catalogue(ORTHOPAEDICS, TODAY, (("NT219", TODAY), ("NV304", None)))

    assert found.places["NT219"].next_on == TODAY
    assert [found.places[site].free for site in ("NV304", "RR801")] == [0, 0]


def test_independent_hospitals_see_adults_and_no_suspected_cancer() -> None:
    independent, trust = service(directory(), "NT219"), service(directory(), "RR801")

    assert (independent.age_from, independent.age_to) == (18, 130)
    assert independent.priorities == {"1", "2"}
    assert trust.age_from == 0
    assert trust.priorities == {"1", "2", "3"}


def test_gynaecology_does_not_see_men_and_keeps_what_its_sector_says() -> None:
    gynaecology = service(directory(), "NT219", "502")

    assert gynaecology.sexes == {"2", "9"}
    assert gynaecology.age_from == 18


def test_a_rule_for_a_group_holds_for_the_functions_in_it() -> None:
    assert service(directory(), "RR801", "214").age_to == 18


def test_the_contract_in_force_is_the_one_that_is_shown() -> None:
    renewed = standing("NT219", Fact.CONTRACT, date(2026, 1, 1), None)
    lapsed = standing("NT219", Fact.CONTRACT, date(2025, 4, 1), TODAY - DAY)

    for facts in ((renewed, lapsed), (lapsed, renewed)):
        found = candidate(directory(facts=(*standings(), *facts)), "NT219")
        assert found.contract == Contract(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("on", "in_force"), [(TODAY - DAY, True), (TODAY, True), (TODAY + DAY, False)]
)
def test_a_lapsed_contract_ends_at_the_midnight_after_its_last_day(
    on: date, in_force: bool
) -> None:
    lapsing = standing("NT219", Fact.CONTRACT, date(2025, 4, 1), TODAY)
    found = directory(facts=(*standings(), lapsing))
    own, other = candidate(found, "NT219", on), candidate(found, "NV304", on)

    assert own.contract is not None
    assert own.contract.is_in_force(on) is in_force
    assert other.contract is not None
    assert other.contract.is_in_force(on)
    assert own.is_registered


def test_without_any_standing_nobody_may_treat() -> None:
    found = candidate(directory(facts=()), "RR801")

    assert found.contract is None
    assert not found.is_registered


@pytest.mark.parametrize(("on", "provider"), [(TODAY - DAY, "RAE"), (TODAY, "RCF")])
def test_a_site_goes_over_with_a_merger_on_its_day(on: date, provider: str) -> None:
    merged = directory(reference=world(successions=(Succession("RAE", "RCF", TODAY),)))

    assert merged.provider_of("RAE01", on) == provider
    assert merged.entry("RAE01", on).provider_name == f"Provider {provider}"
    assert candidate(merged, "RAE01", on).provider == provider


def test_the_same_question_has_the_same_catalogue_and_another_day_another() -> None:
    found = directory()
    room = (("NT219", TODAY),)

    first = found.catalogue(ORTHOPAEDICS, TODAY, room)

    assert found.catalogue(ORTHOPAEDICS, TODAY, room) is first
    assert found.catalogue(ORTHOPAEDICS, TODAY, (("NT219", None),)) is not first
    assert found.catalogue(ORTHOPAEDICS, TODAY + DAY, room) is not first


def test_what_is_not_known_is_none() -> None:
    assert directory().provider_of("ZZ999", TODAY) is None
    assert directory().position("AB1") is None
    assert directory().position(None) is None
    assert directory().position("LS1") == LEEDS
