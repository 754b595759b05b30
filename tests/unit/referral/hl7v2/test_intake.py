"""A message in, its acknowledgement out, and what is on record in between."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.events import IdentityRecorded, ReferralReceived, SubmissionRejected
from tests.unit.referral.builders import PATHWAY, STRANGER, TRUST, types
from tests.unit.referral.hl7v2.line import Line, line
from tests.unit.referral.hl7v2.messages import (
    REFERRAL,
    changed,
    message,
    referral,
    segment,
    segments,
    without,
)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as opened:
        yield opened


# ---- accepted


async def test_a_referral_is_kept_and_acknowledged(wire: Line) -> None:
    answer = await wire.one(referral())

    assert segment(answer, "MSA") == ["MSA", "AA", "m-1"]
    assert segments(answer, "ERR") == []
    assert types(wire.site.events)[0] == "referral.received"
    received = wire.site.events[0]
    assert isinstance(received, ReferralReceived)
    assert (received.pathway_id, received.way_in, received.publisher) == (PATHWAY, "hl7v2", TRUST)
    assert (received.treatment_function, received.source_of_referral) == ("110", "03")


async def test_the_answer_goes_back_to_where_the_message_came_from(wire: Line) -> None:
    header = segment(await wire.one(referral()), "MSH")

    assert header[2:6] == ["FAIRWAIT", "FW", "PAS", "RJ1"]
    assert (header[8], header[10], header[11]) == ("ACK^I12^ACK", "D", "2.4")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
async def test_segments_may_end_in_any_way(wire: Line, end: str) -> None:
    answer = await wire.one(message("REF^I12", *REFERRAL, end=end))

    assert segment(answer, "MSA")[1] == "AA"


async def test_the_same_message_again_gets_the_same_answer_and_does_nothing(wire: Line) -> None:
    first = await wire.one(referral())
    events = len(wire.site.events)
    wire.site.clock.instant += timedelta(hours=1)

    again = await wire.one(referral())

    assert again == first
    assert len(wire.site.events) == events


async def test_the_same_refusal_is_told_again(wire: Line) -> None:
    bad = referral(PID_8="F", PID_3="9990000019^^^NHS^NH")
    first = await wire.one(bad)
    events = len(wire.site.events)

    assert await wire.one(bad) == first
    assert len(wire.site.events) == events


async def test_another_message_under_the_same_id_is_a_duplicate(wire: Line) -> None:
    await wire.one(referral())

    answer = await wire.one(referral(PID_5="Other^Ada"))

    assert segment(answer, "MSA")[1] == "AE"
    assert segment(answer, "ERR")[1] == "MSH^1^10^205&Duplicate key identifier&HL70357"


async def test_two_applications_may_use_the_same_id(wire: Line) -> None:
    await wire.one(referral())

    answer = await wire.one(referral(MSH_3="OTHER"))

    assert segment(answer, "MSA")[1] == "AA"


# ---- refused: segment, field and code


CASES = [
    ("PID_3", "", "PID^1^3", "101"),
    ("PID_3", "9990000019^^^NHS^NH", "PID^1^3", "102"),
    ("PID_5", "^Ada", "PID^1^5", "101"),
    ("PID_7", "", "PID^1^7", "101"),
    ("PID_7", "1961", "PID^1^7", "102"),
    ("PID_8", "", "PID^1^8", "101"),
    ("RF1_2", "X", "RF1^1^2", "102"),
    ("RF1_6", "", "RF1^1^6", "101"),
    ("RF1_6", "PPI-1", "RF1^1^6", "101"),
    ("RF1_6", "bad id!^RJ1", "RF1^1^6", "102"),
    ("RF1_7", "20260399", "RF1^1^7", "102"),
    ("RF1_7", "20270101", "RF1^1^7", "102"),
    ("PRD_10", "Some hospital", "PRD^1^10", "101"),
    ("PV1_10", "", "PV1^1^10", "101"),
    ("PV1_10", "999", "PV1^1^10", "103"),
]


@pytest.mark.parametrize(("field", "value", "place", "code"), CASES)
async def test_an_error_names_segment_field_and_code(
    wire: Line, field: str, value: str, place: str, code: str
) -> None:
    answer = await wire.one(referral(**{field: value}))

    assert segment(answer, "MSA")[1] == "AE"
    assert segment(answer, "ERR")[1].startswith(f"{place}^{code}&")
    (rejected,) = wire.site.events
    assert isinstance(rejected, SubmissionRejected)
    assert (rejected.publisher, rejected.way_in) == (TRUST, "hl7v2")


@pytest.mark.parametrize("name", ["PID", "RF1"])
async def test_a_missing_segment_is_a_sequence_error(wire: Line, name: str) -> None:
    answer = await wire.one(without(referral(), name))

    assert segment(answer, "ERR")[1].startswith(f"{name}^1^^100&")


async def test_every_error_gets_a_segment_of_its_own(wire: Line) -> None:
    answer = await wire.one(referral(PID_8="", PV1_10="", RF1_2="X"))

    assert len(segments(answer, "ERR")) == 3


async def test_since_2_5_the_error_has_fields_of_its_own(wire: Line) -> None:
    answer = await wire.one(referral(MSH_12="2.5.1", PID_8=""))

    error = segment(answer, "ERR")
    assert error[2] == "PID^1^8^1^1"
    assert error[3] == "101^Required field missing^HL70357"
    assert error[4] == "E"
    assert error[8] == "This is required."


@pytest.mark.parametrize(
    ("field", "value", "place", "code", "verdict"),
    [
        ("MSH_9", "ORU^R01", "MSH^1^9", "200", "AR"),
        ("MSH_9", "REF^I15", "MSH^1^9", "201", "AR"),
        ("MSH_11", "P", "MSH^1^11", "202", "AR"),
        ("MSH_11", "T", "MSH^1^11", "202", "AR"),
        ("MSH_12", "3.0", "MSH^1^12", "203", "AR"),
        ("MSH_4", "RR8", "MSH^1^4", "204", "AR"),
        ("MSH_18", "ISO IR87", "MSH^1^18", "103", "AE"),
    ],
)
async def test_what_is_not_taken_is_told(
    wire: Line, field: str, value: str, place: str, code: str, verdict: str
) -> None:
    answer = await wire.one(referral(**{field: value}))

    assert segment(answer, "MSA")[1] == verdict
    assert segment(answer, "ERR")[1].startswith(f"{place}^{code}&")
    assert types(wire.site.events) == ["referral.rejected"]


async def test_a_trust_does_not_write_for_another(wire: Line) -> None:
    answer = await wire.one(changed(referral(), MSH_4=STRANGER), organisation=STRANGER)

    assert segment(answer, "ERR")[1].split("^")[3].startswith("204&")
    assert types(wire.site.events) == ["referral.rejected"]


async def test_a_facility_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    with line(tmp_path, facilities={"The Hospital": TRUST}) as wire:
        answer = await wire.one(referral(MSH_4="The Hospital"))

    assert segment(answer, "MSA")[1] == "AA"


async def test_no_value_that_was_sent_comes_back(wire: Line) -> None:
    answer = await wire.one(referral(PID_7="196105SECRET", PID_5="Secret^Ada"))

    assert b"SECRET" not in answer.upper()


async def test_a_message_without_an_id_is_answered(wire: Line) -> None:
    answer = await wire.one(referral(MSH_10=""))

    assert segment(answer, "MSA")[1:3] == ["AE", ""]
    assert segment(answer, "ERR")[1].startswith("MSH^1^10^101&")


@pytest.mark.parametrize("content", [b"", b"hello", b"PID|1\r", b"MSH|", b"\xff" * 1000, b"MSH|^"])
async def test_what_is_no_message_is_rejected(wire: Line, content: bytes) -> None:
    answers = await wire.send(content)

    assert [segment(answer, "MSA")[1] for answer in answers] == ["AR"]


async def test_each_message_of_a_batch_is_answered_in_order(wire: Line) -> None:
    batch = b"BHS|^~\\&\r" + referral() + referral(id="m-2", PID_8="") + b"BTS|2\r"

    answers = await wire.send(batch)

    assert [segment(answer, "MSA")[1:3] for answer in answers] == [["AA", "m-1"], ["AE", "m-2"]]


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
async def test_a_file_of_batches_is_answered_message_by_message(wire: Line, end: bytes) -> None:
    first = rb"FHS|^~\&|PAS" + b"\r" + rb"BHS|^~\&" + b"\r" + referral() + b"BTS|1\r"
    second = rb"BHS|^~\&" + b"\r" + referral(id="m-2", MSH_9="ORU^R01") + b"BTS|1\rFTS|2\r"

    answers = await wire.send((first + second).replace(b"\r", end))

    assert [segment(answer, "MSA")[1:3] for answer in answers] == [["AA", "m-1"], ["AR", "m-2"]]


# ---- characters


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859_15"),
        ("CP1252", "cp1252"),
    ],
)
async def test_a_name_is_kept_as_msh_18_says(wire: Line, name: str, codec: str) -> None:
    content = referral(MSH_18=name, PID_5="Brontë^Zoë").decode().encode(codec)

    answer = await wire.one(content)

    assert segment(answer, "MSA")[1] == "AA"
    assert segment(answer, "MSH")[17] == name
    (person,) = (one for one in wire.site.events if isinstance(one, IdentityRecorded))
    assert (person.family_name, person.given_name) == ("Brontë", "Zoë")


async def test_bytes_of_another_character_set_are_refused_by_the_field_that_names_it(
    wire: Line,
) -> None:
    answer = await wire.one(referral(MSH_18="ASCII", PID_5="Brontë^Zoë"))

    assert segment(answer, "ERR")[1].startswith("MSH^1^18^103&")


# ---- acknowledgement modes

MODES = [
    # MSH-15, MSH-16, answers to a good message, to a bad one, to one of a type not taken
    ("", "", ["AA"], ["AE"], ["AR"]),
    ("AL", "", ["CA"], ["CE"], ["CR"]),
    ("AL", "NE", ["CA"], ["CE"], ["CR"]),
    ("AL", "AL", ["CA", "AA"], ["CA", "AE"], ["CR", "AR"]),
    ("NE", "AL", ["AA"], ["AE"], ["AR"]),
    ("", "AL", ["AA"], ["AE"], ["AR"]),
    ("NE", "NE", [], [], []),
    ("ER", "NE", [], ["CE"], ["CR"]),
    ("SU", "NE", ["CA"], [], []),
    ("ER", "ER", [], ["CA", "AE"], ["CR", "AR"]),
    ("SU", "SU", ["CA", "AA"], [], []),
    ("AL", "ER", ["CA"], ["CA", "AE"], ["CR", "AR"]),
    ("AL", "SU", ["CA", "AA"], ["CE"], ["CR"]),
    ("NE", "ER", [], ["AE"], ["AR"]),
    ("NE", "SU", ["AA"], [], []),
]


@pytest.mark.parametrize(("accept", "application", "good", "bad", "other"), MODES)
async def test_answers_are_given_as_asked(
    wire: Line, accept: str, application: str, good: list[str], bad: list[str], other: list[str]
) -> None:
    asked = {"MSH_15": accept, "MSH_16": application}

    answered = [
        await wire.send(content)
        for content in (
            referral(**asked),
            referral(id="m-2", PID_8="", **asked),
            referral(id="m-3", MSH_9="ORU^R01", **asked),
        )
    ]

    codes = [[segment(one, "MSA")[1] for one in answers] for answers in answered]
    assert codes == [good, bad, other]
    assert types(wire.site.events).count("referral.rejected") == 2


async def test_a_trust_of_three_letters_is_known_by_its_code(tmp_path: Path) -> None:
    with line(tmp_path) as one:
        content = referral(MSH_4="RYJ").replace(b"^^^^^^^^^RJ1", b"^^^^^^^^^RYJ")

        answer = await one.one(content, "RYJ")

    assert segment(answer, "MSA")[1] == "AA"
