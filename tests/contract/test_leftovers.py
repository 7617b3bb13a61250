"""What killed writers left, and nobody makes again, is named by gc and goes after its days, and nothing else goes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from medpipe import steps
from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.leftover_uploads import LeftoverUploads
from medpipe.core.refs import ref
from medpipe.errors import ConfigError, Unavailable
from medpipe.ports import Leftover
from medpipe.settings import Settings
from tests import fakes
from tests.contract.stored import REF, below, two_files
from tests.contract.test_object_storage import refusing
from tests.manifests import inputs, outcome, put

LEFT = ref("documents", "left")


@pytest.fixture(params=["folders", "object store"])
def ports(request: pytest.FixtureRequest, tmp_path: Path) -> fakes.FakePorts:
    address = request.getfixturevalue("address") if request.param == "object store" else ""
    return fakes.ports(Settings(home=tmp_path / "home", storage=address))


def leave(ports: fakes.FakePorts) -> int:
    """Leave what writers leave that are killed at several points. Return how many leftovers that is."""
    for place in ("cache", "artifacts")[: 1 if ports.settings.storage else 2]:
        draft = ports.settings.home / place / ".unfinished" / "documents-left"
        draft.mkdir(parents=True)
        (draft / "documents.jsonl").write_text("half a row")
    if not ports.settings.storage:
        return 2
    bucket = ports.store._bucket
    bucket.write(f"files/{LEFT}/aaa/documents.jsonl", "an upload without a manifest")
    bucket.write(f"files/{REF}/bbb/documents.jsonl", "an upload beside the one that the manifest names")
    bucket.write(f"{LEFT}/documents.jsonl", "an artifact of a home of which only a half was copied")
    bucket.write("files/notes/2026/01/read-me.txt", "somebody's own object")
    begin_upload(ports.settings.storage, "artifacts/files/documents/one/ccc/documents.jsonl")
    begin_upload(ports.settings.storage, "corpus/part-0.parquet")
    return 6


def begin_upload(address: str, path: str) -> None:
    """Upload a part of an object that never becomes whole."""
    place = f"{os.environ['AWS_ENDPOINT_URL']}/{address.removeprefix('s3://')}/{path}"
    begun = requests.post(f"{place}?uploads", timeout=30).text
    upload = begun.partition("<UploadId>")[2].partition("</UploadId>")[0]
    requests.put(f"{place}?partNumber=1&uploadId={upload}", data=b"part", timeout=30).raise_for_status()


def test_gc_names_what_killed_writers_left_and_removes_it_after_its_days(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ports.store, REF, two_files)
    now = ports.withdrawals.now()
    number, before = leave(ports), files(ports)

    assert steps.gc(ports=ports).removed == {}
    assert steps.gc(now + timedelta(days=1.9), ports=ports).removed == {}
    planned = steps.gc(now + timedelta(days=7.1), ports=ports)
    assert sum(room.number for room in planned.removed.values()) == number
    assert all(room.bytes for room in planned.removed.values())
    assert files(ports) == before, "nothing goes until it is told to"

    monkeypatch.setattr(ports.withdrawals, "now", lambda: now + timedelta(days=7.1))
    assert steps.gc(apply=True, ports=ports).removed == planned.removed
    assert steps.gc(ports=ports).removed == {}
    assert (ports.store.folder(REF) / "documents.jsonl").read_text() == "row\n"
    assert len(files(ports)) == len(before) - (3 if ports.settings.storage else 0)


def files(ports: fakes.FakePorts) -> list[str]:
    """What is under the artifacts, without the drafts."""
    if ports.settings.storage:
        return below(ports.store, "")
    paths = (ports.settings.home / "artifacts").glob("documents/*/*")
    return sorted(path.as_posix() for path in paths)


def test_the_draft_of_a_writer_at_work_is_no_leftover_however_long_ago_it_was_written_to(
    ports: fakes.FakePorts,
) -> None:
    week = ports.withdrawals.now() + timedelta(days=7.1)
    with ports.store.write(REF, "pull", inputs("documents")) as draft:
        (draft.path / "documents.jsonl").write_text("row\n")
        assert steps.gc(week, ports=ports).removed == {}
        listed = Leftover("unfinished", str(draft.path), *size_and_change(draft.path))
        assert not ports.leftovers.remove(listed)
        draft.conclude(outcome("documents"))
    assert (ports.store.folder(REF) / "documents.jsonl").read_text() == "row\n"


def size_and_change(folder: Path) -> tuple[int, datetime]:
    """What a listing says of a folder with files."""
    states = [place.lstat() for place in (folder, *folder.iterdir())]
    changed = max(state.st_mtime for state in states)
    return sum(state.st_size for state in states), datetime.fromtimestamp(changed, UTC)


@pytest.mark.parametrize("meanwhile", ["it goes on", "its manifest is written"])
def test_an_upload_that_goes_on_after_it_was_listed_is_left_alone(address: str, tmp_path: Path, meanwhile: str) -> None:
    ports = fakes.ports(Settings(home=tmp_path, storage=address))
    store, leftovers = ports.store, LeftoverUploads(address, ports.store)
    with store.write(REF, "pull", inputs("documents")) as draft:
        draft.conclude(outcome("documents"))
        (draft.path / "documents.jsonl").write_text("row\n")
        publish, listed = store._publish, []

        def look(*arguments: str) -> bool:
            listed.extend(leftovers.all())
            if meanwhile == "it goes on":
                store._bucket.write(f"{listed[0].place.removeprefix(store._bucket.address + '/')}/more.jsonl", "row\n")
                assert not leftovers.remove(listed[0])
            return publish(*arguments)

        store._publish = look
    assert len(listed) == 1
    assert not leftovers.remove(listed[0])
    assert (store.folder(REF) / "documents.jsonl").read_text() == "row\n"


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (403, ConfigError, "the store of {} refused.*allow s3:ListBucketMultipartUploads"),
        (503, Unavailable, "{} does not answer.*try again later"),
    ],
)
def test_a_store_that_does_not_list_uploads_is_named_with_what_to_allow_or_as_one_to_try_later(
    address: str,
    store: FolderStore,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[Exception],
    words: str,
) -> None:
    leftovers = LeftoverUploads(address, store)
    with refusing(status) as endpoint:
        monkeypatch.setattr(LeftoverUploads, "_uploads", lambda _: {})
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(error, match=words.format(address)):
            list(leftovers.all())


def test_an_upload_that_ends_while_uploads_are_listed_is_passed_over(
    address: str, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_upload(address, "artifacts/files/documents/one/aaa/documents.jsonl")
    begin_upload(address, "artifacts/files/documents/one/bbb/documents.jsonl")
    parts = LeftoverUploads(address, store)._parts
    ended, goes_on = list(parts.all())
    listed = parts._listed

    def ends_first(key: str, identity: str) -> list[dict[str, object]]:
        if ended.place.endswith(identity):
            parts._client.abort_multipart_upload(Bucket=parts._bucket, Key=key, UploadId=identity)
        return listed(key, identity)

    monkeypatch.setattr(parts, "_listed", ends_first)
    assert list(parts.all()) == [goes_on]
