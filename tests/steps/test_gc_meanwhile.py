"""What runs look up, train on and leave behind: gc takes it only when none of them goes on."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medpipe import steps
from medpipe.core.manifests import AdapterInputs, PairsManifest, PreparedManifest
from medpipe.core.refs import ref
from medpipe.settings import Settings
from medpipe.steps import workspaces
from medpipe.steps.artifact import target_ref
from tests import fakes
from tests.core.test_retention import SHORTEST
from tests.manifests import inputs, put, put_prepared

pytestmark = pytest.mark.integration


def test_what_a_run_can_have_looked_up_counts_its_days_from_the_day_on_which_the_next_one_was_made(
    tmp_path, monkeypatch
):
    ports = fakes.ports(Settings(home=tmp_path))
    now = datetime.now(UTC)
    for number, days in enumerate((9, 8, 1)):
        monkeypatch.setattr("time.time_ns", lambda days=days: int((now - timedelta(days=days)).timestamp() * 1e9))
        put(ports.store, ref("pairs", number))
    monkeypatch.undo()
    steps.gc(apply=True, ports=ports)
    assert set(ports.store.refs(PairsManifest)) == {ref("pairs", 1), ref("pairs", 2)}


def old_training(ports: fakes.FakePorts, made: datetime) -> tuple[str, Path]:
    """Pairs that were made when, with newer ones since, and the workspace of a training on them."""
    with pytest.MonkeyPatch.context() as patched:
        for number in range(3):
            patched.setattr("time.time_ns", lambda number=number: int(made.timestamp() * 1e9) + number)
            put(ports.store, ref("pairs", number))
    place = ports.workspace("work/0123")
    workspaces.begin(place, AdapterInputs(**inputs("adapter", data=ref("pairs", 0)).model_dump()))
    return ref("pairs", 0), place


def test_the_data_of_an_unfinished_training_stay(tmp_path):
    ports = fakes.ports(Settings(home=tmp_path))
    data, _ = old_training(ports, datetime.now(UTC) - timedelta(days=30))
    steps.gc(apply=True, ports=ports)
    assert set(ports.store.refs(PairsManifest)) == {data, ref("pairs", 2)}


def test_the_prepared_base_of_an_unfinished_training_stays_with_the_one_that_it_was_made_of(tmp_path, monkeypatch):
    ports = fakes.ports(Settings(home=tmp_path))
    whole = put_prepared(ports.store, 1)
    used = put_prepared(ports.store, 2, base=whole)
    put_prepared(ports.store, 3)
    begun = inputs("adapter", data=ref("pairs", 0), base="files of 2")
    workspaces.begin(ports.workspace("work/0123"), AdapterInputs(**begun.model_dump()))
    monkeypatch.setattr(ports.withdrawals, "now", lambda: datetime.now(UTC) + timedelta(days=1000))
    monkeypatch.setattr(ports.leftovers, "all", list)  # somebody goes on in the workspace
    steps.gc(apply=True, ports=ports)
    assert set(ports.store.refs(PreparedManifest)) == {whole, used}, "the third is nobody's"


@pytest.mark.parametrize("change", ["a lease", "a file", "nothing"])
def test_a_workspace_in_which_a_training_goes_on_meanwhile_stays(tmp_path, monkeypatch, change):
    ports = fakes.ports(Settings(home=tmp_path))
    _, place = old_training(ports, datetime.now(UTC) - timedelta(days=30))
    os.utime(place / "inputs.json", (0, 0))
    os.utime(place, (0, 0))
    append = ports.ledger.append

    def while_the_training_goes_on(*arguments, **options):
        append(*arguments, **options)
        if change == "a lease":
            assert ports.leases.take(target_ref("adapter", "train", workspaces.inputs_in(place)), 60)
        if change == "a file":
            (place / "checkpoint").write_text("weights")

    monkeypatch.setattr(ports.ledger, "append", while_the_training_goes_on)
    done = steps.gc(apply=True, ports=ports)
    assert place.exists() is (change != "nothing")
    assert ("unfinished" in done.removed) is (change == "nothing")


def test_what_lies_beside_the_artifacts_goes_when_nobody_has_written_to_it_for_long(tmp_path, monkeypatch):
    ports = fakes.ports(Settings(home=tmp_path))
    monkeypatch.setattr(fakes.FakePorts, "retention_policy", SHORTEST)
    places = {
        "data_docs/documents/documents-0123/validations/page.html": "pages",
        "data_docs/documents/.documents-0123-killed/static/fonts.css": "unfinished",
        "data_docs/documents/.static/fonts.css": "",
        "work/work-0123/checkpoints/1/weights": "unfinished",
        "work/work-4567/checkpoints/1/weights": "",
        "downloads/0123456789ab/pubmed26n0001.xml.gz": "downloads",
        "downloads/qiaojin___pubmed_qa/0123/test.arrow": "",
    }
    long_ago = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for name in places:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    for path in sorted(tmp_path.rglob("*")):
        os.utime(path, (long_ago, long_ago))
    os.utime(tmp_path / "work/work-4567/checkpoints/1/weights")
    done = steps.gc(apply=True, ports=ports)
    assert {kind: room.number for kind, room in done.removed.items()} == {"downloads": 1, "pages": 1, "unfinished": 2}
    assert {name for name in places if (tmp_path / name).exists()} == {
        name for name, kind in places.items() if not kind
    }
