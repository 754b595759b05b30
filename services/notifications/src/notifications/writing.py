"""Messages written and addressed: the text of a version, for one person, by one channel."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from notifications.domain import words
from notifications.domain.contact import Contact
from notifications.domain.message import Message
from notifications.ports import Letter
from notifications.work import Rules

SERVICE = "Choose your hospital"
LONGEST_SMS = 918  # characters, the limit of NHS Notify and GOV.UK Notify
LONGEST_NAME_IN_SMS = 60


class Unwritable(Exception):
    """The message cannot be written for this person. The text says why and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes messages. Knows how to make a link again, and is the only one that does."""

    rules: Rules
    public_url: str
    helpline: str

    def write(self, message: Message, contact: Contact, today: date) -> Letter:
        """The message as it goes out. Raises `Unwritable`."""
        to = _addressed(message, contact)
        text = _rendered(message, self._values(message, contact, today))
        subject, body = _split(text) if message.channel != "sms" else ("", text)
        if message.channel == "sms" and len(body) > LONGEST_SMS:
            raise Unwritable("longer than a text message may be")
        return Letter(message.message_id, message.channel, to, subject, body)

    def link(self, pathway_id: str, shortlist_id: str) -> str:
        """The address of one patient's choice. Holds nothing but the token."""
        token = self.rules.choice_token(pathway_id, shortlist_id)
        return f"{self.public_url.rstrip('/')}/choose/{token}"

    def _values(self, message: Message, contact: Contact, today: date) -> dict[str, Any]:
        facts = message.facts
        values: dict[str, Any] = {
            "name": _one_line(contact.name),
            "nhs_number": words.spaced_nhs_number(contact.nhs_number),
            "channel": message.channel,
            "helpline": self.helpline,
            "service": SERVICE,
            "today": today,
        }
        if message.channel == "sms":
            values["name"] = values["name"][:LONGEST_NAME_IN_SMS].rstrip()
        if "shortlist_id" in facts:
            values["link"] = self.link(message.pathway_id, facts["shortlist_id"])
            values["respond_by"] = date.fromisoformat(facts["respond_by"])
            values["again"] = bool(facts.get("again"))
        if "local_start" in facts:
            values["place"] = _one_line(facts["place"])
            values["local_start"] = datetime.fromisoformat(facts["local_start"])
        return values


def _addressed(message: Message, contact: Contact) -> tuple[str, ...]:
    match message.channel:
        case "email" if contact.email:
            return (contact.email,)
        case "sms" if contact.phone:
            return (contact.phone,)
        case "letter" if contact.address and contact.postcode:
            return (contact.name, *contact.address, contact.postcode)
        case _:
            raise Unwritable("the patient cannot be reached by this channel any more")


def _rendered(message: Message, values: dict[str, Any]) -> str:
    length = "sms" if message.channel == "sms" else "long"
    template = _texts.get_template(f"{message.template}.{message.version}.{length}.txt")
    return template.render(values).strip()


def _split(text: str) -> tuple[str, str]:
    subject, _, body = text.partition("\n")
    return subject.removeprefix("Subject: "), body.strip()


def _one_line(text: str) -> str:
    """Names come from outside: none may add a line to a message, or a header to an email."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _environment() -> Environment:
    # Plain text: escaping for HTML would put entities into people's names.
    environment = Environment(
        loader=PackageLoader("notifications", "texts"),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=False,
    )
    environment.filters["long_date"] = words.long_date
    environment.filters["short_date"] = words.short_date
    environment.filters["appointment_time"] = words.appointment_time
    environment.filters["long_day"] = lambda at: words.long_date(at.date())
    return environment


_texts = _environment()
