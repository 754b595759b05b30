"""One state per pathway, the same in every service; places and appointments given once."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tests.crash.system.oracle.reading import Document, Found
from tests.crash.system.oracle.verdict import Violation, Violations

OPEN: Final = ("shortlisted", "lapsed", "stayed")


def states(found: Found) -> Violations:
    matches = found.states("matching", "matches")
    patients = found.states("notifications", "patients")
    rows = {row["pathway_id"]: row for row in found.rows}
    pathways = found.states("referral", "pathways")
    for key, pathway in pathways.items():
        match = (matches.get(key) or {}).get("match")
        if match is None:
            yield Violation("state", f"{key} has no decided case in matching")
            continue
        yield from _in_referral(key, pathway, match)
        yield from _in_notifications(key, patients.get(key), match)
        yield from _in_the_data_set(key, pathway, rows.get(key), match)
    for key in sorted((matches.keys() | rows.keys()) - pathways.keys()):
        yield Violation("invented", f"{key} is a pathway that referral does not know")
    yield from places(found, matches)
    yield from appointments(found)


def _in_referral(key: str, pathway: Document, match: Document) -> Violations:
    outcomes = {one["shortlist_id"]: one.get("outcome") for one in pathway["shortlists"]}
    expected = {
        "shortlisted": (None, "open"),
        "lapsed": ("lapsed",),
        "stayed": ("stayed",),
        "held": ("accepted",),
        "booked": ("accepted",),
        "no_choice": ("not_made", "unavailable", "expired", None),
    }[match["is"]]
    outcome = outcomes.get(match["shortlist_id"]) if "shortlist_id" in match else _last(pathway)
    if outcome not in expected:
        text = f"{key} is {match['is']} in matching and its list {outcome} in referral"
        yield Violation("state", text)
    booked = [one["session"] for one in pathway["appointments"] if one["session"]]
    if match["is"] == "booked" and booked != [match["session"]]:
        yield Violation("state", f"{key} is booked in matching and has {len(booked)} appointments")
    if match["is"] != "booked" and booked:
        yield Violation("state", f"{key} is {match['is']} in matching and has an appointment")


def _last(pathway: Document) -> Any:
    return pathway["shortlists"][-1].get("outcome") if pathway["shortlists"] else None


def _in_notifications(key: str, patient: Document | None, match: Document) -> Violations:
    if patient is None or patient.get("contact") is None:
        yield Violation("state", f"{key} is nobody in notifications")
        return
    choice, booked = patient.get("choice"), patient.get("appointment")
    if "shortlist_id" in match and (choice or {}).get("shortlist_id") != match["shortlist_id"]:
        yield Violation("state", f"{key} has another list in notifications than in matching")
    if (match["is"] == "booked") != (booked is not None):
        yield Violation("state", f"{key} is {match['is']}; notifications knows otherwise")


def _in_the_data_set(
    key: str, pathway: Document, row: Mapping[str, str] | None, match: Document
) -> Violations:
    if row is None:
        yield Violation("dataset", f"{key} has no row")
        return
    expected = _state(pathway, match)
    if row["state"] not in expected:
        yield Violation("dataset", f"{key} is {row['state']} in the data set, not {expected}")
    yield from _days(key, row)


def _state(pathway: Document, match: Document) -> tuple[str, ...]:
    attended = any(one.get("attended") for one in pathway["appointments"])
    if attended:
        return ("treated", "stopped", "attended")
    named: dict[str, tuple[str, ...]] = {
        "no_choice": ("waiting",),
        "shortlisted": ("shortlisted",),
        "held": ("accepted",),
    }
    return named.get(match["is"], (match["is"],))


def _days(key: str, row: Mapping[str, str]) -> Violations:
    started = date.fromisoformat(row["rtt_start"])
    until = date.fromisoformat(row["rtt_stop"] or row["as_at"])
    days = (until - started).days
    if int(row["days_waited"]) != days:
        yield Violation("dataset", f"{key} waited {days} days, the row says {row['days_waited']}")


def places(found: Found, matches: Mapping[str, Document]) -> Violations:
    """Never more in a session than it has places, and no pathway in two."""
    had: dict[str, list[str]] = defaultdict(list)
    for session_id, session in found.states("matching", "sessions").items():
        if session["kind"] != "session":
            continue
        taken = [*session["held"], *session["used"]]
        if len(taken) > session["places"] or len(set(taken)) != len(taken):
            yield Violation("place", f"{session_id}: {len(taken)} of {session['places']} places")
        for pathway in taken:
            had[pathway].append(session_id)
    for key, sessions in had.items():
        match = (matches.get(key) or {}).get("match") or {}
        if sessions != [match.get("session")]:
            yield Violation("place", f"{key} has places in {sessions}, not {match.get('session')}")
    for key, case in matches.items():
        match = case["match"] or {}
        if match.get("session") and key not in had:
            yield Violation("place", f"{key} is {match['is']} without a place")


def appointments(found: Found) -> Violations:
    kept = Counter(
        one["id"]
        for pathway in found.states("referral", "pathways").values()
        for one in pathway["appointments"]
        if one["session"]
    )
    said = Counter(one.content["appointment_id"] for one in found.events["appointment.booked"])
    for appointment, number in (kept | said).items():
        if number > 1:
            yield Violation("doubled", f"appointment {appointment}: {number} times")
        elif kept[appointment] != said[appointment]:
            yield Violation("lost", f"appointment {appointment} is not both kept and told")
