"""Texts and files of an artifact can be taken away while its manifest stays, and nobody mistakes that for damage."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.core.manifests import DocumentsManifest
from medpipe.core.refs import ref
from medpipe.errors import Damaged, NotFound, UsageError
from tests.contract.stored import REF, below, fill, two_files
from tests.manifests import put
from tests.processes import run_python

KILLED_STRIP = """
import sys
from pathlib import Path
from medpipe.backends.artifacts import FolderStore, unfinished
from tests.contract.killed import die

rename = Path.rename
Path.rename = lambda *places: (sys.argv[2].startswith("after") and rename(*places), die())
FolderStore(Path(sys.argv[1])).strip(sys.argv[3], ("documents.jsonl",))
"""


PAIRS = ref("pairs", "one")


def pairs(store: FolderStore | ObjectStore, text: str = "Ann said so.\n") -> None:
    put(store, PAIRS, lambda folder: (folder / "train.jsonl").write_text(text))


def blank(store: FolderStore | ObjectStore, tmp_path: Path, text: str = "\n") -> list[str]:
    """Replace the text, and return the digests of what was recorded."""
    file, recorded = tmp_path / "blanked", list[str]()
    file.write_text(text)
    store.blank(PAIRS, {"train.jsonl": file}, lambda after: recorded.append(after.content()))
    return recorded


def test_a_text_can_be_blanked_while_its_manifest_stays(any_store: FolderStore | ObjectStore, tmp_path: Path) -> None:
    pairs(any_store)
    manifest = any_store.find(PAIRS)
    assert any_store.blanked(PAIRS) is None

    recorded = blank(any_store, tmp_path)

    blanked = any_store.blanked(PAIRS)
    assert blanked is not None and recorded == [blanked.content()]
    assert any_store.find(PAIRS) == manifest
    assert (any_store.folder(PAIRS) / "train.jsonl").read_text() == "\n"
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and b"Ann said so" in file.read_bytes()]


def test_the_same_blanking_again_changes_nothing_and_another_one_is_added(
    any_store: FolderStore | ObjectStore, tmp_path: Path
) -> None:
    pairs(any_store)
    first = blank(any_store, tmp_path)
    assert blank(any_store, tmp_path) == first
    assert blank(any_store, tmp_path, "\n\n") != first
    blanked = any_store.blanked(PAIRS)
    assert blanked is not None and len(blanked.files["train.jsonl"]) == 2
    assert (any_store.folder(PAIRS) / "train.jsonl").read_text() == "\n\n"


def test_nothing_is_blanked_without_a_record(any_store: FolderStore | ObjectStore) -> None:
    def refuse(after: object) -> None:
        raise Damaged("the ledger is gone")

    pairs(any_store)
    with pytest.raises(Damaged, match="the ledger is gone"):
        any_store.blank(PAIRS, {}, refuse)
    assert any_store.blanked(PAIRS) is None
    assert (any_store.folder(PAIRS) / "train.jsonl").read_text() == "Ann said so.\n"


def test_weights_are_never_blanked(any_store: FolderStore | ObjectStore, tmp_path: Path) -> None:
    """Else a file beside the manifest could make any weights pass."""
    adapter = put(any_store, ref("adapter", "one"), lambda folder: (folder / "weights").write_text("1"))
    (tmp_path / "other").write_text("2")
    with pytest.raises(UsageError, match="texts are erased only in"):
        any_store.blank(adapter, {"weights": tmp_path / "other"}, lambda after: None)
    assert (any_store.folder(adapter) / "weights").read_text() == "1"


def test_an_erased_json_beside_weights_is_refused(store: FolderStore) -> None:
    adapter = put(store, ref("adapter", "one"), lambda folder: (folder / "weights").write_text("1"))
    (store.root / adapter / "erased.json").write_text(f'{{"ref": "{adapter}", "files": {{}}}}')
    with pytest.raises(Damaged, match="was not written by `medpipe erase`"):
        store.folder(adapter)


def test_another_machine_gets_what_the_erasure_left(address: str, tmp_path: Path) -> None:
    here, there = ObjectStore(address, tmp_path / "here"), ObjectStore(address, tmp_path / "there")
    pairs(here)
    assert (there.folder(PAIRS) / "train.jsonl").read_text() == "Ann said so.\n"
    blank(here, tmp_path)
    assert (there.folder(PAIRS) / "train.jsonl").read_text() == "\n"


def test_a_blanked_file_that_is_missing_in_an_object_store_is_damage(address: str, tmp_path: Path) -> None:
    here, there = ObjectStore(address, tmp_path / "here"), ObjectStore(address, tmp_path / "there")
    pairs(here)
    blank(here, tmp_path)
    here._bucket.remove([f"files/{path}" for path in below(here, "files")])
    with pytest.raises(Damaged, match=r"train\.jsonl is missing"):
        there.folder(PAIRS)


def test_of_a_stripped_artifact_the_manifest_and_the_other_files_stay(any_store: FolderStore | ObjectStore) -> None:
    put(any_store, REF, two_files)
    whole = any_store.find(REF)
    any_store.strip(REF, ("documents.jsonl",))
    assert any_store.find(REF) == whole
    with pytest.raises(NotFound, match="run its verb again"):
        any_store.folder(REF)
    assert [file.name for file in any_store.remains(REF).glob("*.jsonl")] == ["index.jsonl"]
    assert set(any_store.sizes(REF)) >= {"manifest.json", "index.jsonl"}
    assert "documents.jsonl" not in any_store.sizes(REF)
    swept = any_store.swept(REF)
    assert swept is not None and swept.files == ("documents.jsonl",)


def test_a_stripped_artifact_that_is_written_again_is_whole(any_store: FolderStore | ObjectStore) -> None:
    put(any_store, REF, two_files)
    any_store.strip(REF, ("documents.jsonl",))
    put(any_store, REF, two_files)
    assert any_store.swept(REF) is None
    assert (any_store.folder(REF) / "documents.jsonl").read_text() == "row\n"


def test_of_a_blanked_artifact_files_can_be_stripped(any_store: FolderStore | ObjectStore, tmp_path: Path) -> None:
    put(any_store, PAIRS, lambda folder: [(folder / name).write_text("said\n") for name in ("a.jsonl", "b.jsonl")])
    (tmp_path / "blank").write_text("\n")
    any_store.blank(PAIRS, {"a.jsonl": tmp_path / "blank", "b.jsonl": tmp_path / "blank"}, lambda _: None)
    any_store.strip(PAIRS, ("a.jsonl",))
    left = any_store.remains(PAIRS)
    assert not (left / "a.jsonl").exists()
    assert (left / "b.jsonl").read_text() == "\n"


def test_of_a_stripped_artifact_texts_can_be_blanked(any_store: FolderStore | ObjectStore, tmp_path: Path) -> None:
    put(any_store, PAIRS, lambda folder: [(folder / name).write_text("said\n") for name in ("a.jsonl", "b.jsonl")])
    any_store.strip(PAIRS, ("a.jsonl",))
    (tmp_path / "blank").write_text("\n")
    any_store.blank(PAIRS, {"b.jsonl": tmp_path / "blank"}, lambda _: None)
    assert (any_store.remains(PAIRS) / "b.jsonl").read_text() == "\n"
    assert any_store.swept(PAIRS)


def test_a_cache_that_has_texts_which_were_stripped_elsewhere_loses_them(address: str, tmp_path: Path) -> None:
    here, there = (ObjectStore(address, tmp_path / name) for name in ("here", "there"))
    put(here, PAIRS, lambda folder: [(folder / name).write_text("said\n") for name in ("a.jsonl", "b.jsonl")])
    assert (there.folder(PAIRS) / "a.jsonl").exists()
    (tmp_path / "blank").write_text("\n")
    here.blank(PAIRS, {"a.jsonl": tmp_path / "blank"}, lambda _: None)
    here.strip(PAIRS, ("a.jsonl",))
    assert [file.name for file in there.remains(PAIRS).glob("*.jsonl")] == ["b.jsonl"]


def test_an_artifact_that_is_made_again_or_removed_leaves_no_file_of_the_earlier_one(
    address: str, tmp_path: Path
) -> None:
    store = ObjectStore(address, tmp_path / "cache")
    put(store, REF, two_files)
    store.strip(REF, ("documents.jsonl",))
    put(store, REF, two_files)
    assert len(below(store, "files")) == 2
    store.remove(REF)
    assert below(store, "") == []


@pytest.mark.parametrize("calls", range(5))
def test_wherever_a_removal_is_killed_a_manifest_names_the_files_that_are_left_and_the_next_run_ends_it(
    far: ObjectStore, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    store = far
    put(store, REF, two_files)
    bucket, done = store._bucket, []

    def killed(*arguments: object, **options: object) -> None:
        if len(done) == calls:
            raise KeyboardInterrupt
        done.append(real(*arguments, **options))

    with monkeypatch.context() as patched:
        real = bucket.remove
        patched.setattr(bucket, "remove", killed)
        with suppress(KeyboardInterrupt):
            store.remove(REF)
    if any(not path.endswith("swept.json") for path in below(store, "files")):
        assert store.find(REF)
        assert store.remains(REF)
    store.remove(REF)
    assert below(store, "") == []


def test_a_file_that_is_missing_beside_the_stripped_ones_is_damage(store: FolderStore) -> None:
    put(store, REF, two_files)
    store.strip(REF, ("documents.jsonl",))
    (store.root / REF / "index.jsonl").unlink()
    with pytest.raises(Damaged, match=r"index\.jsonl is missing"):
        store.remains(REF)


def test_a_removed_artifact_is_gone_and_can_be_written_again(any_store: FolderStore | ObjectStore) -> None:
    put(any_store, REF, two_files)
    any_store.remove(REF)
    any_store.remove(REF)
    assert any_store.find(REF) is None
    assert list(any_store.refs(DocumentsManifest)) == []
    assert any_store.sizes(REF) == {}
    fill(any_store, REF)
    assert any_store.folder(REF)


@pytest.mark.parametrize(("point", "left"), [("before the file moves", True), ("after the file moved", False)])
def test_a_strip_that_is_killed_leaves_no_damage_and_is_finished_by_the_next(
    store: FolderStore, point: str, left: bool
) -> None:
    put(store, REF, two_files)
    assert run_python(KILLED_STRIP, store.root, point, REF).returncode == -signal.SIGKILL
    assert store.remains(REF)
    assert (store.root / REF / "documents.jsonl").exists() is left
    store.strip(REF, ("documents.jsonl",))
    assert not (store.root / REF / "documents.jsonl").exists()
