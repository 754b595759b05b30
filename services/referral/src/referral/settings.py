"""What an operator may set for this service: `FAIRWAIT_REFERRAL__...`."""

from pydantic import SecretStr

from chassis.settings import Section, Settings, development_secret
from contracts.identifiers import OdsCode
from referral.edges.hl7v2.settings import MllpSection


class ReferralSection(Section):
    """The key of pathway ids, and whether test patients come in.

    `pathway_secret` never changes while there are pathways: with another one the same referral
    becomes another pathway. Synthetic NHS numbers never come into production. `national_services`
    are the organisations whose word about a person counts on every pathway: NHS England (X26).
    """

    pathway_secret: SecretStr = development_secret("pathways")
    allow_synthetic: bool = True
    national_services: tuple[OdsCode, ...] = ("X26",)
    mllp: MllpSection = MllpSection()


class ReferralSettings(Settings):
    """All settings of this service."""

    referral: ReferralSection = ReferralSection()

    @property
    def takes_synthetic(self) -> bool:
        return self.referral.allow_synthetic and not self.production
