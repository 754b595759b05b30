"""The right to be seen sooner elsewhere: the day before 18 weeks have passed, the day, the day after."""

from datetime import date, timedelta

import pytest

from referral.domain.moving import MOVE_2013, MoveCase, decide_move, move_rules_on

START = date(2026, 1, 5)


def on_day(days: int, **changes: object) -> MoveCase:
    return MoveCase(START + timedelta(days=days), START, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "decision"),
    [(125, "NOT_B_WITHIN_18W"), (126, "NOT_B_WITHIN_18W"), (127, "RIGHT_B_18W")],
)
def test_the_right_begins_the_day_after_18_weeks(days: int, decision: str) -> None:
    assert decide_move(MOVE_2013, on_day(days)).decision == decision


@pytest.mark.parametrize(
    ("days", "decision"), [(126, "NOT_B_WITHIN_18W"), (127, "RIGHT_B_WILL_PASS")]
)
def test_an_appointment_beyond_18_weeks_is_enough(days: int, decision: str) -> None:
    case = on_day(30, next_appointment_on=START + timedelta(days=days))

    assert decide_move(MOVE_2013, case).decision == decision


@pytest.mark.parametrize(
    ("exception", "decision"),
    [
        ("chose_to_wait", "NOT_B_CHOSE_TO_WAIT"),
        ("delay_in_best_clinical_interest", "NOT_B_CLINICAL"),
        ("monitoring_appropriate", "NOT_B_MONITORING"),
        ("missed_chosen_appointments", "NOT_B_DNA"),
        ("treatment_not_needed", "NOT_B_NOT_NEEDED"),
    ],
)
def test_each_exception_of_the_regulations_decides(exception: str, decision: str) -> None:
    found = decide_move(MOVE_2013, on_day(200, stated=frozenset({exception})))

    assert (found.decision, found.decision.applies) == (decision, False)
    assert found.evidence == {"exception": exception}


def test_nobody_moves_whose_clock_does_not_run() -> None:
    found = decide_move(MOVE_2013, MoveCase(START, None))

    assert found.decision == "NOT_B_NO_CLOCK"


def test_a_decision_names_the_rules_of_its_day() -> None:
    rules = move_rules_on(date(2026, 7, 1))

    found = decide_move(rules, on_day(200))

    assert (found.rule_set, found.policy_text) == ("move-2013-04-01", "SI 2012/2996 part 9")
