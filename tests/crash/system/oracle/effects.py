"""Everything acknowledged has exactly one effect, the unknown none or one, nothing else has any."""

from collections import Counter

from tests.crash.system.oracle.reading import Found, Sent
from tests.crash.system.oracle.verdict import Kind, Violation, Violations


def effects(found: Found) -> Violations:
    yield from _referrals(found)
    yield from _rejections(found)
    yield from _pathways(found)
    yield from _capacity(found)
    yield from _attendances(found)
    yield from _answers(found)
    yield from _unreadable(found)


def _compared(name: str, wanted: Counter[str], possible: Counter[str], had: Counter[str]) -> Violations:  # fmt: skip
    """`wanted` is what must be, `possible` what may be besides, `had` what there is."""
    for key in sorted(wanted | possible | had):
        least, most = wanted[key], wanted[key] + possible[key]
        if had[key] < least:
            yield Violation("lost", f"{name} {key}: {had[key]} instead of {least}")
        elif had[key] > most:
            kind: Kind = "doubled" if most else "invented"
            yield Violation(kind, f"{name} {key}: {had[key]} instead of {most}")


def _split(sent: list[Sent], name: str) -> tuple[Counter[str], Counter[str]]:
    """Those with an answer and those without, by one of their fields."""
    known = Counter(str(one.what[name]) for one in sent if one.certain)
    return known, Counter(str(one.what[name]) for one in sent if not one.certain)


def _referrals(found: Found) -> Violations:
    """One entry for each message that had to be accepted."""
    good = [one for one in found.sent("referral") if one.what["expects"] == "accepted"]
    good += found.sent("attendance")
    entries = found.states("referral", "intake").values()
    had = Counter(one["message_id"] for one in entries if one["verdict"] == "accepted")
    yield from _compared("accepted message", *_split(good, "message_id"), had)


def _rejections(found: Found) -> Violations:
    bad = [one for one in found.sent("referral") if one.what["expects"] == "rejected"]
    had = Counter(one.content["submission_id"] for one in found.events["referral.rejected"])
    yield from _compared("rejected message", *_split(bad, "message_id"), had)


def _pathways(found: Found) -> Violations:
    """One pathway, received once, for each identifier; the person told once for each message."""
    good = [one for one in found.sent("referral") if one.what["expects"] == "accepted"]
    certain, possible = (Counter(set(names)) for names in _split(good, "identifier"))
    had: Counter[str] = Counter()
    names: dict[str, str] = {}
    for key, state in found.states("referral", "pathways").items():
        names[key] = state["referral"]["identifier"]
        had[names[key]] += 1
    yield from _compared("pathway", certain, possible - certain, had)

    received = Counter(names.get(one.subject, one.subject) for one in found.events["referral.received"])  # fmt: skip
    yield from _compared("referral received of", certain, possible - certain, received)
    told = Counter(names.get(one.subject, one.subject) for one in found.events["identity.recorded"])
    yield from _compared("person told of", *_split(good, "identifier"), told)


def _capacity(found: Found) -> Violations:
    sent = found.sent("capacity")
    fields = ("publisher", "site", "treatment_function", "local_start", "places")
    named = [Sent(s.kind, s.key, s.outcome, {"name": "|".join(str(s.what[f]) for f in fields)}) for s in sent]  # fmt: skip
    fields = ("provider", *fields[1:])
    sessions = found.states("matching", "sessions").values()
    had = Counter("|".join(str(one[f]) for f in fields) for one in sessions if one["kind"] == "session")  # fmt: skip
    yield from _compared("session", *_split(named, "name"), had)
    said = Counter("|".join(str(one.content[f]) for f in fields) for one in found.events["capacity.declared"])  # fmt: skip
    yield from _compared("session declared", *_split(named, "name"), said)


def _attendances(found: Found) -> Violations:
    had = Counter(one.subject for one in found.events["appointment.attended"])
    yield from _compared("attendance of", *_split(found.sent("attendance"), "pathway_id"), had)


def _answers(found: Found) -> Violations:
    answered = (*found.events["response.provider_chosen"], *found.events["response.stay_chosen"])
    had = Counter(one.subject for one in answered)
    yield from _compared("answer of", *_split(found.sent("answer"), "pathway_id"), had)


def _unreadable(found: Found) -> Violations:
    """Each such record is kept once by each reader with its bytes, and told on the reader's topic.

    It has no id by which a second sending would be a repeat, so the topic says how many there are.
    """
    sent = found.sent("unreadable")
    there = Counter(one.value.hex() for one in found.wire["submission"])
    wanted = Counter({one.key: there[one.key] for one in sent})
    for one in sent:
        if one.certain and not there[one.key]:
            yield Violation("lost", f"record {one.key} is not on the topic")
    for reader in ("referral", "matching"):
        kept = Counter(bytes(one["value"]).hex() for one in found.states(reader, "dead_letters").values())  # fmt: skip
        yield from _as_dead_letter(f"letter kept by {reader}", wanted, kept)
        letters = {
            one.headers["fairwait_dead_letter"]: one.value.hex()
            for one in found.wire[f"submission.{reader}.dlt"]
        }
        yield from _as_dead_letter(f"letter told by {reader}", wanted, Counter(letters.values()))


def _as_dead_letter(name: str, wanted: Counter[str], had: Counter[str]) -> Violations:
    for one in _compared(name, wanted, Counter(), had):
        yield Violation("dead letter", one.text)
