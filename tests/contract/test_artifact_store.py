"""An artifact is whole or absent. Real processes are killed to test it."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from medpipe.backends.artifacts import FolderStore, remote
from medpipe.backends.artifacts.bucket import Bucket
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.core.manifests import AdapterManifest, DocumentsManifest, VersionManifest
from medpipe.core.refs import ref
from medpipe.errors import Damaged, NotFound, UsageError
from tests.manifests import inputs, outcome, put
from tests.processes import run_python

REF = ref("documents", "one")

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

KILLED_STRIP = """
import sys
from pathlib import Path
from medpipe.backends.artifacts import FolderStore, unfinished
from tests.contract.killed import die

rename = Path.rename
Path.rename = lambda *places: (sys.argv[2].startswith("after") and rename(*places), die())
FolderStore(Path(sys.argv[1])).strip(sys.argv[3], ("documents.jsonl",))
"""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "artifacts")


@pytest.fixture
def far(address: str, tmp_path: Path) -> ObjectStore:
    """The same store on an S3 server."""
    return ObjectStore(address, tmp_path / "cache")


@pytest.fixture(params=["store", "far"])
def any_store(request: pytest.FixtureRequest) -> FolderStore | ObjectStore:
    """The store in a file system and on an S3 server."""
    return request.getfixturevalue(request.param)


def fill(store: FolderStore | ObjectStore, target: str, text: str = "row\n") -> None:
    put(store, target, lambda folder: (folder / "documents.jsonl").write_text(text))


def test_what_was_written_is_found_with_inputs_and_outcome_of_its_kind(any_store: FolderStore | ObjectStore) -> None:
    fill(any_store, REF)
    stored = any_store.find(REF)
    assert isinstance(stored, DocumentsManifest)
    assert (stored.ref, stored.verb) == (REF, "a test")
    assert stored.inputs == inputs("documents")
    assert stored.outcome == outcome("documents")
    assert (any_store.folder(REF) / "documents.jsonl").read_text() == "row\n"


def test_what_was_never_written_is_not_found(any_store: FolderStore | ObjectStore) -> None:
    assert any_store.find(REF) is None
    assert list(any_store.manifests(DocumentsManifest)) == []
    with pytest.raises(NotFound, match=REF):
        any_store.folder(REF)


def test_nothing_can_be_read_while_it_is_written(any_store: FolderStore | ObjectStore) -> None:
    with any_store.write(REF, "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        (draft.path / "documents.jsonl").write_text("row\n")
        assert any_store.find(REF) is None
        assert list(any_store.manifests(DocumentsManifest)) == []
    assert any_store.find(REF) is not None


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
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for turn in range(turns):
            target = ref("documents", turn)
            first, second = (pool.submit(_race, root, address, target, writer) for writer in (1, 2))
            assert first.result() == second.result()


def test_of_two_writers_at_once_one_wins_whole_and_the_other_is_silent(store: FolderStore) -> None:
    _raced(store.root, "", 10)
    assert list((store.root / ".unfinished").iterdir()) == []


def test_of_two_machines_that_write_at_once_one_wins_whole_and_no_file_of_the_other_stays(
    address: str, tmp_path: Path
) -> None:
    _raced(tmp_path, address, 5)
    assert len(below(ObjectStore(address, tmp_path), "files")) == 5 * 20


def below(store: ObjectStore, path: str) -> list[str]:
    return sorted(store._bucket.below(path))


def test_the_first_writer_stays_and_a_later_one_changes_nothing(any_store: FolderStore | ObjectStore) -> None:
    fill(any_store, REF, "first\n")
    fill(any_store, REF, "second\n")
    assert (any_store.folder(REF) / "documents.jsonl").read_text() == "first\n"


def test_an_artifact_whose_manifest_was_removed_can_be_made_again(store: FolderStore) -> None:
    fill(store, REF, "first\n")
    (store.folder(REF) / "manifest.json").unlink()
    fill(store, REF, "second\n")
    assert (store.folder(REF) / "documents.jsonl").read_text() == "second\n"


def test_manifests_come_oldest_first_and_only_of_their_kind(any_store: FolderStore | ObjectStore) -> None:
    refs = [ref("documents", number) for number in range(5)]
    for target in (*refs, ref("corpus", 1)):
        fill(any_store, target)
    assert [found.ref for found in any_store.manifests(DocumentsManifest)] == refs


def test_a_damaged_manifest_is_reported_by_name(store: FolderStore) -> None:
    fill(store, REF)
    (store.folder(REF) / "manifest.json").write_text("{")
    with pytest.raises(Damaged, match=REF):
        store.find(REF)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "../x/0123456789abcdef",
        "version/..",
        "version/.hidden",
        f"version/{'a' * 300}",
        "documents/short",
        "documents/0123456789abcdef\n",
        "documents/0123456789ABCDEF",
    ],
)
def test_what_is_no_ref_is_refused(store: FolderStore, bad: str) -> None:
    for method in (store.find, store.folder):
        with pytest.raises(UsageError, match="is not a ref"):
            method(bad)


def test_a_ref_of_an_unknown_kind_is_refused_and_the_kinds_are_listed(store: FolderStore) -> None:
    with pytest.raises(UsageError, match="no kind of artifact is called 'document'; there are adapter, anchor, "):
        store.find("document/0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "inputs: Field required"),
        ('{"outcome": {"documents": "many"}}', "outcome.documents: Input should be a valid integer"),
        ('{"facts": {"documents": 1}}', "facts: Extra inputs are not permitted"),
        ('{"outcome": {"documents": 1, "rows": 1}}', "outcome.rows: Extra inputs are not permitted"),
    ],
)
def test_a_manifest_that_does_not_fit_its_kind_is_damaged_and_names_file_field_and_remedy(
    store: FolderStore, text: str, says: str
) -> None:
    fill(store, REF)
    (store.folder(REF) / "manifest.json").write_text(text)
    for read in (store.find, store.folder, lambda ref: list(store.manifests(DocumentsManifest))):
        with pytest.raises(Damaged, match=rf"{REF}/manifest.json .*{says}.*remove that folder and run its verb again"):
            read(REF)


def test_a_draft_without_an_outcome_or_with_that_of_another_kind_leaves_nothing(
    any_store: FolderStore | ObjectStore,
) -> None:
    with pytest.raises(ValidationError):
        with any_store.write(REF, "pull", inputs("documents")):
            pass
    with pytest.raises(ValidationError):
        with any_store.write(REF, "pull", inputs("documents")) as draft:
            draft.conclude(outcome("feedback"))
    with pytest.raises(ValidationError):
        with any_store.write(REF, "pull", inputs("corpus")) as draft:
            draft.conclude(outcome("documents"))
    assert any_store.find(REF) is None


def test_a_draft_is_concluded_once(store: FolderStore) -> None:
    with pytest.raises(RuntimeError, match="concluded once"):
        with store.write(REF, "pull", inputs("documents")) as draft:
            draft.conclude(outcome("documents"))
            draft.conclude(outcome("documents"))
    assert store.find(REF) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.1])
def test_numbers_come_back_as_they_were_written(any_store: FolderStore | ObjectStore, value: float) -> None:
    adapter = put(any_store, ref("adapter", 1), metrics={"loss": value})
    stored = any_store.find(adapter)
    assert isinstance(stored, AdapterManifest)
    assert repr(stored.outcome.metrics["loss"]) == repr(value)


def test_a_version_has_a_readable_name(any_store: FolderStore | ObjectStore) -> None:
    fill(any_store, "version/medqa-v3-1f3c9a")
    assert [found.ref for found in any_store.manifests(VersionManifest)] == ["version/medqa-v3-1f3c9a"]


def test_another_machine_fetches_what_one_machine_put_into_an_object_store(address: str, tmp_path: Path) -> None:
    one, other = (ObjectStore(address, tmp_path / name) for name in ("one", "other"))
    with one.write(REF, "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        (draft.path / "benchmarks").mkdir()
        (draft.path / "benchmarks" / "new.jsonl").write_text("row\n")
    assert (other.folder(REF) / "benchmarks" / "new.jsonl").read_text() == "row\n"
    assert other.folder(REF) == other.folder(REF)


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
from medpipe.backends.artifacts import bucket
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
    monkeypatch.setattr(remote, "_GRACE", timedelta(0))
    put(far, REF, two_files)
    assert isinstance(far.find(REF), DocumentsManifest)
    assert (far.folder(REF) / "documents.jsonl").read_text() == "row\n"
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
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, full: tuple[str, str]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    try:
        address, what = full
        check_full(address, disk, "disk", what)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_file_that_was_damaged_in_an_object_store_is_fetched_again_once_it_was_put_back(
    far: ObjectStore, tmp_path: Path
) -> None:
    fill(far, REF)
    (path,) = below(far, "files")
    far._bucket.remove([f"files/{path}"])
    reader = ObjectStore(far._bucket.address, tmp_path / "other cache")
    with pytest.raises(Damaged, match=r"documents\.jsonl is missing"):
        reader.folder(REF)
    far._bucket.write(f"files/{path}", "row\n")
    assert (reader.folder(REF) / "documents.jsonl").read_text() == "row\n"


def test_a_damaged_manifest_in_an_object_store_is_reported_by_name(far: ObjectStore) -> None:
    fill(far, REF)
    far._bucket.write(f"{REF}/manifest.json", "{")
    with pytest.raises(Damaged, match=REF):
        far.find(REF)


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
    if below(store, "files"):
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


def two_files(folder: Path) -> None:
    (folder / "documents.jsonl").write_text("row\n")
    (folder / "index.jsonl").write_text("index\n")
