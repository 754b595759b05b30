"""What patients decide: by seed, pathway and list, and by nothing else."""

from collections import Counter

from fairwait.world.calendar import ANSWER_DAYS
from fairwait.world.decisions import Patient

PROVIDERS = ["RJ1", "RXX", "NV7", "NT3", "RYJ", "RRV"]
PATIENTS = [Patient(7, f"{number:032x}") for number in range(1_000)]


def test_the_same_patient_decides_the_same() -> None:
    one, same = Patient(7, "ab"), Patient(7, "ab")

    assert one.chooses(PROVIDERS) == same.chooses(PROVIDERS)
    assert one.answers_on == same.answers_on
    assert one.mistypes == same.mistypes


def test_another_seed_decides_otherwise() -> None:
    others = [Patient(8, patient.pathway_id) for patient in PATIENTS]

    assert [one.chooses(PROVIDERS) for one in others] != [
        one.chooses(PROVIDERS) for one in PATIENTS
    ]


def test_only_what_is_on_the_page_is_chosen() -> None:
    assert {one.chooses(["RJ1"]) for one in PATIENTS} == {"RJ1", None}
    assert {one.chooses([]) for one in PATIENTS} == {None}


def test_some_never_answer_and_the_others_do_on_a_day_of_the_calendar() -> None:
    days = Counter(one.answers_on for one in PATIENTS)

    assert set(days) == {None, *ANSWER_DAYS}
    assert 80 < days[None] < 160


def test_the_first_of_the_list_is_chosen_most() -> None:
    chosen = Counter(one.chooses(PROVIDERS) for one in PATIENTS)

    assert chosen.most_common(1)[0][0] == "RJ1"
    assert "RRV" not in chosen
    assert 100 < chosen[None] < 220
