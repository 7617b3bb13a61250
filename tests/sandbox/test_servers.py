"""The servers of the embedded system: which world and which trainings a seed stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from medpipe.sandbox import servers
from medpipe.sandbox.servers import Addresses

ADDRESSES = Addresses(*(f"http://127.0.0.1:{port}" for port in (8080, 5000, 8000, 8100, 8200)))


@pytest.mark.parametrize("seed", [17, 5])
def test_the_nlm_publishes_the_world_of_the_seed(seed: int, tmp_path: Path) -> None:
    command = servers.servers(ADDRESSES, {}, tmp_path, tmp_path, seed)["nlm"].command
    assert command[command.index("--seed") + 1] == str(seed)


def test_another_seed_trains_by_the_same_recipes_in_another_order(tmp_path: Path) -> None:
    folder = Path(servers.environment(ADDRESSES, tmp_path, tmp_path, seed=5)["MEDPIPE_RECIPES"])
    shipped = servers.Settings.model_fields["recipes"].default
    names = sorted(path.name for path in shipped.glob("*.yaml"))
    assert sorted(path.name for path in folder.glob("*.yaml")) == names
    for name in names:
        ours, theirs = (yaml.safe_load((place / name).read_text(encoding="utf-8")) for place in (folder, shipped))
        assert ours == theirs | {"seed": 5}


def test_the_usual_seed_trains_by_the_shipped_recipes(tmp_path: Path) -> None:
    assert "MEDPIPE_RECIPES" not in servers.environment(ADDRESSES, tmp_path, tmp_path)
