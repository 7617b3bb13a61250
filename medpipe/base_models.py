"""The files of a recipe's base model. The trainer and the in-process generator load the same ones.

A base is a folder of that name under the folder of local models, a hub id, or a `prepared/…` ref of `prepare_base`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medpipe.core.manifests import PreparedManifest
from medpipe.core.refs import is_ref, kind_of
from medpipe.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from tokenizers import Tokenizer


Prepared = Callable[[str], Path]
"""Returns the folder of a `prepared/…` ref. Raises NotFound."""


def is_prepared(base: str) -> bool:
    """Return whether a base's name is a ref that `prepare_base` made."""
    return is_ref(base) and kind_of(base) == PreparedManifest.kind


def nowhere(base: str) -> Path:
    """Know no prepared base."""
    raise NotFound(f"{base} is not known here: only folders of local models are")


def locate(base: str, models: Path, offline: bool, prepared: Prepared = nowhere) -> str:
    """Return the local folder of a base if it holds a model, else the hub id `base` itself.

    Raises NotFound when there is no such folder and `offline` forbids asking a hub.
    """
    folder = folder_of(base, models, prepared)
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


def folder_of(base: str, models: Path, prepared: Prepared = nowhere) -> Path:
    """Return where a base is, if it is here: its folder under `models`, or that of a prepared base (or NotFound)."""
    return prepared(base) if is_prepared(base) else models / base


def digest(base: str, models: Path) -> str:
    """Return the SHA-256 over a local base model's files, in the order of their names; for one on a hub, its id.

    Every file that can change an answer counts: weights, tokenizer, chat template. A page about the model does not. An
    adapter belongs to one base model. A base that is rebuilt under the same name has another digest, so that nothing
    trained or judged on the old one is used with the new one.
    """
    folder = models / base
    return digest_of(folder) if _holds_a_model(folder) else f"hub:{base}"


def digest_of(folder: Path) -> str:
    """Return the digest of the base model in a folder."""
    whole = hashlib.sha256()
    for file in sorted(file for file in folder.iterdir() if file.suffix in _KINDS and file.is_file()):
        whole.update(file.name.encode())
        with file.open("rb") as content:
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()


def tokenizer(base: str, models: Path, need: str, otherwise: str, prepared: Prepared = nowhere) -> Tokenizer:
    """Return the tokenizer in a base's own folder; no hub is asked.

    `need`: what needs it; `otherwise`: what to do without it. Both are for the ConfigError where there is none.
    """
    from tokenizers import Tokenizer

    file = folder_of(base, models, prepared) / "tokenizer.json"
    if not file.is_file():
        raise ConfigError(
            f"{need} needs the tokenizer of {base!r}: there is no {file}. Put the base model there, or {otherwise}."
        )
    return Tokenizer.from_file(str(file))


def _holds_a_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()
