"""The rows that TRL reads, and how they are tokenised. Both are known before a base's weights are loaded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from medpipe import records
from medpipe.core import prompt
from medpipe.core.prompt import Template
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.passages import formed
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, DataError

Row = Mapping[str, Any]
"""Texts: `prompt` and `completion` for SFT and KTO; `prompt`, `chosen` and `rejected` for DPO. For KTO also `label`,
whether the completion was liked."""


class Rows(NamedTuple):
    """The rows of a training."""

    taught: list[Row]
    validation: list[Row]
    """Rows on which the loss is measured during the training, and that are not taught."""


def rows_of(recipe: Recipe, file: Path, template: Template) -> Rows:
    """Return the rows of a recipe's data, in its form of answers. Raises DataError for a file without taught rows.

    Raises DataError, too, for a recipe with a validation share whose data has no row for it.
    """
    answers = recipe.data.answers
    taught: list[Row] = []
    validation: list[Row] = []

    def completion(text: str) -> str:
        return prompt.completion(formed(text, answers), answers, template)

    if recipe.method == "dpo":
        taught = [
            {
                "prompt": prompt.render(pair.question, template=template),
                "chosen": completion(pair.chosen),
                "rejected": completion(pair.rejected),
            }
            for pair in _paired(recipe, file)
        ]
    elif recipe.method == "kto":
        taught = [
            {"prompt": prompt.render(question, template=template), "completion": completion(text), "label": liked}
            for question, text, liked in _mixed(recipe, file)
        ]
    else:
        for example in records.read(file, Example):
            row = {
                "prompt": prompt.render(example.question, example.context, template),
                "completion": completion(example.answer),
            }
            (validation if example.role == "validation" else taught).append(row)
    if not taught:
        raise DataError(
            f"recipe {recipe.name!r}: {file.name} is empty, so there is nothing to train on; "
            "the card of the data counts what was left out and why"
        )
    if recipe.data.validation_share and not validation:
        raise DataError(
            f"recipe {recipe.name!r}: {file.name} has no row for validation: raise data.validation_share, or build the "
            "examples again with this recipe"
        )
    return Rows(taught, validation)


def _paired(recipe: Recipe, file: Path) -> Iterator[PreferencePair]:
    for pair in records.read(file, PreferencePair):
        if not pair.paired:
            raise DataError(
                f"recipe {recipe.name!r}: {pair.answer_id} has a rating without a correction, which DPO cannot learn "
                "from: use a KTO recipe, or set teach_ratings of feedback.yaml to false and build the pairs again"
            )
        yield pair


def _mixed(recipe: Recipe, file: Path) -> list[tuple[str, str, bool]]:
    """Return question, answer and whether it was liked, of pairs and ratings, in an order of the recipe's seed.

    KTO reads rows in their order, and compares neighbours. Both answers of a pair beside each other would compare a
    question with itself.
    """
    sides = [
        (pair.question, text, liked)
        for pair in records.read(file, PreferencePair)
        for text, liked in ((pair.chosen, True), (pair.rejected, False))
        if text
    ]
    random.Random(recipe.seed).shuffle(sides)
    return sides


def parted(recipe: Recipe, file: Path, rows: Rows) -> tuple[Rows, list[Row]]:
    """Return the rows that are taught, and those of replayed examples, which a penalty may be estimated on.

    Raises DataError where all rows are replayed and the penalty leaves those out.
    """
    if recipe.penalty is None:
        return rows, []
    replayed = [example.replay for example in records.read(file, Example) if example.role != "validation"]
    older = [row for row, again in zip(rows.taught, replayed, strict=True) if again]
    if recipe.penalty.rehearse:
        return rows, older
    taught = [row for row, again in zip(rows.taught, replayed, strict=True) if not again]
    if not taught:
        raise DataError(
            f"recipe {recipe.name!r}: all rows of {file.name} are replayed, and penalty.rehearse leaves these out: set "
            "it to true, or wait for new documents"
        )
    return rows._replace(taught=taught), older


def cut(recipe: Recipe, rows: Sequence[Row], tokenizer: Any, max_length: int | None) -> int:
    """Return how many rows TRL will cut or leave out, since they have more than `max_length` tokens; None: no limit.

    A row that is cut loses the end of its answer, and the token that ends it. Raises ConfigError when these are more
    than the recipe's `max_cut`, when the tokens of a prompt are not the first of prompt and completion (the model would
    learn after another prompt than it is asked), and when the token that begins a text is there twice.
    """
    prompts = tokenizer([row["prompt"] for row in rows]).input_ids
    longest = [len(tokens) for tokens in prompts]
    for name in rows[0].keys() - {"prompt", "label"}:
        for place, tokens in enumerate(tokenizer([whole(row, name, tokenizer) for row in rows]).input_ids):
            if tokens[: len(prompts[place])] != prompts[place]:
                raise ConfigError(
                    f"recipe {recipe.name!r}: in the tokens of {recipe.base!r}, row {place + 1}'s prompt is not the "
                    f"beginning of prompt and {name}, so what is taught would not be what is asked: change template"
                )
            longest[place] = max(longest[place], len(tokens))
    if tokenizer.bos_token_id is not None and prompts[0][:2] == [tokenizer.bos_token_id] * 2:
        raise ConfigError(
            f"recipe {recipe.name!r}: {tokenizer.bos_token} begins every prompt twice: once by the tokenizer of "
            f"{recipe.base!r}, and once by its chat template; take it out of one of them"
        )
    over = sum(length > max_length for length in longest) if max_length is not None else 0
    if over > recipe.max_cut * len(rows):
        raise ConfigError(
            f"recipe {recipe.name!r}, trainer.max_length: {over:,} of {len(rows):,} rows have more than {max_length:,} "
            f"tokens (up to {max(longest):,}), and their answers would be cut; max_cut allows {recipe.max_cut:.0%}. "
            "Raise max_length, or lower data.max_answer_chars"
        )
    return over


def whole(row: Row, name: str, tokenizer: Any) -> str:
    """Return prompt and completion as TRL tokenises them: it adds the end of a text where it is not there."""
    text = f"{row['prompt']}{row[name]}"
    return text if text.endswith(tokenizer.eos_token or "") else text + tokenizer.eos_token
