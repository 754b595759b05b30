"""`fairwait reference`: the reference world that shortlists are made from."""

import subprocess
import sys
from pathlib import Path

from cyclopts import App

app = App(name="reference", help="The reference world: hospital sites and their published waits.")


@app.command
def build(
    *, hospitals: Path, rtt: Path, independent: Path, trusts: Path, outcodes: Path, out: Path
) -> int:
    """Build the reference world from the published files.

    The same files make the same tables, to the byte. Tells what was left out and why, and the line
    and column of what was refused.

    Parameters
    ----------
    hospitals
        Hospital table of NHS.UK.
    rtt
        Full extract of the RTT waiting times, csv or csv.gz.
    independent
        Independent providers.
    trusts
        etr.csv of the Organisation Data Service.
    outcodes
        Middles of the postcode districts.
    out
        Folder for the tables.
    """
    files = {
        "--hospitals": hospitals,
        "--rtt": rtt,
        "--independent": independent,
        "--trusts": trusts,
        "--outcodes": outcodes,
        "--out": out,
    }
    arguments = [text for name, path in files.items() for text in (name, str(path))]
    command = [sys.executable, "-m", "matching.reference", *arguments]
    return subprocess.run(command, check=False).returncode
