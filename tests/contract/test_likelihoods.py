"""Likelihoods of given answers: the fake and transformers read each by itself, over the answer's tokens alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medpipe.core.contract import Ending
from medpipe.errors import ConfigError, UsageError
from medpipe.ports import Likelihood, Ports
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests import fakes

BASE = "tests/words"
LINE, PARAGRAPHS = Ending(16), Ending(16, None)
WORDS = ("Question:", "Answer:", "What", "helps?", "rest", "tea", "and", "[END]")
ASKED = "Question: What helps?\nAnswer:"

Read = Callable[..., list[Likelihood]]


def _base(folder: Path) -> None:
    """Make a base of random weights whose tokens are words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[END]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="[END]").save_pretrained(folder)
    set_seed(5)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(WORDS), max_position_embeddings=12, **shape)
    LlamaForCausalLM(config).save_pretrained(folder)


@pytest.fixture(scope="module", params=["fake", pytest.param("transformers", marks=pytest.mark.slow)])
def ports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ports:
    home = tmp_path_factory.mktemp("home")
    if request.param == "fake":
        return fakes.ports(Settings(home=home))
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    _base(home / "models" / BASE)
    return Wiring(Settings(home=home))


@pytest.fixture(scope="module")
def read(ports: Ports) -> Read:
    reader = ports.likelihoods_at("float32")

    def of(*completions: str, ending: Ending = LINE, prompt: str = ASKED) -> list[Likelihood]:
        texts = [(prompt, completion) for completion in completions]
        return reader.likelihoods(BASE, None, texts, ending, lambda share, text: None)

    return of


def test_each_answer_is_read_by_itself_and_in_order(read: Read) -> None:
    texts = [" rest\n", " tea and rest\n", " tea\n"]
    together = read(*texts)
    assert together == [read(text)[0] for text in texts]
    assert [likelihood.tokens for likelihood in together] == [1, 3, 1]
    assert all(likelihood.log < 0 for likelihood in together)
    assert read() == []


def test_a_longer_answer_is_less_probable_than_its_beginning(read: Read) -> None:
    short, long = read(" tea\n", " tea and rest\n")
    assert long.log < short.log


@pytest.mark.slow
class TestTransformers:
    @pytest.fixture(scope="class")
    def ports(self, tmp_path_factory: pytest.TempPathFactory) -> Ports:
        home = tmp_path_factory.mktemp("home")
        _base(home / "models" / BASE)
        return Wiring(Settings(home=home))

    @pytest.fixture(scope="class")
    def read(self, ports: Ports) -> Read:
        reader = ports.likelihoods_at("float32")
        return lambda texts, ending=LINE: reader.likelihoods(BASE, None, texts, ending, lambda share, text: None)

    def test_the_probabilities_of_all_next_words_add_up_to_1(self, read: Read) -> None:
        import math

        logs = [likelihood.log for likelihood in read([(ASKED, f" {word}") for word in WORDS])]
        assert sum(map(math.exp, logs)) == pytest.approx(1, abs=1e-5)

    def test_the_probability_of_an_answer_is_the_product_of_its_words(self, read: Read) -> None:
        (whole, first, second) = read([(ASKED, " tea and"), (ASKED, " tea"), (f"{ASKED} tea", " and")])
        assert whole.log == pytest.approx(first.log + second.log, abs=1e-5)

    def test_paragraphs_are_read_with_the_token_that_ends_them(self, read: Read) -> None:
        assert read([(ASKED, " tea"), (ASKED, " tea[END]")], PARAGRAPHS)[0].tokens == 2
        assert read([(ASKED, " tea")])[0].tokens == 1

    def test_a_text_that_the_base_cannot_read_is_refused_with_what_to_lower(self, read: Read) -> None:
        with pytest.raises(
            ConfigError, match=r"has 16 tokens, and the base reads 12: lower the recipe's data.max_answer"
        ):
            read([(ASKED, " tea" * 12)])

    def test_an_unknown_precision_is_refused(self, ports: Ports) -> None:
        with pytest.raises(UsageError, match="no generator has the precision 'int3'"):
            ports.likelihoods_at("int3")
