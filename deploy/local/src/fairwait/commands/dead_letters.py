"""`fairwait dead-letters`: records that no retry could make readable, and sending them again."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from chassis.dead_letters import DEAD_LETTERS, HUMAN_ONLY, OPEN, REPLAYED, NotReplayable
from chassis.dead_letters import replay as replay_letter
from chassis.work import Work
from contracts.topics import Service
from fairwait.commands.options import Directory, Flag
from fairwait.commands.reach import desk
from fairwait.commands.tables import complain, print_json, print_rows

DEFAULT_DIRECTORY = Path(".fairwait")
SHOWN_BYTES = 200

app = App(
    name="dead-letters",
    help="Records that could not be read: list them, look at one, send one again.",
)


@app.command(name="list")
def list_letters(
    service: Service,
    *,
    all_: Annotated[Flag, Parameter(name="--all")] = False,
    limit: int = 50,
    directory: Directory = DEFAULT_DIRECTORY,
) -> int:
    """List the dead letters of a service, the newest first.

    Parameters
    ----------
    service
        Whose dead letters.
    all_
        Those that were sent again, too.
    limit
        How many at most.
    directory
        Where the system runs.
    """
    letters = asyncio.run(_letters(service, directory, limit, statuses(all_)))
    rows = [
        (letter["_id"], state["status"], state["at"], len(state["value"] or b""), state["reason"])
        for letter in letters
        for state in [letter["state"]]
    ]
    print_rows(
        ("id", "status", "since", "bytes", "reason"), rows, none=f"{service} has no dead letters."
    )
    return 0


@app.command
def show(
    service: Service,
    letter: str,
    *,
    content: Flag = False,
    directory: Directory = DEFAULT_DIRECTORY,
) -> int:
    """Show one dead letter: where it came from, why it is here, its headers.

    The content may name a patient, and a header may be a credential: neither is shown unless asked
    for, and a credential not even then.

    Parameters
    ----------
    service
        Whose dead letter.
    letter
        Its id, topic:partition:offset.
    content
        Also the first bytes of the content. Synthetic or not, mind who looks over your shoulder.
    directory
        Where the system runs.
    """
    found = asyncio.run(_letter(service, directory, letter))
    if found is None:
        complain(f"{service} has no dead letter {letter}.")
        return 1
    print_json(_described(found, content=content))
    return 0


@app.command
def replay(
    service: Service,
    letter: str,
    *,
    reason: str,
    directory: Directory = DEFAULT_DIRECTORY,
) -> int:
    """Send a dead letter again, byte for byte, to the topic it came from.

    Three times at most: one that comes back each time needs a person.

    Parameters
    ----------
    service
        Whose dead letter.
    letter
        Its id, topic:partition:offset.
    reason
        Why it will be readable now. It is kept with the letter.
    directory
        Where the system runs.
    """
    if not reason.strip():
        complain("Say why it will be readable now: --reason.")
        return 2
    try:
        asyncio.run(_replay(service, directory, letter, reason.strip()))
    except NotReplayable as error:
        complain(f"Not sent: {error}.")
        return 1
    print_json({"sent": letter})
    return 0


def statuses(every: bool) -> list[str]:
    return [OPEN, HUMAN_ONLY, REPLAYED] if every else [OPEN, HUMAN_ONLY]


async def _letters(
    service: Service, directory: Path, limit: int, wanted: list[str]
) -> list[dict[str, Any]]:
    async with desk(service, directory) as at:
        found = await at.documents(DEAD_LETTERS, {"state.status": {"$in": wanted}}, 0)
    return sorted(found, key=lambda one: one["state"]["at"], reverse=True)[:limit]


async def _letter(service: Service, directory: Path, letter: str) -> dict[str, Any] | None:
    async with desk(service, directory) as at:
        found = await at.documents(DEAD_LETTERS, {"_id": letter}, 1)
    return found[0] if found else None


async def _replay(service: Service, directory: Path, letter: str, reason: str) -> None:
    async def sent_again(work: Work) -> None:
        await replay_letter(letter, work)
        letters = work.documents(DEAD_LETTERS)
        state = await letters.get(letter)
        assert state is not None  # `replay_letter` has just read it
        reasons = [*state.get("replayed_because", ()), reason]
        await letters.put(letter, {**state, "replayed_because": reasons})

    async with desk(service, directory) as at:
        await at.run(sent_again)


def _described(letter: dict[str, Any], *, content: bool) -> dict[str, Any]:
    state = letter["state"]
    value = bytes(state["value"] or b"")
    described = {
        "id": letter["_id"],
        "status": state["status"],
        "reason": state["reason"],
        "since": state["at"],
        "replays": state["replays"],
        "replayed_because": state.get("replayed_because", []),
        "bytes": len(value),
        "headers": {name: _header(name, bytes(text or b"")) for name, text in state["headers"]},
    }
    if content:
        described["content"] = value[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return described


def _header(name: str, text: bytes) -> str:
    if name.lower() == "authorization":
        return f"({len(text)} bytes)"
    return text[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
