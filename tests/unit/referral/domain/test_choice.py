"""The right to choose: every decision, and the days on which the law changed."""

from dataclasses import replace
from datetime import date

import pytest

from contracts.codes import SOURCES_OF_REFERRAL
from contracts.submissions import Circumstance
from referral.domain.choice import (
    CHOICE_2014,
    CHOICE_2024,
    RULE_SETS,
    Circumstances,
    Decision,
    RightDecision,
    Shortlist,
    decide_right,
    noted,
    rules_on,
)
from referral.domain.source import SourceCheck, SourceValidity, check_source

ON = date(2026, 3, 1)
CASE = Circumstances(
    received_on=ON,
    treatment_function="110",
    priority="1",
    source=SourceCheck(SourceValidity.VALID, "03"),
    referring_organisation="A81001",
    stated=frozenset(),
)


def decide(case: Circumstances) -> RightDecision:
    return decide_right(rules_on(case.received_on), case)


@pytest.mark.parametrize("source", sorted(SOURCES_OF_REFERRAL.at(ON)))
def test_the_right_comes_with_the_referrers_of_the_law(source: str) -> None:
    decision = decide(replace(CASE, source=check_source(source, None, ON)))

    assert decision.applies is SOURCES_OF_REFERRAL.get(source, ON).right_a
    assert decision.evidence["source_of_referral"] == source


@pytest.mark.parametrize(
    ("circumstance", "decision"),
    [
        ("urgent_or_emergency", Decision.NO_URGENT_OR_EMERGENCY),
        ("suspected_cancer", Decision.NO_SUSPECTED_CANCER),
        ("maternity", Decision.NO_MATERNITY),
        ("end_of_life", Decision.NO_END_OF_LIFE),
        ("detained_mha", Decision.NO_DETAINED_MHA),
        ("armed_forces", Decision.NO_ARMED_FORCES),
        ("prison_or_detained", Decision.NO_PRISON_OR_DETAINED),
        ("already_under_care", Decision.NO_ALREADY_UNDER_CARE),
        ("mental_health", Decision.RIGHT_A_MH),
    ],
)
def test_a_stated_circumstance_decides(circumstance: Circumstance, decision: Decision) -> None:
    found = decide(replace(CASE, stated=frozenset({circumstance})))

    assert found.decision is decision
    assert found.applies is (decision is Decision.RIGHT_A_MH)


def test_the_first_exclusion_of_the_rules_decides() -> None:
    found = decide(replace(CASE, stated=frozenset({"armed_forces", "maternity"})))

    assert found.decision is Decision.NO_MATERNITY


@pytest.mark.parametrize(
    ("priority", "decision"),
    [("1", Decision.RIGHT_A), ("2", Decision.RIGHT_A), ("3", Decision.NO_SUSPECTED_CANCER)],
)
def test_a_two_week_wait_is_suspected_cancer(priority: str, decision: Decision) -> None:
    assert decide(replace(CASE, priority=priority)).decision is decision


@pytest.mark.parametrize(
    ("function", "decision"),
    [
        ("501", Decision.NO_MATERNITY),
        ("560", Decision.NO_MATERNITY),
        ("502", Decision.RIGHT_A),
        ("710", Decision.RIGHT_A_MH),
        ("110", Decision.RIGHT_A),
    ],
)
def test_a_treatment_function_can_decide(function: str, decision: Decision) -> None:
    assert decide(replace(CASE, treatment_function=function)).decision is decision


@pytest.mark.parametrize(
    ("referrer", "applies"),
    [("A81001", True), ("V00012", True), ("TP512", True), ("RJ1", False), (None, False)],
)
def test_without_a_source_the_kind_of_referrer_decides(referrer: str | None, applies: bool) -> None:
    case = replace(CASE, source=check_source(None, referrer, ON), referring_organisation=referrer)

    assert decide(case).applies is applies


@pytest.mark.parametrize(
    ("received_on", "rules"),
    [
        (date(2023, 12, 31), CHOICE_2014),
        (date(2024, 1, 1), CHOICE_2024),
        (date(2024, 1, 2), CHOICE_2024),
        (date(2013, 1, 1), CHOICE_2014),
    ],
)
def test_the_rules_of_the_day_apply(received_on: date, rules: object) -> None:
    assert rules_on(received_on) is rules


def test_a_decision_names_the_versions_it_was_made_under() -> None:
    found = decide(CASE)

    assert (found.rule_set, found.policy_text) == (CHOICE_2024.name, CHOICE_2024.policy_text)
    assert len({rules.name for rules in RULE_SETS}) == len(RULE_SETS)


def test_offers_and_answers_fill_one_record_in_any_order() -> None:
    answered = noted((), Shortlist("s-1", answer="stay"))

    both = noted(answered, replace(answered[0], options=5))

    assert both == (Shortlist("s-1", options=5, answer="stay"),)
    assert not both[0].open
