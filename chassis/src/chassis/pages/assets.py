"""Style sheets, pictures and the one script, read once and served from memory."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Self

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

# An hour: the files change with a release only, and have no version in their names.
HEADERS: Mapping[str, str] = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Assets:
    """Files by the path they are served under. What is not in here does not exist."""

    by_path: Mapping[str, tuple[str, bytes]]

    @classmethod
    def load(cls, *own: Traversable) -> Self:
        """The shared files, and those of a service's own folders."""
        static = files("chassis") / "static"
        nhsuk = static / "nhsuk"
        found = {
            **_read(static / "pages"),
            **_read(nhsuk / "assets"),
            **{path: one for path, one in _read(nhsuk).items() if "/" not in path},
            **{path: one for folder in own for path, one in _read(folder).items()},
        }
        return cls(found)

    async def serve(self, request: Request) -> Response:
        found = self.by_path.get(request.path_params["path"])
        if found is None:
            return PlainTextResponse("Not found", 404)
        media_type, content = found
        return Response(content, media_type=media_type, headers=HEADERS)


def _read(folder: Traversable, above: str = "") -> dict[str, tuple[str, bytes]]:
    read: dict[str, tuple[str, bytes]] = {}
    for one in folder.iterdir():
        path = f"{above}{one.name}"
        if one.is_dir():
            read |= _read(one, f"{path}/")
        elif one.name.rpartition(".")[2] in _SERVED:
            read[path] = (_media_type(one.name), one.read_bytes())
    return read


_SERVED = frozenset(["css", "js", "svg", "png", "ico", "json"])


def _media_type(name: str) -> str:
    # What the machine's own table says about JavaScript differs; a module needs this one.
    return "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or ""
