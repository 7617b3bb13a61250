"""The datasets that a trainer of TRL reads: tokens for supervised training, texts for DPO and KTO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medpipe.backends.trl.rows import Row, Rows
from medpipe.backends.trl.tokens import Tokens, columns
from medpipe.core.teaching.recipe import Recipe


def sets_of(recipe: Recipe, arguments: Any, texts: Rows[Row], read: Rows[Tokens]) -> Rows[Any]:
    """Return the rows for training and for validation as two datasets; the second is empty without such rows.

    `arguments`: TRL's configuration. `read`: the same rows in tokens, without those that are not taught. TRL 1.16 takes
    tokens for supervised training only. They are cut to `max_length` already, and TRL refuses a length that it would
    not enforce itself (`padding_free`), so the setting is taken back unless TRL packs rows to that length.
    """
    from datasets import Dataset

    if recipe.method != "sft":
        return Rows(*(Dataset.from_list(list(part)) for part in texts))
    whole, length = arguments.completion_only_loss is False, arguments.max_length

    def dataset(rows: Sequence[Tokens]) -> Any:
        return Dataset.from_dict(columns(rows, length, whole))

    if not arguments.packing:
        arguments.max_length = None
    return Rows(*map(dataset, read))
