"""HL7 v2 messages that somebody broke: an acknowledgement each, none of them a mistake of ours.

1,000 messages in every test run, 20,000 with `make fuzz`.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from random import Random

from hypothesis import settings

from tests.unit.referral.builders import TRUST, UBRN
from tests.unit.referral.hl7v2.line import line
from tests.unit.referral.hl7v2.messages import PID, PV1, REFERRAL, message

MESSAGES = 20_000 if settings.get_current_profile_name() == "fuzz" else 1_000
SECRETS = (b"9990000018", b"Example", b"19610504")

SCH = f"SCH||A-1||||CLINIC_CANCELLED|||||^^^202604010930||||||||||||||{UBRN}^X09"
EVENT = "EVN||20260302"
KINDS: dict[str, Sequence[str]] = {
    "REF^I12": REFERRAL,
    "REF^I13": REFERRAL,
    "REF^I14": REFERRAL,
    **dict.fromkeys([f"SIU^S{number}" for number in (12, 13, 14, 15, 17, 26)], (SCH, PID)),
    **dict.fromkeys([f"ADT^A{number}" for number in ("01", "03", "05")], (EVENT, PID, PV1, "PV2")),
    **dict.fromkeys([f"ADT^A{number}" for number in ("08", "28", "31")], (EVENT, PID)),
    "ADT^A40": (EVENT, PID, "MRG|9990000026^^^NHS^NH"),
}
ODD = (
    b"", b'""', b"x" * 5_000, b"^" * 50, b"~" * 1_200, b"&^&^&", b"\\F\\\\S\\\\E\\", b"\\X00\\", b"\\",
    b"\x00", b"\xff\xfe", "é".encode(), b"20260230", b"99991231235959+1400", b"00010101",
    b"202610250130", b"-1", b"1e9", b"Y", b"MSH", b"UNICODE UTF-8", b"2.8.2", b"ISO IR87", b"AL",
)  # fmt: skip


def broken(draw: Random, content: bytes) -> bytes:
    """The message with one to four of its parts lost, doubled, cut, or something else."""
    for _ in range(draw.randint(1, 4)):
        lines = content.split(b"\r")
        index = draw.randrange(len(lines))
        fields = lines[index].split(b"|")
        match draw.randrange(6):
            case 0:
                del lines[index]
            case 1:
                lines.insert(draw.randrange(len(lines) + 1), lines[index])
            case 2:
                lines[index] = lines[index][: draw.randrange(len(lines[index]) + 1)]
            case 3:
                position = draw.randrange(len(lines[index]) + 1)
                lines[index] = lines[index][:position] + draw.randbytes(3) + lines[index][position:]
            case _:
                fields[draw.randrange(len(fields))] = draw.choice(ODD)
                lines[index] = b"|".join(fields)
        content = b"\r".join(lines)
    return content


async def test_whatever_is_sent_is_acknowledged(tmp_path: Path) -> None:
    seed = Random().randrange(2**32)
    draw = Random(seed)

    with line(tmp_path) as wire:
        for number in range(MESSAGES):
            kind = draw.choice(list(KINDS))
            content = broken(draw, message(kind, *KINDS[kind], id=f"m-{number}"))
            answers = await wire.send(content, TRUST)
            _check(answers, (f"seed {seed}", content))


def _check(answers: Sequence[bytes], why: tuple[str, bytes]) -> None:
    # No message here asks for silence, so each has an answer.
    assert answers, why
    for answer in answers:
        code = re.search(rb"\rMSA.(C|A)(A|E|R)", answer)
        assert code is not None, why
        assert b"Something went wrong here" not in answer, why
        assert code[2] == b"A" or b"\rERR" in answer, why
        assert not any(secret in answer for secret in SECRETS), why
