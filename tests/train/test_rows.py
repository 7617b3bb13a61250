"""What is wrong with the tokens of a training's rows is found before the base's weights are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medpipe import records
from medpipe.backends.trl import tokens
from medpipe.backends.trl.rows import Rows, rows_of
from medpipe.backends.trl.tokens import IGNORED, Lost, Tokens, columns, lost, tokenised
from medpipe.core.chat import ChatTemplate
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, DataError

CHAT = ChatTemplate(
    jinja="{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}"
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}",
    bos="<s>",
    eos="</s>",
    system="Take care.",
)
LIST = "Signs:\n- fever\n- a rash"


class Letters:
    """A tokenizer whose tokens are characters, after `merges` were joined to one."""

    eos_token, bos_token, bos_token_id = "$", "^", ord("^")

    def __init__(self, *merges: str, begins: str = "") -> None:
        self._merges, self._begins = merges, begins

    def __call__(self, texts: Sequence[str]) -> Any:
        return SimpleNamespace(input_ids=[self._tokens(self._begins + text) for text in texts])

    def _tokens(self, text: str) -> list[int]:
        for number, merge in enumerate(self._merges):
            text = text.replace(merge, chr(50_000 + number))
        return [ord(letter) for letter in text]


def recipe(method: str = "sft", answers: str = "paragraphs", **fields: Any) -> Recipe:
    data = Data.model_validate({"answers": answers, "contexts": True})
    return Recipe.model_validate(
        {"name": "r", "summary": "", "method": method, "base": "a/base", "trainer": {}, "data": data, **fields}
    )


def read(wanted: Recipe, rows: Sequence[Any], tokenizer: Letters) -> Rows[Tokens]:
    return tokenised(wanted, Rows(list(rows), []), tokenizer)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    source = {"document_ids": ("d:1",), "source": "test"}
    told = [
        Example(question="Why?", answer=LIST, context="It was.", **source),
        Example(question="How?", answer="So.", **source),
    ]
    records.write(tmp_path / "train.jsonl", told)
    return tmp_path / "train.jsonl"


def test_rows_have_the_form_and_the_template_of_the_recipe(examples: Path, tmp_path: Path) -> None:
    assert rows_of(recipe(), examples, "plain").taught[0] == {
        "prompt": "Context: It was.\nQuestion: Why?\nAnswer:",
        "completion": f" {LIST}",
    }
    assert rows_of(recipe(answers="one line"), examples, "plain").taught[0]["completion"] == " Signs: fever; a rash.\n"
    assert rows_of(recipe(), examples, CHAT).taught[0] == {
        "prompt": "<s>[system]Take care.[user]Context: It was.\n\nWhy?[assistant]",
        "completion": f"{LIST}</s>",
    }
    pair = PreferencePair(question="Why?", chosen=LIST, rejected="No.", answer_id="a", identity="i")
    records.write(tmp_path / "pairs.jsonl", [pair])
    (row,) = rows_of(recipe("dpo"), tmp_path / "pairs.jsonl", CHAT).taught
    assert (row["chosen"], row["rejected"]) == (f"{LIST}</s>", "No.</s>")
    (row,) = rows_of(recipe("dpo", "one line"), tmp_path / "pairs.jsonl", "plain").taught
    assert (row["chosen"], row["rejected"]) == (" Signs: fever; a rash.\n", " No.\n")


def test_kto_reads_both_sides_of_pairs_and_single_ratings_and_dpo_refuses_the_latter(tmp_path: Path) -> None:
    about = {"answer_id": "ans-1", "identity": "i"}
    pair = PreferencePair(question="Why?", chosen="So.", rejected="No.", **about)
    rating = PreferencePair(question="How?", chosen="", rejected="Never.", **about)
    records.write(tmp_path / "pairs.jsonl", [pair, rating])
    rows = rows_of(recipe("kto"), tmp_path / "pairs.jsonl", "plain").taught
    said = {(row["prompt"], row["completion"], row["label"]) for row in rows}
    why, how = "Question: Why?\nAnswer:", "Question: How?\nAnswer:"
    assert said == {(why, " So.", True), (why, " No.", False), (how, " Never.", False)}
    assert lost(recipe("kto"), read(recipe("kto"), rows, Letters()), None) == Lost(0, 0)
    with pytest.raises(DataError, match=r"ans-1 has a rating without a correction, which DPO cannot learn"):
        rows_of(recipe("dpo"), tmp_path / "pairs.jsonl", "plain")


def test_rows_that_are_too_long_are_counted_by_reason_and_above_the_share_refused(examples: Path) -> None:
    texts = rows_of(recipe(), examples, "plain").taught
    rows = read(recipe(), texts, Letters())
    longest, prompt = len(texts[0]["prompt"] + texts[0]["completion"]) + 1, len(texts[0]["prompt"])
    assert lost(recipe(), rows, None) == lost(recipe(), rows, longest) == Lost(0, 0)
    assert lost(recipe(max_cut=0.5), rows, longest - 1) == Lost(1, 0), "the token that ends the answer counts"
    assert lost(recipe(max_cut=0.5), rows, prompt + 1) == Lost(1, 0), "one token of the answer is left"
    assert lost(recipe(max_cut=0.5), rows, prompt) == Lost(0, 1), "none is left"
    with pytest.raises(
        ConfigError, match=rf"1 of 2 rows have more than {prompt} tokens \(up to {longest}\).*\(1 would"
    ):
        lost(recipe(), rows, prompt)


def test_a_row_is_learned_from_its_answer_on_and_what_is_too_long_is_cut_or_left_out(examples: Path) -> None:
    texts = rows_of(recipe(), examples, "plain").taught
    rows, prompt = read(recipe(), texts, Letters()).taught, len(texts[0]["prompt"])
    first, second = columns(rows, None, whole=False)["labels"]
    assert "".join(map(chr, first[prompt:])) == f" {LIST}$"
    assert set(first[:prompt]) == {IGNORED}
    short = columns(rows, prompt, whole=False)
    assert [len(ids) for ids in short["input_ids"]] == [len(second)], "the first has no room for an answer"
    cut = columns(rows, prompt + 3, whole=False)
    assert "".join(map(chr, cut["labels"][0][prompt:])) == " Si"
    everything = columns(rows, prompt, whole=True)
    assert [list(ids) for ids in everything["input_ids"]] == [list(ids) for ids in everything["labels"]]
    assert len(everything["input_ids"]) == 2, "the prompt is learned as well"


def test_many_rows_are_the_same_as_few(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = 3 * rows_of(recipe(), examples, "plain").taught
    at_once = columns(read(recipe(), texts, Letters()).taught, None, whole=False)
    monkeypatch.setattr(tokens, "_BATCH", 2)
    in_parts = columns(read(recipe(), texts, Letters()).taught, None, whole=False)
    assert [list(ids) for ids in at_once["labels"]] == [list(ids) for ids in in_parts["labels"]]
    with pytest.raises(ConfigError, match="row 5's prompt is not the beginning"):
        read(recipe(), [*4 * texts[:1], {"prompt": "Answer:", "completion": " So."}], Letters(": So"))


def test_a_prompt_whose_last_token_grows_into_the_answer_is_refused(examples: Path) -> None:
    rows = rows_of(recipe(), examples, "plain").taught
    with pytest.raises(ConfigError, match=r"row 2's prompt is not the beginning of prompt and completion"):
        read(recipe(), rows, Letters(": So"))


def test_a_beginning_that_is_there_twice_is_refused(examples: Path) -> None:
    chat = CHAT.model_copy(update={"bos": "^"})
    with pytest.raises(ConfigError, match=r"\^ begins every prompt twice"):
        read(recipe(), rows_of(recipe(), examples, chat).taught, Letters(begins="^"))
    once = rows_of(recipe(), examples, chat.model_copy(update={"adds_bos": True})).taught
    assert len(read(recipe(), once, Letters(begins="^")).taught) == 2
