"""The right to be seen sooner elsewhere: the day before 18 weeks have passed, the day, the day after."""

from datetime import date, timedelta

import pytest

from referral.domain.moving import MOVE_2013, MoveCase, decide_move, move_rules_on

START = date(2026, 1, 5)


def on_day(days: int, **changes: object) -> MoveCase:
    return MoveCase(START + timedelta(days=days), START, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "decision"),
    [(125, "NO_WITHIN_18_WEEKS"), (126, "NO_WITHIN_18_WEEKS"), (127, "RIGHT_B")],
)
def test_the_right_begins_the_day_after_18_weeks(days: int, decision: str) -> None:
    assert decide_move(MOVE_2013, on_day(days)).decision == decision


@pytest.mark.parametrize(
    ("days", "decision"), [(126, "NO_WITHIN_18_WEEKS"), (127, "RIGHT_B_WILL_PASS")]
)
def test_an_appointment_beyond_18_weeks_is_enough(days: int, decision: str) -> None:
    case = on_day(30, next_appointment_on=START + timedelta(days=days))

    assert decide_move(MOVE_2013, case).decision == decision


@pytest.mark.parametrize(
    ("exception", "decision"),
    [
        ("chose_to_wait", "NO_CHOSE_TO_WAIT"),
        ("delay_in_best_clinical_interest", "NO_DELAY_IN_BEST_INTEREST"),
        ("monitoring_appropriate", "NO_MONITORING_APPROPRIATE"),
        ("missed_chosen_appointments", "NO_MISSED_CHOSEN_APPOINTMENTS"),
        ("treatment_not_needed", "NO_TREATMENT_NOT_NEEDED"),
    ],
)
def test_each_exception_of_the_regulations_decides(exception: str, decision: str) -> None:
    found = decide_move(MOVE_2013, on_day(200, stated=frozenset({exception})))

    assert (found.decision, found.decision.applies) == (decision, False)
    assert found.evidence == {"exception": exception}


def test_nobody_moves_whose_clock_does_not_run() -> None:
    found = decide_move(MOVE_2013, MoveCase(START, None))

    assert found.decision == "NO_CLOCK_RUNNING"


def test_a_decision_names_the_rules_of_its_day() -> None:
    rules = move_rules_on(date(2026, 7, 1))

    found = decide_move(rules, on_day(200))

    assert (found.rule_set, found.policy_text) == ("move-2013-04-01", "SI 2012/2996 part 9")
