"""The engine's contract: on a fake server in every run, on vLLM in the slow tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe.backends.transformers_generator import TransformersGenerator
from medpipe.backends.vllm_engine import VllmEngine
from medpipe.core.contract import Ending
from medpipe.core.prompt import render
from medpipe.errors import ConfigError, EngineError
from tests import real_engine
from tests.fakes_engine import FakeEngine

PROMPTS = [render(f"What causes illness {number}?") for number in range(20)]


def quiet(share: float, text: str) -> None:
    pass


class Setting(NamedTuple):
    """An engine with two adapters on disk."""

    engine: VllmEngine
    first_adapter: Path
    second_adapter: Path
    fake: FakeEngine | None


@pytest.fixture(scope="module")
def fake_setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for folder in folders:
        (folder / "adapter_config.json").write_text("{}")
    with FakeEngine() as fake:
        yield Setting(VllmEngine(fake.url), *folders, fake)


@pytest.fixture(scope="module")
def real_setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    with real_engine.running(tmp_path_factory.mktemp("vllm")) as real:
        yield Setting(VllmEngine(real.url), *real.adapters, None)


@pytest.fixture(params=["fake", pytest.param("vllm", marks=pytest.mark.slow)])
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    setting: Setting = request.getfixturevalue("fake_setting" if request.param == "fake" else "real_setting")
    yield setting
    for name in setting.engine.loaded():
        setting.engine.unload(name)


def test_adapters_are_listed_from_loading_to_unloading_and_the_base_never_is(setting: Setting) -> None:
    assert setting.engine.loaded() == frozenset()
    setting.engine.load("list-a", setting.first_adapter)
    setting.engine.load("list-b", setting.second_adapter)
    assert setting.engine.loaded() == {"list-a", "list-b"}
    setting.engine.unload("list-a")
    assert setting.engine.loaded() == {"list-b"}


def test_each_adapter_answers_in_its_own_way_in_the_order_of_the_prompts(setting: Setting) -> None:
    setting.engine.load("ask-a", setting.first_adapter)
    setting.engine.load("ask-b", setting.second_adapter)

    answers = {name: setting.engine.ask(name, PROMPTS, Ending(8)) for name in ("base", "ask-a", "ask-b")}

    assert len({tuple(texts) for texts in answers.values()}) == 3
    assert all(len(texts) == len(PROMPTS) and "\n" not in "".join(texts) for texts in answers.values())
    assert answers["ask-a"][3:5] == setting.engine.ask("ask-a", PROMPTS[3:5], Ending(8))
    paragraphs = setting.engine.ask("base", PROMPTS[:2], Ending(40, None))
    assert all(text.startswith(line) for text, line in zip(paragraphs, answers["base"], strict=False))


def test_a_name_in_use_is_refused_and_goes_on_answering(setting: Setting) -> None:
    setting.engine.load("twice", setting.first_adapter)
    before = setting.engine.ask("twice", PROMPTS[:1], Ending(8))

    with pytest.raises(EngineError, match="twice is in use"):
        setting.engine.load("twice", setting.second_adapter)
    assert setting.engine.ask("twice", PROMPTS[:1], Ending(8)) == before


def test_a_folder_without_an_adapter_is_refused(setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="did not load nothing: 404"):
        setting.engine.load("nothing", tmp_path)
    assert "nothing" not in setting.engine.loaded()


def test_an_engine_that_does_not_have_the_folder_of_this_machine_says_what_to_share(fake_setting: Setting) -> None:
    """In the place of one on another machine: vLLM answers the same to each path that it does not have."""
    assert fake_setting.fake
    fake_setting.fake.blind = True
    try:
        with pytest.raises(ConfigError, match=f"finds no adapter in {fake_setting.first_adapter}.*share `cache`"):
            fake_setting.engine.generate("tiny", fake_setting.first_adapter, "eval-1", PROMPTS, 8, lambda _, __: None)
    finally:
        fake_setting.fake.blind = False
    assert fake_setting.engine.loaded() == frozenset()


def test_an_engine_without_lora_says_so_and_names_the_way_to_serve_a_base_that_has_none(fake_setting: Setting) -> None:
    assert fake_setting.fake
    fake_setting.fake.lora = False
    try:
        with pytest.raises(ConfigError, match=r"loads no adapters: start it with --enable-lora.*medpipe prepare-base"):
            fake_setting.engine.load("none", fake_setting.first_adapter)
    finally:
        fake_setting.fake.lora = True


def test_a_whole_model_is_known_by_the_folder_and_by_the_name_that_no_other_has(fake_setting: Setting) -> None:
    assert fake_setting.fake
    ref, root = "prepared/0123456789abcdef", fake_setting.fake.root
    fake_setting.fake.root = "/models/prepared/0123456789abcdef/1f3c"
    try:
        fake_setting.engine.check_base(ref)
        with pytest.raises(ConfigError, match="--model --served-model-name base 0123456789abcdef"):
            fake_setting.engine.check_base(ref, merged=True)
        fake_setting.fake.names = ("base", "0123456789abcdef")
        fake_setting.engine.check_base(ref, merged=True)
        assert fake_setting.engine.loaded() == frozenset(), "its names are no adapters, so nothing unloads them"
        with pytest.raises(ConfigError, match="'prepared/fedcba9876543210' is wanted"):
            fake_setting.engine.check_base("prepared/fedcba9876543210", merged=True)
    finally:
        fake_setting.fake.root, fake_setting.fake.names = root, ("base",)


def test_unloading_what_is_not_loaded_is_no_error(setting: Setting) -> None:
    before = setting.engine.loaded()
    setting.engine.unload("never-there")
    assert setting.engine.loaded() == before


def test_asking_an_unknown_adapter_is_an_error_that_names_it_and_not_the_question(setting: Setting) -> None:
    with pytest.raises(EngineError, match="never-there") as caught:
        setting.engine.ask("never-there", PROMPTS[:1], Ending(8))
    assert "illness" not in str(caught.value)


def test_the_base_cannot_be_replaced(setting: Setting) -> None:
    with pytest.raises(EngineError, match="base model's name"):
        setting.engine.load("base", setting.first_adapter)


def test_an_evaluation_loads_its_adapter_and_leaves_nothing_behind(setting: Setting) -> None:
    setting.engine.load("kept", setting.second_adapter)
    shares: list[float] = []

    judged = setting.engine.generate(
        "tiny", setting.first_adapter, "eval-1", PROMPTS, Ending(8), lambda share, text: shares.append(share)
    )
    served = setting.engine.generate("tiny", setting.second_adapter, "kept", PROMPTS, Ending(8), quiet)
    plain = setting.engine.generate("tiny", None, "eval-base", PROMPTS, Ending(8), quiet)

    assert setting.engine.loaded() == {"kept"}
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert plain == setting.engine.ask("base", PROMPTS, Ending(8))
    if setting.fake:  # the fake answers with the name that was asked
        assert all(re.search(r"by eval-1-[0-9a-f]{8}-t[0-9a-f]+\.", text) for text in judged)
        assert all("by kept." in text for text in served)
    else:
        setting.engine.load("same", setting.first_adapter)
        assert judged == setting.engine.ask("same", PROMPTS, Ending(8))
        assert served == setting.engine.ask("kept", PROMPTS, Ending(8)) != judged


def test_an_engine_with_another_revision_of_a_base_is_not_asked(fake_setting: Setting) -> None:
    assert fake_setting.fake
    root, fake_setting.fake.root = fake_setting.fake.root, "/models/org/model@v1"
    try:
        fake_setting.engine.check_base("org/model@v1")
        for other in ("org/model@v2", "org/model"):
            with pytest.raises(ConfigError, match=f"serves the base 'model@v1', but '{other}' is wanted"):
                fake_setting.engine.check_base(other)
    finally:
        fake_setting.fake.root = root


CHOICES = [
    (" yes", " no", " maybe"),
    (" A", " B", " C", " D", " E"),
    (" immédiat", " différé"),
    (" no", " no, not now"),
]


def test_the_engine_gives_one_of_the_choices_where_there_are_any(setting: Setting) -> None:
    choices = [*CHOICES * 4, *[()] * 4]
    chosen = setting.engine.generate("tiny", setting.first_adapter, "eval-3", PROMPTS, Ending(8), quiet, choices)

    assert all(text in of_prompt for text, of_prompt in zip(chosen, choices[:16], strict=False))
    setting.engine.load("free", setting.first_adapter)
    if setting.fake is None:
        assert chosen[16:] == setting.engine.ask("free", PROMPTS[16:], Ending(8))
        assert len(set(chosen)) > len(CHOICES), "the random model has no favourite"
        transformers = TransformersGenerator(setting.first_adapter.parent)
        arguments = ("tiny", setting.first_adapter, "a", PROMPTS, Ending(8), quiet, choices)
        assert chosen == transformers.generate(*arguments)


def test_an_engine_with_another_base_is_not_judged_by(setting: Setting) -> None:
    with pytest.raises(ConfigError, match="serves the base 'tiny', but 'models/big' is wanted"):
        setting.engine.generate("models/big", setting.first_adapter, "eval-2", PROMPTS, Ending(8), quiet)
    assert setting.engine.loaded() == frozenset()


def test_a_dropped_connection_is_tried_again(fake_setting: Setting) -> None:
    assert fake_setting.fake is not None
    fake_setting.fake.drop_next = 1

    assert fake_setting.engine.ask("base", PROMPTS[:1], Ending(8))
    assert fake_setting.fake.drop_next == 0


def test_an_unload_is_believed_only_when_the_list_agrees(
    fake_setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fake_setting.fake is not None
    monkeypatch.setattr("medpipe.backends.vllm_engine.UNLOAD_SECONDS", 0.3)
    fake_setting.engine.load("sticky", fake_setting.first_adapter)
    fake_setting.fake.sticky.add("sticky")

    with pytest.raises(EngineError, match="still lists sticky"):
        fake_setting.engine.unload("sticky")
    fake_setting.fake.sticky.clear()


def test_nothing_but_the_known_fields_is_ever_sent(fake_setting: Setting) -> None:
    assert fake_setting.fake is not None
    fake_setting.engine.load("fields", fake_setting.first_adapter)
    fake_setting.engine.ask("fields", PROMPTS, Ending(8))
    fake_setting.engine.unload("fields")

    sent = {path: set(body) for path, body in fake_setting.fake.seen}
    assert sent["/v1/completions"] == {"model", "prompt", "max_tokens", "temperature", "stop", "stream"}
    assert sent["/v1/load_lora_adapter"] == {"lora_name", "lora_path"}


def test_an_answer_of_another_shape_is_an_error_that_does_not_repeat_it(fake_setting: Setting) -> None:
    assert fake_setting.fake is not None
    fake_setting.fake.garble_next = 1

    with pytest.raises(EngineError, match=r"CompletionResponse cannot be read \(choices\).*address of vLLM") as caught:
        fake_setting.engine.ask("base", PROMPTS[:1], Ending(8))
    assert "private" not in str(caught.value)


def test_an_engine_that_is_down_is_named(tmp_path: Path) -> None:
    with FakeEngine() as fake:
        url = fake.url
    with pytest.raises(EngineError, match=r"does not answer.*MEDPIPE_ENGINE_URL"):
        VllmEngine(url).loaded()
