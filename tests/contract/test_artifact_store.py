"""What was written to a store is found as it was written, and what is damaged is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.bucket import Bucket, Listed
from medpipe.core.manifests import AdapterManifest, DocumentsManifest, VersionManifest
from medpipe.core.refs import ref
from medpipe.errors import Damaged, NotFound, UsageError
from tests.contract.stored import REF, below, fill
from tests.manifests import inputs, outcome, put


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


def test_manifests_come_oldest_first_and_only_of_their_kind(any_store: FolderStore | ObjectStore) -> None:
    refs = [ref("documents", number) for number in range(5)]
    for target in (*refs, ref("corpus", 1)):
        fill(any_store, target)
    assert [found.ref for found in any_store.manifests(DocumentsManifest)] == refs


def test_a_view_finds_what_the_store_has(any_store: FolderStore | ObjectStore) -> None:
    refs = [ref("documents", number) for number in range(3)]
    for target in refs:
        fill(any_store, target)
    view = any_store.view()
    assert [found.ref for found in view.manifests(DocumentsManifest)] == refs
    assert list(view.refs(DocumentsManifest)) == sorted(refs)
    assert view.find(REF) is None
    assert view.find(refs[0]) == any_store.find(refs[0])
    assert (view.folder(refs[0]) / "documents.jsonl").read_text() == "row\n"
    with pytest.raises(UsageError):
        view.find("documents")


def test_a_view_of_an_object_store_asks_for_each_manifest_once_and_later_ones_for_what_changed(
    far: ObjectStore, object_store: Path
) -> None:
    refs = [ref("documents", number) for number in range(5)]
    for target in refs:
        fill(far, target)

    def requests() -> list[str]:
        """What it takes to show all of them twice."""
        before = len(object_store.read_text().splitlines())
        view = far.view()
        for _ in range(2):
            assert [view.find(target) for target in refs] == list(view.manifests(DocumentsManifest))
        return object_store.read_text().splitlines()[before:]

    assert len(requests()) == 1 + 5
    assert len(requests()) == 1
    far.strip(refs[0], ["documents.jsonl"])
    fill(far, refs[0], "made again\n")
    assert len(requests()) == 1 + 1
    again = far.view().find(refs[0])
    assert again is not None and again.made_again_ns


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


def test_an_artifact_is_seen_in_a_listing_that_has_no_etags(far: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(far, REF)
    below = Bucket.below

    def without_etags(bucket: Bucket, path: str) -> dict[str, Listed]:
        return {name: about._replace(state="") for name, about in below(bucket, path).items()}

    monkeypatch.setattr(Bucket, "below", without_etags)
    for store in (far, far.view()):
        assert [manifest.ref for manifest in store.manifests(DocumentsManifest)] == [REF]
