"""Code lists: what they hold, what they refuse, and from when to when."""

import csv
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from contracts.codes import (
    ADMINISTRATIVE_CATEGORIES,
    ATTENDANCES,
    EVERY_LIST,
    FIRST_ATTENDANCES,
    INTEGRATED_CARE_BOARDS,
    OUTCOMES_OF_ATTENDANCE,
    PRIORITY_TYPES,
    RTT_GROUP_MEMBERS,
    RTT_GROUPS,
    RTT_STATUSES,
    SEXES,
    SOURCES_OF_REFERRAL,
    TREATMENT_FUNCTIONS,
    AttendanceOutcome,
    ClockEffect,
    Code,
    CodeList,
    Contact,
    Referrer,
    RttGroupKind,
    UnknownCode,
    priority_of_e_rs,
    rtt_group_of,
    source_of_referral,
    versions,
)

ROOT = Path(__file__).parents[3]
TODAY = date(2026, 2, 2)
AFTER_THE_MERGERS = date(2026, 4, 1)


def published(path: str) -> list[dict[str, str]]:
    shared = Path(os.environ.get("FAIRWAIT_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / path
    if not file.exists():
        pytest.skip(f"{path} is not there: set FAIRWAIT_SHARED to the folder that holds data/")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("code_list", "codes"),
    [
        (TREATMENT_FUNCTIONS, 177),
        (RTT_GROUPS, 18 + 5 + 1),
        (RTT_GROUP_MEMBERS, 177),
        (RTT_STATUSES, 17),
        (SOURCES_OF_REFERRAL, 18),
        (INTEGRATED_CARE_BOARDS, 42),
        (PRIORITY_TYPES, 3),
        (ADMINISTRATIVE_CATEGORIES, 4),
        (ATTENDANCES, 7),
        (FIRST_ATTENDANCES, 5),
        (OUTCOMES_OF_ATTENDANCE, 3),
        (SEXES, 3),
    ],
    ids=lambda value: value.name if isinstance(value, CodeList) else "",
)
def test_a_list_holds_the_codes_of_its_day(code_list: CodeList[Code], codes: int) -> None:
    assert len(code_list.at(TODAY)) == codes


@pytest.mark.parametrize(
    ("code_list", "source"),
    [
        (TREATMENT_FUNCTIONS, "treatment_function_code"),
        (RTT_STATUSES, "referral_to_treatment_period_status"),
        (SOURCES_OF_REFERRAL, "source_of_referral_for_out-patients"),
        (PRIORITY_TYPES, "priority_type"),
        (ADMINISTRATIVE_CATEGORIES, "administrative_category_code"),
        (ATTENDANCES, "attended_or_did_not_attend"),
        (FIRST_ATTENDANCES, "first_attendance"),
        (OUTCOMES_OF_ATTENDANCE, "outcome_of_attendance"),
        (SEXES, "person_stated_gender_code"),
    ],
    ids=lambda value: value.name if isinstance(value, CodeList) else "",
)
def test_every_current_code_of_the_data_dictionary_is_in_ours_and_no_other(
    code_list: CodeList[Code], source: str
) -> None:
    rows = published(f"codes/data_dictionary/{source}.csv")
    current = {row["code"] for row in rows if not row["description"].startswith("Retired")}

    assert set(code_list.at(TODAY)) == current


def test_treatment_functions_have_the_names_of_the_data_dictionary() -> None:
    ours = TREATMENT_FUNCTIONS.at(TODAY)

    for row in published("codes/data_dictionary/treatment_function_code.csv"):
        if row["code"] in ours:
            assert ours[row["code"]].name == row["description"]


@pytest.mark.parametrize("code", ["510", "520", "610", "620", "832", "990"])
def test_a_retired_treatment_function_is_accepted_for_old_dates_only(code: str) -> None:
    last_day, day_after = date(2004, 3, 31), date(2004, 4, 1)

    assert TREATMENT_FUNCTIONS.get(code, last_day).valid_to == last_day
    with pytest.raises(UnknownCode):
        TREATMENT_FUNCTIONS.get(code, day_after)


@pytest.mark.parametrize("code_list", EVERY_LIST, ids=lambda code_list: code_list.name)
def test_an_unknown_code_is_refused_without_being_repeated(code_list: CodeList[Code]) -> None:
    with pytest.raises(UnknownCode) as refused:
        code_list.get("9990000018", TODAY)

    assert "9990000018" not in str(refused.value)
    assert code_list.name in str(refused.value)


@pytest.mark.parametrize("code_list", EVERY_LIST, ids=lambda code_list: code_list.name)
def test_no_code_has_two_meanings_on_one_day(code_list: CodeList[Code]) -> None:
    for on in (date(2004, 3, 31), date(2021, 3, 31), TODAY, AFTER_THE_MERGERS):
        valid = [code.code for code in code_list.every() if code.is_valid(on)]

        assert sorted(valid) == sorted(code_list.at(on))


@pytest.mark.parametrize("code_list", EVERY_LIST, ids=lambda code_list: code_list.name)
def test_a_version_names_the_source_and_the_content(code_list: CodeList[Code]) -> None:
    source, _, content = code_list.version.partition(".")

    assert date.fromisoformat(source) < date(2030, 1, 1)
    assert len(content) == 8
    assert versions()[code_list.name] == code_list.version


# ---- RTT groups


def test_every_treatment_function_is_in_a_group_that_exists_and_is_no_total() -> None:
    for code in TREATMENT_FUNCTIONS.at(TODAY):
        assert rtt_group_of(code, TODAY).kind is not RttGroupKind.TOTAL


@pytest.mark.parametrize(
    ("function", "group"),
    [("110", "C_110"), ("108", "C_110"), ("144", "C_140"), ("104", "X05"), ("420", "X02")],
)
def test_groups_of_some_functions(function: str, group: str) -> None:
    assert rtt_group_of(function, TODAY).code == group


def test_the_other_group_was_divided_in_april_2021() -> None:
    last_day, day_after = date(2021, 3, 31), date(2021, 4, 1)

    assert "X01" in RTT_GROUPS.at(last_day)
    assert "X02" not in RTT_GROUPS.at(last_day)
    assert "X01" not in RTT_GROUPS.at(day_after)
    with pytest.raises(UnknownCode):
        rtt_group_of("104", last_day)
    assert rtt_group_of("104", day_after).code == "X05"


# ---- RTT statuses


def test_clock_effects() -> None:
    effects = {code: status.clock_effect for code, status in RTT_STATUSES.at(TODAY).items()}

    assert {code for code in effects if effects[code] is ClockEffect.START} == {"10", "11", "12"}
    assert {code for code in effects if effects[code] is ClockEffect.CONTINUE} == {"20", "21", "99"}
    assert {code for code in effects if effects[code] is ClockEffect.STOP} == {
        "30", "31", "32", "34", "35", "36",
    }  # fmt: skip
    assert {code for code in effects if effects[code] is ClockEffect.NULLIFY} == {"33"}
    assert {code for code in effects if effects[code] is ClockEffect.NONE} == {
        "90", "91", "92", "98",
    }  # fmt: skip


def test_33_is_no_clock_stop_event() -> None:
    statuses = RTT_STATUSES.at(TODAY)

    events = {code for code, status in statuses.items() if status.clock_stop_event}

    assert events == {"30", "31", "32", "34", "35", "36"}


def test_statuses_that_a_provider_may_hand_over_with() -> None:
    statuses = RTT_STATUSES.at(TODAY)

    handed_over = {code for code, status in statuses.items() if status.inter_provider_transfer}

    assert handed_over == {"12", "20", "90", "98"}


def test_a_status_not_yet_known_asks_for_validation() -> None:
    assert [s.code for s in RTT_STATUSES.every() if s.needs_validation] == ["99"]


# ---- source of referral


@pytest.mark.parametrize(
    ("sent", "meant"), [("3", "03"), ("03", "03"), (" 3 ", "03"), ("92", "92")]
)
def test_a_lost_leading_zero_is_put_back_before_validation(sent: str, meant: str) -> None:
    assert source_of_referral(sent, TODAY).code == meant


@pytest.mark.parametrize("sent", ["", "0", "003", "A1", "99"])
def test_a_source_that_is_not_in_the_list_is_refused(sent: str) -> None:
    with pytest.raises(UnknownCode):
        source_of_referral(sent, TODAY)


def test_three_sources_carry_the_right_to_choose() -> None:
    sources = SOURCES_OF_REFERRAL.at(TODAY)

    assert {code for code, source in sources.items() if source.right_a} == {"03", "15", "92"}


def test_consultant_initiated_sources() -> None:
    sources = SOURCES_OF_REFERRAL.at(TODAY)
    rows = published("codes/data_dictionary/source_of_referral_for_out-patients.csv")

    for row in rows:
        says_so = row["description"].startswith("CONSULTANT initiated")
        assert sources[row["code"]].consultant_initiated == says_so


@pytest.mark.parametrize(
    ("code", "referrers"),
    [
        ("03", {Referrer.GENERAL_PRACTICE}),
        ("10", {Referrer.HOSPITAL, Referrer.EMERGENCY_DEPARTMENT}),
        ("06", {Referrer.NOBODY}),
        ("97", set()),
    ],
)
def test_referrers_that_agree_with_a_source(code: str, referrers: set[Referrer]) -> None:
    assert SOURCES_OF_REFERRAL.get(code, TODAY).referrers == referrers


# ---- integrated care boards


def test_42_boards_became_36_on_1_april_2026() -> None:
    day_before = INTEGRATED_CARE_BOARDS.at(date(2026, 3, 31))
    first_day = INTEGRATED_CARE_BOARDS.at(AFTER_THE_MERGERS)

    assert len(day_before) == 42
    assert len(first_day) == 36
    assert {"QMJ", "QRV"} <= set(day_before)
    assert "Z9B2Z" in first_day
    assert not {"QMJ", "QRV"} & set(first_day)


def test_every_board_that_ended_has_successors_that_exist_and_no_other_has_any() -> None:
    first_day = INTEGRATED_CARE_BOARDS.at(AFTER_THE_MERGERS)

    for board in INTEGRATED_CARE_BOARDS.every():
        assert bool(board.successors) == (board.valid_to is not None)
        assert set(board.successors) <= set(first_day)


def test_the_boards_are_those_published() -> None:
    after = published("organisations/sicbl-icb-region-2026-04.csv")
    before = published("organisations/commissioners-2026-01.csv")
    ours = INTEGRATED_CARE_BOARDS.at(AFTER_THE_MERGERS)

    assert {row["ICB26CDH"] for row in after} == set(ours)
    for row in after:
        board = ours[row["ICB26CDH"]]
        assert (board.name, board.region) == (row["ICB26NM"], row["NHSER26CDH"])
    parents = {row["Commissioner Parent Org Code"] for row in before} - {""}
    assert parents == set(INTEGRATED_CARE_BOARDS.at(TODAY))


def test_where_the_parts_of_a_board_went_is_what_the_lookup_says() -> None:
    rows = published("organisations/sicbl-icb-region-2026-04.csv")
    part_of = {row["SICBL26CDH"]: row["ICB26CDH"] for row in rows}

    for row in published("organisations/commissioners-2026-01.csv"):
        part, parent = row["Commissioner Org Code"], row["Commissioner Parent Org Code"]
        if parent and part in part_of:
            board = INTEGRATED_CARE_BOARDS.get(parent, TODAY)
            assert part_of[part] in (board.successors or (parent,))


# ---- the others


@pytest.mark.parametrize(
    ("word", "code"), [("ROUTINE", "1"), ("URGENT", "2"), ("TWO_WEEK_WAIT", "3")]
)
def test_e_rs_words_are_priority_types(word: str, code: str) -> None:
    assert priority_of_e_rs(word, TODAY).code == code


@pytest.mark.parametrize("word", ["routine", "1", ""])
def test_other_words_are_none(word: str) -> None:
    with pytest.raises(UnknownCode):
        priority_of_e_rs(word, TODAY)


def test_arriving_too_late_to_be_seen_is_not_attending() -> None:
    assert ATTENDANCES.get("7", TODAY).outcome is AttendanceOutcome.DID_NOT_ATTEND
    assert ATTENDANCES.get("6", TODAY).outcome is AttendanceOutcome.ATTENDED


def test_a_clock_stop_event_is_no_contact() -> None:
    assert FIRST_ATTENDANCES.get("5", TODAY).contact is Contact.ADMINISTRATIVE
    assert FIRST_ATTENDANCES.get("3", TODAY).remote


def test_a_list_is_read_only_when_it_is_asked_for() -> None:
    program = "import contracts.codes as c; print(any('_codes' in vars(l) for l in c.EVERY_LIST))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.decode().strip() == "False"
