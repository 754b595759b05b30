"""What each page says: values for its holes, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.pages.moulds import Moulds
from notifications.domain import words
from notifications.domain.choice import Answered, Choice, Option, by_wait
from notifications.pages.forms import Mistake
from notifications.writing import SERVICE

STAY = "stay"
STAY_TEXT = "Stay where you are"


@dataclass(frozen=True, slots=True)
class Pages:
    """Every page as HTML. Nothing here decides anything."""

    moulds: Moulds
    helpline: str

    @classmethod
    def with_helpline(cls, helpline: str) -> "Pages":
        return cls(Moulds("notifications.pages", service=SERVICE), helpline)

    def plain(self, page: str) -> str:
        """A page that is the same for everybody."""
        return self.moulds.fill(page, {"helpline": self.helpline})

    def birth_date(
        self, form: str, given: Mapping[str, str] | None = None, mistake: Mistake | None = None
    ) -> str:
        boxes = given or {}
        values = {
            "form": form,
            "helpline": self.helpline,
            "error": mistake.error if mistake else "",
            **{part: boxes.get(part, "")[:20] for part in ("day", "month", "year")},
        }
        shape = {"error": mistake is not None, "parts": " ".join(mistake.parts) if mistake else ""}
        return self.moulds.fill("birth-date", values, shape)

    def hospital(self, choice: Choice, path: str, form: str, answer: str, error: str = "") -> str:
        options = [_row(one, answer) for one in by_wait(choice.options)]
        values = {
            "form": form,
            "path": path,
            "error": error,
            "options": options,
            "stay_checked": _checked(answer == STAY),
            "respond_by": words.long_date(choice.respond_by),
        }
        return self.moulds.fill("hospital", values, {"error": bool(error), "options": len(options)})

    def check(self, choice: Choice, path: str, form: str, answer: str) -> str:
        option = choice.option(answer)
        values = {
            "form": form,
            "path": path,
            "answer": _said(option),
            "wait": words.wait(option.wait) if option else "",
            "distance": words.distance(option.distance_miles) if option else "",
        }
        return self.moulds.fill("check", values, {"moves": option is not None})

    def done(self, choice: Choice, answer: Answered, *, fresh: bool) -> str:
        option = choice.option(answer.provider) if answer.provider else None
        values = {
            "answer": _said(option),
            "answered_on": words.long_date(answer.answered_on),
            "helpline": self.helpline,
        }
        return self.moulds.fill("done", values, {"fresh": fresh, "moves": option is not None})


def _row(option: Option, answer: str) -> dict[str, str]:
    free = option.next_place_on
    return {
        "provider": option.provider,
        "name": words.place(option),
        "wait": words.wait(option.wait),
        "distance": words.distance(option.distance_miles),
        "kind": words.kind(option),
        "place_free": f"Next free appointment: {words.long_date(free) if free else words.NOT_KNOWN}",
        "checked": _checked(option.provider == answer),
    }


def _said(option: Option | None) -> str:
    return words.place(option) if option else STAY_TEXT


def _checked(picked: bool) -> str:
    return " checked" if picked else ""
