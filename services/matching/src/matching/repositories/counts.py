"""Totals over all documents."""

from typing import Any

from chassis.mongo import Mongo, translated
from matching.repositories.collections import MATCHES, SESSIONS, SHORTLISTS


async def counts(mongo: Mongo) -> dict[str, Any]:
    """What there is in all, for whoever checks that everything adds up. Reads every document."""
    sessions = [
        {"$match": {"state.kind": "session"}},
        {
            "$group": {
                "_id": None,
                "sessions": {"$sum": 1},
                "places": {"$sum": "$state.places"},
                "held": {"$sum": {"$size": "$state.held"}},
                "used": {"$sum": {"$size": "$state.used"}},
            }
        },
    ]
    matches = [{"$group": {"_id": "$state.match.is", "n": {"$sum": 1}}}]
    with translated():
        totals = await mongo.db[SESSIONS].aggregate(sessions).to_list(None)
        states = await mongo.db[MATCHES].aggregate(matches).to_list(None)
        shortlists = await mongo.db[SHORTLISTS].estimated_document_count()

    found = totals[0] if totals else {}
    return {
        **{name: found.get(name, 0) for name in ("sessions", "places", "held", "used")},
        "shortlists": shortlists,
        "matches": {one["_id"] or "undecided": one["n"] for one in states},
    }
