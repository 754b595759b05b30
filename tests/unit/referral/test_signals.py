"""Signals of a national service: what follows from each, and what is told where nothing does."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from chassis.errors import TransientError
from contracts.events import (
    ClockStopped,
    DeathRecorded,
    NhsNumberReplaced,
    PracticeChanged,
    SubmissionRejected,
)
from tests.unit.referral.builders import PATHWAY, TRUST, types
from tests.unit.referral.fhir import service_request
from tests.unit.referral.signals import (
    NATIONAL,
    NUMBER,
    OTHER_NUMBER,
    STRUCTURED,
    death_record,
    delivered,
    gp_record,
    record,
    send,
    send_binary,
    signal,
)
from tests.unit.referral.site import Site, site


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Site]:
    """A service that knows one pathway of the person."""
    async with site(tmp_path) as opened:
        answer = await opened.post("ServiceRequest", service_request())
        assert answer.status_code == 201
        opened.store.outbox.clear()
        yield opened


def told(answer: Any) -> list[tuple[str, str]]:
    """Code and place of every error of an answer."""
    problem = answer.json()
    errors = problem.get("errors", [{"code": problem["code"]}])
    return [(one["code"], one.get("pointer") or one.get("header", "")) for one in errors]


# ---- what follows


@pytest.mark.parametrize(
    ("status", "told_as"), [("2", "formal"), ("1", "informal"), ("", "informal")]
)
async def test_a_death_stops_the_clock(edge: Site, status: str, told_as: str) -> None:
    answer = await send(edge, signal(data=death_record(status)))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "applied")
    death = next(one for one in edge.events if isinstance(one, DeathRecorded))
    assert (death.pathway_id, death.died_on.isoformat()) == (PATHWAY, "2026-02-20")
    assert death.status == told_as


async def test_a_death_before_the_referral_took_effect_is_a_death_all_the_same(edge: Site) -> None:
    data = death_record(deceasedDateTime="2026-03-01")

    answer = await send(edge, signal(data=data))

    assert answer.json()["outcome"] == "applied"
    assert any(isinstance(one, ClockStopped) for one in edge.events)


@pytest.mark.parametrize(
    "data", [death_record("U"), {"deathNotificationStatus": "U"}], ids=["record", "version 1"]
)
async def test_a_death_that_was_taken_back_lets_the_clock_go_on(
    edge: Site, data: dict[str, Any]
) -> None:
    await send(edge, signal())

    answer = await send(edge, signal(id="s-2", data=data))

    assert answer.json()["outcome"] == "applied"
    assert "referral.patient_death_withdrawn" in types(edge.events)


async def test_another_number_takes_the_place_of_the_former(edge: Site) -> None:
    answer = await send(edge, signal("nhs-number-change-2", data=record(id=OTHER_NUMBER)))

    assert answer.json()["outcome"] == "applied"
    (replaced,) = (one for one in edge.events if isinstance(one, NhsNumberReplaced))
    assert (replaced.former, replaced.nhs_number) == (NUMBER, OTHER_NUMBER)


async def test_a_person_is_registered_with_another_practice(edge: Site) -> None:
    answer = await send(edge, signal("pds-change-of-gp-2", data=gp_record(start="2026-02-01")))

    assert answer.json()["outcome"] == "applied"
    (changed,) = (one for one in edge.events if isinstance(one, PracticeChanged))
    assert (changed.practice, changed.changed_on.isoformat()) == ("A81002", "2026-02-01")


@pytest.mark.parametrize("end", ["2026-02-28", "2026-03-01", "2026-03-02"])
async def test_a_registration_holds_to_its_last_day(edge: Site, end: str) -> None:
    first = await send(edge, signal("pds-change-of-gp-2", id="s-0", data=gp_record("A81003")))
    assert first.json()["outcome"] == "applied"

    await send(edge, signal("pds-change-of-gp-2", data=gp_record(start="2020-01-01", end=end)))

    changes = [one for one in edge.events if isinstance(one, PracticeChanged)]
    assert changes[-1].practice == (None if end < "2026-03-01" else "A81002")


async def test_a_person_whom_nobody_here_knows_is_no_mistake(edge: Site) -> None:
    data = death_record(id=OTHER_NUMBER)

    answer = await send(edge, signal(subject=OTHER_NUMBER, data=data))

    assert (answer.status_code, edge.events) == (200, [])


# ---- the same signal again


async def test_a_signal_is_known_by_source_and_id(edge: Site) -> None:
    first = await send(edge, signal())
    events = len(edge.events)

    again = await send(edge, signal(data=death_record(deceasedDateTime="2026-02-01")))
    other = await send(edge, signal(source="uk.nhs.other"))

    assert again.json() == first.json()
    assert len(edge.events) == events
    assert other.json()["message_id"] != first.json()["message_id"]


async def test_the_same_signal_in_each_mode_is_one(edge: Site) -> None:
    answers = [
        await send(edge, signal()),
        await send_binary(edge, signal()),
        await send(edge, delivered(signal()), content_type="application/fhir+json"),
    ]

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert len({one.json()["message_id"] for one in answers}) == 1
    assert types(edge.events).count("referral.patient_died") == 1


async def test_another_signal_under_the_same_id_is_refused(edge: Site) -> None:
    await send(edge, signal())

    answer = await send(edge, signal("pds-change-of-gp-2", data=gp_record()))

    assert answer.status_code == 409
    assert answer.json()["code"] == "duplicate_message_id"


async def test_a_refusal_is_told_again(edge: Site) -> None:
    future = signal(data=death_record(deceasedDateTime="2027-01-01"))

    answers = [await send(edge, future) for _ in range(2)]

    assert [told(one) for one in answers] == [[("date_in_future", "#/data/deceasedDateTime")]] * 2
    assert types(edge.events) == ["referral.rejected"]


async def test_a_signal_without_its_record_can_still_come_with_it(edge: Site) -> None:
    bare = await send(edge, signal(data=None))
    whole = await send(edge, signal())

    assert (bare.status_code, told(bare)) == (422, [("signal_without_record", "#/data")])
    assert whole.json()["outcome"] == "applied"
    rejected = [one for one in edge.events if isinstance(one, SubmissionRejected)]
    assert [(one.publisher, one.way_in) for one in rejected] == [(NATIONAL, "http")]


# ---- who, and when it is answered


async def test_only_a_national_service_may_tell(edge: Site) -> None:
    answer = await send(edge, signal(), organisation=TRUST)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_organisation")
    assert edge.events == []


async def test_which_organisations_are_national_is_a_setting(tmp_path: Path) -> None:
    async with site(tmp_path, national_services=("X27",)) as opened:
        answers = [
            await send(opened, signal(), organisation=organisation)
            for organisation in (NATIONAL, "X27")
        ]

    assert [one.status_code for one in answers] == [403, 200]


async def test_nothing_is_said_to_be_applied_that_cannot_be_kept(
    edge: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: Any) -> None:
        raise TransientError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(edge.store, "commit", away)
        answer = await send(edge, signal())
    again = await send(edge, signal())

    assert answer.status_code == 503
    assert again.json()["outcome"] == "applied"
    assert types(edge.events).count("referral.patient_died") == 1


# ---- what is not taken


@pytest.mark.parametrize("kind", ["pds-record-change-2", "pds-death-notification-3", "9990000018"])
async def test_a_type_that_nothing_follows_from_is_answered_and_counted(
    edge: Site, kind: str
) -> None:
    answer = await send(edge, signal(kind, datacontenttype="text/plain", data="?"))

    assert (answer.status_code, answer.json()["outcome"]) == (200, "ignored")
    assert "pds-death-notification-2" in answer.json()["reason"]
    counts = (await edge.client.get("/metrics")).text
    assert 'fairwait_signals_total{outcome="ignored",type="other"} 1.0' in counts
    assert kind not in counts


async def test_every_signal_is_counted(edge: Site) -> None:
    await send(edge, signal())
    await send(edge, signal(id="s-2", data=None))
    await send(edge, b"{")

    counts = (await edge.client.get("/metrics")).text
    kind = 'type="pds-death-notification-2"'
    assert f'fairwait_signals_total{{outcome="applied",{kind}}} 1.0' in counts
    assert f'fairwait_signals_total{{outcome="refused",{kind}}} 1.0' in counts
    assert 'fairwait_signals_total{outcome="unreadable",type="other"} 1.0' in counts


BAD = [
    ({"specversion": None}, ("required", "#/specversion")),
    ({"specversion": "0.3"}, ("invalid", "#/specversion")),
    ({"specversion": 1.0}, ("invalid", "#/specversion")),
    ({"id": ""}, ("invalid", "#/id")),
    ({"id": None}, ("required", "#/id")),
    ({"source": None}, ("required", "#/source")),
    ({"source": {"name": "NHS DIGITAL"}}, ("invalid", "#/source")),
    ({"type": None}, ("required", "#/type")),
    ({"time": None}, ("required", "#/time")),
    ({"time": "2026-03-01T13:00:00"}, ("invalid", "#/time")),
    ({"time": 5}, ("invalid", "#/time")),
    ({"time": "0001-01-01T00:00:00+14:00"}, ("invalid", "#/time")),
    ({"subject": None}, ("required", "#/subject")),
    ({"subject": "9990000019"}, ("invalid", "#/subject")),
    ({"subject": {"nhsNumber": NUMBER}}, ("invalid", "#/subject")),
    ({"subject": OTHER_NUMBER}, ("signal_other_patient", "#/data/id")),
    ({"datacontenttype": "application/xml"}, ("unsupported_type", "#/datacontenttype")),
    ({"data_base64": "e30="}, ("invalid", "#/data_base64")),
    ({"data": None, "data_base64": "!"}, ("invalid", "#/data_base64")),
    ({"data": "text"}, ("signal_without_record", "#/data")),
    ({"data": {"resourceType": "Observation"}}, ("invalid", "#/data/resourceType")),
    ({"data": death_record(deceasedDateTime=None)}, ("required", "#/data/deceasedDateTime")),
    ({"data": death_record(deceasedDateTime="2026-02")}, ("invalid", "#/data/deceasedDateTime")),
    (
        {"data": death_record(deceasedDateTime="0001-01-01T00:00:00+14:00")},
        ("invalid", "#/data/deceasedDateTime"),
    ),
    (
        {"type": "pds-change-of-gp-2", "data": gp_record("no code")},
        ("invalid", "#/data/generalPractitioner"),
    ),
    ({"type": "nhs-number-change-2", "data": record()}, ("invalid", "#/data/id")),
    ({"type": "nhs-number-change-2", "data": record(id="1")}, ("invalid", "#/data/id")),
]


@pytest.mark.parametrize(("changes", "error"), BAD)
async def test_what_is_wrong_is_named_by_its_place(
    edge: Site, changes: dict[str, Any], error: tuple[str, str]
) -> None:
    answer = await send(edge, signal(**changes))

    assert answer.headers["content-type"] == "application/problem+json"
    assert error in told(answer)
    assert NUMBER not in answer.text


async def test_in_binary_mode_the_header_is_named(edge: Site) -> None:
    answer = await send_binary(edge, signal(), ce_time="yesterday")

    assert told(answer) == [("invalid", "ce-time")]


async def test_headers_are_percent_encoded(edge: Site) -> None:
    plain = await send(edge, signal(id="é 1"))
    binary = await send_binary(edge, signal(id="é 1"), ce_id="%C3%A9%201")

    assert plain.json() == binary.json()


async def test_binary_data_of_another_kind_is_refused(edge: Site) -> None:
    attributes = {f"ce_{name}": value for name, value in signal(data=None).items()}

    answer = await send(edge, b"<Patient/>", content_type="application/fhir+xml", **attributes)

    assert (answer.status_code, told(answer)) == (415, [("unsupported_type", "Content-Type")])


async def test_data_may_come_in_base64(edge: Site) -> None:
    encoded = base64.b64encode(orjson.dumps(death_record())).decode()

    answer = await send(edge, signal(data=None, data_base64=encoded))

    assert answer.json()["outcome"] == "applied"


async def test_attributes_that_we_do_not_know_are_passed_over(edge: Site) -> None:
    answer = await send(edge, signal(versionid="12", filtering={"one": [1]}, traceparent="x"))

    assert answer.json()["outcome"] == "applied"


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents-batch+json", "application/cloudevents+avro", "application/json", ""],
)
async def test_other_forms_are_not_taken(edge: Site, content_type: str) -> None:
    answer = await send(edge, signal(), content_type=content_type)

    assert (answer.status_code, told(answer)) == (415, [("unsupported_type", "Content-Type")])


async def test_the_content_type_may_have_a_charset(edge: Site) -> None:
    answer = await send(edge, signal(), content_type=f"{STRUCTURED}; charset=utf-8")

    assert answer.json()["outcome"] == "applied"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"{", 400), (b"[" * 10_000, 400), (b" " * 2_000_000, 413)],
)
async def test_hostile_bodies_are_refused(edge: Site, body: bytes, status: int) -> None:
    answer = await send(edge, body)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "bundle",
    [
        {"resourceType": "Bundle", "type": "message"},
        {"resourceType": "Bundle", "type": "history"},
        {"resourceType": "Bundle", "type": "history", "entry": [{"resource": {}}]},
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "type": ["history"]},
    ],
)
async def test_a_bundle_that_is_no_signal_is_refused(edge: Site, bundle: dict[str, Any]) -> None:
    answer = await send(edge, bundle, content_type="application/fhir+json")

    assert (answer.status_code, answer.json()["code"]) == (422, "signal_structure")


async def test_what_a_bundle_lacks_is_told_at_its_parameters(edge: Site) -> None:
    parameters = [{"name": ["additional-context"], "part": [{"name": "source"}]}]
    resource = {"resourceType": "Parameters", "parameter": parameters}
    bundle = {"resourceType": "Bundle", "type": "history", "entry": [{"resource": resource}]}

    answer = await send(edge, bundle, content_type="application/fhir+json")

    assert answer.status_code == 422
    assert {place for _, place in told(answer)} == {"#/entry/0/resource/parameter"}
