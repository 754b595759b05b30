"""`fairwait dataset`: a release of the data set, and whether it says what the ledger says."""

from pathlib import Path
from typing import Any

import httpx2
from cyclopts import App

from chassis.tokens import DevelopmentIssuer
from fairwait.commands.options import Directory
from fairwait.commands.tables import complain, print_json
from fairwait.system.record import Record

DEFAULT_DIRECTORY = Path(".fairwait")
ENGLAND = "X24"  # NHS England, whom the data set is for

app = App(name="dataset", help="Releases of the data set of the system that runs here.")


@app.command
def build(*, directory: Directory = DEFAULT_DIRECTORY) -> int:
    """Build and publish the next release, as things stand now; print what it holds.

    Parameters
    ----------
    directory
        Where the system runs.
    """
    manifest = _asked(directory, "/dataset")
    if manifest is None:
        return 2
    shown = ("release", "as_at", "rows", "events", "dataset_sha256")
    print_json({name: manifest[name] for name in shown})
    return 0


@app.command
def verify(release: str = "latest", *, directory: Directory = DEFAULT_DIRECTORY) -> int:
    """Walk over the whole ledger, build a release again from it alone, and compare.

    Exits with 1 when the ledger has a flaw or a file differs.

    Parameters
    ----------
    release
        A number, or latest.
    directory
        Where the system runs.
    """
    ledger = _asked(directory, "/ledger/verification")
    rebuilt = _asked(directory, f"/dataset/{release}/rebuild")
    if ledger is None or rebuilt is None:
        return 2
    print_json({"ledger": ledger, "rebuilt": rebuilt})
    return 0 if ledger["sound"] and rebuilt["equal"] else 1


def _asked(directory: Path, path: str) -> dict[str, Any] | None:
    """What reporting answers; None, and a word on stderr, when it does not do what was asked."""
    record = Record.read(directory)
    if record is None:
        complain(f"Nothing runs in {directory}.")
        return None
    token = DevelopmentIssuer(directory / "issuer").token(ENGLAND, ["dataset.read"])
    headers = {"authorization": f"Bearer {token}"}
    url = f"{record.urls['reporting']}{path}"
    try:
        answer = httpx2.post(url, headers=headers, timeout=300, trust_env=False)
    except httpx2.HTTPError as error:
        complain(f"Reporting does not answer: {type(error).__name__}.")
        return None
    if answer.is_error:
        complain(f"Reporting answered {answer.status_code}: {_why(answer)}")
        return None
    found: dict[str, Any] = answer.json()
    return found


def _why(answer: httpx2.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return "no reason given"
    return str(problem.get("detail") or problem.get("title") or "no reason given")
