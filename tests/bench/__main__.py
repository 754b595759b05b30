"""`python -m tests.bench [NAME ...]`: the measurements named, or all, one after the other.

What begins with the first option is handed on to them: `python -m tests.bench bulk --rows 5000`.
Figures of one machine say little; each measurement prints ratios taken inside one run.
"""

import subprocess
import sys
from itertools import dropwhile
from pathlib import Path
from typing import Final

# Shared parts and servers of the measurements, not measurements.
PARTS: Final = {"__init__", "__main__", "edge", "rig", "null_mongo"}


def main(arguments: list[str]) -> int:
    options = list(dropwhile(lambda one: not one.startswith("-"), arguments))
    names = arguments[: len(arguments) - len(options)]
    known = sorted(file.stem for file in Path(__file__).parent.glob("*.py"))
    chosen = names or [name for name in known if name not in PARTS]
    failed = []
    for name in chosen:
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"tests.bench.{name}", *options]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
