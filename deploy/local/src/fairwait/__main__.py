"""The command `fairwait`."""

import sys
from importlib.metadata import version

from cyclopts import App

from fairwait.commands import dataset, dead_letters, parked, reference
from fairwait.commands.config import config
from fairwait.commands.run import run
from fairwait.commands.sink import sink
from fairwait.commands.status import status
from fairwait.commands.token import token

app = App(
    name="fairwait",
    help="NHS elective recovery on one machine: referral, choice, appointment, data set.",
    version=lambda: f"fairwait {version('fairwait')}",
)
for command in (run, status, token, config, sink):
    app.command(command)
for group in (dead_letters.app, parked.app, dataset.app, reference.app):
    app.command(group)


def main() -> None:
    sys.exit(app())


if __name__ == "__main__":
    main()
