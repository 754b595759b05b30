"""Real HL7 v2 files through the real MLLP server: each message applied, refused by the field that is
wrong, or not taken by rule.

Every file of the shared examples is sent as it is, in one frame. Messages that we take are sent again
with what their senders leave out, to see that nothing else of a real message keeps it out. Verdicts
and reasons are compared with `expected/hl7v2-payloads.csv`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.messages import hash_of
from contracts.event import Event
from contracts.events import SubmissionRejected
from contracts.events.referral import RejectedItem
from contracts.submissions import BookingRecorded, ChoiceNotOffered, ReferralMade
from referral.edges.hl7v2.er7 import Place
from referral.edges.hl7v2.framing import framed
from referral.edges.hl7v2.header import Header
from tests.conformance.hl7v2_payloads import BOOKED, Payload, payloads
from tests.conformance.tables import unexpected, write
from tests.integration.referral.test_mllp import Client, listening
from tests.unit.referral.builders import UBRN, received, referral_body
from tests.unit.referral.hl7v2.messages import segments
from tests.unit.referral.site import Site

NAME = "hl7v2-payloads"
TAKEN = {
    *(f"REF^{event}" for event in ("I12", "I13", "I14")),
    *(f"SIU^{event}" for event in ("S12", "S13", "S14", "S15", "S17", "S26")),
    *(f"ADT^{event}" for event in ("A01", "A03", "A05", "A08", "A28", "A31", "A40")),
}
NOT_TAKEN = {"hl7_message_type", "hl7_event"}


@dataclass(frozen=True)
class Line:
    """What became of a message. `answer` are the codes that went back, `field` the first fault's."""

    file: str
    message: int
    type: str
    version: str
    sent: str
    verdict: str
    answer: str
    field: str
    code: str
    reason: str


