"""The way back: restoring what served before a failed deployment, and rollbacks that stick."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.refs import ref
from tests import fakes
from tests.steps.versions import barred, forget, history, promoted, served, version, withdraw


@pytest.fixture
def chain(ports: fakes.FakePorts) -> list[str]:
    """Three champions, each judged against the one before. The second serves: the third was not deployed yet."""
    champions: list[str] = []
    for number in (1, 2, 3):
        champions.append(promoted(ports, number, incumbent=champions[-1] if champions else "base"))
        if number < 3:
            steps.deploy(ports=ports)
    return champions


def test_restoring_bars_what_did_not_go_live_and_serves_the_champion_before_it(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    for _ in range(2):
        assert steps.restore(chain[2], "it did not go live", ports=ports) == chain[1]
        assert (ports.ledger.champion(), ports.registry.champion(), served(ports)) == (chain[1], 2, chain[1])
    assert history(ports)[3:] == [
        ("barred", chain[2], "", ("it did not go live",)),
        ("rolled-back", chain[1], ref("decision", 2), ("it did not go live",)),
    ]
    assert barred(ports) == {chain[2]: "medpipe: it did not go live"}
    assert steps.promote(chain[2], ports=ports) == chain[1], "its decision is still a pass"


def test_a_champion_that_went_live_is_not_undone_because_a_later_deployment_of_it_failed(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    steps.deploy(ports=ports)
    ports.engine.unload("medqa-v3-abcdef")
    forget(ports, 3)
    with pytest.raises(errors.DeployFailed):
        steps.restore(chain[2], "it did not go live", ports=ports)
    assert ports.ledger.champion() == chain[2]


def test_a_version_is_not_barred_where_the_engine_cannot_read_the_folders_of_adapters(
    ports: fakes.FakePorts, chain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(engine: fakes.FileEngine, name: str, folder: Path) -> None:
        raise errors.ConfigError("the engine finds no adapter there")

    loaded, entries = ports.engine.loaded(), len(ports.ledger.entries())
    with monkeypatch.context() as patched:
        patched.setattr(fakes.FileEngine, "load", unread)
        for undo in (False, True):
            with pytest.raises(errors.ConfigError, match="finds no adapter"):
                steps.restore(chain[2], "it did not go live", ports=ports) if undo else steps.deploy(ports=ports)
    assert ports.ledger.barred() == {}
    assert (ports.engine.loaded(), len(ports.ledger.entries())) == (loaded, entries)
    assert steps.deploy(ports=ports) == chain[2] == served(ports)


def test_a_champion_that_was_restored_and_never_stopped_serving_is_not_undone_in_its_turn(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    steps.restore(chain[2], "it did not go live", ports=ports)
    assert steps.restore(chain[1], "it did not go live", ports=ports) == chain[1]


def test_restoring_what_is_not_the_champion_serves_the_champion(ports: fakes.FakePorts, chain: list[str]) -> None:
    for other in (chain[0], None):
        assert steps.restore(other, "held", ports=ports) == chain[2] == served(ports)
    assert len(history(ports)) == 3


def test_the_first_champion_has_none_to_restore(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    assert steps.restore(first, "never promoted", ports=ports) is None
    steps.promote(first, ports=ports)
    with pytest.raises(errors.MedpipeError, match=f"{first} did not go live, and no earlier champion may serve"):
        steps.restore(first, "it did not go live", ports=ports)
    assert (ports.ledger.champion(), ports.ledger.barred()) == (first, {})


def test_rolling_back_bars_the_champion_and_serves_the_one_before(ports: fakes.FakePorts, chain: list[str]) -> None:
    for _ in range(2):
        assert steps.roll_back("worse for users", "Dr. A", ports=ports) == chain[1] == served(ports)
    assert history(ports)[3:] == [
        ("barred", chain[2], "", ("worse for users",)),
        ("rolled-back", chain[1], ref("decision", 2), ("worse for users",)),
    ]
    assert ports.registry.champion() == 2
    assert steps.roll_back("that one too", "Dr. A", ports=ports) == chain[0], "another reason is another rollback"


def test_a_rollback_sticks(ports: fakes.FakePorts, chain: list[str]) -> None:
    steps.roll_back("worse for users", "Dr. A", ports=ports)
    assert steps.promote(chain[2], ports=ports) == steps.deploy(ports=ports) == chain[1]
    assert history(ports)[-1] == ("held", chain[2], "barred", (f"{chain[2]} is barred: worse for users",))


def test_rolling_back_skips_champions_that_learned_the_documents(ports: fakes.FakePorts, chain: list[str]) -> None:
    assert steps.roll_back("retracted", "Dr. A", ("pmid:2",), ports=ports) == chain[0]
    assert history(ports)[-1][3] == ("retracted", "without pmid:2")


def test_rolling_back_skips_champions_whose_withdrawn_claim_is_not_blocked(
    ports: fakes.FakePorts, chain: list[str]
) -> None:
    withdraw(ports, "pmid:2")
    assert steps.roll_back("worse", "Dr. A", ports=ports) == chain[0]


def test_a_champion_whose_withdrawn_claim_is_blocked_may_serve_again(ports: fakes.FakePorts, chain: list[str]) -> None:
    withdraw(ports, "pmid:2")
    withdraw(ports, "pmid:2", State.BLOCKED)
    assert steps.roll_back("worse", "Dr. A", ports=ports) == chain[1]


def test_a_champion_that_a_rollback_passed_over_is_not_returned_to(ports: fakes.FakePorts, chain: list[str]) -> None:
    steps.roll_back("retracted", "Dr. A", ("pmid:2",), ports=ports)
    fourth = promoted(ports, 4, incumbent=chain[0])
    assert fourth == steps.champion(ports=ports)
    assert steps.roll_back("worse", "Dr. A", ports=ports) == chain[0]


def test_without_a_clean_earlier_champion_nothing_is_rolled_back(ports: fakes.FakePorts, chain: list[str]) -> None:
    with pytest.raises(errors.MedpipeError, match="is barred, carries pmid:1, pmid:2, or there is none"):
        steps.roll_back("retracted", "Dr. A", ("pmid:1", "pmid:2"), ports=ports)
    assert (ports.ledger.champion(), ports.ledger.barred()) == (chain[2], {})


def test_the_only_champion_cannot_be_rolled_back(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.MedpipeError) as refusal:
        steps.roll_back("worse", "Dr. A", ports=ports)
    assert str(refusal.value) == "there is no champion to roll back from: promote a version first"
    promoted(ports)
    with pytest.raises(errors.MedpipeError) as refusal:
        steps.roll_back("worse", "Dr. A", ports=ports)
    assert str(refusal.value) == (
        "every earlier champion is barred, carries an unblocked withdrawn document, or there is none: "
        "start a hotfix retrain from the base instead"
    )


def test_a_champion_that_changes_during_the_rollback_stays(
    ports: fakes.FakePorts, chain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports.ledger, "swap_champion", lambda *arguments, **options: False)
    with pytest.raises(errors.ChampionMoved, match=f"the champion is no longer {chain[2]}"):
        steps.roll_back("worse", "Dr. A", ports=ports)
    assert ports.registry.champion() == 3
