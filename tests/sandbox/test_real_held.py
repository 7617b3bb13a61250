"""A model that the gates held, asked in the engine alone: a real adapter's folder, and a server with vLLM's manners."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import wiring
from medpipe.core.refs import AdapterRef
from medpipe.errors import ConfigError, NotFound
from medpipe.sandbox.real.held import UNPROMOTED, in_the_engine
from medpipe.settings import Settings
from tests.fakes_engine import FakeEngine
from tests.manifests import put

HELD = "adapter/0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    store = wiring.ports(Settings(home=tmp_path)).store
    put(store, HELD, lambda folder: (folder / "adapter_config.json").write_text("{}"))
    return tmp_path


def _environment(home: Path, url: str) -> dict[str, str]:
    return {"MEDPIPE_HOME": str(home), "MEDPIPE_MODELS": str(home / "models"), "MEDPIPE_ENGINE_URL": url}


def test_a_held_model_is_in_the_engine_while_it_is_asked_and_serves_nobody(home: Path) -> None:
    with FakeEngine() as engine:
        with in_the_engine(HELD, _environment(home, engine.url)) as name:
            assert engine.adapters == {name: str(wiring.ports(Settings(home=home)).store.folder(AdapterRef(HELD)))}
        assert not engine.adapters
    assert wiring.ports(Settings(home=home)).routes.current() is None
    assert wiring.ports(Settings(home=home)).ledger.champion() is None


def test_a_name_that_the_engine_has_already_is_not_taken(home: Path) -> None:
    with FakeEngine() as engine:
        engine.adapters[UNPROMOTED] = "elsewhere"
        with in_the_engine(HELD, _environment(home, engine.url)) as name:
            assert name != UNPROMOTED
        assert engine.adapters == {UNPROMOTED: "elsewhere"}


def test_it_is_unloaded_when_asking_fails(home: Path) -> None:
    with FakeEngine() as engine:
        with pytest.raises(RuntimeError), in_the_engine(HELD, _environment(home, engine.url)):
            raise RuntimeError("the client ended")
        assert not engine.adapters


def test_an_engine_without_adapters_is_an_error_that_says_how_to_start_it(home: Path) -> None:
    with FakeEngine() as engine:
        engine.lora = False
        with pytest.raises(ConfigError, match="loads no adapters"):
            _ask(HELD, home, engine.url)


def test_a_model_that_was_never_trained_is_an_error(home: Path) -> None:
    with FakeEngine() as engine, pytest.raises(NotFound):
        _ask("adapter/ffffffffffffffff", home, engine.url)


def _ask(adapter: str, home: Path, url: str) -> None:
    with in_the_engine(adapter, _environment(home, url)):
        pass