@pytest.fixture(scope="session")
async def lines(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """The table, written down as well."""
    found: list[Line] = []
    for payload in payloads(shared_data / "hl7v2"):
        found += await _lines(tmp_path_factory.mktemp("line"), payload)
    write(NAME, "HL7 v2 messages", found)
    return found


async def _lines(directory: Path, payload: Payload) -> list[Line]:
    async with listening(
        directory,
        environment=payload.environment,
        facilities=payload.facilities,
        character_set="CP1252",
    ) as (site, listener):
        if payload.part == "completed":
            await _told_before(site, payload)
        before = len(site.events)
        client = await Client.connected(listener.port)
        await client.write(framed(payload.content))
        answers = await client.finish()
        events = site.events[before:]
    return [
        _line(payload, number, header, answers, events)
        for number, header in enumerate(payload.headers, 1)
    ]


async def _told_before(site: Site, payload: Payload) -> None:
    """The referral, and the appointment, that the message is about."""
    kind = payload.headers[0].type
    units = site.app.state.runtime.units
    key = {"pathway": {"identifier": UBRN, "issuer": "X09"}}
    told: list[ReferralMade | ChoiceNotOffered | BookingRecorded] = [
        ReferralMade.model_validate(referral_body()),
        ChoiceNotOffered.model_validate(
            {**key, "decided_on": "2026-03-01", "reason": "NO_OTHER_PROVIDER"}
        ),
    ]
    if kind == "SIU":
        start = f"2026-03-02T{BOOKED[8:10]}:{BOOKED[10:]}:00"
        told.append(
            BookingRecorded.model_validate({**key, "reference": "36996", "local_start": start})
        )
    if payload.headers[0].event == "I12":
        told = []
    if payload.headers[0].event == "A40":
        body = referral_body()
        body["patient"]["nhs_number"] = "9990000026"
        told = [ReferralMade.model_validate(body)]
    for one in told:
        id = hash_of(one.model_dump_json().encode())
        await units.receive(received(one, message_id=id))


def _line(
    payload: Payload,
    number: int,
    header: Header,
    answers: Sequence[bytes],
    events: Sequence[Event],
) -> Line:
    own = [one for one in answers if _field(one, "MSA", 2) == header.control_id]
    codes = [_field(one, "MSA", 1) for one in own]
    errors = [error for one in own for error in segments(one, "ERR")]
    field, code = _error(errors[0]) if errors else ("", "")
    refused = (one for one in events if isinstance(one, SubmissionRejected))
    record = next((one for one in refused if one.submission_id.endswith(header.control_id)), None)
    problem = record.problems[0] if record is not None else None
    return Line(
        payload.file,
        number,
        f"{header.type}^{header.event}",
        header.version,
        payload.part,
        _verdict(codes, problem, events),
        " ".join(codes) or "none wanted",
        field or (_short(problem.pointer) if problem is not None else ""),
        code,
        problem.message if problem is not None else "",
    )


def _verdict(codes: Sequence[str], problem: RejectedItem | None, events: Sequence[Event]) -> str:
    """By the answer and by what is on record; they have to agree."""
    told = {one[-1] == "A" for one in codes}
    if problem is not None:
        assert told <= {False} or "CA" in codes
        return "not taken by rule" if problem.code in NOT_TAKEN else "refused"
    if told == {True} or (not codes and events):
        return "applied"
    return "dropped"


def _field(answer: bytes, segment: str, number: int) -> str:
    (line,) = segments(answer, segment)
    return line.split("|")[number]


def _error(line: str) -> tuple[str, str]:
    """Segment and field, and the code, of an ERR in either form."""
    parts = line.split("|")
    if len(parts) > 3:
        segment, sequence, *rest = parts[2].split("^")
        code = parts[3].split("^")[0]
    else:
        segment, sequence, *rest, told = parts[1].split("^")
        code = told.split("&")[0]
    if not segment:
        return "", code
    number = int(rest[0]) if rest and rest[0] else 0
    return _short(str(Place(segment, int(sequence), number))), code


def _short(place: str) -> str:
    """`PID-3`, with the number of the segment where it is not the first."""
    found = Place.read(place)
    if found is None:
        return place
    name = found.segment if found.sequence == 1 else f"{found.segment}[{found.sequence}]"
    return f"{name}-{found.field}" if found.field else name


# ---- what must hold


def test_every_file_is_in_the_table(lines: list[Line], shared_data: Path) -> None:
    folder = shared_data / "hl7v2"
    files = {file.relative_to(folder).as_posix() for file in folder.rglob("*.hl7")}

    assert {line.file for line in lines} == files


def test_nothing_is_dropped_silently(lines: list[Line]) -> None:
    """What has no answer wanted none (MSH-15, MSH-16), and is on record all the same."""
    assert {line.verdict for line in lines} == {"applied", "refused", "not taken by rule"}
    assert {line.answer for line in lines} == {"AA", "AE", "AR", "CA", "CE", "CR", "none wanted"}


def test_what_we_take_is_applied_or_refused_by_segment_and_field(lines: list[Line]) -> None:
    ours = [line for line in lines if line.type in TAKEN]
    refused = [line for line in ours if line.verdict == "refused"]

    assert {line.type for line in ours} == TAKEN - {"REF^I13"}  # no such message is published
    assert {line.verdict for line in ours} == {"applied", "refused"}
    assert [line for line in refused if "-" not in line.field or not line.reason] == []


def test_all_else_is_told_that_it_is_not_taken(lines: list[Line]) -> None:
    others = [line for line in lines if line.type not in TAKEN]

    assert {line.verdict for line in others} == {"not taken by rule"}
    assert {line.field for line in others} == {"MSH-9"}


def test_a_real_message_gets_in_when_what_we_need_is_there(lines: list[Line]) -> None:
    complete = [line for line in lines if line.sent == "completed"]

    assert [line for line in complete if line.verdict != "applied"] == []


def test_the_verdicts_are_what_was_agreed(lines: list[Line]) -> None:
    assert unexpected(NAME, lines) == []
