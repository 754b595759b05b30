"""An Appointment as what its status tells: booked or moved, cancelled, missed, attended, deleted."""

from datetime import date
from typing import Any, Final

from chassis.faults import INVALID
from contracts.submissions import (
    AttendanceRecorded,
    BookingRecorded,
    CancellationRecorded,
    DeletionRecorded,
    NonAttendanceRecorded,
    RebookingRecorded,
    Submission,
)
from referral.domain.appointments import Appointment as Kept
from referral.domain.appointments import attended_appointment, named
from referral.domain.pathway import Pathway, appointment_id
from referral.domain.problems import Problem, ProblemCode
from referral.edges.fhir import systems
from referral.edges.fhir.about import own_name
from referral.edges.fhir.mapped import Arriving, Mapped, Name, Subject, mapped
from referral.edges.fhir.models import Appointment
from referral.edges.fhir.patient import check_patient
from referral.edges.fhir.placed import contact_in, outcome_in, participant, site_in, start_in
from referral.edges.fhir.reading import (
    NOT_SUPPORTED,
    Node,
    Reading,
    coded,
    codings,
    dated,
    extensions,
    london_day,
)
from referral.edges.fhir.reasons import cancellation, non_attendance
from referral.faults import fault_of

MEANINGS: Final[dict[str, type[Submission]]] = {
    "booked": BookingRecorded,
    "cancelled": CancellationRecorded,
    "noshow": NonAttendanceRecorded,
    "fulfilled": AttendanceRecorded,
    "entered-in-error": DeletionRecorded,
}
"""The submission that each status usually brings; the other statuses bring none."""


