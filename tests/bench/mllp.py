"""Acknowledged HL7 v2 messages a second over several connections, every one of them durable.

    make bench BENCH=mllp
    make bench BENCH=mllp ARGS="--messages 500 --connections 4"

Each connection is another application of one trust, with one message under way at a time as MLLP
asks for. The floor decodes the same messages once with the same library, with no server, no
database and no answer. Both alternate. One connection alone shows what a message costs when nobody
else is sending.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from hl7types.codecs.er7.generic import decode_er7_generic

from referral.edges.hl7v2.framing import Framer, framed
from tests.bench.edge import Edge, referral_alone, referrals

MESSAGES: Final = 2_000
CONNECTIONS: Final = 16
ROUNDS: Final = 3
ALONE: Final = 100


def message(number: int, application: int, fields: Mapping[str, Any]) -> bytes:
    """A REF^I12 of one of the trust's applications."""
    pathway, patient = fields["pathway"], fields["patient"]
    trust, practice = fields["responsible_provider"], fields["referring_organisation"]
    sex = {"1": "M", "2": "F"}[patient["sex"]]
    born, received = (
        patient["birth_date"].replace("-", ""),
        fields["received_on"].replace("-", ""),
    )
    lines = (
        rf"MSH|^~\&|PAS{application}|{trust}|FAIRWAIT|FW|20260301093000||REF^I12|m-{number}|D|2.4",
        f"PID|1||{patient['nhs_number']}^^^NHS^NH||{patient['family_name']}^Ada||{born}|{sex}|||"
        f"1 Test Street^^London^^{patient['postcode']}^^H||{patient['phone']}^PRN^CP",
        f"RF1||R|||O|{pathway['identifier']}^{pathway['issuer']}|{received}",
        f"PRD|RT|||||||||^^^^^^^^^{trust}",
        f"PRD|RP|||||||||^^^^^^^^^{practice}",
        f"PV1|1|O||||||||{fields['treatment_function']}||||03",
    )
    return "".join(f"{line}\r" for line in lines).encode()


def floor(messages: Sequence[bytes]) -> float:
    """Seconds to decode all of them once."""
    began = time.perf_counter()
    for content in messages:
        decode_er7_generic(content.decode("ascii"))
    return time.perf_counter() - began


class Sender:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._framer = Framer()

    @classmethod
    async def connected(cls, edge: Edge) -> Sender:
        return cls(*await asyncio.open_connection("127.0.0.1", edge.mllp))

    async def send(self, messages: Sequence[bytes]) -> list[float]:
        """One after the other, each when the one before is acknowledged; how long each took."""
        waits = []
        for content in messages:
            began = time.perf_counter()
            self._writer.write(framed(content))
            answer = await self._answer()
            waits.append(time.perf_counter() - began)
            if b"\rMSA|AA|" not in answer:
                raise RuntimeError(answer.decode())
        return waits

    async def _answer(self) -> bytes:
        while chunk := await self._reader.read(65536):
            for frame in self._framer.feed(chunk):
                return frame.content
        raise ConnectionError("the service has hung up")

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True, slots=True)
class Sent:
    seconds: float
    waits: list[float]


async def sent(messages: Sequence[Sequence[bytes]], edge: Edge) -> Sent:
    """All of them, each list on a connection of its own."""
    senders = [await Sender.connected(edge) for _ in messages]
    began = time.perf_counter()
    waits = await asyncio.gather(
        *(sender.send(own) for sender, own in zip(senders, messages, strict=True))
    )
    seconds = time.perf_counter() - began
    for sender in senders:
        sender.close()
    return Sent(seconds, sorted(wait for own in waits for wait in own))


def dealt(
    fields: Iterator[dict[str, Any]], messages: int, connections: int, start: int
) -> list[list[bytes]]:
    """That many messages for each of the connections."""
    each = messages // connections
    return [
        [
            message(start + number, application, one)
            for number, one in enumerate(islice(fields, each))
        ]
        for application in range(connections)
    ]


async def main(messages: int, connections: int, rounds: int) -> None:
    fields = referrals()
    async with referral_alone() as edge:
        many: list[Sent] = []
        alone: list[Sent] = []
        floors: list[float] = []
        for number in range(rounds):
            start = number * messages
            several = dealt(fields, messages, connections, start)
            floors.append(floor([one for own in several for one in own]))
            many.append(await sent(several, edge))
            await edge.outbox_empty()
            alone.append(await sent(dealt(fields, ALONE, 1, start + 1_000_000), edge))
            await edge.outbox_empty()
    _tell(connections, messages // connections * connections, many, floors)
    rate = statistics.median(len(one.waits) / one.seconds for one in alone)
    waits = sorted(wait for one in alone for wait in one.waits)
    print(f"  1 connection alone: {rate:.0f} a second, p50 {_at(waits, 0.5):.0f} ms")


def _tell(connections: int, count: int, many: Sequence[Sent], floors: Sequence[float]) -> None:
    took = statistics.median(one.seconds for one in many)
    least = statistics.median(floors)
    waits = sorted(wait for one in many for wait in one.waits)
    print(
        f"HL7 v2: {count} REF^I12 over {connections} connections, acknowledged when durable; "
        f"medians of {len(many)}\n"
        f"  {count / took:.0f} a second, p50 {_at(waits, 0.5):.0f} ms, p99 {_at(waits, 0.99):.0f} ms;"
        f" decoding alone {count / least:.0f} a second; ratio {took / least:.1f}"
    )
    sys.stdout.flush()


def _at(waits: Sequence[float], share: float) -> float:
    return waits[min(int(len(waits) * share), len(waits) - 1)] * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    asyncio.run(main(options.messages, options.connections, options.rounds))
