"""The command `fairwait`."""

import sys
from importlib.metadata import version

from cyclopts import App

from fairwait.commands.run import run

app = App(
    name="fairwait",
    help="NHS elective recovery on one machine: referral, choice, appointment, data set.",
    version=lambda: f"fairwait {version('fairwait')}",
)
app.command(run)


def main() -> None:
    sys.exit(app())


if __name__ == "__main__":
    main()
