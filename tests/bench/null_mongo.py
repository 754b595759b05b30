"""A MongoDB that answers OK to everything at once: the bound on what the client's side can do.

`python -m tests.bench.null_mongo PORT`. It stores nothing and finds nothing.
"""

import asyncio
import struct
import sys
from typing import Any, Final

import bson
import uvloop

HEADER: Final = struct.Struct("<iiii")
OP_QUERY, OP_REPLY, OP_MSG = 2004, 1, 2013


def hello(port: int) -> dict[str, Any]:
    address = f"127.0.0.1:{port}"
    return {
        "ok": 1.0,
        "helloOk": True,
        "isWritablePrimary": True,
        "ismaster": True,
        "setName": "null",
        "setVersion": 1,
        "hosts": [address],
        "me": address,
        "primary": address,
        "maxBsonObjectSize": 16_777_216,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "logicalSessionTimeoutMinutes": 30,
        "minWireVersion": 0,
        "maxWireVersion": 25,
        "readOnly": False,
    }


class Connection(asyncio.Protocol):
    def __init__(self, port: int) -> None:
        self._hello = bson.encode(hello(port))
        self._nothing = bson.encode(
            {"ok": 1.0, "cursor": {"id": bson.Int64(0), "ns": "null.null", "firstBatch": []}}
        )
        self._ok = bson.encode({"ok": 1.0})
        self._buffer = bytearray()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, request, _, opcode = HEADER.unpack_from(self._buffer)
            if len(self._buffer) < length:
                return
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            self._answer(message, request, opcode)

    def _answer(self, message: bytes, request: int, opcode: int) -> None:
        if opcode == OP_QUERY:
            body = self._hello
            head = HEADER.pack(36 + len(body), 0, request, OP_REPLY)
            self._transport.write(head + struct.pack("<iqii", 8, 0, 0, 1) + body)
            return
        body = self._body(message)
        head = HEADER.pack(21 + len(body), 0, request, OP_MSG)
        self._transport.write(head + b"\0\0\0\0\0" + body)

    def _body(self, message: bytes) -> bytes:
        end = message.index(b"\0", 26)  # header 16, flags 4, kind 1, length 4, type 1
        command = message[26:end]
        if command in {b"insert", b"update", b"delete"}:
            count = _documents(message)
            return bson.encode({"ok": 1.0, "n": count, "nModified": count})
        if command in {b"hello", b"ismaster", b"isMaster"}:
            return self._hello
        if command in {b"find", b"aggregate", b"listCollections", b"listIndexes"}:
            return self._nothing
        return self._ok


def _documents(message: bytes) -> int:
    """How many documents the document sequence of a write holds."""
    position = 21 + struct.unpack_from("<i", message, 21)[0]
    if position >= len(message):
        return 1
    end = position + 1 + struct.unpack_from("<i", message, position + 1)[0]
    position = message.index(b"\0", position + 5) + 1
    count = 0
    while position < end:
        position += struct.unpack_from("<i", message, position)[0]
        count += 1
    return count


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(port), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
