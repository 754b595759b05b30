"""One referral has one trace in all services, and a batch without a sampled event costs nothing."""

import time
from pathlib import Path
from typing import Any

import pytest

from chassis.settings import TelemetrySettings
from chassis.tracing import Tracing, current_traceparent, read_spans
from contracts.event import Envelope


def tracing(service: str, path: Path, ratio: float = 1.0) -> Tracing:
    return Tracing(service, TelemetrySettings(sample_ratio=ratio, spans_file=path))


def event(id: str, source: str, cause: str, traceparent: str) -> Envelope:
    return Envelope(
        "p" * 32, id, f"urn:fairwait:{source}", causation_id=cause, traceparent=traceparent
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "spans.ndjson"


def test_a_story_is_one_chain_of_spans_through_four_services(file: Path) -> None:
    origin = tracing("referral", file).begin("RJ1/message-1")
    walk = [
        ("referral", event("message-1", "RJ1", "", origin)),
        ("matching", event("referral.p.1", "referral", "message-1", origin)),
        ("notifications", event("offer.p.1", "matching", "referral.p.1", origin)),
        ("reporting", event("notification.p.1", "notifications", "offer.p.1", origin)),
    ]

    for service, envelope in walk:
        tracing(service, file).batch("process", [envelope], time.time_ns())

    spans = [one for one in read_spans(file) if not str(one["name"]).endswith("batch")]
    assert {span["trace_id"] for span in spans} == {origin[3:35]}
    assert [span["service"] for span in spans] == [f"fairwait-{service}" for service, _ in walk]
    parents = [span["parent_id"] for span in spans]
    assert parents == [origin[36:52], *[span["span_id"] for span in spans[:-1]]]


def test_a_batch_is_one_span_with_links_and_one_span_for_each_sampled_event(file: Path) -> None:
    one = tracing("matching", file)
    sampled = [event(f"referral.{n}.1", "referral", "", one.begin(f"{n}")) for n in range(3)]
    others = [event(f"referral.x{n}.1", "referral", "", "") for n in range(50)]

    one.batch("referral process", [*others, *sampled], 1, ended=2, failed=True)

    batch, *events = list[dict[str, Any]](read_spans(file))
    assert len(events) == 3
    assert batch["attributes"]["messaging.batch.message_count"] == 53
    assert batch["links"] == [event["trace_id"] for event in events]
    assert all(span["failed"] and (span["started"], span["ended"]) == (1, 2) for span in events)


def test_a_batch_without_a_sampled_event_writes_nothing(file: Path) -> None:
    one = tracing("matching", file, ratio=0)

    one.batch("referral process", [event("a", "referral", "", one.begin("s"))] * 500, 1)

    assert file.read_bytes() == b""


def test_the_ratio_decides_by_the_story_and_the_same_everywhere(file: Path) -> None:
    one, other = tracing("referral", file, 0.25), tracing("matching", file, 0.25)
    stories = [f"story-{number}" for number in range(4000)]

    kept = [one.begin(story) for story in stories if one.begin(story).endswith("-01")]

    assert 900 < len(kept) < 1100
    assert [other.begin(story) for story in stories] == [one.begin(story) for story in stories]


TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_senders_trace_is_kept_and_its_wish_to_record_is_not(file: Path) -> None:
    received = tracing("referral", file, 0).received(f"00-{TRACE}-b7ad6b7169203331-01", "s")

    assert received == f"00-{TRACE}-b7ad6b7169203331-00"


@pytest.mark.parametrize(
    "wrong",
    [
        "", "00", f"00-{TRACE}-b7ad6b7169203331", f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01", f"00-{'é' * 32}-b7ad6b7169203331-01", "x" * 55,
    ],
)  # fmt: skip
def test_a_traceparent_out_of_its_form_is_replaced(file: Path, wrong: str) -> None:
    one = tracing("referral", file)

    assert one.received(wrong, "story") == one.begin("story")


def test_the_traceparent_of_a_request_ends_with_it(file: Path) -> None:
    with tracing("referral", file).request("POST request", "", "r-1") as traceparent:
        assert current_traceparent() == traceparent
    assert current_traceparent() == ""


def test_without_a_destination_there_are_no_spans() -> None:
    one = Tracing("referral", TelemetrySettings(sample_ratio=1))

    one.batch("process", [event("a", "referral", "", one.begin("s"))], 1)
    one.flush()
