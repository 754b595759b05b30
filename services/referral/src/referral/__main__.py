"""`python -m referral`: one copy of the service."""

import sys

from chassis.service import BAD_SETTINGS, main
from chassis.settings import RefusedSettings, load
from referral.app import referral
from referral.settings import ReferralSettings


def run() -> None:
    try:
        settings = load(ReferralSettings, "referral")
    except RefusedSettings as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_SETTINGS)
    main(referral(settings))


if __name__ == "__main__":
    run()
