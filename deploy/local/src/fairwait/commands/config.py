"""`fairwait config`: the settings that a service would have here, secrets masked."""

from importlib import import_module
from typing import Final

from chassis.settings import RefusedSettings, Settings, load, printable
from contracts.topics import Service
from fairwait.commands.tables import complain, print_rows

# By name, because importing all four services takes seconds.
SETTINGS: Final[dict[Service, str]] = {
    "referral": "ReferralSettings",
    "matching": "MatchingSettings",
    "notifications": "NotificationsSettings",
    "reporting": "ReportingSettings",
}
BAD_SETTINGS: Final = 2


def config(service: Service) -> int:
    """Print the effective settings of a service in this environment, secrets masked.

    Exits with 2 and a sentence for each setting that would stop the start.

    Parameters
    ----------
    service
        Whose settings.
    """
    try:
        settings = load(settings_of(service), service)
    except RefusedSettings as error:
        complain(str(error))
        return BAD_SETTINGS
    shown = printable(settings)
    print_rows(("setting", "value"), sorted(shown.items()), none="")
    return 0


def settings_of(service: Service) -> type[Settings]:
    found: type[Settings] = getattr(import_module(f"{service}.settings"), SETTINGS[service])
    return found
