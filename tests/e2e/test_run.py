"""`fairwait run`, as a user sees it: it balances, it is the same for the same seed, it leaves
nothing behind, and it says what has died.
"""

import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import httpx2
import pytest

from chassis.tracing import read_spans
from tests.e2e.command import Ended, is_open, processes_in, run, running

GIVEN = ("FAIRWAIT_KAFKA__BOOTSTRAP", "FAIRWAIT_MONGO__URI")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc"),
    pytest.mark.skipif(
        any(os.environ.get(name) for name in GIVEN),
        reason="a run needs servers of its own, or an empty world in those it is given",
    ),
]

FORTY = ("--once", "--referrals", "40", "--json")
TELEMETRY = "FAIRWAIT_TELEMETRY__"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def spans(directory: Path) -> Path:
    return directory / "spans.ndjson"


@pytest.fixture(scope="module")
def first(directory: Path, spans: Path) -> Ended:
    """A run of seed 7, every step of it traced."""
    traced = {f"{TELEMETRY}SAMPLE_RATIO": "1", f"{TELEMETRY}SPANS_FILE": str(spans)}
    return run(directory, *FORTY, "--seed", "7", **traced)


@pytest.fixture(scope="module")
def second(directory: Path, first: Ended) -> Ended:
    """The same again, in the directory that the first has left."""
    return run(directory, *FORTY, "--seed", "7")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    sixteen = ("--once", "--referrals", "16", "--json")
    return run(tmp_path_factory.mktemp("other"), *sixteen, "--seed", "8")


def test_everything_balances(first: Ended) -> None:
    assert first.code == 0, first.err
    found = first.summary

    assert found["unbalanced"] == 0
    assert found["submissions"] == found["accepted"] + found["rejected"]
    assert found["pathways"] == sum(found["states"].values()) == found["rows"] == 37
    assert found["messages"] == found["intents"] > found["pathways"]
    assert found["rebuild_sha256"] == found["dataset_sha256"]


def test_patients_choose_and_are_treated(first: Ended) -> None:
    states = first.summary["states"]

    assert states["stopped"] > 10
    assert states["choosing"] == 0


def test_progress_is_told_beside_the_result(first: Ended) -> None:
    assert len(first.out.splitlines()) == 1
    assert "37 referrals" in first.err
    assert "Reporting builds the data set" in first.err


def test_the_same_seed_gives_the_same_data_set(first: Ended, second: Ended) -> None:
    assert second.code == 0, second.err
    assert second.summary["dataset_sha256"] == first.summary["dataset_sha256"]


def test_another_seed_gives_another(first: Ended, other: Ended) -> None:
    assert other.code == 0, other.err
    assert other.summary["unbalanced"] == 0
    assert other.summary["dataset_sha256"] != first.summary["dataset_sha256"]


def test_nothing_is_left_behind(directory: Path, second: Ended) -> None:
    assert processes_in(directory) == {}
    assert second.ports
    assert not [port for port in second.ports if is_open(port)]
    assert not (directory / "running.json").exists()


def test_no_log_names_a_patient(directory: Path, second: Ended) -> None:
    logs = "".join(file.read_text() for file in (directory / "logs").glob("*.log"))

    assert "example.invalid" not in logs
    assert not re.search(r"\b999\d{7}\b", logs)
    assert "07700900" not in logs


def test_a_referral_is_followed_by_one_trace_through_all_services(
    first: Ended, spans: Path
) -> None:
    assert first.code == 0, first.err

    services = services_by_trace(read_spans(spans))

    everywhere = {f"fairwait-{name}" for name in ("referral", "matching", "notifications")}
    whole = [found for found in services.values() if found == {*everywhere, "fairwait-reporting"}]
    # Everybody who was referred and was offered a choice, by whichever way in.
    assert len(whole) >= 29


def services_by_trace(spans: Iterable[dict[str, object]]) -> dict[str, set[str]]:
    services = defaultdict(set)
    for span in spans:
        services[str(span["trace_id"])].add(str(span["service"]))
    return services


def test_a_service_that_is_killed_ends_the_run_with_the_end_of_its_log(tmp_path: Path) -> None:
    with running(tmp_path, "--referrals", "12", "--manual") as run_:
        run_.until("Providers declare")
        [matching] = [
            pid for pid, words in processes_in(tmp_path).items() if words.endswith("-m matching")
        ]

        os.kill(matching, signal.SIGKILL)

        ended = run_.end()
    assert ended.code == 1
    assert "matching was ended by SIGKILL" in ended.out
    assert "service.started" in ended.out
    assert processes_in(tmp_path) == {}


def test_the_page_of_a_waiting_patient_opens_until_ctrl_c(tmp_path: Path) -> None:
    with running(tmp_path, "--referrals", "12", "--manual") as run_:
        run_.until("Everything stays up")
        [link] = re.findall(r"http://\S+/choose/[\w-]+", run_.output)

        page = httpx2.get(link, trust_env=False)
        run_.interrupt()

        ended = run_.end()
    assert page.status_code == 200
    assert "date of birth" in page.text
    assert ended.code == 0
    assert processes_in(tmp_path) == {}


def test_ctrl_c_in_the_middle_of_the_day_leaves_nothing_either(tmp_path: Path) -> None:
    with running(tmp_path, "--referrals", "12") as run_:
        run_.until("Providers declare").interrupt()

        ended = run_.end()
    assert ended.code == 130
    assert processes_in(tmp_path) == {}


def test_what_makes_no_sense_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ended = run(tmp_path, "--referrals", "0")

    assert ended.code != 0
    assert "referrals" in ended.out + ended.err
    assert not (tmp_path / "logs").exists()
