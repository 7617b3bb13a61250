"""An artifact is whole or absent, whoever writes at the same time. Real processes are killed to test it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from medpipe.backends.artifacts import FolderStore, remote
from medpipe.backends.artifacts.leftover_uploads import LeftoverUploads
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.bucket import Bucket
from medpipe.core.manifests import DocumentsManifest
from medpipe.core.refs import ref
from tests.contract.stored import REF, below, fill, two_files
from tests.manifests import inputs, outcome, put
from tests.processes import run_python

KILLED = """
import sys
from pathlib import Path
from medpipe.backends.artifacts import FolderStore, unfinished
from tests.contract.killed import die
from tests.manifests import inputs, outcome

point = sys.argv[2]
if point == "before the manifest":
    unfinished.write_flushed = die
elif point == "before the rename":
    Path.rename = die
with FolderStore(Path(sys.argv[1])).write(sys.argv[3], "pull", inputs("documents")) as draft:
    draft.conclude(outcome("documents"))
    with (draft.path / "documents.jsonl").open("w") as rows:
        rows.write("half a row")
        rows.flush()
        if point == "while filling":
            die()
    if point == "after filling":
        die()
"""


def test_an_error_leaves_nothing_and_is_raised_on(store: FolderStore) -> None:
    with pytest.raises(ZeroDivisionError):
        with store.write(REF, "pull", inputs("documents")) as draft:
            (draft.path / "documents.jsonl").write_text("row\n")
            raise ZeroDivisionError
    assert store.find(REF) is None
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("point", ["while filling", "after filling", "before the manifest", "before the rename"])
def test_a_killed_writer_leaves_nothing_readable_and_the_next_one_succeeds(store: FolderStore, point: str) -> None:
    assert run_python(KILLED, store.root, point, REF).returncode == -signal.SIGKILL
    assert store.find(REF) is None
    assert list(store.manifests(DocumentsManifest)) == []
    fill(store, REF)
    assert (store.folder(REF) / "documents.jsonl").read_text() == "row\n"


def test_leftovers_of_a_killed_writer_are_removed_later_but_work_in_progress_is_not(store: FolderStore) -> None:
    run_python(KILLED, store.root, "while filling", REF)
    leftovers = {path.name for path in (store.root / ".unfinished").iterdir() if path.is_dir()}
    assert leftovers
    with store.write(ref("documents", "two"), "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        for lock in (store.root / ".unfinished").glob("*.lock"):
            os.utime(lock, (time.time() - 3600,) * 2)
        fill(store, REF)
        assert draft.path.is_dir()
    assert not leftovers & {path.name for path in (store.root / ".unfinished").iterdir()}


def _race(root: Path, address: str, target: str, writer: int) -> int:
    """Write the artifact on a machine of its own, or in the shared folder, and return whose files are read then."""
    store = ObjectStore(address, root / f"machine-{writer}") if address else FolderStore(root)
    with store.write(target, "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        for part in range(20):
            (draft.path / f"part-{part}").write_text(str(writer))
        time.sleep(0.02)
    whole = store.folder(target)
    (one,) = {path.read_text() for path in whole.glob("part-*")}
    return int(one)


def _raced(root: Path, address: str, turns: int) -> None:
    """Let two processes write each artifact at once, and again after it was swept."""
    store = ObjectStore(address, root / "machine-0") if address else FolderStore(root)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for turn in range(turns):
            target = ref("documents", turn)
            for _ in ("at first", "after it was swept"):
                first, second = (pool.submit(_race, root, address, target, writer) for writer in (1, 2))
                assert first.result() == second.result()
                assert store.swept(target) is None
                store.strip(target, ["part-0"])


def test_of_two_writers_at_once_one_wins_whole_and_the_other_is_silent(store: FolderStore) -> None:
    _raced(store.root, "", 10)
    assert list((store.root / ".unfinished").iterdir()) == []


def test_of_two_machines_that_write_at_once_one_wins_whole_and_no_file_of_the_other_stays(
    address: str, tmp_path: Path
) -> None:
    _raced(tmp_path, address, 5)
    assert len(below(ObjectStore(address, tmp_path), "files")) == 5 * 20, "swept.json in the place of the swept file"


def test_the_first_writer_stays_and_a_later_one_changes_nothing(any_store: FolderStore | ObjectStore) -> None:
    fill(any_store, REF, "first\n")
    fill(any_store, REF, "second\n")
    assert (any_store.folder(REF) / "documents.jsonl").read_text() == "first\n"


def test_of_two_writers_that_make_a_swept_artifact_again_the_slower_reads_what_the_faster_made(
    any_store: FolderStore | ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The faster one writes after the slower one has seen that files were swept, and before it publishes."""
    fill(any_store, REF, "first\n")
    any_store.strip(REF, ("documents.jsonl",))
    read = dict[str, str]()

    def write(writer: str) -> None:
        fill(any_store, REF, f"{writer}\n")
        read[writer] = (any_store.folder(REF) / "documents.jsonl").read_text()

    faster = Thread(target=write, args=["faster"])

    def overtaken(*arguments: object) -> object:
        monkeypatch.setattr(seen_by, name, last_step)
        result = last_step(*arguments) if isinstance(any_store, FolderStore) else None
        faster.start()
        faster.join(1)  # in a folder it waits for the slower one
        return last_step(*arguments) if result is None else result

    seen_by, name = (FolderStore, "_is_whole") if isinstance(any_store, FolderStore) else (Bucket, "replace")
    last_step = getattr(seen_by, name)
    monkeypatch.setattr(seen_by, name, overtaken)
    write("slower")
    faster.join()
    assert read["faster"] == read["slower"]
    assert (any_store.folder(REF) / "documents.jsonl").read_text() == read["faster"]


