"""REF^I12, I13, I14: a referral is made, changed, called off."""

from typing import Any, Final

from chassis.faults import INVALID
from contracts.submissions import ReferralCancelled, ReferralChanged, ReferralMade
from referral.edges.hl7v2.er7 import Segment
from referral.edges.hl7v2.pathways import organisation_in_role, pathway_of_referral
from referral.edges.hl7v2.patients import event_day, person_of
from referral.edges.hl7v2.reading import Mapped, Reading, need

# Table 0280 and, for systems that send it, PRIORITY TYPE itself. Two-week wait has no HL7 code.
_PRIORITIES: Final = {"R": "1", "1": "1", "A": "2", "S": "2", "U": "2", "2": "2", "3": "3"}
_STAT: Final = "S"


def referral_made(reading: Reading) -> Mapped:
    referral = reading.segment("RF1")
    fields = {
        "pathway": pathway_of_referral(reading),
        "patient": person_of(reading),
        "responsible_provider": _provider(reading),
        **_clinical(reading, referral),
        # The day it takes effect, else the day it was written, else the day it was sent.
        "received_on": reading.day(
            "/received_on", (referral, 7, 1), (referral, 9, 1), (reading.segment("MSH"), 7, 1)
        ),
    }
    return reading.submission(ReferralMade, fields)


def referral_changed(reading: Reading) -> Mapped:
    referral = reading.segment("RF1")
    fields = {
        "pathway": pathway_of_referral(reading),
        "changed_on": event_day(reading, "/changed_on"),
        **_clinical(reading, referral),
    }
    return reading.submission(ReferralChanged, fields)


def referral_cancelled(reading: Reading) -> Mapped:
    """RF1-10 says why, by a referral cancellation reason of e-RS."""
    referral = reading.segment("RF1")
    fields = {
        "pathway": pathway_of_referral(reading),
        "cancelled_on": event_day(reading, "/cancelled_on"),
        "reason": reading.text("/reason", referral, 10),
    }
    return reading.submission(ReferralCancelled, fields)


def _provider(reading: Reading) -> str | None:
    code = organisation_in_role(reading, "RT", "/responsible_provider")
    if code is None:
        referred = reading.segment("PRD")
        told = "The ODS code of the provider referred to is needed, in the PRD with role RT."
        place = reading.places.setdefault("/responsible_provider", referred.place(10))
        need(reading, place, told)
    return code


def _clinical(reading: Reading, referral: Segment) -> dict[str, Any]:
    priority = _priority(reading, referral)
    return {
        "referring_organisation": organisation_in_role(reading, "RP", "/referring_organisation"),
        "treatment_function": _treatment_function(reading, referral),
        "priority": priority and _PRIORITIES[priority],
        "circumstances": ["urgent_or_emergency"] if priority == _STAT else None,
        "source_of_referral": _source(reading),
    }


def _priority(reading: Reading, referral: Segment) -> str | None:
    told = (reading.text("/priority", referral, 2) or "").upper()
    if told and told not in _PRIORITIES:
        reading.refuse(INVALID, "This is no priority of table 0280.", referral.place(2, 1))
        return None
    return told or None


def _treatment_function(reading: Reading, referral: Segment) -> str | None:
    """PV1-10, as NHS trusts use it; else RF1-3."""
    visit = reading.message.first("PV1")
    for segment, field in ((visit, 10), (referral, 3)):
        code = segment.text(field) if segment is not None else ""
        if segment is not None and len(code) == 3 and code.isascii() and code.isdigit():
            return reading.text("/treatment_function", segment, field)
    reading.places["/treatment_function"] = (visit or referral).place(10 if visit else 3)
    return None


def _source(reading: Reading) -> str | None:
    """PV1-14, where it holds a SOURCE OF REFERRAL; other tables are in use there too."""
    visit = reading.message.first("PV1")
    code = visit.text(14) if visit is not None else ""
    if visit is None or not (code.isascii() and code.isdigit() and len(code) <= 2):
        return None
    return reading.text("/source_of_referral", visit, 14)
