"""The files of a recipe's base model. The trainer and the in-process generator load the same ones.

A base is a folder of that name under the folder of local models, a hub id, or a `prepared/…` ref of `prepare_base`.
A name with a revision (`organisation/model@revision`) means that revision alone: on disk, a folder of the whole name;
on a hub, the files of that commit or tag.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from medpipe.core.base_name import parted
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
    """Return the local folder of a base if it holds a model, else the base's name, for a hub (`pretrained`).

    A folder of another revision, or of none, is not the base. Raises NotFound when there is no such folder and
    `offline` forbids asking a hub, and ConfigError for a folder whose files are of another commit than its name says.
    """
    folder = folder_of(base, models, prepared)
    if _holds_a_model(folder):
        _refuse_other_commits(base, folder)
        return str(folder)
    if offline:
        raise NotFound(
            f"there is no base model {base!r}: no folder {folder} with a config.json{_other_revisions(base, models)}, "
            "and hubs are not asked. Put the model there (`python -m medpipe.sandbox.tiny_base --out MODELS` makes the "
            "sandbox's), or set MEDPIPE_OFFLINE=false."
        )
    return base


def pretrained(place: str) -> dict[str, str]:
    """Return the arguments by which transformers' `from_pretrained` reads what `locate` returned.

    From a hub these are exactly the revision that the base's name has; without one, what the hub has at present.
    """
    if _holds_a_model(Path(place)):
        return {"pretrained_model_name_or_path": place}
    name, revision = parted(place)
    return {"pretrained_model_name_or_path": name, **({"revision": revision} if revision else {})}


def _other_revisions(base: str, models: Path) -> str:
    """Return in words which revisions of a base are on disk; "" for none."""
    name, _ = parted(base)
    here = models / name
    others = [folder for folder in (here, *sorted(here.parent.glob(f"{here.name}@*"))) if _holds_a_model(folder)]
    names = ", ".join(str(folder.relative_to(models)) for folder in others)
    return f" (there is {names}, which is another revision, or nobody knows which)" if names else ""


_COMMIT = re.compile(r"[0-9a-f]{7,40}")
"""A commit hash, or the beginning of one. Tags seldom look like that."""


def _refuse_other_commits(base: str, folder: Path) -> None:
    """Raise ConfigError for the folder of a revision if a download of the hub's client shows files of another one.

    `hf download --local-dir` notes beside each file which commit it is of. A folder without such notes is believed.
    """
    name, revision = parted(base)
    if revision is None:
        return
    notes = folder / ".cache" / "huggingface" / "download"
    commits = {
        note.read_text(encoding="utf-8").partition("\n")[0]
        for file in _files(folder)
        if (note := notes / f"{file.name}.metadata").is_file()
    }
    if len(commits) > 1 or (_COMMIT.fullmatch(revision) and any(not known.startswith(revision) for known in commits)):
        raise ConfigError(
            f"{folder} has files of the commit {' and '.join(sorted(commits))}, and its name says {revision}: remove "
            f"it, and download that revision alone: hf download {name} --revision {revision} --local-dir {folder}"
        )


_KINDS = (".bin", ".gguf", ".jinja", ".json", ".model", ".pt", ".py", ".safetensors", ".tiktoken", ".txt")
"""How the files of a model end that change its answers: weights, tokenizers, chat templates, code."""


def folder_of(base: str, models: Path, prepared: Prepared = nowhere) -> Path:
    """Return where a base is, if it is here: its folder under `models`, or that of a prepared base (or NotFound)."""
    return prepared(base) if is_prepared(base) else models / base


def digest(base: str, models: Path) -> str:
    """Return the SHA-256 over a local base model's files, in the order of their names; for one on a hub, its name.

    Every file that can change an answer counts: weights, tokenizer, chat template. A page about the model does not. An
    adapter belongs to one base model. A base that is rebuilt under the same name has another digest, so that nothing
    trained or judged on the old one is used with the new one. On a hub only a commit hash in the name is sure to mean
    the same files tomorrow. Raises ConfigError as `locate` does for a folder of other commits.
    """
    folder = models / base
    if not _holds_a_model(folder):
        return f"hub:{base}"
    _refuse_other_commits(base, folder)
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    """Return the digest of the base model in a folder."""
    whole = hashlib.sha256()
    for file in _files(folder):
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


def _files(folder: Path) -> list[Path]:
    """Return the files of a model that change its answers, in the order of their names."""
    return sorted(file for file in folder.iterdir() if file.suffix in _KINDS and file.is_file())


def _holds_a_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()
