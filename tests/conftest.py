"""The servers and files that tests stand on, and what happens where one is missing."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright

from fairwait.servers import External, Stack
from tests.required import lacking
from tests.stacks import emptied

ROOT = Path(__file__).resolve().parents[1]

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile("default")


def pytest_report_header(config: pytest.Config) -> str:
    return f"servers: {planned_stack().description}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("durable_kafka") and not planned_stack().durable:
        lacking("durable_kafka", "this run is on the embedded broker (make test-kafka is not)")


def planned_stack() -> Stack:
    """The stack that `stack` will start, by the environment alone."""
    return Stack.choose(directory=ROOT / ".fairwait")


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Kafka and MongoDB for all tests of this process; see `empty_stack`."""
    async with Stack.start(directory=tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture
async def empty_stack(stack: Stack) -> Stack:
    """The session's stack with no topic and no database in it."""
    await emptied(stack)
    return stack


@pytest.fixture
async def own_stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack for one test alone, which may kill, pause and restart its servers."""
    if isinstance(planned_stack().kafka, External) or isinstance(planned_stack().mongo, External):
        pytest.skip("the servers are named by the environment, and not ours to take down")
    async with Stack.start(directory=tmp_path / "stack") as started:
        yield started


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of reference and example data beside the repository (FAIRWAIT_SHARED)."""
    folder = Path(os.environ.get("FAIRWAIT_SHARED") or ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        lacking("shared", "there is no folder of shared data; FAIRWAIT_SHARED names it")
    return folder


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium; nothing is downloaded."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        lacking("browser", "chromium is not installed")
    async with async_playwright() as playwright:
        # Chromium's sandbox does not start as root, which CI is; it loads our own pages only.
        opened = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield opened
        await opened.close()
