"""The registry's contract: on MLflow's database in every run, on its server in the slow tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from medpipe.backends.mlflow_registry import MlflowRegistry
from medpipe.errors import Unavailable
from medpipe.sandbox.servers import MLFLOW_VARIABLES, mlflow_command
from tests.processes import LOCAL, free_port, serving

DESCRIPTION = {
    "adapter": "adapter/0123456789abcdef",
    "digest": "ab" * 32,
    "reason": "",
    "parent": None,
    "documents": ["pmid:1", "pmid:2"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("mlflow"), free_port()
    url = f"http://{LOCAL}:{port}"
    with serving(mlflow_command(port, home), f"{url}/health", home / "mlflow.log", MLFLOW_VARIABLES):
        yield url


@pytest.fixture(params=["database", pytest.param("server", marks=pytest.mark.slow)])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> MlflowRegistry:
    url = f"sqlite:///{tmp_path}/state/mlflow.db" if request.param == "database" else request.getfixturevalue("server")
    return MlflowRegistry(url, f"medqa-{request.node.name[:20].strip('[]')}-{os.urandom(3).hex()}")


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter_config.json").write_text("{}")
    return folder


def test_versions_are_numbered_and_recognised_by_their_description(registry: MlflowRegistry, adapter: Path) -> None:
    first = registry.register(adapter, DESCRIPTION, {"new-knowledge": 0.5}, {})
    again = registry.register(adapter, DESCRIPTION, {"new-knowledge": 0.5}, {})
    second = registry.register(adapter, {**DESCRIPTION, "reason": "hotfix"}, {"new-knowledge": 0.6}, {})

    assert (first.number, again.number, second.number) == (1, 1, 2)
    assert first.page.endswith("/1")


def test_the_run_has_the_description_the_metrics_the_curves_and_the_adapter(
    registry: MlflowRegistry, adapter: Path, tmp_path: Path
) -> None:
    losses = [(step, 2.0 / step) for step in range(1, 1202)]
    curves = {"training/loss": losses, "training/eval_loss": [(600, 1.5)]}
    number = registry.register(adapter, {**DESCRIPTION, "reason": "curves"}, {"new-knowledge": 0.5}, curves).number
    client, name = registry._client, registry._name
    version = client.get_model_version(name, str(number))
    run = client.get_run(version.run_id)
    client.download_artifacts(version.run_id, "adapter", str(tmp_path))

    assert run.data.metrics == {"new-knowledge": 0.5, "training/loss": 2.0 / 1201, "training/eval_loss": 1.5}
    logged = client.get_metric_history(version.run_id, "training/loss")
    assert [(point.step, point.value) for point in logged] == losses, "more than MLflow takes in one request"
    assert run.data.params["adapter"] == "adapter/0123456789abcdef"
    assert version.tags["documents"] == '["pmid:1", "pmid:2"]'
    assert (tmp_path / "adapter" / "adapter_model.safetensors").read_bytes() == b"weights"
    assert client.get_model_version_download_uri(name, str(number)).endswith("/adapter")


def test_the_champion_is_the_version_that_carries_the_alias(registry: MlflowRegistry, adapter: Path) -> None:
    assert registry.champion() is None
    numbers = [registry.register(adapter, {**DESCRIPTION, "reason": reason}, {}, {}).number for reason in ("a", "b")]
    assert registry.champion() is None

    for number in numbers:
        registry.set_champion(number)
        assert registry.champion() == number


def test_tags_can_be_added_later(registry: MlflowRegistry, adapter: Path) -> None:
    number = registry.register(adapter, DESCRIPTION, {}, {}).number
    registry.tag(number, {"medpipe.outcome": "held (fail)"})

    assert registry._client.get_model_version(registry._name, str(number)).tags["medpipe.outcome"] == "held (fail)"


def test_a_copy_of_weights_goes_and_its_version_with_run_and_metrics_stays(
    registry: MlflowRegistry, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registry.register(adapter, DESCRIPTION, {"new-knowledge": 0.5}, {}).number
    client = registry._client
    run = client.get_model_version(registry._name, str(number)).run_id
    adapters = [DESCRIPTION["adapter"]]
    (copy,) = (copy for copy in registry.copies(adapters) if copy.run == run)
    assert (copy.adapter, copy.bytes) == (DESCRIPTION["adapter"], len(b"weights{}"))
    for _ in range(2):
        registry.remove_copy(copy)
    looked_up: list[str] = []
    monkeypatch.setattr(registry, "_size", lambda run, folder: looked_up.append(run) or 1)
    assert copy.run not in {other.run for other in registry.copies(adapters)}
    assert list(registry.copies([])) == []
    assert run not in looked_up, "the files of a run are listed only where they may be there and go"
    assert client.list_artifacts(run) == []
    assert client.get_run(run).data.metrics == {"new-knowledge": 0.5}
    assert client.get_model_version(registry._name, str(number)).tags["medpipe.weights"] == "removed by medpipe gc"
    assert registry.register(adapter, DESCRIPTION, {}, {}).number == number


def test_a_registry_that_does_not_answer_is_named(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = MlflowRegistry("http://127.0.0.1:9", "medqa")
    with pytest.raises(Unavailable, match=r"MLflow at http://127\.0\.0\.1:9 does not answer.*MEDPIPE_MLFLOW_URL"):
        registry.register(adapter, DESCRIPTION, {}, {})


def test_an_experiment_that_another_process_creates_meanwhile_is_used(
    registry: MlflowRegistry, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = registry.register(adapter, DESCRIPTION, {}, {})
    look, misses = registry._client.get_experiment_by_name, [None]
    monkeypatch.setattr(registry._client, "get_experiment_by_name", lambda name: misses.pop() if misses else look(name))
    assert registry.register(adapter, {**DESCRIPTION, "reason": "hotfix"}, {}, {}).number == first.number + 1
    assert misses == []
