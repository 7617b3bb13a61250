"""The files of a recipe's base model. The trainer and the in-process generator load the same ones."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from medpipe.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def locate(base: str, models: Path, offline: bool) -> str:
    """Return the local folder `models/base` if it holds a model, else the hub id `base` itself.

    Raises NotFound when there is no such folder and `offline` forbids asking a hub.
    """
    folder = models / base
    if _holds_a_model(folder):
        return str(folder)
    if offline:
        raise NotFound(
            f"there is no base model {base!r}: no folder {folder} with a config.json, and hubs are not asked. "
            "Put the model there (`python -m medpipe.sandbox.tiny_base --out MODELS` makes the sandbox's), "
            "or set MEDPIPE_OFFLINE=false."
        )
    return base


_KINDS = (".bin", ".gguf", ".jinja", ".json", ".model", ".pt", ".py", ".safetensors", ".tiktoken", ".txt")
"""How the files of a model end that change its answers: weights, tokenizers, chat templates, code."""


def digest(base: str, models: Path) -> str:
    """Return the SHA-256 over a local base model's files, in the order of their names; for one on a hub, its id.

    Every file that can change an answer counts: weights, tokenizer, chat template. A page about the model does not. An
    adapter belongs to one base model. A base that is rebuilt under the same name has another digest, so that nothing
    trained or judged on the old one is used with the new one.
    """
    folder = models / base
    if not _holds_a_model(folder):
        return f"hub:{base}"
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.iterdir() if file.suffix in _KINDS and file.is_file()):
        whole.update(file.name.encode())
        with file.open("rb") as content:
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()


def tokenizer(base: str, models: Path, need: str, otherwise: str) -> Tokenizer:
    """Return the tokenizer in a base's own folder; no hub is asked.

    `need`: what needs it; `otherwise`: what to do without it. Both are for the ConfigError where there is none.
    """
    from tokenizers import Tokenizer

    file = models / base / "tokenizer.json"
    if not file.is_file():
        raise ConfigError(
            f"{need} needs the tokenizer of {base!r}: there is no {file}. Put the base model there, or {otherwise}."
        )
    return Tokenizer.from_file(str(file))


def _holds_a_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()
