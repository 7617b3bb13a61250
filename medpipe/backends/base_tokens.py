"""How many tokens of a base model a text has, by the tokenizer in the base's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medpipe import base_models
from medpipe.base_models import Prepared


def token_counter(base: str, models: Path, prepared: Prepared = base_models.nowhere) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text, without a beginning or an end.

    Raises ConfigError when the base's folder has no tokenizer: no hub is asked for one.
    """
    tokenizer = base_models.tokenizer(
        base, models, "a limit in tokens", "give the limits in characters (max_answer_chars …)", prepared
    )
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
