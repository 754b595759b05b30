"""`fairwait sink`: the page with every message, alone."""

import subprocess
import sys
from pathlib import Path

from fairwait.commands.options import Directory
from fairwait.system.ports import SMTP, USUAL


def sink(
    *,
    http_port: int = USUAL["sink"],
    smtp_port: int = USUAL[SMTP],
    directory: Directory = Path(".fairwait"),
) -> int:
    """Take every message for patients and show it on a page, until Ctrl-C.

    A mail server and something that looks like GOV.UK Notify. `fairwait run` starts its own.

    Parameters
    ----------
    http_port
        Of the page, and of the Notify half.
    smtp_port
        Of the mail half.
    directory
        Where messages are kept, in a folder sink.
    """
    ports = ["--http-port", str(http_port), "--smtp-port", str(smtp_port)]
    command = [sys.executable, "-m", "notifications.sink", "--directory", str(directory / "sink")]
    try:
        return subprocess.run([*command, *ports], check=False).returncode
    except KeyboardInterrupt:
        return 0