class Telling:
    """One Appointment, read for what it says about a pathway."""

    def __init__(
        self, told: Appointment, node: Node, reading: Reading, subject: Subject, arriving: Arriving
    ) -> None:
        self.told, self.path, self.reading = told, node.path, reading
        self.subject, self.arriving = subject, arriving
        reading.expect(node.path, _PLACES)
        self.reference = self._reference()
        self.known = self._known()

    def _reference(self) -> str:
        """Our id where it was sent to that; else the sender's name for it, and at last its message."""
        if self.subject.part is not None:
            return self.subject.part
        own = own_name(self.told, systems.OWN_APPOINTMENT, self.path, self.reading)
        return own or self.arriving.message_id

    def _known(self) -> Kept | None:
        pathway = self.subject.pathway
        if pathway is None:
            return None
        return named(pathway.appointments, self.arriving.publisher, self.reference)

    # ---- what it tells

    def mapped(self) -> Mapped:
        self._check()
        match self.told.status:
            case "booked":
                return self._booked_or_moved()
            case "cancelled":
                return self._cancelled()
            case "noshow":
                return self._missed()
            case "fulfilled":
                return self._attended()
            case "entered-in-error":
                fields = {"deleted_on": self._done_on("/deleted_on")}
                return self._as(DeletionRecorded, fields)
            case _:
                told = "An appointment is booked, cancelled, noshow, fulfilled or entered-in-error."
                self.reading.refuse(NOT_SUPPORTED, told, f"{self.path}.status")
                return self._booked_or_moved()

    def _booked_or_moved(self) -> Mapped:
        placed = self._placed()
        if self.arriving.update and self._moved(placed):
            reason, side = cancellation(
                self.told, self.path, self.reading, self.arriving.on, "/moved_by"
            )
            fields = {
                **placed,
                "moved_by": side,
                "moved_on": self._done_on("/moved_on"),
                "reason": reason,
            }
            return self._as(RebookingRecorded, fields)
        return self._as(BookingRecorded, {**placed, **self._booking(), "reference": self._own()})

    def _moved(self, placed: dict[str, Any]) -> bool:
        """Whether it is at another time or place than we know, or not known at all."""
        if self.known is None:
            return True
        start, site = placed["starts_at"], placed["site"]
        return start != self.known.starts_at or site not in {None, self.known.site}

    def _own(self) -> str:
        """The name to know it by from now on: the sender's own, where there is one."""
        own = own_name(self.told, systems.OWN_APPOINTMENT, self.path, self.reading)
        return own or (self.known.reference if self.known else None) or self.reference

    def _cancelled(self) -> Mapped:
        reason, side = cancellation(
            self.told, self.path, self.reading, self.arriving.on, "/cancelled_by"
        )
        fields = {
            "cancelled_by": side,
            "cancelled_on": self._done_on("/cancelled_on"),
            "reason": reason,
            "clinical": self._coded(systems.EXT_CLINICAL, "/clinical"),
        }
        return self._as(CancellationRecorded, fields)

    def _missed(self) -> Mapped:
        fields = {
            "missed_on": self._day("/missed_on"),
            "attendance": self._coded(systems.EXT_ATTENDANCE, "/attendance"),
            "reason": non_attendance(self.told, self.path, self.reading),
            **{
                name: extension.value_boolean
                for url, name in systems.EXT_CONDITIONS.items()
                for extension, _ in extensions(self.told.extension, url, self.path)
            },
        }
        return self._as(NonAttendanceRecorded, fields)

    def _attended(self) -> Mapped:
        day = self._day("/attended_on")
        self._check_visit(day)
        fields = {
            "pathway": self.subject.key,
            "attended_on": day,
            "attendance": self._coded(systems.EXT_ATTENDANCE, "/attendance"),
            "outcome": outcome_in(self.told, self.path, self.reading),
            "rtt_status": self._coded(systems.EXT_RTT_STATUS, "/rtt_status"),
        }
        return mapped(AttendanceRecorded, fields, self.reading, self._visit(day))

    # ---- parts

    def _as(self, kind: type[Submission], fields: dict[str, Any]) -> Mapped:
        named_so = {"pathway": self.subject.key, "reference": self.reference}
        return mapped(kind, {**named_so, **fields}, self.reading, self._name())

    def _name(self) -> Name:
        publisher, reference = self.arriving.publisher, self.reference

        def name(pathway: Pathway) -> str:
            kept = named(pathway.appointments, publisher, reference)
            return kept.id if kept else appointment_id(pathway.id, publisher, reference)

        return name

    def _visit(self, day: date | None) -> Name:
        name, known = self._name(), self.known

        def visit(pathway: Pathway) -> str:
            seen = (
                one.id
                for one in reversed(pathway.appointments)
                if one.attended is not None and one.attended.on == day
            )
            return known.id if known else next(seen, name(pathway))

        return visit

    def _check(self) -> None:
        """Whatever it tells, it is of this pathway's patient and specialty."""
        patient = participant(self.told, "Patient", self.path, self.reading)
        reference, place = patient or (None, f"{self.path}.participant")
        check_patient(reference, self.subject.pathway, place, self.reading)
        pathway = self.subject.pathway
        for coding, where in codings(self.told.specialty, f"{self.path}.specialty"):
            known = pathway.referral.treatment_function if pathway else coding.code
            if coding.system in systems.TREATMENT_FUNCTIONS and coding.code != known:
                self.reading.warn("The referral is for another treatment function.", where)

    def _placed(self) -> dict[str, Any]:
        clock = start_in(self.told, self.path, self.reading)
        return {
            "local_start": clock[0] if clock else None,
            "starts_at": clock[1] if clock else None,
            "site": site_in(self.told, self.path, self.reading),
        }

    def _day(self, pointer: str) -> date | None:
        """The day of the appointment in London: told now, or as we know it."""
        clock = start_in(self.told, self.path, self.reading)
        self.reading.places[pointer] = f"{self.path}.start"
        if clock is not None:
            return clock[0].date()
        return self.known.day if self.known and self.known.starts_at else None

    def _done_on(self, pointer: str) -> str | date:
        told = dated(self.told.extension, systems.EXT_DONE_ON, self.path, pointer, self.reading)
        return told or self.arriving.on

    def _coded(self, url: str, pointer: str) -> str | None:
        return coded(self.told.extension, url, self.path, pointer, self.reading)

    def _booking(self) -> dict[str, Any]:
        created = self.told.created
        return {
            "booked_on": london_day(created) if created else None,
            "accepted_on": dated(
                self.told.extension,
                systems.EXT_ACCEPTED_ON,
                self.path,
                "/accepted_on",
                self.reading,
            ),
            "offered_on": dated(
                self.told.extension, systems.EXT_OFFERED_ON, self.path, "/offered_on", self.reading
            ),
            "contact": contact_in(self.told, self.path, self.reading),
        }

    def _check_visit(self, day: date | None) -> None:
        """A provider has one attendance a day: it has to be this appointment's."""
        pathway = self.subject.pathway
        if pathway is None or day is None or self.known is None or not self.known.open:
            return
        seen = attended_appointment(pathway.appointments, self.known.provider, day)
        if seen is not None and seen.id != self.known.id:
            differs = fault_of(Problem(ProblemCode.APPOINTMENT_DIFFERS, ""))
            self.reading.faults.append(
                INVALID.fault(differs.message, expression=f"{self.path}.start")
            )


# Where a field that is missing would have stood.
_PLACES: Final = {
    "": "",
    "/pathway": ".basedOn",
    "/reference": ".identifier",
    "/local_start": ".start",
    "/starts_at": ".start",
    "/site": ".participant",
    "/booked_on": ".created",
    "/missed_on": ".start",
    "/attended_on": ".start",
    "/outcome": ".extension",
    "/rtt_status": ".extension",
    "/cancelled_by": ".cancelationReason",
    "/moved_by": ".extension",
    "/reason": ".cancelationReason",
    "/moved_on": ".extension",
    "/cancelled_on": ".extension",
    "/deleted_on": ".extension",
}


def appointment_in(
    told: Appointment, node: Node, reading: Reading, subject: Subject, arriving: Arriving
) -> Mapped:
    return Telling(told, node, reading, subject, arriving).mapped()
