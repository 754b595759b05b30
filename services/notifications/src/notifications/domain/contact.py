"""Who the patient is to a message: a name, a date of birth to check, and the ways to reach them."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Channel = Literal["nhs_app", "sms", "email", "letter"]

# Without a preference the fastest way that costs the patient nothing comes first.
LADDER: tuple[Channel, ...] = ("email", "sms", "letter")


@dataclass(frozen=True, slots=True)
class Contact:
    """The person of a pathway as last told by their trust. Never written to a log."""

    nhs_number: str
    given_name: str
    family_name: str
    birth_date: date
    postcode: str | None = None
    address: tuple[str, ...] = ()
    phone: str | None = None
    email: str | None = None
    preferred: Channel | None = None

    def __repr__(self) -> str:
        """Nothing of the person, so that no traceback or test report shows them."""
        return "Contact(...)"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


def ladder(contact: Contact) -> tuple[Channel, ...]:
    """The channels that reach this person, the preferred one first; empty where nothing does.

    The NHS App is reached through NHS Notify, which is not connected: it is passed over.
    """
    reachable = [channel for channel in LADDER if reaches(contact, channel)]
    return tuple(sorted(reachable, key=lambda channel: channel != contact.preferred))


def reaches(contact: Contact, channel: Channel) -> bool:
    """Whether we know where to send it. A letter needs an address and a postcode."""
    match channel:
        case "email":
            return bool(contact.email)
        case "sms":
            return bool(contact.phone)
        case "letter":
            return bool(contact.address and contact.postcode)
        case "nhs_app":
            return False


def next_channel(contact: Contact, failed: Channel) -> Channel | None:
    """The step down the ladder after `failed`, or None at its end."""
    steps = ladder(contact)
    if failed not in steps:
        return steps[0] if steps else None
    after = steps[steps.index(failed) + 1 :]
    return after[0] if after else None
