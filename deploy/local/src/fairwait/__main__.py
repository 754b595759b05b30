"""The command `fairwait`."""

import sys
from importlib.metadata import version

from cyclopts import App

app = App(
    name="fairwait",
    help="NHS elective recovery on one machine: referral, choice, appointment, data set.",
    version=lambda: f"fairwait {version('fairwait')}",
)
RUN = """Start everything here and send a day of referrals through it.

Starts a broker, a database, the four services and a page with every message. Providers declare
clinics, trusts send referrals by all three ways in, patients choose on the pages, weeks pass in
seconds, and the data set is built and checked. The people do not exist.

The same seed gives the same data set. Exits with 1 when a count does not balance or a process ends,
and says which.
"""

# By name, so that a command loads what it needs and nothing else.
COMMANDS = {
    "run": ("run:run", RUN),
    "submit": ("submit:submit", "Send a waiting-list file; every row is accepted or told why not."),
    "status": ("status:status", "Show whether every service is ready, and what waits in it."),
    "dead-letters": ("dead_letters:app", "Records that could not be read: list, show, replay."),
    "parked": ("parked:app", "Records that wait for an event or for a person: list, retry."),
    "dataset": ("dataset:app", "Releases of the data set: build, verify."),
    "reference": ("reference:app", "The reference world of hospitals and waits: build."),
    "allocate": ("allocate:allocate_command", "Plan who of all long waiters could go sooner."),
    "national": ("national:national", "Prove the monthly tables on a month that was published."),
    "token": ("token:token", "Print a token with which to call the services here."),
    "config": ("config:config", "Print the settings of a service, secrets masked."),
    "sink": ("sink:sink", "Take every message for patients and show it on a page."),
}
for name, (place, what) in COMMANDS.items():
    app.command(f"fairwait.commands.{place}", name=name, help=what)


def main() -> None:
    sys.exit(app())


if __name__ == "__main__":
    main()
