"""The rows of a training, as texts. They are known before a base's weights are loaded."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from medpipe import records
from medpipe.core import prompt
from medpipe.core.prompt import Template
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.core.teaching.passages import formed
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import DataError

Row = Mapping[str, Any]
"""Texts: `prompt` and `completion` for SFT and KTO; `prompt`, `chosen` and `rejected` for DPO. For KTO also `label`,
whether the completion was liked."""


T = TypeVar("T")


class Rows(NamedTuple, Generic[T]):
    """The rows of a training: texts, or their tokens (`backends.trl.tokens`)."""

    taught: list[T]
    validation: list[T]
    """Rows on which the loss is measured during the training, and that are not taught."""


def rows_of(recipe: Recipe, file: Path, template: Template) -> Rows[Row]:
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
                "prompt": prompt.render(
                    example.question, example.context, template, recipe.data.contexts, recipe.data.history
                ),
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


def parted(recipe: Recipe, file: Path, rows: Rows[T]) -> tuple[Rows[T], list[T]]:
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
