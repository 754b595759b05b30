"""`fairwait token`: an access token of the development issuer."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from chassis.tokens import DevelopmentIssuer
from fairwait.commands.options import Directory
from fairwait.commands.tables import complain

Scope = Literal[
    "referral.write", "pathway.read", "capacity.write", "shortlist.read", "dataset.read", "ops"
]
DEFAULT_SCOPES: Final[tuple[Scope, ...]] = ("referral.write", "pathway.read", "capacity.write")

_ODS = re.compile(r"[0-9A-Z]{3,8}")


def token(
    *,
    organisation: str,
    scope: Annotated[tuple[Scope, ...], Parameter(negative=(), consume_multiple=True)] = (
        DEFAULT_SCOPES
    ),
    hours: Annotated[int, Parameter(validator=Number(gte=1, lte=24))] = 1,
    directory: Directory = Path(".fairwait"),
) -> int:
    """Print a token with which to call the services of this directory as an organisation.

    It is worth nothing anywhere else, and the issuer is refused in production.

    Parameters
    ----------
    organisation
        ODS code, such as RJ1.
    scope
        What the token allows; may be given more than once.
    hours
        How long it is valid.
    directory
        Where the system runs, or will.
    """
    if _ODS.fullmatch(organisation) is None:
        complain("An ODS code has 3 to 8 capital letters and digits.")
        return 2
    issuer = DevelopmentIssuer(directory / "issuer")
    sys.stdout.write(f"{issuer.token(organisation, scope, timedelta(hours=hours))}\n")
    return 0
