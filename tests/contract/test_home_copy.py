"""A home is copied into an object store whole, and whatever happens meanwhile, what can be read there is right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.bucket import Bucket
from medpipe.cli import main
from medpipe.core.chain import Head
from medpipe.core.manifests import DocumentsManifest
from medpipe.core.refs import ref
from medpipe.errors import ConfigError
from medpipe.settings import Settings
from medpipe.steps import sweeping
from medpipe.steps.home import Copied
from medpipe.wiring import Wiring
from tests import fakes
from tests.contract.test_corpus_table import article
from tests.manifests import put

REF = ref("documents", "one")


def test_a_home_is_moved_with_everything_and_only_once(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Wiring(Settings(home=tmp_path / "home"))
    put(here.store, REF, lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    swept = put(here.store, ref("documents", "two"), lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    here.store.strip(swept, ("documents.jsonl",))
    first = here.corpus.merge([article(1)], None, "a")
    second = here.corpus.merge([article(1, 2), article(2)], first, "b")
    here.heads.keep("ledger", Head(1, "abc"))

    monkeypatch.setenv("MEDPIPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDPIPE_STORAGE", address)
    for options, copied in (([], (2, 5, 1)), (["--apply"], (2, 5, 1)), (["--apply"], (0, 0, 0))):
        assert main(["copy-home", *options]) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["artifacts"], said["table"], said["heads"]) == copied
        assert (Bucket(address).below("artifacts") == {}) is (options == []), "nothing is copied until it is told to"

    there = Wiring(Settings(home=tmp_path / "other machine", storage=address))
    assert there.store.find(REF) == here.store.find(REF)
    assert there.store.sizes(REF) == here.store.sizes(REF)
    assert (there.store.folder(REF) / "documents.jsonl").read_text() == "row\n"
    assert there.store.swept(swept) == here.store.swept(swept)
    for version in (first, second):
        assert list(there.corpus.read(version)) == list(here.corpus.read(version))
        assert there.corpus.content(version) == here.corpus.content(version)
    assert there.corpus.merge([article(3)], second, "c") == second + 1
    assert list(there.heads.kept("ledger")) == [Head(1, "abc")]
    put(there.store, swept, lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    assert there.store.folder(swept), "what was swept before can be made again"
    for moved in (REF, swept):
        there.store.remove(moved)
        assert there.store.find(moved) is None
    assert there.store._bucket.below("") == {}


def copy_home(home: Path, address: str) -> Copied:
    return steps.copy_home(apply=True, ports=fakes.ports(Settings(home=home, storage=address)))


def test_wherever_a_copy_is_killed_what_can_be_read_is_whole_and_the_same_command_goes_on(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Wiring(Settings(home=tmp_path / "home"))
    for number in range(2):
        target = ref("documents", number)
        put(here.store, target, lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    for day in range(1, 4):
        newest = here.corpus.merge([article(number, day) for number in range(3)], None, f"day {day}")
    upload, uploads = Bucket.upload, 0

    def killed(bucket: Bucket, files: Mapping[str, Path]) -> None:
        nonlocal uploads
        uploads += 1
        upload(bucket, dict([*files.items()][: len(files) // 2]))
        raise KeyboardInterrupt

    def run() -> bool:
        """Copy one more file than the run before, and return whether nothing was left to copy."""
        before, seen = uploads, 0

        def counted(bucket: Bucket, files: Mapping[str, Path]) -> None:
            nonlocal seen
            seen += 1
            (killed if seen > 1 else upload)(bucket, files)

        monkeypatch.setattr(Bucket, "upload", counted)
        with suppress(KeyboardInterrupt):
            copy_home(tmp_path / "home", address)
        return uploads == before

    finished = False
    while not finished:
        finished = run()
        there = Wiring(Settings(home=tmp_path / f"machine {uploads}", storage=address))
        for documents in there.store.manifests(DocumentsManifest):
            assert (there.store.folder(documents.ref) / "documents.jsonl").read_text() == "row\n"
        if there.corpus.place.is_table():
            version = there.corpus.place.table().version()
            for known in range(1, version + 1):
                assert list(there.corpus.read(known)) == list(here.corpus.read(known))
    assert uploads > 4
    assert version == newest
    assert len(list(there.store.refs(DocumentsManifest))) == 2


def test_a_home_is_not_mixed_with_another_corpus(address: str, tmp_path: Path) -> None:
    Wiring(Settings(home=tmp_path / "one", storage=address)).corpus.merge([article(1)], None, "a")
    Wiring(Settings(home=tmp_path / "two")).corpus.merge([article(2)], None, "a")
    with pytest.raises(ConfigError, match="another corpus"):
        copy_home(tmp_path / "two", address)


def test_a_home_that_went_on_after_it_was_moved_is_not_mixed_with_what_the_store_has_since(
    address: str, tmp_path: Path
) -> None:
    here, there = (Wiring(Settings(home=tmp_path / "home", storage=at)).corpus for at in ("", address))
    first = here.merge([article(1)], None, "a")
    copy_home(tmp_path / "home", address)
    here.merge([article(2)], first, "b")
    there.merge([article(3)], first, "c")
    with pytest.raises(ConfigError, match="another corpus"):
        copy_home(tmp_path / "home", address)


def test_gc_waits_while_a_home_is_copied(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(Wiring(Settings(home=tmp_path)).store, REF, lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    ports, upload, leases = fakes.ports(Settings(home=tmp_path, storage=address)), Bucket.upload, []

    def observed(bucket: Bucket, files: Mapping[str, Path]) -> None:
        leases.append(ports.leases.take(sweeping.LEASE, 1.0))
        upload(bucket, files)

    monkeypatch.setattr(Bucket, "upload", observed)
    assert steps.copy_home(apply=True, ports=ports).artifacts == 1
    assert leases
    assert not any(leases)
    assert ports.leases.take(sweeping.LEASE, 1.0)


def test_what_a_killed_writer_left_in_a_home_is_not_moved(address: str, tmp_path: Path) -> None:
    left = tmp_path / "home" / "artifacts" / ".unfinished" / "documents-one"
    left.mkdir(parents=True)
    for name in ("manifest.json", "documents.jsonl"):
        (left / name).write_text("of a killed writer")
    assert copy_home(tmp_path / "home", address).artifacts == 0
    assert Bucket(address).below("artifacts") == {}


def test_a_text_that_was_erased_after_a_move_was_killed_is_not_in_the_store(address: str, tmp_path: Path) -> None:
    pairs, here = ref("pairs", "one"), Wiring(Settings(home=tmp_path / "home")).store
    (tmp_path / "blank").write_text("\n")
    put(here, pairs, lambda folder: (folder / "train.jsonl").write_text("Ann said so.\n"))
    Bucket(address).write(f"artifacts/{pairs}/train.jsonl", "Ann said so.\n")
    here.blank(pairs, {"train.jsonl": tmp_path / "blank"}, lambda _: None)
    copy_home(tmp_path / "home", address)
    assert Bucket(address).read(f"artifacts/{pairs}/train.jsonl") == b"\n"


def test_a_text_that_was_erased_in_a_home_after_its_artifact_was_copied_leaves_the_store_with_the_next_copy(
    address: str, tmp_path: Path
) -> None:
    pairs, home = ref("pairs", "one"), tmp_path / "home"
    here, there = (Wiring(Settings(home=home, storage=at)).store for at in ("", address))
    (tmp_path / "blank").write_text("\n")
    put(here, pairs, lambda folder: (folder / "train.jsonl").write_text("Ann said so.\n"))
    copy_home(home, address)
    assert (there.folder(pairs) / "train.jsonl").read_text() == "Ann said so.\n"
    here.blank(pairs, {"train.jsonl": tmp_path / "blank"}, lambda _: None)
    assert copy_home(home, address).artifacts == 1
    assert Bucket(address).read(f"artifacts/{pairs}/train.jsonl") == b"\n"
    assert (there.folder(pairs) / "train.jsonl").read_text() == "\n"
    assert copy_home(home, address).artifacts == 0
