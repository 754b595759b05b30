"""The texts: by template and version, in plain words, with nothing in them that must not be."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from notifications.domain.contact import Channel, Contact
from notifications.domain.message import Intended, Message, Template
from notifications.writing import Unwritable, Writer
from tests.unit.notifications.builders import BORN, PATHWAY, RULES

TODAY = date(2026, 3, 2)
WRITER = Writer(RULES, "https://choose.example", "0808 157 0192")
ASHA = Contact(
    nhs_number="9990000018",
    given_name="Asha",
    family_name="Example",
    birth_date=BORN,
    postcode="LS1 4AP",
    address=("1 Test Street", "Leeds"),
    phone="07700900001",
    email="asha@example.com",
)
FACTS = {
    "shortlist_id": "list-1",
    "respond_by": "2026-03-16",
    "again": "",
    "appointment_id": "a-1",
    "place": "Hospital RJ1",
    "local_start": "2026-04-07T14:30:00",
}
TEMPLATES: tuple[Template, ...] = ("choose-provider", "booked", "stayed", "lapsed", "reminder")
CHANNELS: tuple[Channel, ...] = ("email", "sms", "letter")


def message(template: Template, channel: Channel, **facts: str) -> Message:
    return Message(
        message_id="m",
        pathway_id=PATHWAY,
        step="s",
        template=template,
        version="1",
        channel=channel,
        status=Intended(datetime(2026, 3, 2, tzinfo=UTC)),
        facts=FACTS | facts,
    )


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_message_names_the_person_the_service_and_the_helpline(
    template: Template, channel: Channel
) -> None:
    letter = WRITER.write(message(template, channel), ASHA, TODAY)

    opening = "Asha Example, " if channel == "sms" else "Dear Asha Example\n"
    assert opening in letter.body
    assert "0808 157 0192" in letter.body
    assert letter.body.endswith("Choose your hospital, NHS")
    assert bool(letter.subject) == (channel != "sms")
    assert "Hi " not in letter.body


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_message_is_short_and_says_nothing_about_health(template: Template) -> None:
    body = WRITER.write(message(template, "sms"), ASHA, TODAY).body

    assert len(body) <= 306  # two parts
    assert "\n" not in body
    assert not {"999 000 0018", "9990000018", "LS1 4AP"} & set(body.split())


def test_a_link_holds_nothing_but_the_token() -> None:
    body = WRITER.write(message("choose-provider", "sms"), ASHA, TODAY).body

    token = RULES.choice_token(PATHWAY, "list-1")
    assert f" https://choose.example/choose/{token} " in body
    assert PATHWAY not in body


def test_a_letter_has_the_date_the_nhs_number_and_the_address() -> None:
    letter = WRITER.write(message("booked", "letter"), ASHA, TODAY)

    assert letter.body.startswith("Monday 2 March 2026\n\nNHS number: 999 000 0018\n\nDear")
    assert letter.to == ("Asha Example", "1 Test Street", "Leeds", "LS1 4AP")
    assert "NHS number" not in WRITER.write(message("booked", "email"), ASHA, TODAY).body


def test_who_has_to_choose_again_is_told_why() -> None:
    body = WRITER.write(message("choose-provider", "email", again="yes"), ASHA, TODAY).body

    assert "has no free place any more" in body


def test_a_name_can_neither_add_a_line_nor_outgrow_a_text_message() -> None:
    odd = replace(ASHA, given_name="A\r\nBcc: x@y.example\n", family_name="B" * 100)

    mail = WRITER.write(message("stayed", "email"), odd, TODAY)
    text = WRITER.write(message("stayed", "sms"), odd, TODAY)

    assert "Dear A Bcc: x@y.example BBB" in mail.body
    assert "Bcc" not in mail.subject
    assert len(text.body) < 306


def test_a_name_stands_as_it_is_written() -> None:
    names = replace(ASHA, given_name="Zoë", family_name="O'Neill & Sons <b>")

    assert (
        "Dear Zoë O'Neill & Sons <b>" in WRITER.write(message("stayed", "email"), names, TODAY).body
    )


def test_a_channel_that_was_taken_away_cannot_be_written_to() -> None:
    with pytest.raises(Unwritable):
        WRITER.write(message("stayed", "email"), replace(ASHA, email=None), TODAY)


def test_a_message_that_is_printed_shows_its_reference_only() -> None:
    assert repr(WRITER.write(message("stayed", "email"), ASHA, TODAY)) == "Letter(m)"
