"""A Task as what it asks or answers: another time for an appointment, a transfer to a provider."""

from datetime import date, datetime
from typing import Any, Final, assert_never

from chassis.faults import INVALID, REQUIRED
from contracts.submissions import (
    ChangeDecisionRecorded,
    ChangeRequestRecorded,
    Submission,
    TransferCancelled,
    TransferDecided,
    TransferReceived,
)
from referral.domain.pathway import Pathway
from referral.domain.transferring import named as named_transfer
from referral.edges.diary import wall_clock
from referral.edges.fhir import systems
from referral.edges.fhir.about import address_in, own_name
from referral.edges.fhir.mapped import Arriving, Mapped, Name, Subject, mapped
from referral.edges.fhir.models import Part, Task
from referral.edges.fhir.patient import check_patient
from referral.edges.fhir.reading import (
    NOT_SUPPORTED,
    Node,
    Reading,
    codings,
    dated,
    instant_in,
    london_day,
)
from referral.edges.fhir.tasks import Change, Moving, change_id, task_of
from referral.edges.refused import Refused


def meaning_of(task: Task) -> type[Submission]:
    """The submission that such a task usually brings, as far as can be told before it is read."""
    return ChangeRequestRecorded if _code(task) == systems.CHANGE else TransferDecided


def task_in(
    task: Task, node: Node, reading: Reading, subject: Subject, arriving: Arriving
) -> Mapped:
    """What a new task asks, or what a known one has come to."""
    reading.expect(node.path, _PLACES)
    check_patient(task.patient, subject.pathway, f"{node.path}.for", reading)
    telling = _Telling(task, node.path, reading, subject, arriving)
    known = task_of(subject.pathway, subject.part) if subject.pathway and subject.part else None
    match known:
        case Change():
            return telling.decision(known)
        case Moving():
            return telling.transfer(known)
        case None:
            return telling.new()
        case _:
            assert_never(known)


# Where a field that is missing would have stood.
_PLACES: Final = {
    "": "",
    "/pathway": ".focus",
    "/reference": ".focus",
    "/request": ".identifier",
    "/requested_on": ".authoredOn",
    "/decided_on": ".authoredOn",
    "/reason": ".reasonCode",
    "/receiving_provider": ".owner",
    "/local_start": ".output",
    "/starts_at": ".output",
    "/site": ".output",
    "/received_on": ".extension",
    "/cancelled_on": ".extension",
}

# The inter-provider transfer data set as inputs: the name of each field, and the kind of its value.
DATA_SET: Final = {
    "rtt_status": "value_code",
    "rtt_start": "value_date",
    "referring_treatment_function": "value_code",
    "receiving_treatment_function": "value_code",
    "care_professional": "value_string",
    "referrer_code": "value_string",
    "contact": "value_string",
    "gp_name": "value_string",
    "gp_practice": "value_code",
    "local_patient_id": "value_string",
    "service_requested_on": "value_date",
}
ORGANISATION: Final = "organisation"  # repeats: all providers so far
NEW_START: Final = "start"  # outputs of a wish that was granted
NEW_SITE: Final = "site"


