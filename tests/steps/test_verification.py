"""verify: an untouched state passes, and whatever was changed in it is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe import errors, steps
from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import manifest_type
from medpipe.settings import Settings
from medpipe.steps import verification
from tests import fakes
from tests.core.knowledge.test_withdrawals import event
from tests.steps.test_ring import first_champion, retrain, second_corpus

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion, a held challenger and an open withdrawal."""
    ports = fakes.ports(Settings(home=tmp_path_factory.mktemp("trusted")))
    first, champion = first_champion(ports)
    version, _ = retrain(ports, second_corpus(ports, first), "tiny-sft-no-replay")
    assert steps.promote(version, ports=ports) == champion
    ports.withdrawals.append(event(State.OPENED))
    ports.database.dispose()
    return ports.settings.home


@pytest.fixture
def ports(trusted: Path, tmp_path: Path) -> Iterator[fakes.FakePorts]:
    """A copy of that home, to change."""
    home = shutil.copytree(trusted, tmp_path / "home")
    made = fakes.ports(Settings(home=home))
    yield made
    made.database.dispose()


def faults(ports: fakes.FakePorts) -> str:
    """What verify says is wrong; empty when nothing is."""
    try:
        steps.verify(ports=ports)
    except errors.Damaged as error:
        return str(error)
    return ""


def files(home: Path) -> list[Path]:
    return sorted(file for file in (home / "artifacts").rglob("*") if file.is_file())


def flip(file: Path, place: int) -> None:
    changed = bytearray(file.read_bytes())
    changed[place % len(changed)] ^= 1
    file.write_bytes(changed)


def edited(ports: fakes.FakePorts, ref: str, **changes: Any) -> None:
    """Edit a manifest as somebody does who knows the format, its seal included."""
    file = ports.settings.home / "artifacts" / ref / "manifest.json"
    manifest = manifest_type(ref).model_validate_json(file.read_bytes())
    outcome = manifest.outcome.model_copy(update=changes)
    file.write_text(manifest.model_copy(update={"outcome": outcome}).sealed().model_dump_json(indent=1))


