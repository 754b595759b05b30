"""Each distribution installs alone: it declares what it imports, and the pins satisfy it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *(ROOT / folder / "pyproject.toml" for folder in ["contracts", "chassis", "deploy/local"]),
    *sorted(ROOT.glob("services/*/pyproject.toml")),
]
PROJECTS = {
    project["name"]: project | {"folder": file.parent}
    for file in FILES
    if (project := tomllib.loads(file.read_text())["project"])
}
INSTALLED = packages_distributions()
SERVICES = [
    "fairwait-referral",
    "fairwait-matching",
    "fairwait-notifications",
    "fairwait-reporting",
]


def test_the_seven_distributions_are_there() -> None:
    assert set(PROJECTS) == {*SERVICES, "fairwait-contracts", "fairwait-chassis", "fairwait"}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_distribution_declares_what_it_imports(name: str) -> None:
    extras = PROJECTS[name].get("optional-dependencies", {})
    optional = {Requirement(text).name for texts in extras.values() for text in texts}
    declared = with_ours_opened(name) | optional

    undeclared = {
        module
        for module in imported(PROJECTS[name]["folder"] / "src")
        if not providers(module) & declared
    }

    assert not undeclared


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_installed_without_its_siblings(name: str) -> None:
    assert not with_ours_opened(name) & (set(SERVICES) - {name})


@pytest.mark.parametrize("name", PROJECTS)
def test_the_pins_satisfy_what_is_declared(name: str) -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", pinned("run.txt"), re.MULTILINE))

    for text in PROJECTS[name]["dependencies"]:
        requirement = Requirement(text)
        if requirement.name not in PROJECTS:
            pin = pins.get(canonicalize_name(requirement.name))
            assert pin, f"{requirement.name} is not in requirements/run.in"
            assert requirement.specifier.contains(pin, prereleases=True)


@pytest.mark.parametrize("file", ["run.txt", "dev.txt"])
def test_pins_have_hashes_and_name_no_index(file: str) -> None:
    lines = pinned(file)

    pins = re.findall(r"^[\w.-]+==\S+(?: ;.*)? \\\n    --hash=sha256:", lines, re.MULTILINE)

    assert len(pins) == len(re.findall(r"^[\w.-]+==", lines, re.MULTILINE)) > 50
    assert "://" not in lines
    assert "--index" not in lines


def test_what_is_run_is_what_was_tested() -> None:
    def pins(file: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", pinned(file), re.MULTILINE))

    assert pins("run.txt") <= pins("dev.txt")


def with_ours_opened(name: str) -> set[str]:
    """Our name, what we declare, and what those of ours that we declare bring along."""
    found = {name}
    for text in PROJECTS[name]["dependencies"]:
        dependency = canonicalize_name(Requirement(text).name)
        found |= with_ours_opened(dependency) if dependency in PROJECTS else {dependency}
    return found


def imported(source: Path) -> Iterator[str]:
    """Top-level names that the code imports, the standard library's left out."""
    for file in source.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import(names=names):
                    modules = [alias.name for alias in names]
                case ast.ImportFrom(module=str(module)):
                    modules = [module]
                case _:
                    continue
            yield from {module.partition(".")[0] for module in modules} - sys.stdlib_module_names


def providers(module: str) -> set[str]:
    """The distributions that bring this module. Ours are editable, and so not in the index."""
    ours = {name for name in (module, f"fairwait-{module}") if name in PROJECTS}
    return {canonicalize_name(name) for name in INSTALLED.get(module, ())} | ours


def pinned(file: str) -> str:
    return (ROOT / "requirements" / file).read_text()
