"""`python -m tests.crash.planted BUG SERVICE`: the service, with a mistake put into it."""

import runpy
import sys

from tests.crash.planted.bugs import BUGS


def main() -> None:
    bug, service = sys.argv[1:3]
    BUGS[bug]()
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
