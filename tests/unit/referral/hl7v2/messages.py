"""HL7 v2 messages that are fine; a test changes the field that it is about. Nobody here is real."""

from tests.unit.referral.builders import PRACTICE, TRUST, UBRN

MSH = r"MSH|^~\&|PAS|RJ1|FAIRWAIT|FW|20260301093000||{kind}|{id}|D|2.4||||||{charset}"
PID = (
    "PID|1||9990000018^^^NHS^NH~77123^^^RJ1^PI||Example^Ada||19610504|F|||"
    "1 Test Street^^London^^SW1A 1AA^^H||07700 900123^PRN^CP"
)
REFERRAL = (
    PID,
    f"RF1||R|||O|{UBRN}^X09|20260301",
    f"PRD|RT|||||||||^^^^^^^^^{TRUST}",
    f"PRD|RP|||||||||^^^^^^^^^{PRACTICE}",
    "PV1|1|O||||||||110||||03",
)
PV1 = f"PV1|1|O||||||||110|||||||||V-1{'|' * 31}{UBRN}^^^X09"


def message(
    kind: str, *segments: str, id: str = "m-1", charset: str = "", end: str = "\r"
) -> bytes:
    header = MSH.format(kind=kind, id=id, charset=charset).rstrip("|")
    return "".join(f"{line}{end}" for line in (header, *segments)).encode()


def referral(**given: str) -> bytes:
    """A REF^I12; a changed field is given as `PID_8="X"`, an id as `id="m-2"`."""
    id = given.pop("id", "m-1")
    return changed(message("REF^I12", *REFERRAL, id=id), **given)


def changed(content: bytes, **fields: str) -> bytes:
    """The message with other fields, each named by segment and number: `MSH_11="P"`."""
    lines = content.decode().split("\r")
    for place, value in fields.items():
        name, _, number = place.partition("_")
        index = next(i for i, line in enumerate(lines) if line[:3] == name)
        parts = lines[index].split("|")
        position = int(number) - (name == "MSH")
        parts += [""] * (position + 1 - len(parts))
        parts[position] = value
        lines[index] = "|".join(parts)
    return "\r".join(lines).encode()


def without(content: bytes, name: str) -> bytes:
    """The message without the segments of this name."""
    lines = content.decode().split("\r")
    return "\r".join(line for line in lines if line[:3] != name).encode()


def segment(answer: bytes, name: str) -> list[str]:
    """The fields of the first segment of this name; empty where there is none."""
    for line in answer.decode().split("\r"):
        if line[:3] == name:
            return line.split("|")
    return []


def segments(answer: bytes, name: str) -> list[str]:
    return [line for line in answer.decode().split("\r") if line[:3] == name]
