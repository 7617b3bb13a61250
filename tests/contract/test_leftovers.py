"""What killed writers left, and nobody makes again, is named by gc and goes after its days, and nothing else goes."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from medpipe import steps
from medpipe.backends.artifacts.leftover_uploads import LeftoverUploads
from medpipe.core.refs import ref
from medpipe.settings import Settings
from tests import fakes
from tests.contract.stored import REF, below, two_files
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
