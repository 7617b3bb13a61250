"""The Makefile says what it does, and CI does what a person would type."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.places import ROOT

TARGETS = {
    "demo",
    "up",
    "down",
    "test",
    "check",
    "unit",
    "lint",
    "bench",
    "bench-chain",
    "bench-feedback",
    "mutants",
    "wheel",
    "env",
    "env-engine",
    "clean",
    "help",
}

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def _make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A clone with nothing built."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "constraints", tmp_path / "constraints")
    return tmp_path


def test_help_is_the_default_and_lists_every_target() -> None:
    listed = {line.split()[0] for line in _make().stdout.splitlines() if line.startswith("  ")}
    assert listed >= TARGETS


def test_every_target_in_help_exists() -> None:
    for line in _make("help").stdout.splitlines():
        if line.startswith("  "):
            done = _make("--dry-run", line.split()[0])
            assert done.returncode == 0, done.stderr


def test_ci_calls_make_test_and_nothing_else() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if line and not line.startswith(("#", "cd "))]
    assert commands == ["exec make test"]


def test_an_old_python_is_refused_by_name(copy: Path) -> None:
    old = copy / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = _make("env", f"PYTHON={old}", folder=copy)
    assert done.returncode != 0
    assert "needs Python 3.11" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_a_missing_venv_module_names_the_package_to_install(copy: Path) -> None:
    bare = copy / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *venv*) echo python3.12-venv;; esac\n')
    bare.chmod(0o755)
    done = _make("env", f"PYTHON={bare}", folder=copy)
    assert done.returncode != 0
    assert "apt-get install python3.12-venv" in done.stderr


def test_an_interrupted_install_leaves_no_stamp(copy: Path) -> None:
    """The environment's python exists, its pip runs, and every install fails: the next `make` starts again."""
    python = copy / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\ncase "$*" in *--version*) exit 0;; *) exit 1;; esac\n')
    python.chmod(0o755)
    assert _make("env", folder=copy).returncode != 0
    assert not (copy / ".venv" / ".ready").exists()


def test_the_demo_and_the_tests_are_started_by_modules_that_exist() -> None:
    for module in re.findall(r"-m ((?:medpipe|serving|bench)[\w.]*)", (ROOT / "Makefile").read_text()):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module
