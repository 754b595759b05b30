"""Messages equal intents equal what patients got; the ledger and the data set add up."""

from collections import Counter

from tests.crash.system.oracle.reading import Found
from tests.crash.system.oracle.verdict import Violation, Violations

GONE = ("handed_over", "delivered")


def messages(found: Found) -> Violations:
    kept = found.states("notifications", "messages")
    got = Counter(one["reference"] for one in found.mail)
    intended = Counter(one.content["message_id"] for one in found.events["notification.intended"])
    told = Counter(one.content["message_id"] for one in found.events["notification.handed_over"])
    for key in sorted(kept.keys() | got.keys() | intended.keys()):
        status = kept.get(key, {}).get("status", "unknown to notifications")
        gone = int(status in GONE)
        if got[key] > 1:
            yield Violation("message", f"{key} reached the patient {got[key]} times")
        elif got[key] != gone:
            yield Violation("message", f"{key} is {status} and the patient got {got[key]}")
        if intended[key] != 1 or told[key] != gone:
            text = f"{key} is {status}: {intended[key]} intended, {told[key]} handed over"
            yield Violation("message", text)
        if status not in (*GONE, "failed"):
            yield Violation("message", f"{key} is still {status}")
    yield from _every_step(found)


def _every_step(found: Found) -> Violations:
    """For each thing there is to tell, an intent of its template.

    One more is right where one came to nothing: a trust told another address meanwhile.
    """
    causes = {
        "choose-provider": found.events["offer.shortlisted"],
        "booked": found.events["appointment.booked"],
        "stayed": found.events["offer.stayed"],
        "lapsed": found.events["offer.lapsed"],
    }
    kept = found.states("notifications", "messages")
    told: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for one in found.events["notification.intended"]:
        what = one.content["template"], one.subject
        told[what] += 1
        failed[what] += kept.get(one.content["message_id"], {}).get("status") == "failed"
    for template, events in causes.items():
        for key, number in Counter(one.subject for one in events).items():
            what = template, key
            if not told[what] - failed[what] <= number <= told[what]:
                text = f"{key}: {told[what]} intents to tell {template}, not {number}"
                yield Violation("message", text)


def ledger(found: Found) -> Violations:
    if found.unbalanced:
        yield Violation("ledger", f"reporting itself counts a difference of {found.unbalanced}")
    entries = sum(one["entries"] for one in found.states("reporting", "chains").values())
    if entries != found.numbered:
        yield Violation("ledger", f"{entries} entries for {found.numbered} events on the topics")
    facts = sum(
        len(one["facts"])
        for collection in ("pathways", "sessions")
        for one in found.states("reporting", collection).values()
    )
    if facts != found.numbered:
        yield Violation("ledger", f"{facts} facts for {found.numbered} events on the topics")


def data_set(found: Found) -> Violations:
    pathways = found.states("referral", "pathways")
    if len(found.rows) != len(pathways):
        yield Violation("dataset", f"{len(found.rows)} rows for {len(pathways)} pathways")
    for name, number in Counter(row["pathway_id"] for row in found.rows).items():
        if number > 1:
            yield Violation("dataset", f"{name} has {number} rows")
    if found.files != found.rebuilt_files:
        differing = sorted(set(found.files.items()) ^ set(found.rebuilt_files.items()))
        yield Violation("dataset", f"the rebuild differs in {[name for name, _ in differing]}")


def leftovers(found: Found) -> Violations:
    for service, collections in found.databases.items():
        for name in ("outbox", "parked"):
            if (service, name) == ("reporting", "outbox"):
                continue  # the last release's own announcement, perhaps on its way
            if collections[name]:
                yield Violation("leftover", f"{len(collections[name])} in {name} of {service}")
