"""PID and ADT: the patient, and what becomes known of them or of their stay."""

from datetime import date
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contracts.identifiers import Postcode
from contracts.submissions import AdmissionRecorded, PatientChanged, PatientDied, PatientsMerged
from referral.edges.hl7v2.er7 import Segment
from referral.edges.hl7v2.pathways import pathway_of_visit, site_of
from referral.edges.hl7v2.reading import Mapped, Reading

# Table 0001. A sex that is neither is indeterminate (9) in the NHS Data Dictionary's list.
_SEXES: Final = {"M": "1", "1": "1", "F": "2", "2": "2"}
_NHS_AUTHORITIES: Final = frozenset(["NHS", "NHSNBR", "2.16.840.1.113883.2.1.4.1"])
_NHS_TYPES: Final = frozenset(["NH", "NHS", "NHSNMBR", "NHSNO"])

_postcode: TypeAdapter[str] = TypeAdapter(Postcode)


# ---- the person


def person_of(reading: Reading) -> dict[str, Any]:
    """The fields of `Patient`, from PID."""
    pid = reading.segment("PID")
    reading.places["/patient"] = pid.place()
    fields = {
        "nhs_number": nhs_number_of(reading, pid, 3, "/patient/nhs_number"),
        "family_name": reading.text("/patient/family_name", pid, 5, 1),
        "given_name": _given_name(reading, pid),
        "birth_date": reading.day("/patient/birth_date", (pid, 7, 1)),
        "sex": _sex(reading, pid),
        **_address(reading, pid),
        **_contact(reading, pid),
        "language": _language(pid),
    }
    return {name: value for name, value in fields.items() if value is not None}


def nhs_number_of(reading: Reading, segment: Segment, field: int, pointer: str) -> str | None:
    """The NHS number in a list of identifiers (CX), told by its authority or its type."""
    reading.places[pointer] = segment.place(field)
    for number in segment.repetitions(field):
        authority = segment.text(field, 4, number).upper()
        root = segment.text(field, 4, number, 2).upper()
        kind = segment.text(field, 5, number).upper()
        if kind in _NHS_TYPES or authority in _NHS_AUTHORITIES or root in _NHS_AUTHORITIES:
            value = reading.text(pointer, segment, field, 1, number)
            return value.replace(" ", "") if value else None
    return None


def _given_name(reading: Reading, pid: Segment) -> str | None:
    names = [reading.text("/patient/given_name", pid, 5, 2), pid.text(5, 3)]
    return " ".join(name for name in names if name)[:100] or None


def _sex(reading: Reading, pid: Segment) -> str | None:
    told = reading.text("/patient/sex", pid, 8)
    return None if told is None else _SEXES.get(told.upper(), "9")


def _address(reading: Reading, pid: Segment) -> dict[str, Any]:
    homes = sorted(pid.repetitions(11), key=lambda number: (pid.text(11, 7, number) != "H", number))
    if not homes:
        return {}
    home = homes[0]
    reading.places["/patient/address"] = pid.place(11, 0, home)
    # XAD: street, other designation, city, state or county.
    lines = [pid.text(11, component, home)[:100] for component in (1, 2, 3, 4)]
    postcode = reading.text("/patient/postcode", pid, 11, 5, home)
    return {
        "address": [line for line in lines if line],
        # A postcode that is none is left out, as at the other doors: distance is optional.
        "postcode": postcode if postcode and _is_postcode(postcode) else None,
    }


def _is_postcode(text: str) -> bool:
    try:
        _postcode.validate_python(text)
    except ValidationError:
        return False
    return True


def _contact(reading: Reading, pid: Segment) -> dict[str, Any]:
    phones, emails = [], []
    for field in (13, 14):
        for number in pid.repetitions(field):
            place = pid.place(field, 0, number)
            email = pid.text(field, 4, number)
            phone = pid.text(field, 1, number) or pid.text(field, 12, number)
            if "@" in email and len(email) <= 254:
                emails.append((email, place))
            elif phone and "@" not in phone and len(phone) <= 20:
                mobile = pid.text(field, 3, number).upper() == "CP" or phone.startswith("07")
                phones.append((not mobile, phone, place))
    fields: dict[str, Any] = {}
    if phones:
        _, fields["phone"], reading.places["/patient/phone"] = min(phones, key=lambda one: one[0])
    if emails:
        fields["email"], reading.places["/patient/email"] = emails[0]
    return fields


def _language(pid: Segment) -> str | None:
    code = pid.text(15)[:2].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


# ---- ADT^A08, A28, A31, A40


def patient_changed(reading: Reading) -> Mapped:
    """A08, A28, A31: the patient as they are now, or that they have died (PID-30)."""
    pid = reading.segment("PID")
    if pid.text(30).upper() == "Y":
        return _died(reading, pid)
    return reading.submission(PatientChanged, {"patient": person_of(reading)})


def _died(reading: Reading, pid: Segment) -> Mapped:
    fields = {
        "nhs_number": nhs_number_of(reading, pid, 3, "/nhs_number"),
        "died_on": reading.day("/died_on", (pid, 29, 1)),
        # The trust tells what it knows; only the registrar makes it formal.
        "status": "informal",
    }
    return reading.submission(PatientDied, fields)


def patients_merged(reading: Reading) -> Mapped:
    """A40: what stood under MRG-1 belongs to PID-3."""
    pid, merge = reading.segment("PID"), reading.segment("MRG")
    fields = {
        "nhs_number": nhs_number_of(reading, pid, 3, "/nhs_number"),
        "merged": nhs_number_of(reading, merge, 1, "/merged"),
        "merged_on": event_day(reading, "/merged_on"),
    }
    return reading.submission(PatientsMerged, fields)


def event_day(reading: Reading, pointer: str) -> date | None:
    """When it happened: EVN-6, else when it was recorded, EVN-2, else when it was sent, MSH-7."""
    event, header = reading.message.first("EVN"), reading.message.first("MSH")
    return reading.day(pointer, (event, 6, 1), (event, 2, 1), (header, 7, 1))


# ---- ADT^A01, A03, A05


def planned(reading: Reading) -> Mapped:
    """A05: a date to come in was given (PV2-8)."""
    return _admission(reading, "planned", (reading.message.first("PV2"), 8, 1))


def admitted(reading: Reading) -> Mapped:
    """A01 (PV1-44)."""
    return _admission(reading, "admitted", (reading.message.first("PV1"), 44, 1))


def discharged(reading: Reading) -> Mapped:
    """A03 (PV1-45)."""
    return _admission(reading, "discharged", (reading.message.first("PV1"), 45, 1))


def _admission(reading: Reading, step: str, when: tuple[Segment | None, int, int]) -> Mapped:
    visit = reading.segment("PV1")
    day = reading.day("/on", when)
    if day is None and "/on" not in reading.places:
        reading.places["/on"] = visit.place(44)
    fields = {
        "pathway": pathway_of_visit(reading),
        "reference": reading.text("/reference", visit, 19),
        "step": step,
        "on": day,
        "site": site_of(reading, [(visit, 3)]),
    }
    return reading.submission(AdmissionRecorded, fields)
