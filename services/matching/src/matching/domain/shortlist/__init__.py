"""The shortlist: which providers a patient may choose among, and why every other site is not on it.

Five providers at the point of referral are policy (DHSC, July 2023); twenty is what e-RS can hold.
NHS and independent sites pass through the same rules: the sector is carried and never asked.
"""

from matching.domain.shortlist.catalogue import (
    Candidate,
    Catalogue,
    Contract,
    Places,
    Position,
    SectorCode,
    Service,
    Statistic,
    Wait,
    canonical,
)
from matching.domain.shortlist.making import (
    STRAIGHT_LINE,
    Option,
    Shortlist,
    build_shortlist,
    inputs_hash,
)
from matching.domain.shortlist.rules import (
    RULE_SETS,
    Exclusion,
    Patient,
    Rule,
    Rules,
    rules_named,
    rules_on,
)

__all__ = [
    "RULE_SETS",
    "STRAIGHT_LINE",
    "Candidate",
    "Catalogue",
    "Contract",
    "Exclusion",
    "Option",
    "Patient",
    "Places",
    "Position",
    "Rule",
    "Rules",
    "SectorCode",
    "Service",
    "Shortlist",
    "Statistic",
    "Wait",
    "build_shortlist",
    "canonical",
    "inputs_hash",
    "rules_named",
    "rules_on",
]
