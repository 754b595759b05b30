"""What each page says: values for its holes. Nothing here decides anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from chassis.pages.moulds import Moulds
from contracts.codes import TREATMENT_FUNCTIONS
from referral.api.waiting_list import BandView
from referral.domain.completeness import ITEMS
from referral.domain.days import london_date
from referral.domain.listing import DeadlineKind, Wait, Waiting
from referral.domain.pathway import Pathway
from referral.domain.story import Part, name_of
from referral.handlers.counting import Complete, Counted
from referral.pages import words
from referral.pages.timeline import timeline
from referral.repositories import Days, Entry

LIST: Final = "/pages/waiting-list"


@dataclass(frozen=True, slots=True)
class Pages:
    """Every page as HTML."""

    moulds: Moulds = field(
        default_factory=lambda: Moulds("referral.pages", service="Waiting list and referrals")
    )

    def sign_in(self, error: str = "", at: str = "") -> str:
        reasons = [{"value": value, "text": text} for value, text in words.REASONS.items()]
        shape = {"error": bool(error), "at": at, "reasons": tuple(words.REASONS.items())}
        return self.moulds.fill("sign-in", {"error": error, "reasons": reasons}, shape)

    def problem(self, messages: Sequence[str]) -> str:
        return self.moulds.fill("problem", {"messages": messages}, {"active": ""})

    def waiting_list(
        self,
        who: str,
        asked: Mapping[str, str],
        rows: Sequence[Waiting],
        bands: Sequence[BandView] | None,
        following: str | None,
        today: date,
        errors: Sequence[str],
    ) -> str:
        values = {
            "who": who,
            "today": words.day(today),
            "errors": errors,
            "filters": _filters(asked, today),
            "due_by": asked.get("due_by", ""),
            "bands": [_band(one, asked) for one in bands or ()],
            "total": sum(one.pathways for one in bands or ()),
            "rows": [_row(one, today) for one in rows],
            "csv": f"{LIST}?{urlencode({**asked, 'format': 'csv'})}",
            "next": f"{LIST}?{urlencode({**asked, 'cursor': following})}" if following else "",
            "first": f"{LIST}?{urlencode(asked)}",
        }
        return self.moulds.fill("waiting-list", values, {"active": "waiting-list"})

    def story(
        self, who: str, pathway: Pathway, parts: Sequence[Part], as_at: date, known_on: date
    ) -> str:
        person, today = pathway.person, as_at
        values = {
            "who": who,
            "name": f"{person.given_name} {person.family_name}",
            "nhs_number": _grouped(person.nhs_number),
            "birth_date": words.day(person.birth_date),
            "identifier": pathway.referral.identifier,
            "provider": pathway.provider,
            "treatment_function": words.treatment_function(
                pathway.referral.treatment_function, pathway.referral.received_on
            ),
            "status": words.STATUSES[pathway.status],
            "waited": _waited(pathway, today),
            "as_at": as_at.isoformat(),
            "known_on": known_on.isoformat(),
            "clock": timeline(pathway.history.periods, parts, as_at),
            "parts": [_part(one) for one in parts],
        }
        return self.moulds.fill("story", values, {"active": ""})

    def rejections(
        self,
        who: str,
        days: Days,
        found: Sequence[Entry],
        following: str | None,
        errors: Sequence[str],
    ) -> str:
        asked = _asked(days)
        at = "/pages/rejections?"
        values = {
            "who": who,
            "errors": errors,
            **asked,
            "rows": [_rejection(one) for one in found],
            "csv": at + urlencode({**asked, "format": "csv"}),
            "next": at + urlencode({**asked, "cursor": following}) if following else "",
        }
        return self.moulds.fill("rejections", values, {"active": "rejections"})

    def days(
        self,
        who: str,
        days: Days,
        counted: Mapping[tuple[str, str], Counted],
        complete: Mapping[str, Complete],
        errors: Sequence[str],
    ) -> str:
        values = {
            "who": who,
            "errors": errors,
            **_asked(days),
            "rows": [
                {
                    "day": words.day(date.fromisoformat(day)),
                    "way": words.WAYS[way],
                    "accepted": one.accepted,
                    "rejected": one.rejected,
                    "reasons": [f"{n} × {code}" for code, n in one.reasons.items()],
                }
                for (day, way), one in counted.items()
            ],
            "items": [item.replace("_", " ").capitalize() for item in ITEMS],
            "complete": [
                {
                    "day": words.day(date.fromisoformat(day)),
                    "referrals": one.referrals,
                    "shares": [_share(one.given[item], one.referrals) for item in ITEMS],
                }
                for day, one in complete.items()
            ],
        }
        return self.moulds.fill("days", values, {"active": "days"})


def _asked(days: Days) -> dict[str, str]:
    return {"since": days[0].isoformat(), "until": days[1].isoformat()}


def _share(given: int, of: int) -> str:
    return f"{100 * given / of:.0f}%" if of else "n/a"


def _grouped(number: str) -> str:
    """999 000 0018, as the NHS writes it."""
    return f"{number[:3]} {number[3:6]} {number[6:]}"


def _waited(pathway: Pathway, today: date) -> str:
    days = pathway.days_waited(today)
    return "No clock" if days is None else f"{days // 7} weeks ({days} days)"


# ---- the list


def _filters(asked: Mapping[str, str], today: date) -> list[dict[str, Any]]:
    functions = sorted(TREATMENT_FUNCTIONS.at(today).values(), key=lambda one: one.name)
    choices: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
        ("band", "Weeks waited", [(one.value, words.wait(one)) for one in Wait]),
        (
            "treatment_function",
            "Treatment function",
            [(one.code, f"{one.name} ({one.code})") for one in functions],
        ),
        ("status", "Status", [(one.value, words.STATUSES[one]) for one in words.OPEN]),
        (
            "deadline",
            "Has a date to keep",
            [(one.value, words.deadline(one)) for one in DeadlineKind],
        ),
    )
    return [
        {
            "name": name,
            "label": label,
            "options": [
                {"value": value, "text": text, "selected": asked.get(name) == value}
                for value, text in [("", "All"), *options]
            ],
        }
        for name, label, options in choices
    ]


def _band(band: BandView, asked: Mapping[str, str]) -> dict[str, Any]:
    link = urlencode({**asked, "band": band.band.value})
    return {"text": words.wait(band.band), "pathways": band.pathways, "link": f"{LIST}?{link}"}


def _row(waiting: Waiting, today: date) -> dict[str, Any]:
    return {
        "link": f"/pages/pathways/{waiting.pathway_id}",
        "identifier": waiting.identifier,
        "treatment_function": words.treatment_function(waiting.treatment_function, today),
        "status": words.STATUSES[waiting.status],
        "started_on": words.day(waiting.started_on),
        "weeks": waiting.weeks(today),
        "days": waiting.days(today),
        "deadlines": [
            {
                "text": f"{words.deadline(one.kind)}: {words.day(one.due_on)}",
                "overdue": one.overdue,
            }
            for one in waiting.deadlines(today)
        ],
    }


# ---- a story, and rejected messages


def _part(part: Part) -> dict[str, Any]:
    return {
        "on": words.day(part.effective_on),
        "kind": part.kind.value,
        "what": words.what(part.what, part.effective_on),
        "known": words.moment(part.recorded_at),
        "withdrawn": words.moment(part.withdrawn_at) if part.withdrawn_at else "",
        "by": part.by,
        "way": words.WAYS.get(part.way_in, part.way_in),
        "rejected": part.details.get("verdict") == "rejected",
        "details": words.details(part.details),
    }


def _rejection(entry: Entry) -> dict[str, Any]:
    return {
        "at": words.moment(entry.received_at),
        "message_id": entry.message_id,
        "type": words.what(
            name_of(entry.type),
            london_date(entry.received_at),
        ),
        "way": words.WAYS[entry.way_in],
        "problems": [
            {
                "message": fault.message,
                "code": fault.code,
                "pointer": fault.place,
            }
            for fault in entry.faults
        ],
    }
