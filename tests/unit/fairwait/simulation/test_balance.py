"""The balance: it is zero when all is counted once, and says which sum is not when it is not."""

from dataclasses import replace
from typing import Any

import pytest

from fairwait.simulation.balance import Found, Sent, checks

SENT = Sent(
    good_referrals=10,
    bad_referrals=2,
    attendances=4,
    good_clinics=5,
    bad_clinics=1,
    answers=6,
)
EVENTS = {
    "fairwait.capacity.declared.v1": 5,
    "fairwait.capacity.refused.v1": 1,
    "fairwait.appointment.attended.v1": 4,
    "fairwait.response.provider_chosen.v1": 5,
    "fairwait.response.stay_chosen.v1": 1,
}
FOUND = Found(
    verdicts={"accepted": 14, "rejected": 2},
    pathways={"waiting": 6, "stopped": 4},
    messages={"handed_over": 12, "delivered": 3, "intended": 0},
    sink={"messages": 15, "duplicates_kept": 0},
    counts={"events_by_type": EVENTS, "states": {"waiting": 6, "stopped": 4}, "unbalanced": 0},
    manifest={"rows": {"pathways": 10}, "dataset_sha256": "aa"},
    rebuilt={"rebuild_sha256": "aa", "equal": True},
)


def unbalanced(sent: Sent, found: Found) -> set[str]:
    return {check.name for check in checks(sent, found) if check.difference}


def test_all_counted_once_balances() -> None:
    assert not unbalanced(SENT, FOUND)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"verdicts": {"accepted": 13, "rejected": 2}}, {"submissions = accepted + rejected"}),
        (
            {"manifest": {"rows": {"pathways": 9}, "dataset_sha256": "aa"}},
            {"pathways = rows of the data set"},
        ),
        ({"sink": {"messages": 15, "duplicates_kept": 1}}, {"no message twice"}),
        ({"sink": {"messages": 14, "duplicates_kept": 0}}, {"intents = messages in the sink"}),
        (
            {"messages": {"handed_over": 11, "delivered": 3, "intended": 1}},
            {"intents = messages handed over"},
        ),
        (
            {"rebuilt": {"rebuild_sha256": "bb", "equal": False}},
            {"the data set rebuilt from the ledger is the same"},
        ),
    ],
)
def test_what_is_missing_is_named(change: dict[str, Any], names: set[str]) -> None:
    assert unbalanced(SENT, replace(FOUND, **change)) == names


def test_answers_of_people_are_not_counted() -> None:
    assert not unbalanced(replace(SENT, answers=None), FOUND)
    assert unbalanced(replace(SENT, answers=5), FOUND) == {"answers given = answers recorded"}
