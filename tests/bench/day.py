"""A day of referrals through the whole system: how many a second, to the balanced data set.

`make bench BENCH=day`. It runs `fairwait run --once` as a user would.
"""

import json
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

REFERRALS: Final = 500


def main() -> int:
    with TemporaryDirectory() as directory:
        command = [
            *(sys.executable, "-m", "fairwait", "run", "--once", "--json"),
            *("--referrals", str(REFERRALS), "--seed", "7", "--directory", directory),
        ]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found = json.loads(done.stdout.strip().rpartition("\n")[2])
    print(
        f"A day of {REFERRALS} referrals: {found['seconds']:.0f} s, "
        f"{REFERRALS / found['seconds']:.1f} referrals a second, {found['events']} events, "
        f"{found['events'] / found['seconds']:.0f} a second; unbalanced {found['unbalanced']}"
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
