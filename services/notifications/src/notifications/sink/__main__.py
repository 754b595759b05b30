"""`python -m notifications.sink --directory D [--http-port 8105] [--smtp-port 8106]`."""

import argparse
import asyncio
import signal
from pathlib import Path

from notifications.sink.app import running

HTTP_PORT, SMTP_PORT = 8105, 8106


async def _serve(directory: Path, http_port: int, smtp_port: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    async with running(directory, http_port=http_port, smtp_port=smtp_port) as sink:
        print(f"messages: {sink.url}  smtp: 127.0.0.1:{sink.smtp_port}", flush=True)
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="notifications.sink", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where messages are kept")
    parser.add_argument("--http-port", type=int, default=HTTP_PORT)
    parser.add_argument("--smtp-port", type=int, default=SMTP_PORT)
    asked = parser.parse_args()
    asyncio.run(_serve(asked.directory, asked.http_port, asked.smtp_port))


if __name__ == "__main__":
    main()
