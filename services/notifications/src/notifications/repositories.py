"""Patients and messages as documents, and the one query language of the sender: claims."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from chassis.mongo import Index, Mongo, translated
from chassis.work import State, Work
from notifications.domain.choice import Trail
from notifications.domain.message import (
    Claimed,
    Delivered,
    Failed,
    HandedOver,
    Intended,
    Message,
    Status,
    Unknown,
)
from notifications.domain.patient import Patient

PATIENTS = "patients"
MESSAGES = "messages"

INDEXES = (
    Index(PATIENTS, ("choice.link",)),
    Index(MESSAGES, ("status", "due_at")),
    Index(MESSAGES, ("status", "ask_at")),
    Index(MESSAGES, ("status", "lease_until")),
    Index(MESSAGES, ("claim",)),
)

_patient: TypeAdapter[Patient] = TypeAdapter(Patient)

_STATUS: dict[type[Any], str] = {
    Intended: "intended",
    Claimed: "claimed",
    Unknown: "unknown",
    HandedOver: "handed_over",
    Delivered: "delivered",
    Failed: "failed",
}
_BY_NAME = {name: cls for cls, name in _STATUS.items()}


class PatientRepository:
    """Patients by pathway id. A pathway nobody told us of is an empty patient."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(PATIENTS)

    async def get(self, pathway_id: str) -> Patient:
        return _read_patient(await self._documents.get(pathway_id))

    async def save(self, pathway_id: str, patient: Patient) -> None:
        await self._documents.put(pathway_id, _patient.dump_python(patient, mode="json"))

    async def load(self, pathway_ids: Iterable[str]) -> None:
        await self._documents.load(pathway_ids)

    async def by_link(self, fingerprint: str) -> tuple[str, Patient] | None:
        """Whose link this is, whatever has become of it; None where it was replaced or never was."""
        found = await self._documents.query({"choice.link": fingerprint}, limit=1)
        return (found[0][0], _read_patient(found[0][1])) if found else None


class MessageRepository:
    """Messages by message id."""

    def __init__(self, work: Work) -> None:
        self._documents = work.documents(MESSAGES)

    async def get(self, message_id: str) -> Message | None:
        state = await self._documents.get(message_id)
        return None if state is None else _read_message(message_id, state)

    async def save(self, message: Message) -> None:
        await self._documents.put(message.message_id, _written(message))

    async def load(self, message_ids: Iterable[str]) -> None:
        await self._documents.load(message_ids)


class Claims:
    """Takes messages for one sender, so that no two senders have the same one.

    Each command changes single documents atomically: whoever changes one first has it, and the
    version moves with it, so that a unit of work that read the old one has to begin again.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._messages = mongo.db[MESSAGES]
        self._patients = mongo.db[PATIENTS]

    async def due(
        self, claim: str, *, now: datetime, wall: datetime, lease_until: datetime, limit: int
    ) -> list[Message]:
        """Messages to hand over now, claimed."""
        ripe = {
            "state.status": "intended",
            "state.due_at": {"$lte": now},
            "state.rested_until": {"$lte": wall},
        }
        change = {"state.status": "claimed", "state.claim": claim, "state.lease_until": lease_until}
        return await self._take(ripe, change, claim, limit)

    async def to_ask_about(
        self, claim: str, *, wall: datetime, lease_until: datetime, limit: int
    ) -> list[Message]:
        """Messages of unknown outcome whose turn to be asked about has come, claimed."""
        ripe = {"state.status": "unknown", "state.ask_at": {"$lte": wall}}
        change = {"state.claim": claim, "state.ask_at": lease_until}
        return await self._take(ripe, change, claim, limit)

    async def abandoned(self, *, wall: datetime, person_by: datetime) -> int:
        """Turn claims whose sender did not come back into unknown outcomes; how many there were."""
        lapsed = {"state.status": "claimed", "state.lease_until": {"$lte": wall}}
        change = {
            "state.status": "unknown",
            "state.claim": None,
            "state.ask_at": wall,
            "state.person_by": person_by,
            "state.not_found": 0,
        }
        with translated():
            result = await self._messages.update_many(lapsed, {"$set": change, "$inc": {"v": 1}})
        return int(result.modified_count)

    async def patient(self, pathway_id: str) -> Patient:
        """The patient as they are at this moment."""
        with translated():
            found = await self._patients.find_one({"_id": pathway_id})
        return Patient() if found is None else _read_patient(found.get("state"))

    async def _take(
        self, ripe: Mapping[str, Any], change: Mapping[str, Any], claim: str, limit: int
    ) -> list[Message]:
        with translated():
            found = await self._messages.find(dict(ripe), {"_id": 1}, limit=limit).to_list(None)
            if not found:
                return []
            mine = {**ripe, "_id": {"$in": [one["_id"] for one in found]}}
            await self._messages.update_many(mine, {"$set": dict(change), "$inc": {"v": 1}})
            taken = await self._messages.find({"state.claim": claim}).to_list(None)
        return [_read_message(one["_id"], one["state"]) for one in taken]


def _read_patient(state: State | None) -> Patient:
    return Patient() if state is None else _patient.validate_python(state, strict=False)


def _written(message: Message) -> dict[str, Any]:
    status = asdict(message.status)
    return {
        "pathway_id": message.pathway_id,
        "step": message.step,
        "template": message.template,
        "version": message.version,
        "channel": message.channel,
        "facts": message.facts,
        "trail": asdict(message.trail),
        "status": _STATUS[type(message.status)],
        **status,
    }


def _read_message(message_id: str, state: State) -> Message:
    return Message(
        message_id=message_id,
        pathway_id=state["pathway_id"],
        step=state["step"],
        template=state["template"],
        version=state["version"],
        channel=state["channel"],
        facts=dict(state["facts"]),
        trail=Trail(**state["trail"]),
        status=_read_status(state),
    )


def _read_status(state: State) -> Status:
    cls = _BY_NAME[state["status"]]
    # A status that a claim changed in place still carries fields of the one before.
    names = cls.__dataclass_fields__
    status: Status = cls(**{name: state[name] for name in names if name in state})
    return status
