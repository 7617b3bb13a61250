"""Tokens are counted by the tokenizer in the base's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from medpipe.errors import ConfigError
from medpipe.settings import Settings
from medpipe.wiring import Wiring


def test_tokens_are_those_of_the_base(tmp_path: Path) -> None:
    tokenizer = Tokenizer(WordLevel({"rest": 0, "[UNK]": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    (tmp_path / "models" / "a" / "base").mkdir(parents=True)
    tokenizer.save(str(tmp_path / "models" / "a" / "base" / "tokenizer.json"))
    ports = Wiring(Settings(home=tmp_path / "home", models=tmp_path / "models"))
    assert ports.tokens("a/base", "rest is best") == 3
    with pytest.raises(ConfigError, match="a limit in tokens needs the tokenizer of 'a/other'"):
        ports.tokens("a/other", "rest")
