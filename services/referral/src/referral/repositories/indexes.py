"""Where this service keeps what, and by what it is found."""

from typing import Final

from chassis.mongo import Index

PATHWAYS: Final = "pathways"
INTAKE: Final = "intake"
AUDIT: Final = "audit"
FACTS: Final = "facts"
HEARD: Final = "heard"

INDEXES: Final = (
    Index(PATHWAYS, ("provider", "place")),
    Index(PATHWAYS, ("provider", "status", "place")),
    Index(PATHWAYS, ("lists", "place")),
    Index(PATHWAYS, ("status",)),
    Index(PATHWAYS, ("patient",)),
    Index(PATHWAYS, ("found_by", "changed")),
    Index(INTAKE, ("verdict", "publisher", "place")),
    Index(INTAKE, ("about",)),
    Index(INTAKE, ("day",)),
    Index(HEARD, ("pathway_id",)),
    Index(AUDIT, ("pathway_ids", "place")),
)
