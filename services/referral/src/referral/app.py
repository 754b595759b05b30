"""The referral service, put together."""

from typing import Final

from chassis.service import Service
from chassis.work import Work
from referral.api import ROUTERS
from referral.consumers import consumers
from referral.edges.fhir import routes as fhir
from referral.edges.files import routes as files
from referral.edges.files.rows import KINDS as FILE_KINDS
from referral.edges.hl7v2.faults import KINDS as HL7_KINDS
from referral.edges.hl7v2.server import listen
from referral.edges.signals import routes as signals
from referral.edges.signals.faults import KINDS as SIGNAL_KINDS
from referral.faults import KINDS
from referral.pages import routes
from referral.pages.views import Pages
from referral.repositories import AUDIT, FACTS, HEARD, INDEXES, INTAKE, PATHWAYS
from referral.repositories.persons import PERSONS
from referral.settings import ReferralSettings
from referral.work import ReferralWork, Rules

# What is said about a pathway is numbered in its own document, and so is what was heard of it.
STREAMS: Final = {"referral": PATHWAYS, "appointment": PATHWAYS, "identity": PATHWAYS}


def referral(settings: ReferralSettings) -> Service:
    """The service with these settings. Handlers decide by them, so they come first."""
    rules, pages = Rules.of(settings), Pages()
    secure = settings.environment != "development"

    def work(engine_work: Work) -> ReferralWork:
        return ReferralWork(engine_work, rules)

    return Service(
        name="referral",
        handlers=consumers(rules),
        streams=STREAMS,
        keyed_by=PATHWAYS,
        work=work,
        settings=ReferralSettings,
        routes=[
            *ROUTERS,
            fhir.router,
            files.router,
            signals.router,
            routes.router(pages, secure=secure),
        ],
        error_page=routes.error_page(pages),
        uploads={files.ADDRESS: files.LARGEST},
        indexes=INDEXES,
        collections=[INTAKE, AUDIT, FACTS, HEARD, PERSONS],
        background=[listen],
        # Capacity is offered on the same topic: what is not ours is passed over, not set aside.
        kinds=[*KINDS, *HL7_KINDS, *FILE_KINDS, *SIGNAL_KINDS],
    )
