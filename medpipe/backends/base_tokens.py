"""How many tokens of a base model a text has, by the tokenizer in the base's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medpipe.errors import ConfigError

FILE = "tokenizer.json"


def token_counter(base: str, models: Path) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text, without a beginning or an end.

    Raises ConfigError when the base's folder has no tokenizer: no hub is asked for one.
    """
    from tokenizers import Tokenizer

    file = models / base / FILE
    if not file.is_file():
        raise ConfigError(
            f"a limit in tokens needs the tokenizer of {base!r}: there is no {file}. Put the base model there, or give "
            "the limits in characters (max_answer_chars …)."
        )
    tokenizer = Tokenizer.from_file(str(file))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
