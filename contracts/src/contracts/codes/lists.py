"""The national code lists of elective care, one constant each, with what we need to know of a code.

Sources, dates and judgements are in the README beside the files.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from contracts.codes.code_list import Code, CodeList, Row, UnknownCode, dated, plain

DATA_DICTIONARY = "2026-05-19"
RTT_EXTRACT = "2026-01-31"
OPEN_GEOGRAPHY = "2026-04-01"
E_RS = "2024-01-01"


class ClockEffect(StrEnum):
    """What an RTT status does to the clock of its pathway."""

    START = "start"
    CONTINUE = "continue"
    STOP = "stop"
    NULLIFY = "nullify"
    NONE = "none"


class Referrer(StrEnum):
    """The kinds of organisation a referral can come from."""

    GENERAL_PRACTICE = "general_practice"
    DENTAL_PRACTICE = "dental_practice"
    OPTICAL_PRACTICE = "optical_practice"
    HOSPITAL = "hospital"
    EMERGENCY_DEPARTMENT = "emergency_department"
    SCREENING_PROGRAMME = "screening_programme"
    NOBODY = "nobody"


class AttendanceOutcome(StrEnum):
    """What came of an appointment."""

    NOT_YET = "not_yet"
    ATTENDED = "attended"
    DID_NOT_ATTEND = "did_not_attend"
    CANCELLED_BY_PATIENT = "cancelled_by_patient"
    CANCELLED_BY_PROVIDER = "cancelled_by_provider"


class Contact(StrEnum):
    """The place of an attendance in its series."""

    FIRST = "first"
    FOLLOW_UP = "follow_up"
    ADMINISTRATIVE = "administrative"


class RttGroupKind(StrEnum):
    """A group is one function of its own, a remainder, or the sum of all others."""

    OWN = "own"
    OTHER = "other"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class RttGroup(Code):
    """A line of the published waiting times. A total is never added to its parts."""

    kind: RttGroupKind


@dataclass(frozen=True, slots=True)
class RttGroupMember(Code):
    """A treatment function and the group that its waits are published under."""

    rtt_group: str


@dataclass(frozen=True, slots=True)
class RttStatus(Code):
    """A referral to treatment period status.

    `clock_stop_event`: may be sent without the patient being present (FIRST ATTENDANCE 5).
    `inter_provider_transfer`: may be sent by the provider that hands a patient over.
    `needs_validation`: stands in until somebody knows better.
    """

    clock_effect: ClockEffect
    clock_stop_event: bool
    inter_provider_transfer: bool
    needs_validation: bool


@dataclass(frozen=True, slots=True)
class SourceOfReferral(Code):
    """Where an out-patient referral came from.

    `right_a`: the referrer is one whose referrals carry the right to choose the provider.
    `referrers`: the kinds of organisation that agree with the code; empty where none is expected.
    """

    consultant_initiated: bool
    right_a: bool
    referrers: frozenset[Referrer]


@dataclass(frozen=True, slots=True)
class IntegratedCareBoard(Code):
    """A commissioner, its NHS region, and who took over its places once it ended."""

    region: str
    successors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriorityType(Code):
    """How soon a referral is to be seen, with the word e-RS has for it."""

    e_rs: str


@dataclass(frozen=True, slots=True)
class Attendance(Code):
    """ATTENDED OR DID NOT ATTEND. Arriving too late to be seen counts as not attending."""

    outcome: AttendanceOutcome


@dataclass(frozen=True, slots=True)
class FirstAttendance(Code):
    """FIRST ATTENDANCE: first or later, in person or not."""

    contact: Contact
    remote: bool


@dataclass(frozen=True, slots=True)
class OutcomeOfAttendance(Code):
    """OUTCOME OF ATTENDANCE."""

    discharged: bool


@dataclass(frozen=True, slots=True)
class CancellationReason(Code):
    """A reason of e-RS to cancel, with the side that gives it as e-RS types it."""

    told_by: str


def _cancellation_reason(row: Row) -> CancellationReason:
    return CancellationReason(**dated(row), told_by=row["told_by"])


def _rtt_group(row: Row) -> RttGroup:
    return RttGroup(**dated(row), kind=RttGroupKind(row["kind"]))


def _rtt_group_member(row: Row) -> RttGroupMember:
    return RttGroupMember(**dated(row), rtt_group=row["rtt_group"])


def _rtt_status(row: Row) -> RttStatus:
    return RttStatus(
        **dated(row),
        clock_effect=ClockEffect(row["clock_effect"]),
        clock_stop_event=row["clock_stop_event"] == "yes",
        inter_provider_transfer=row["inter_provider_transfer"] == "yes",
        needs_validation=row["needs_validation"] == "yes",
    )


def _source_of_referral(row: Row) -> SourceOfReferral:
    return SourceOfReferral(
        **dated(row),
        consultant_initiated=row["consultant_initiated"] == "yes",
        right_a=row["right_a"] == "yes",
        referrers=frozenset(map(Referrer, row["referrers"].split())),
    )


def _integrated_care_board(row: Row) -> IntegratedCareBoard:
    return IntegratedCareBoard(
        **dated(row), region=row["region"], successors=tuple(row["successors"].split())
    )


def _priority_type(row: Row) -> PriorityType:
    return PriorityType(**dated(row), e_rs=row["e_rs"])


def _attendance(row: Row) -> Attendance:
    return Attendance(**dated(row), outcome=AttendanceOutcome(row["outcome"]))


def _first_attendance(row: Row) -> FirstAttendance:
    return FirstAttendance(
        **dated(row), contact=Contact(row["contact"]), remote=row["remote"] == "yes"
    )


def _outcome_of_attendance(row: Row) -> OutcomeOfAttendance:
    return OutcomeOfAttendance(**dated(row), discharged=row["discharged"] == "yes")


TREATMENT_FUNCTIONS: Final = CodeList("treatment_functions", plain, DATA_DICTIONARY)
RTT_GROUPS: Final = CodeList("rtt_groups", _rtt_group, RTT_EXTRACT)
RTT_GROUP_MEMBERS: Final = CodeList("rtt_group_members", _rtt_group_member, RTT_EXTRACT)
RTT_STATUSES: Final = CodeList("rtt_statuses", _rtt_status, DATA_DICTIONARY)
SOURCES_OF_REFERRAL: Final = CodeList("sources_of_referral", _source_of_referral, DATA_DICTIONARY)
INTEGRATED_CARE_BOARDS: Final = CodeList(
    "integrated_care_boards", _integrated_care_board, OPEN_GEOGRAPHY
)
PRIORITY_TYPES: Final = CodeList("priority_types", _priority_type, DATA_DICTIONARY)
ADMINISTRATIVE_CATEGORIES: Final = CodeList("administrative_categories", plain, DATA_DICTIONARY)
ATTENDANCES: Final = CodeList("attendances", _attendance, DATA_DICTIONARY)
FIRST_ATTENDANCES: Final = CodeList("first_attendances", _first_attendance, DATA_DICTIONARY)
OUTCOMES_OF_ATTENDANCE: Final = CodeList(
    "outcomes_of_attendance", _outcome_of_attendance, DATA_DICTIONARY
)
SEXES: Final = CodeList("sexes", plain, DATA_DICTIONARY)
REFERRAL_CANCELLATION_REASONS: Final = CodeList(
    "referral_cancellation_reasons", _cancellation_reason, E_RS
)
APPOINTMENT_CANCELLATION_REASONS: Final = CodeList(
    "appointment_cancellation_reasons", _cancellation_reason, E_RS
)
NON_ATTENDANCE_REASONS: Final = CodeList("non_attendance_reasons", plain, E_RS)

EVERY_LIST: Final = (
    TREATMENT_FUNCTIONS,
    RTT_GROUPS,
    RTT_GROUP_MEMBERS,
    RTT_STATUSES,
    SOURCES_OF_REFERRAL,
    INTEGRATED_CARE_BOARDS,
    PRIORITY_TYPES,
    ADMINISTRATIVE_CATEGORIES,
    ATTENDANCES,
    FIRST_ATTENDANCES,
    OUTCOMES_OF_ATTENDANCE,
    SEXES,
    REFERRAL_CANCELLATION_REASONS,
    APPOINTMENT_CANCELLATION_REASONS,
    NON_ATTENDANCE_REASONS,
)


def versions() -> dict[str, str]:
    """The version of every list by its name, as a published file states them."""
    return {code_list.name: code_list.version for code_list in EVERY_LIST}


def rtt_group_of(treatment_function: str, on: date) -> RttGroup:
    """The group under which this function's waits are published on this day.

    `UnknownCode` for a function in no group, and before April 2021, when the groups were others.
    """
    member = RTT_GROUP_MEMBERS.get(treatment_function, on)
    return RTT_GROUPS.get(member.rtt_group, on)


def source_of_referral(text: str, on: date) -> SourceOfReferral:
    """The source a sender means, who may have lost the zero of a code such as 03."""
    return SOURCES_OF_REFERRAL.get(text.strip().zfill(2), on)


def priority_of_e_rs(word: str, on: date) -> PriorityType:
    """The priority type for a word of e-RS: ROUTINE, URGENT or TWO_WEEK_WAIT."""
    for priority in PRIORITY_TYPES.at(on).values():
        if priority.e_rs == word:
            return priority
    raise UnknownCode(f"not a priority of e-RS on {on.isoformat()}")
