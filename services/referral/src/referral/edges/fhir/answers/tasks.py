"""Wishes for another time, and transfers, as tasks."""

from datetime import date
from typing import Any, Final

from referral.domain.transfers import DataSet, State
from referral.edges.fhir import systems
from referral.edges.fhir.answers.parts import (
    concept,
    day,
    filled,
    meta,
    organisation,
    patient,
    referral_reference,
)
from referral.edges.fhir.task import DATA_SET, ORGANISATION
from referral.edges.fhir.tasks import Change, Moving, tasks_of
from referral.repositories import Edition

_DECIDED: Final = {None: "requested", True: "completed", False: "rejected"}
_STATES: Final = {
    State.DECIDED: "requested",
    State.DATA_SENT: "requested",
    State.RECEIVED: "completed",
    State.CANCELLED: "cancelled",
}
_ELEMENTS: Final = {"value_code": "valueCode", "value_date": "valueDate"}


def tasks(edition: Edition) -> list[dict[str, Any]]:
    return [
        _change(one, edition) if isinstance(one, Change) else _transfer(one, edition)
        for one in tasks_of(edition.pathway)
    ]


def _change(one: Change, edition: Edition) -> dict[str, Any]:
    request, appointment = one.request, one.appointment
    return _task(
        one.id,
        edition,
        name=request.id,
        status=_DECIDED[request.granted],
        code=systems.CHANGE,
        focus={"type": "Appointment", "reference": f"Appointment/{appointment.id}"},
        on=request.on,
        done_on=request.decided_on,
        owner=appointment.provider,
        reason=concept(systems.E_RS_CANCELLATION, request.reason),
    )


def _transfer(one: Moving, edition: Edition) -> dict[str, Any]:
    transfer = one.transfer
    task = _task(
        one.id,
        edition,
        name=transfer.reference,
        status=_STATES[transfer.state],
        code=systems.FULFILL,
        focus=referral_reference(edition),
        on=transfer.decided_on,
        done_on=transfer.ended_on,
        owner=transfer.receiving_provider,
        reason=concept(systems.TRANSFER_REASONS, transfer.reason),
    )
    return filled(
        {
            **task,
            "businessStatus": concept(systems.TRANSFER_STATES, transfer.state.value),
            "requester": organisation(transfer.referring_provider),
            "input": _inputs(transfer.data),
        }
    )


def _task(
    id: str,
    edition: Edition,
    *,
    name: str,
    status: str,
    code: str,
    focus: dict[str, Any],
    on: date,
    done_on: date | None,
    owner: str,
    reason: dict[str, Any],
) -> dict[str, Any]:
    return filled(
        {
            "resourceType": "Task",
            "id": id,
            "meta": meta(edition, systems.UK_CORE_TASK),
            "extension": day(systems.EXT_DONE_ON, done_on),
            "identifier": [{"system": systems.OWN_TASK, "value": name}],
            "basedOn": [referral_reference(edition)],
            "status": status,
            "intent": "order",
            "code": concept(systems.TASK_CODES, code),
            "focus": focus,
            "for": patient(edition),
            "authoredOn": on.isoformat(),
            "owner": organisation(owner),
            "reasonCode": reason,
        }
    )


def _inputs(data: DataSet) -> list[dict[str, Any]]:
    told = [(name, kind, getattr(data, name)) for name, kind in DATA_SET.items()]
    organisations = [(ORGANISATION, "value_code", code) for code in data.organisations]
    return [
        {
            "type": concept(systems.TASK_PARTS, name),
            _ELEMENTS.get(kind, "valueString"): str(value),
        }
        for name, kind, value in [*told, *organisations]
        if value is not None
    ]