class _Telling:
    """One Task, read for what it says about a pathway."""

    def __init__(
        self, task: Task, path: str, reading: Reading, subject: Subject, arriving: Arriving
    ) -> None:
        self.task, self.path, self.reading = task, path, reading
        self.subject, self.arriving = subject, arriving

    def new(self) -> Mapped:
        if self.task.status not in {"requested", "ready", "draft"}:
            told = "A new task is requested."
            self.reading.refuse(NOT_SUPPORTED, told, f"{self.path}.status")
        match _code(self.task):
            case systems.CHANGE:
                return self._wish()
            case systems.FULFILL:
                own = own_name(self.task, systems.OWN_TASK, self.path, self.reading)
                return self._decided(own or self.arriving.message_id)
            case _:
                told = "Taken are change, of an appointment, and fulfill, of a referral."
                self.reading.refuse(NOT_SUPPORTED, told, f"{self.path}.code")
                raise Refused(self.reading.faults)

    # ---- another time

    def _wish(self) -> Mapped:
        own = own_name(self.task, systems.OWN_TASK, self.path, self.reading)
        request = own or self.arriving.message_id
        appointment = self._appointment()
        fields = {
            "pathway": self.subject.key,
            "reference": appointment,
            "request": request,
            "requested_on": self._authored() or self.arriving.on,
            "reason": self._reason(),
        }
        name: Name = lambda pathway: change_id(pathway.id, appointment or "", request)  # noqa: E731
        return mapped(ChangeRequestRecorded, fields, self.reading, name)

    def _appointment(self) -> str | None:
        """Our id of the appointment in focus, from our address of it or the provider's name."""
        focus, place = self.task.focus, f"{self.path}.focus"
        self.reading.places["/reference"] = place
        address = address_in(focus.reference) if focus else None
        if address is not None and address.type == "Appointment":
            return address.id
        identifier = focus.identifier if focus else None
        pathway = self.subject.pathway
        if identifier is not None and identifier.value and pathway is not None:
            for one in pathway.appointments:
                if one.reference == identifier.value:
                    return one.id
        told = "The appointment to change is needed in focus, by our address of it."
        self.reading.refuse(REQUIRED, told, place)
        return None

    def decision(self, known: Change) -> Mapped:
        granted = {"accepted": True, "completed": True, "rejected": False}.get(self.task.status)
        if granted is None:
            told = "A wish for another time is accepted, completed or rejected."
            self.reading.refuse(NOT_SUPPORTED, told, f"{self.path}.status")
        clock = self._new_start() if granted else None
        fields = {
            "pathway": self.subject.key,
            "reference": known.appointment.id,
            "request": known.request.id,
            "decided_on": self._done_on("/decided_on"),
            "granted": granted,
            "local_start": clock[0] if clock else None,
            "starts_at": clock[1] if clock else None,
            "site": self._value(self.task.output, NEW_SITE, "value_code", "output", "/site"),
        }
        return mapped(ChangeDecisionRecorded, fields, self.reading, lambda _: known.id)

    def _new_start(self) -> tuple[datetime, datetime] | None:
        text = self._value(self.task.output, NEW_START, "value_instant", "output", "/local_start")
        self.reading.places["/starts_at"] = self.reading.places["/local_start"]
        instant = instant_in(text) if text else None
        clock = wall_clock(instant) if instant else None
        if text and clock is None:
            told = "A date and time with its offset from UTC is needed."
            self.reading.refuse(INVALID, told, self.reading.places["/local_start"])
        return clock

    # ---- a transfer

    def transfer(self, known: Moving) -> Mapped:
        reference = known.transfer.reference
        fields: dict[str, Any] = {"pathway": self.subject.key, "reference": reference}
        match self.task.status:
            case "draft" | "requested" | "ready":
                return self._decided(reference)
            case "received" | "accepted" | "in-progress" | "completed":
                fields["received_on"] = self._done_on("/received_on")
                return mapped(TransferReceived, fields, self.reading, lambda _: known.id)
            case "cancelled" | "entered-in-error":
                fields["cancelled_on"] = self._done_on("/cancelled_on")
                return mapped(TransferCancelled, fields, self.reading, lambda _: known.id)
            case _:
                told = "A transfer is requested, received or cancelled; to refuse it, cancel it."
                self.reading.refuse(NOT_SUPPORTED, told, f"{self.path}.status")
                return self._decided(reference)

    def _decided(self, reference: str) -> Mapped:
        owner = self.reading.organisation(self.task.owner, f"{self.path}.owner")
        if owner is not None:
            self.reading.places["/receiving_provider"] = owner[1]
        fields = {
            "pathway": self.subject.key,
            "reference": reference,
            "receiving_provider": owner[0] if owner else None,
            "decided_on": self._authored(),
            "reason": self._reason(),
            **self._data_set(),
        }
        publisher = self.arriving.publisher
        return mapped(TransferDecided, fields, self.reading, _transfer_name(reference, publisher))

    def _data_set(self) -> dict[str, Any]:
        told = {
            name: self._value(self.task.input, name, kind, "input", f"/{name}")
            for name, kind in DATA_SET.items()
        }
        organisations = [
            part.value_code for part, _ in self._parts(self.task.input, ORGANISATION, "input")
        ]
        return {**told, "organisations": organisations or None}

    # ---- parts

    def _parts(self, parts: list[Part], name: str, where: str) -> list[tuple[Part, str]]:
        return [
            (part, f"{self.path}.{where}[{number}]")
            for number, part in enumerate(parts)
            if any(
                one.system == systems.TASK_PARTS and one.code == name for one in part.type.coding
            )
        ]

    def _value(
        self, parts: list[Part], name: str, kind: str, where: str, pointer: str
    ) -> str | None:
        self.reading.places.setdefault(pointer, f"{self.path}.{where}")
        for part, place in self._parts(parts, name, where):
            self.reading.places[pointer] = place
            value: str | None = getattr(part, kind)
            return value
        return None

    def _authored(self) -> str | None:
        text = self.task.authored_on
        if text is None:
            return None
        day = london_day(text)
        if day is None:
            self.reading.refuse(INVALID, "A full date is needed.", f"{self.path}.authoredOn")
        return day

    def _done_on(self, pointer: str) -> str | date:
        told = dated(self.task.extension, systems.EXT_DONE_ON, self.path, pointer, self.reading)
        return told or self.arriving.on

    def _reason(self) -> str | None:
        concepts = [self.task.reason_code] if self.task.reason_code else []
        for coding, place in codings(concepts, f"{self.path}.reasonCode"):
            if coding.code:
                self.reading.places["/reason"] = f"{place.replace('Code[0]', 'Code')}.code"
                return coding.code
        return None


def _code(task: Task) -> str | None:
    concepts = [task.code] if task.code else []
    codes = [one.code for one, _ in codings(concepts, "") if one.system == systems.TASK_CODES]
    return codes[0] if codes else None


def _transfer_name(reference: str, publisher: str) -> Name:
    def name(pathway: Pathway) -> str:
        found = named_transfer(pathway, reference, publisher)
        return found.id if found else ""

    return name
