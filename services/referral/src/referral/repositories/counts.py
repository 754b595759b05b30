"""Sums over all documents, for the balance."""

from collections.abc import Sequence
from typing import Any

from chassis.mongo import Mongo, translated
from referral.repositories.indexes import INTAKE, PATHWAYS


async def verdicts(mongo: Mongo, day: str | None) -> list[tuple[str, str, int]]:
    """(publisher, verdict, how many) of one day or of all days, counted where they are kept.

    Counting the entries themselves can never disagree with them, and no two requests wait for
    each other over a counter.
    """
    where = {"state.day": day} if day else {"state.verdict": {"$in": ["accepted", "rejected"]}}
    found = await _grouped(mongo, INTAKE, where, {"p": "$state.publisher", "v": "$state.verdict"})
    return sorted((one["_id"]["p"], one["_id"]["v"], one["n"]) for one in found)


async def statuses(mongo: Mongo, names: Sequence[str]) -> dict[str, int]:
    """How many pathways are in each state. Every pathway is in exactly one."""
    where = {"state.status": {"$in": list(names)}}
    found = await _grouped(mongo, PATHWAYS, where, "$state.status")
    return {name: next((one["n"] for one in found if one["_id"] == name), 0) for name in names}


async def _grouped(
    mongo: Mongo, collection: str, where: dict[str, Any], by: object
) -> list[dict[str, Any]]:
    pipeline = [{"$match": where}, {"$group": {"_id": by, "n": {"$sum": 1}}}]
    with translated():
        return await mongo.db[collection].aggregate(pipeline).to_list(None)  # type: ignore[no-any-return]