def test_an_artifact_whose_manifest_was_removed_can_be_made_again(store: FolderStore) -> None:
    fill(store, REF, "first\n")
    (store.folder(REF) / "manifest.json").unlink()
    fill(store, REF, "second\n")
    assert (store.folder(REF) / "documents.jsonl").read_text() == "second\n"


def test_of_two_machines_at_once_the_second_is_silent_and_reads_the_first(address: str, tmp_path: Path) -> None:
    one, other = (ObjectStore(address, tmp_path / name) for name in ("one", "other"))
    with one.write(REF, "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        fill(other, REF, "other\n")
        (draft.path / "documents.jsonl").write_text("one\n")
    assert (one.folder(REF) / "documents.jsonl").read_text() == "other\n"
    assert len(below(one, "files")) == 1


def test_an_error_leaves_nothing_in_an_object_store(far: ObjectStore) -> None:
    with pytest.raises(ZeroDivisionError):
        with far.write(REF, "pull", inputs("documents")):
            raise ZeroDivisionError
    assert below(far, "") == []


KILLED_FAR = """
import sys, threading
from pathlib import Path
from medpipe import bucket
from medpipe.backends.artifacts.remote import ObjectStore
from tests.contract.killed import after, die
from tests.manifests import inputs, outcome

address, cache, point, ref = sys.argv[1:]
put = bucket.obstore.put
if point == "before the upload":
    bucket.obstore.put = die
elif point == "after one file of two":
    bucket.obstore.put = after(put)
elif point == "in the middle of a file":
    bucket.obstore.put = lambda *arguments: (threading.Timer(0.1, die).start(), put(*arguments))
elif point == "between the upload and the manifest":
    bucket.Bucket.create = die
elif point == "after the manifest":
    bucket.Bucket.create = after(bucket.Bucket.create)
elif point == "while fetching":
    bucket.Bucket._download = after(bucket.Bucket._download)
store = ObjectStore(address, Path(cache))
if point == "while fetching":
    store.folder(ref)
with store.write(ref, "pull", inputs("documents")) as draft:
    draft.conclude(outcome("documents"))
    for name in ("documents.jsonl", "index.jsonl"):
        (draft.path / name).write_bytes(b"row\\n" * (10_000_000 if point == "in the middle of a file" else 1))
    if point == "while filling":
        die()
"""


FAR_POINTS = [
    "while filling",
    "before the upload",
    "after one file of two",
    "in the middle of a file",
    "between the upload and the manifest",
    "after the manifest",
]


LEAVES_OBJECTS = {"after one file of two", "in the middle of a file", "between the upload and the manifest"}


def killed_far(store: ObjectStore, cache: Path, point: str) -> None:
    done = run_python(KILLED_FAR, store._bucket.address, cache, point, REF)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("point", FAR_POINTS)
def test_a_writer_to_an_object_store_killed_anywhere_is_whole_or_not_there_and_the_next_run_finishes(
    far: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    killed_far(far, tmp_path / "cache of the killed", point)
    assert (far.find(REF) is not None) == (point == "after the manifest")
    assert len(list(far.manifests(DocumentsManifest))) == (point == "after the manifest")
    leftovers = LeftoverUploads(far._bucket.address.removesuffix("/artifacts"), far)
    assert bool([*leftovers.all()]) == (point in LEAVES_OBJECTS), "for `gc`, where nobody makes the artifact again"
    monkeypatch.setattr(remote, "_GRACE", timedelta(0))
    put(far, REF, two_files)
    assert isinstance(far.find(REF), DocumentsManifest)
    assert (far.folder(REF) / "documents.jsonl").read_text() == "row\n"
    assert all(map(leftovers.remove, leftovers.all()))
    assert not list(leftovers.all())
    assert len(below(far, "files")) == 2, "what the killed writer had uploaded is gone"


def test_an_upload_that_may_be_in_progress_is_left_alone(far: ObjectStore) -> None:
    far._bucket.write(f"files/{REF}/other/documents.jsonl", "of a writer at work")
    fill(far, REF)
    assert f"{REF}/other/documents.jsonl" in below(far, "files")


def test_a_writer_that_hears_of_its_own_manifest_as_of_another_one_has_won(
    far: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats a request whose answer was lost, and the object is there then."""
    create = Bucket.create
    monkeypatch.setattr(Bucket, "create", lambda *arguments: (create(*arguments), create(*arguments))[1])
    fill(far, REF)
    assert far.folder(REF)
    assert below(far, "files")


@pytest.mark.slow
def test_a_reader_killed_while_fetching_leaves_no_half_folder(far: ObjectStore, tmp_path: Path) -> None:
    put(far, REF, two_files)
    killed_far(far, tmp_path / "other cache", "while fetching")
    again = ObjectStore(far._bucket.address, tmp_path / "other cache")
    assert {path.name for path in again.folder(REF).iterdir()} == {"documents.jsonl", "index.jsonl"}


FULL = """
import resource, sys
from pathlib import Path
from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.errors import MedpipeError
from tests.manifests import inputs, outcome

address, root, ref, how, what = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]
store = ObjectStore(address, root / "cache") if address else FolderStore(root / "artifacts")
if how == "limit":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    source = "x" * (3_000_000 if what == "manifest" else 1)
    with store.write(ref, "pull", inputs("documents", source=source)) as draft:
        draft.conclude(outcome("documents"))
        (draft.path / "small.jsonl").write_text("row")
        if what == "file":
            (draft.path / "documents.jsonl").write_text("x" * 3_000_000)
except MedpipeError as error:
    print(error)
"""


def check_full(address: str, root: Path, how: str, what: str) -> None:
    """Check that a writer on a full disk says so and leaves nothing, and that the next one succeeds."""
    done = run_python(FULL, address, root, REF, how, what)
    assert done.stdout.startswith(f"no space left for {REF}"), done.stderr
    store = ObjectStore(address, root / "cache") if address else FolderStore(root / "artifacts")
    assert store.find(REF) is None
    assert [path for path in root.rglob("*") if path.is_file()] == []
    fill(store, REF)
    assert (store.folder(REF) / "documents.jsonl").read_text() == "row\n"


@pytest.fixture(params=["folder: file", "folder: manifest", "object store: file"])
def full(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The address of a store, empty for a folder, and what finds no room on this machine's disk."""
    kind, _, what = request.param.partition(": ")
    return (request.getfixturevalue("address") if kind == "object store" else ""), what


@pytest.mark.slow
def test_a_limit_on_file_sizes_is_a_clear_error_and_leaves_nothing(tmp_path: Path, full: tuple[str, str]) -> None:
    address, what = full
    check_full(address, tmp_path, "limit", what)


@pytest.mark.slow
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(small_disk: Path, full: tuple[str, str]) -> None:
    address, what = full
    check_full(address, small_disk, "disk", what)
