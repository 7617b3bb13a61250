"""Generators: the fake and transformers answer at every precision that a certificate may need, and refuse others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from medpipe.backends.transformers_generator import ends, token_of
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Generator, Ports
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests import fakes

BASE = "medpipe-sandbox/tiny-llama"
PRECISIONS = Wiring(Settings()).withdrawal_policy.certificate.precisions
QUESTIONS = [prompt.render(f"How is {name} treated?") for name in ("Velorin fever", "Braiko rash", "Stumox gout")]


@pytest.fixture(params=["fake", pytest.param("transformers", marks=pytest.mark.slow)])
def ports(request: pytest.FixtureRequest, tmp_path: Path) -> Ports:
    """Ports whose base, where one is needed, is the small one of the tests of training."""
    if request.param == "fake":
        return fakes.ports(Settings(home=tmp_path))
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    from medpipe.sandbox.tiny_base import make_tiny_base
    from tests.train.conftest import CACHE, SMALL

    make_tiny_base(CACHE / "models", seed=3, threads=1, pretraining=SMALL)
    return Wiring(Settings(home=tmp_path, models=CACHE / "models"))


def ask(generator: Generator, *questions: str) -> list[str]:
    return generator.generate(BASE, None, "base", questions, Ending(16), lambda share, text: None)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_generator_answers_each_prompt_in_order_at_its_precision(ports: Ports, precision: str) -> None:
    generator = ports.generator_at(precision)
    assert generator.precision == precision
    answers = ask(generator, *QUESTIONS)
    assert ask(generator, *QUESTIONS[::-1]) == answers[::-1]
    assert not any(prompt.STOP in answer for answer in answers)
    assert ask(generator) == []


def test_a_generator_gives_one_of_the_choices_where_there_are_any(ports: Ports) -> None:
    labels = [(" yes", " no", " maybe"), (), (" différé", " immédiat"), (" no", " no, never")]
    answers = ports.generator.generate(
        BASE, None, "base", [*QUESTIONS, QUESTIONS[0]], Ending(16), lambda share, text: None, labels
    )
    assert all(answer in of_prompt for answer, of_prompt in zip(answers, labels, strict=True) if of_prompt)
    assert answers[1] == ask(ports.generator, QUESTIONS[1])[0]


def test_random_answers_are_the_same_for_one_seed(ports: Ports) -> None:
    def drawn(seed: int) -> list[str]:
        return ports.generator.generate(
            BASE, None, "base", QUESTIONS, Ending(16), lambda share, text: None, (), Sampling(seed, temperature=1.0)
        )

    first = drawn(1)
    assert drawn(1) == first and len(first) == len(QUESTIONS)
    if ports.generator.name == "transformers":
        assert any(drawn(seed) != first for seed in range(2, 6)), "another seed gives other answers"


@pytest.mark.slow
def test_both_kinds_of_vocabularies_are_read_by_the_bytes_that_a_token_writes() -> None:
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    ids = {"▁yes": 0, "Ġyes": 1, "é": 2, "Ã©": 3, "<0xC3>": 4, "Ã": 5, "\ufffd": 6}
    pieces = (b" yes", "é".encode(), b"\xc3", b"no")
    byte_level, sentence_pieces = (Tokenizer(models.BPE(vocab=ids, merges=[])) for _ in range(2))
    byte_level.decoder, sentence_pieces.decoder = decoders.ByteLevel(), decoders.ByteFallback()
    of_bytes, of_pieces = (
        token_of(PreTrainedTokenizerFast(tokenizer_object=tokenizer)) for tokenizer in (byte_level, sentence_pieces)
    )
    assert [of_bytes(piece) for piece in pieces] == [1, 3, 5, None]
    assert [of_pieces(piece) for piece in pieces] == [0, 2, 4, None]


def test_the_precision_that_serves_is_answered_by_what_serves(ports: Ports) -> None:
    served = ports.generator_at(ports.generator.precision)
    assert (served.name, served.precision) == (ports.generator.name, ports.generator.precision)


@pytest.mark.parametrize("unknown", ["int3", "served", "", "NF4", "float32 "])
def test_an_unknown_precision_is_refused_with_the_known_ones(ports: Ports, unknown: str) -> None:
    with pytest.raises(UsageError, match=r"no generator has the precision .*float32, nf4, int8"):
        ports.generator_at(unknown)


def test_with_an_engine_its_precision_is_asked_of_the_engine_and_others_in_process(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, engine_url="http://127.0.0.1:1", engine_precision="bfloat16")
    wiring = Wiring(settings)
    make: Callable[[str], Generator] = wiring.generator_at
    assert [make(precision).name for precision in ("bfloat16", "float32", "int8")] == [
        "vllm",
        "transformers",
        "transformers",
    ]


def test_the_tokenizers_own_end_of_a_text_ends_every_answer_as_in_the_engine() -> None:
    model = SimpleNamespace(generation_config=SimpleNamespace(eos_token_id=2))
    tuned, without = SimpleNamespace(eos_token_id=7), SimpleNamespace(eos_token_id=None)
    assert ends(model, tuned, Ending(9)) == ends(model, tuned, Ending(9, None)) == [2, 7]
    model.generation_config.eos_token_id = None
    assert ends(model, without, Ending(9)) is None
    with pytest.raises(ConfigError, match="the base names no token for the end of a text"):
        ends(model, without, Ending(9, None))
