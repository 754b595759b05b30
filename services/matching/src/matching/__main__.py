"""`python -m matching`: one copy of the service."""

import sys

from chassis.service import BAD_SETTINGS, main
from chassis.settings import RefusedSettings, load
from matching.app import matching
from matching.settings import MatchingSettings


def run() -> None:
    try:
        settings = load(MatchingSettings, "matching")
    except RefusedSettings as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_SETTINGS)
    main(matching(settings))


if __name__ == "__main__":
    run()
