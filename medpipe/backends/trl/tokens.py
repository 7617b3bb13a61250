"""Rows in the tokens of a base: made once, before its weights are loaded, and learned from as they are.

Supervised training gets these very tokens. TRL 1.16 makes its own for DPO and KTO, from the same texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from medpipe.backends.trl.rows import Row, Rows
from medpipe.core.batches import batched
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ids = NDArray[np.int32]

_BATCH = 1000
"""Rows that are tokenised at once: a tokenizer returns Python's integers, which take nine times the memory."""

IGNORED = -100
"""The label of a token that nothing is learned from, in PyTorch and so in TRL."""


class Tokens(NamedTuple):
    """One row in tokens."""

    prompt: int
    """How many tokens the prompt has. They are the first of every text."""
    texts: Mapping[str, Ids]
    """Name of an answer (`completion`, `chosen` or `rejected`) → the tokens of prompt and answer."""

    @property
    def longest(self) -> int:
        """The number of tokens of the longest text."""
        return max(map(len, self.texts.values()))


class Lost(NamedTuple):
    """Rows of which something is not learned, because they are longer than `max_length`."""

    cut: int
    """Rows that lose the end of an answer."""
    dropped: int
    """Rows whose prompt alone leaves no room for an answer. TRL leaves them out."""


def tokenised(recipe: Recipe, rows: Rows[Row], tokenizer: Any) -> Rows[Tokens]:
    """Return the rows of a training in tokens, in their order.

    Raises ConfigError when the tokens of a prompt are not the first of prompt and answer (the model would learn after
    another prompt than it is asked), and when the token that begins a text is there twice.
    """
    return Rows(*(list(_tokenised(recipe, part, tokenizer)) for part in rows))


def _tokenised(recipe: Recipe, rows: Sequence[Row], tokenizer: Any) -> Iterator[Tokens]:
    import numpy as np

    names = [name for name in ("completion", "chosen", "rejected") if rows and name in rows[0]]
    place = 0
    for batch in batched(rows, _BATCH):
        prompts = tokenizer([row["prompt"] for row in batch]).input_ids
        if place == 0:
            _refuse_two_beginnings(recipe, prompts[0], tokenizer)
        wholes = {name: tokenizer([_whole(row, name, tokenizer) for row in batch]).input_ids for name in names}
        for number, prompt in enumerate(prompts):
            place += 1
            for name in names:
                if wholes[name][number][: len(prompt)] != prompt:
                    raise ConfigError(
                        f"recipe {recipe.name!r}: in the tokens of {recipe.base!r}, row {place}'s prompt is not the "
                        f"beginning of prompt and {name}, so what is taught would not be what is asked: change template"
                    )
            yield Tokens(len(prompt), {name: np.array(wholes[name][number], dtype=np.int32) for name in names})


def _whole(row: Row, name: str, tokenizer: Any) -> str:
    """Return prompt and answer as TRL tokenises them: it adds the end of a text where it is not there."""
    text = f"{row['prompt']}{row[name]}"
    return text if text.endswith(tokenizer.eos_token or "") else text + tokenizer.eos_token


def _refuse_two_beginnings(recipe: Recipe, prompt: Sequence[int], tokenizer: Any) -> None:
    if tokenizer.bos_token_id is not None and list(prompt[:2]) == [tokenizer.bos_token_id] * 2:
        raise ConfigError(
            f"recipe {recipe.name!r}: {tokenizer.bos_token} begins every prompt twice: once by the tokenizer of "
            f"{recipe.base!r}, and once by its chat template; take it out of one of them"
        )


def lost(recipe: Recipe, rows: Rows[Tokens], max_length: int | None) -> Lost:
    """Count the rows of which something is not learned, by reason. `max_length`: in tokens; None: no limit.

    Raises ConfigError when they are more than the recipe's `max_cut`.
    """
    every = [*rows.taught, *rows.validation]
    over = [row for row in every if max_length is not None and row.longest > max_length]
    dropped = sum(max_length is not None and row.prompt >= max_length for row in over)
    if len(over) > recipe.max_cut * len(every):
        raise ConfigError(
            f"recipe {recipe.name!r}, trainer.max_length: {len(over):,} of {len(every):,} rows have more than "
            f"{max_length:,} tokens (up to {max(row.longest for row in over):,}), and their answers would be cut "
            f"({dropped:,} would have none left); max_cut allows {recipe.max_cut:.0%}. "
            "Raise max_length, or lower data.max_answer_chars"
        )
    return Lost(len(over) - dropped, dropped)


def columns(rows: Sequence[Tokens], max_length: int | None, whole: bool) -> dict[str, list[Ids]]:
    """Return the columns that TRL's supervised trainer learns from: tokens, and what is learned of each.

    They are what TRL itself would make of the texts. `whole`: prompts are learned as well. A row that is longer than
    `max_length` is cut at its end, and one that has nothing to learn then is left out.
    """
    kept = [row for row in rows if whole or max_length is None or row.prompt < max_length]
    ids = [row.texts["completion"][:max_length] for row in kept]
    labels = [text.copy() for text in ids]
    for row, learned in zip(kept, labels, strict=True):
        learned[: 0 if whole else row.prompt] = IGNORED
    return {"input_ids": ids, "labels": labels}
