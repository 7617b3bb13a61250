"""A demo empties only a folder that a demo made."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe.errors import UsageError
from medpipe.sandbox import demo
from medpipe.sandbox.real import __main__ as real
from medpipe.sandbox.state_folder import MARKER, emptied, mark


def test_a_folder_with_somebody_elses_files_is_refused_and_keeps_them(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    with pytest.raises(UsageError, match="did not make it"):
        emptied(tmp_path)
    assert thesis.read_text() == "years of work"


def test_a_folder_that_a_demo_made_is_emptied_and_stays_a_demos(tmp_path: Path) -> None:
    emptied(tmp_path / "new")
    (tmp_path / "new" / "state").write_text("old")
    emptied(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [MARKER]


def test_an_empty_folder_is_taken_and_a_file_is_refused(tmp_path: Path) -> None:
    emptied(tmp_path)
    mark(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        emptied(tmp_path / MARKER)


def test_both_demos_refuse_a_folder_that_they_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    assert demo.main(["--var", str(tmp_path), "--exit"]) == 1
    for resume in ([], ["--resume"]):
        assert real.main(["--var", str(tmp_path), "--data", str(tmp_path), *resume]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
