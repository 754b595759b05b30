"""Copies the front-end files listed in vendor.toml into the services that serve them.

Run by hand when a version moves (`make vendor`) and the result committed, so that nobody who
installs Fairwait needs npm.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LISTING = Path(__file__).with_name("vendor.toml")


def main() -> None:
    packages = tomllib.loads(LISTING.read_text())["package"]

    for folder in {ROOT / package["to"] for package in packages}:
        shutil.rmtree(folder, ignore_errors=True)

    for package in packages:
        with tempfile.TemporaryDirectory() as scratch:
            copy_files(package, fetch(package, Path(scratch)), ROOT / package["to"])
        print(f"{package['to']}: {package['name']} {package['version']} ({package['licence']})")


def fetch(package: dict[str, Any], scratch: Path) -> Path:
    """The unpacked package, once its archive has the SHA-512 that was reviewed."""
    wanted = f"{package['name']}@{package['version']}"
    packed = subprocess.run(
        ["npm", "pack", "--silent", wanted], cwd=scratch, check=True, capture_output=True, text=True
    )
    archive = scratch / packed.stdout.split()[-1]

    digest = hashlib.sha512(archive.read_bytes()).digest()
    integrity = "sha512-" + base64.b64encode(digest).decode()
    if integrity != package["integrity"]:
        sys.exit(
            f"{wanted} is {integrity}, not the {package['integrity']} that vendor.toml expects"
        )

    with tarfile.open(archive) as tar:
        tar.extractall(scratch, filter="data")
    return scratch / "package"


def copy_files(package: dict[str, Any], source: Path, target: Path) -> None:
    for file in package["files"]:
        destination = target / file["to"]
        destination.parent.mkdir(parents=True, exist_ok=True)
        if file["from"].endswith("/"):
            shutil.copytree(source / file["from"], destination, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source / file["from"], destination)

    for edit in package.get("edits", []):
        apply_edit(target / edit["in"], edit["pattern"], edit["with"])


def apply_edit(file: Path, pattern: str, replacement: str) -> None:
    before = file.read_text(encoding="utf-8")
    after, found = re.subn(pattern, replacement, before)
    if not found:
        sys.exit(f"{file.name}: nothing matches {pattern!r}; has the package changed its layout?")
    file.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
