"""Progress: what happens now and how much has, in lines where nobody watches a terminal."""

from collections import Counter
from io import StringIO

from rich.console import Console

from fairwait.simulation.progress import TELL_EVERY, figures_of, shown

EVENTS = Counter(
    {
        "fairwait.referral.received.v1": 12,
        "fairwait.response.provider_chosen.v1": 3,
        "fairwait.response.stay_chosen.v1": 2,
        "fairwait.notification.intended.v1": 20,
    }
)


async def look() -> Counter[str]:
    return EVENTS


def test_choices_are_those_to_move_and_those_to_stay() -> None:
    assert figures_of(EVENTS) == {
        "referrals": 12,
        "shortlists": 0,
        "choices": 5,
        "bookings": 0,
        "attended": 0,
    }


async def test_without_a_terminal_what_happens_is_a_line_and_figures_come_now_and_then() -> None:
    out = StringIO()
    console = Console(file=out, width=120)

    async with shown(console, look) as progress:
        progress.tell("Trusts send referrals")
        for _ in range(TELL_EVERY):
            progress.show(figures_of(EVENTS))

    lines = out.getvalue().splitlines()
    assert lines[0] == "Trusts send referrals"
    assert [line.split(",")[0].strip() for line in lines[1:]] == ["12 referrals"]


async def test_on_a_terminal_the_figures_are_drawn_in_place() -> None:
    out = StringIO()
    console = Console(file=out, width=120, force_terminal=True)

    async with shown(console, look) as progress:
        progress.tell("Patients choose")

    assert "Patients choose" in out.getvalue()
    assert "referrals" in out.getvalue()
