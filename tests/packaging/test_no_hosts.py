"""Published files name no package index and no developer's machine: both differ for each person who installs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

# Spelled in pieces, so that this file does not name them.
INDEX_HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "download." + "pytorch.org",
    "test." + "pypi",
    "conda." + "anaconda.org",
    "artifact" + "ory",
    "nexus" + "3",
    "index" + "-url",
    "find" + "-links",
]
MACHINE_PATHS = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/ho" + "me/[a-z]",
    "/opt/" + "wheels",
    "/opt/" + "pypi",
    r"/tmp" + r"/[a-z]",
]
IMAGE_USERS = re.compile("/ho" + "me/engine")
"""The user of the engine's image. The path is inside the image and not on a developer's machine."""


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of published files")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _matches(patterns: list[str]) -> list[str]:
    wanted = re.compile("|".join(patterns))
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures and archives
        for number, line in enumerate(text.splitlines(), 1):
            if wanted.search(IMAGE_USERS.sub("", line)):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def test_the_search_finds_a_line_that_every_checkout_has() -> None:
    assert any(hit.startswith("LICENSE:") for hit in _matches(["Apache " + "License"]))


def test_no_file_names_a_package_index() -> None:
    assert _matches(INDEX_HOSTS) == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert _matches(MACHINE_PATHS) == []


def test_no_constraint_is_a_local_build() -> None:
    for path in (ROOT / "constraints").glob("*.txt"):
        pins = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        assert pins, path.name
        assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", pin)] == [], path.name
