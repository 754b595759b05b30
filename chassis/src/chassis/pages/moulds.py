"""NHS components made once and filled many times.

The macros of nhsuk-frontend take about 15 ms a page. So each page is made in two steps: the macros
run once and leave holes, written `[[ name ]]`; the result is itself a template, and filling it
takes a fraction of a millisecond. Holes are escaped like any value of a template.
"""

from collections.abc import Mapping
from functools import cache

from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    Template,
)

Shape = Mapping[str, object]
"""What decides which components a page has: how many options, whether there is an error."""


class Moulds:
    """The pages of some packages' templates. `always` is the same on every page."""

    def __init__(self, *packages: str, **always: object) -> None:
        self._components = Environment(
            loader=ChoiceLoader(
                [
                    PackageLoader(package)
                    for package in (*packages, "chassis.pages", "nhsuk_frontend_jinja")
                ]
            ),
            undefined=ChainableUndefined,  # the NHS macros ask for it
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._components.globals.update(always)
        self._holes = Environment(
            variable_start_string="[[",
            variable_end_string="]]",
            block_start_string="[%",
            block_end_string="%]",
            comment_start_string="[#",
            comment_end_string="#]",
            undefined=StrictUndefined,
            autoescape=True,
            auto_reload=False,
        )
        self._made = cache(self._make)

    def fill(self, page: str, values: Mapping[str, object], shape: Shape | None = None) -> str:
        """The page with these values in its holes. A hole without a value is an error."""
        return self._made(page, tuple(sorted((shape or {}).items()))).render(values)

    def _make(self, page: str, shape: tuple[tuple[str, object], ...]) -> Template:
        made = self._components.get_template(f"{page}.html").render(dict(shape))
        return self._holes.from_string(made)
