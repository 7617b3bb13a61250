"""What people wrote, keys and chains are readable by their owner only, in new homes and in old ones."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from medpipe import owner_only
from medpipe.backends import signing_keys
from medpipe.backends.artifacts import FolderStore
from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql import migrations
from medpipe.backends.sql.database import connect
from medpipe.backends.sql.keys import SqlKeys
from medpipe.core.manifests import BLANKABLE
from medpipe.errors import UsageError
from medpipe.settings import Settings
from medpipe.wiring import Wiring


@pytest.fixture(autouse=True)
def _a_umask_that_takes_nothing() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that hides nothing."""
    (tmp_path / "home").mkdir()
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o777
    return tmp_path / "home"


def open_to_others(folder: Path) -> list[str]:
    """Return what others may read: every file that no folder above it in `folder` hides."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if folder.is_file():
        return [folder.name] if mode & 0o077 else []
    return [name for path in folder.iterdir() for name in open_to_others(path)] if mode & 0o077 else []


def made_home(home: Path) -> None:
    """Make a database with a key, heads, a signing key, MLflow's database, and an artifact of each kind with texts."""
    url = f"sqlite:///{home / 'medpipe.db'}"
    migrations.migrate(url)
    heads = HeadsFile(home / "heads.jsonl")
    SqlKeys(connect(url), heads=heads).issue("ann", "person")
    signing_keys.made("", home)
    wiring = Wiring(Settings(home=home))
    assert wiring._mlflow
    wiring.workspace("feedback/0123456789abcdef").joinpath("draft.jsonl").write_text("{}")
    for kind in BLANKABLE:
        place = home / "artifacts" / kind
        FolderStore(home / "artifacts")
        owner_only.folder(place)
        (place / "rows.jsonl").write_text("{}")


def test_a_new_home_is_its_owners_whatever_the_umask(home: Path) -> None:
    made_home(home)
    assert open_to_others(home) == []


def test_a_home_of_an_earlier_release_is_mended_when_it_is_opened(home: Path) -> None:
    made_home(home)
    for path in home.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert {"medpipe.db", "heads.jsonl", "signing.key", "mlflow.db", "rows.jsonl"} <= set(open_to_others(home))
    made_home(home)
    assert open_to_others(home) == []


def test_a_published_artifact_with_what_people_wrote_is_hidden_and_an_adapter_is_not(home: Path) -> None:
    from medpipe.core.manifests import FeedbackInputs, FeedbackOutcome

    store = FolderStore(home)
    with store.write("feedback/0123456789abcdef", "collect_feedback", FeedbackInputs(content="0" * 64)) as draft:
        (draft.path / "feedback.jsonl").write_text("{}")
        assert open_to_others(home) == [], "a draft"
        draft.conclude(FeedbackOutcome(feedback=0, barred={}))
    assert (home / "feedback" / "0123456789abcdef" / "feedback.jsonl").exists()
    assert open_to_others(home) == []
    (home / "adapter").mkdir(mode=0o755)
    FolderStore(home)
    assert stat.S_IMODE((home / "adapter").stat().st_mode) == 0o755, "an engine reads it under its own user"


def test_a_file_of_somebody_else_that_others_can_read_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "heads.jsonl"
    file.write_text("")
    file.chmod(0o644)

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refused)
    with pytest.raises(UsageError, match="chmod go-rwx"):
        owner_only.file(file)
