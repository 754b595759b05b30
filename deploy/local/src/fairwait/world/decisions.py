"""What a patient does with a choice: a function of the seed, the pathway and the list they see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from fairwait.world.calendar import ANSWER_DAYS

NEVER_ANSWERS, STAYS = 0.12, 0.16  # of a hundred, 12 let it lapse and 16 stay where they are
ANSWERS_AT_ONCE = 0.7
MISTYPES = 0.05  # gives a wrong date of birth first
POSITIONS = (40, 22, 15, 12, 11)  # how many of a hundred take the first, the second, ...


@dataclass(frozen=True, slots=True)
class Patient:
    """The person behind a pathway, as far as choosing goes. None for `answers_on`: never."""

    seed: int
    pathway_id: str

    @property
    def answers_on(self) -> date | None:
        """The day on which they answer."""
        draw = self._draw("when")
        if draw.random() < NEVER_ANSWERS:
            return None
        return ANSWER_DAYS[0] if draw.random() < ANSWERS_AT_ONCE else ANSWER_DAYS[1]

    @property
    def mistypes(self) -> bool:
        """Whether they get their date of birth wrong at first."""
        return self._draw("mistypes").random() < MISTYPES

    def chooses(self, providers: Sequence[str]) -> str | None:
        """One of the providers on the page; None to stay."""
        draw = self._draw("what")
        if not providers or draw.random() < STAYS:
            return None
        shown = providers[: len(POSITIONS)]
        return draw.choices(shown, POSITIONS[: len(shown)])[0]

    def _draw(self, what: str) -> Random:
        return Random(f"{self.seed}|{what}|{self.pathway_id}")
