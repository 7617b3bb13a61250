"""Entailment: rules, a fake and a model of transformers give a verdict on each pair, and labels mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from medpipe.backends.transformers_entailment import labels_of
from medpipe.core.judging.entailment import RULES, Verdict, grade
from medpipe.errors import ConfigError
from medpipe.ports import Entailment
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.contract.test_likelihoods import WORDS

LABELS = ("CONTRADICTION", "NEUTRAL", "ENTAILMENT")
PAIRS = [("What helps? rest and tea", "rest helps?"), ("tea", "rest"), ("rest and tea", "tea")]


class Verbatim:
    """Entails what it contains."""

    name = "verbatim"

    def verdicts(self, pairs: Sequence[tuple[str, str]]) -> list[Verdict]:
        return ["entailed" if claim in premise else "neutral" for premise, claim in pairs]


def _classifier(folder: Path, labels: Sequence[str]) -> None:
    """Make a classifier of random weights whose tokens are words."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, set_seed

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[END]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    end = ("[END]", len(WORDS) - 1)
    tokenizer.post_processor = TemplateProcessing(single="$A [END]", pair="$A [END] $B [END]", special_tokens=[end])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[END]").save_pretrained(folder)
    set_seed(5)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    named = dict(enumerate(labels))
    config = BertConfig(vocab_size=len(WORDS), max_position_embeddings=24, id2label=named, **shape)
    BertForSequenceClassification(config).save_pretrained(folder)


@pytest.fixture(params=["rules", "fake", pytest.param("transformers", marks=pytest.mark.slow)])
def entailment(request: pytest.FixtureRequest, tmp_path: Path) -> Entailment:
    if request.param == "fake":
        return Verbatim()
    if request.param == "rules":
        return Wiring(Settings(home=tmp_path)).entailment
    pytest.importorskip("torch", reason="the extra `train` is not installed")
    _classifier(tmp_path / "models" / "tests" / "nli", LABELS)
    return Wiring(Settings(home=tmp_path, entailment_model="tests/nli")).entailment


def test_each_pair_gets_a_verdict_by_itself_and_in_order(entailment: Entailment) -> None:
    given = list(entailment.verdicts(PAIRS))
    assert set(given) <= {"entailed", "contradicted", "neutral"}
    assert given == [entailment.verdicts([pair])[0] for pair in PAIRS]
    assert list(entailment.verdicts([])) == []
    assert entailment.name
    assert list(entailment.verdicts([("tea and " * 50, "rest")])) == list(
        entailment.verdicts([("tea and " * 50, "rest")])
    )


def test_an_answer_is_graded_by_whatever_judges() -> None:
    assert grade("Rest. Tea.", "Tea. Sleep.", Verbatim().verdicts) == (0.5, 0.0)
    assert grade("Rest. Tea.", "Tea. Sleep.", lambda pairs: ["contradicted"] * len(pairs)) == (0.0, 1.0)


def test_without_a_model_the_rules_judge(tmp_path: Path) -> None:
    assert Wiring(Settings(home=tmp_path)).entailment is RULES


def test_the_labels_of_a_model_mean_verdicts() -> None:
    assert labels_of("m", LABELS) == ["contradicted", "neutral", "entailed"]
    assert labels_of("m", ("entailment", "contradiction")) == ["entailed", "contradicted"]


@pytest.mark.parametrize(
    "labels", [("LABEL_0", "LABEL_1", "LABEL_2"), ("positive", "negative"), ("entailment", "neutral")]
)
def test_a_model_of_anything_else_is_refused_with_its_labels(labels: Sequence[str]) -> None:
    with pytest.raises(ConfigError, match=rf"MEDPIPE_ENTAILMENT_MODEL=m has the labels {', '.join(labels)}"):
        labels_of("m", labels)
