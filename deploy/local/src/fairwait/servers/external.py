"""A server that somebody else runs: reached by its address, and never taken down by us."""

from typing import NoReturn

from fairwait.servers.child import ServerFailed


class External:
    """What a child process can be asked, refused."""

    async def stop(self) -> None:
        """It goes on."""

    async def kill(self) -> None:
        self._refuse()

    async def restart(self) -> None:
        self._refuse()

    def pause(self) -> None:
        self._refuse()

    def resume(self) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise ServerFailed(
            "the server was named by the environment, so it is not ours to take down"
        )
