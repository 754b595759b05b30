"""`python -m notifications`: one copy of the service."""

import sys

from chassis.service import BAD_SETTINGS, main
from chassis.settings import RefusedSettings, load
from notifications.app import notifications
from notifications.settings import NotificationsSettings


def run() -> None:
    try:
        settings = load(NotificationsSettings, "notifications")
    except RefusedSettings as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_SETTINGS)
    main(notifications(settings))


if __name__ == "__main__":
    run()