def sql(ports: fakes.FakePorts, *statements: str) -> None:
    """Change the database as its own login can, with every trigger dropped."""
    with sqlite3.connect(ports.settings.home / "medpipe.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_an_untouched_state_passes_and_is_counted(ports: fakes.FakePorts) -> None:
    counted = steps.verify(ports=ports)
    assert counted.artifacts == len(list((ports.settings.home / "artifacts").glob("*/*/manifest.json")))
    assert counted.files == len([file for file in files(ports.settings.home) if file.name != "manifest.json"])
    assert counted.ledger == len(ports.ledger.entries(1000)) == 6
    assert counted.withdrawals == 1
    assert (counted.evaluations, counted.decisions, counted.remarks) == (4, 2, ())


def test_what_the_audit_cannot_tell_from_a_wrong_clock_is_a_remark(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(ports.audit), "remarks", lambda _: iter(["batch 2 has older entries"]))
    assert steps.verify(ports=ports).remarks == ("audit: batch 2 has older entries",)


def test_an_empty_home_passes(tmp_path: Path) -> None:
    assert not any(steps.verify(ports=fakes.ports(Settings(home=tmp_path))).model_dump().values())


@pytest.fixture
def nothing_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests alone must find a changed byte, and verify is much faster so."""
    monkeypatch.setattr(verification, "_recomputed", lambda *_: verification.Recomputed([], ()))


@pytest.mark.usefixtures("nothing_computed_anew")
@pytest.mark.parametrize("place", [0, -1])
def test_a_flipped_bit_in_any_file_is_found_by_the_name_of_its_artifact(ports: fakes.FakePorts, place: int) -> None:
    home = ports.settings.home
    for file in files(home):
        whole = file.read_bytes()
        if not whole:
            continue
        flip(file, place)
        ref = "/".join(file.relative_to(home / "artifacts").parts[:2])
        assert f"\n- {ref}: " in faults(ports), file
        file.write_bytes(whole)
    assert faults(ports) == ""


@pytest.mark.usefixtures("nothing_computed_anew")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_anywhere_is_found(ports: fakes.FakePorts, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from([file for file in files(ports.settings.home) if file.stat().st_size]))
    whole = file.read_bytes()
    flip(file, data.draw(st.integers(0, len(whole) - 1)))
    assert file.parent.name in faults(ports) or file.parent.parent.name in faults(ports)
    file.write_bytes(whole)


def version_of(ports: fakes.FakePorts, number: int) -> Any:
    found = [ports.store.find(ref) for ref in ports.store.refs(manifest_type("version/v"))]
    return next(version for version in found if version is not None and version.outcome.number == number)


def weights(ports: fakes.FakePorts) -> str:
    """Swap the champion's weights for those of the held challenger, and edit the adapter's manifest to fit."""
    ours, theirs = (version_of(ports, number).outcome.adapter for number in (1, 2))
    home = ports.settings.home / "artifacts"
    shutil.copy(home / theirs / fakes.WEIGHTS, home / ours / fakes.WEIGHTS)
    file = home / ours / "manifest.json"
    manifest, other = ports.store.find(ours), ports.store.find(theirs)
    assert manifest is not None and other is not None
    digests = {**manifest.digests, fakes.WEIGHTS: other.digests[fakes.WEIGHTS]}
    file.write_text(manifest.model_copy(update={"digests": digests}).sealed().model_dump_json(indent=1))
    return f"{ours}: is not the one that"


def decision(ports: fakes.FakePorts) -> str:
    held = version_of(ports, 2).outcome.decision
    edited(ports, held, outcome=Outcome.PASS)
    return f"{held}: is not the one that {version_of(ports, 2).ref} was made of"


def registered(ports: fakes.FakePorts) -> str:
    version = version_of(ports, 2).ref
    edited(ports, version, outcome=Outcome.PASS)
    return f"{version}: is not the one that was registered"


def forged(ports: fakes.FakePorts) -> str:
    """A version that no run of register made."""
    version = version_of(ports, 2)
    forged_ref = "version/medqa-v3-abcdef"
    folder = ports.settings.home / "artifacts" / forged_ref
    folder.mkdir()
    changed = version.model_copy(update={"ref": forged_ref}).sealed()
    (folder / "manifest.json").write_text(changed.model_dump_json(indent=1))
    return f"{forged_ref}: is not in the ledger"


def lost_version(ports: fakes.FakePorts) -> str:
    version = version_of(ports, 2).ref
    shutil.rmtree(ports.settings.home / "artifacts" / version)
    return f"{version}: is registered in the ledger and missing"


def lost_evaluation(ports: fakes.FakePorts) -> str:
    evaluation = version_of(ports, 1).outcome.evaluation
    shutil.rmtree(ports.settings.home / "artifacts" / evaluation)
    return f"{evaluation}: is missing, and "


def lost_file(ports: fakes.FakePorts) -> str:
    adapter = version_of(ports, 1).outcome.adapter
    (ports.settings.home / "artifacts" / adapter / fakes.CONFIG).unlink()
    return f"{adapter}: {adapter} is not what its verb made ({fakes.CONFIG} is missing)"


def added_file(ports: fakes.FakePorts) -> str:
    adapter = version_of(ports, 1).outcome.adapter
    (ports.settings.home / "artifacts" / adapter / "tokenizer.json").write_text("{}")
    return f"{adapter}: {adapter} is not what its verb made (tokenizer.json was added)"


def cell(ports: fakes.FakePorts) -> str:
    other = version_of(ports, 2).ref
    sql(ports, f"UPDATE champion SET version = '{other}'")
    return f"champion: is {other}, but the ledger made it {version_of(ports, 1).ref}"


def no_cell(ports: fakes.FakePorts) -> str:
    sql(ports, "UPDATE champion SET version = NULL")
    return "champion: is none, but the ledger made it version/"


def alias(ports: fakes.FakePorts) -> str:
    ports.registry.set_champion(2)
    return "registry: marks version 2 as champion, and the ledger version 1"


def ledger_row(ports: fakes.FakePorts) -> str:
    sql(ports, "UPDATE ledger SET decision = 'pass' WHERE event = 'held'")
    return "ledger: entry 6 was changed"


def ledger_tail(ports: fakes.FakePorts) -> str:
    sql(ports, "DELETE FROM ledger WHERE event = 'held'")
    return "ledger: entries 6 to 6 are missing from its end"


def no_withdrawal(ports: fakes.FakePorts) -> str:
    sql(ports, "DELETE FROM withdrawals")
    return "withdrawals: entries 1 to 1 are missing from its end"


def lifted(ports: fakes.FakePorts) -> str:
    sql(ports, "UPDATE withdrawals SET state = 'lifted'")
    return "withdrawals: entry 1 was changed"


def unreadable_heads(ports: fakes.FakePorts) -> str:
    (ports.settings.home / "heads.jsonl").write_text("{\n")
    return "ledger: "


def lost_heads(ports: fakes.FakePorts) -> str:
    (ports.settings.home / "heads.jsonl").unlink()
    return "ledger: no digest of it was kept outside the database"


@pytest.mark.parametrize(
    "tamper",
    [
        weights,
        decision,
        registered,
        forged,
        lost_version,
        lost_evaluation,
        lost_file,
        added_file,
        cell,
        no_cell,
        alias,
        ledger_row,
        ledger_tail,
        no_withdrawal,
        lifted,
        unreadable_heads,
        lost_heads,
    ],
)
def test_tampering_is_named(ports: fakes.FakePorts, tamper: Callable[[fakes.FakePorts], str]) -> None:
    expected = tamper(ports)
    assert f"\n- {expected}" in faults(ports)


def test_every_fault_is_listed_at_once_and_a_long_list_is_cut(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [tamper(ports) for tamper in (ledger_row, cell, added_file)]
    listed = faults(ports)
    assert listed.startswith("4 faults in what is stored") and listed.count("\n- ") == 4
    assert all(f"\n- {fault}" in listed for fault in said)
    monkeypatch.setattr(verification, "_SHOWN", 1)
    assert faults(ports).endswith("\n- and 3 more")


def test_verify_changes_nothing(ports: fakes.FakePorts) -> None:
    before = {file: file.read_bytes() for file in files(ports.settings.home)}
    heads = (ports.settings.home / "heads.jsonl").read_bytes()
    steps.verify(ports=ports)
    assert {file: file.read_bytes() for file in files(ports.settings.home)} == before
    assert (ports.settings.home / "heads.jsonl").read_bytes() == heads


def test_an_artifact_that_is_made_again_with_equal_content_is_no_fault(ports: fakes.FakePorts) -> None:
    examples = version_of(ports, 1).outcome.examples
    before = json.loads((ports.settings.home / "artifacts" / examples / "manifest.json").read_text())
    stored = ports.store.find(examples)
    assert stored is not None
    folder = shutil.move(ports.store.folder(examples), ports.settings.home / "aside")
    with ports.store.write(examples, stored.verb, stored.inputs) as draft:
        shutil.copytree(folder, draft.path, dirs_exist_ok=True)
        draft.conclude(stored.outcome)
    after = json.loads((ports.settings.home / "artifacts" / examples / "manifest.json").read_text())
    assert before["created_ns"] != after["created_ns"]
    assert faults(ports) == ""
