"""The chat template in the folder of a base: the one reader for training, evaluation and serving."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from medpipe import base_models
from medpipe.base_models import Prepared
from medpipe.core.chat import ChatTemplate
from medpipe.core.prompt import Template
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError

_OWN, _CONFIG = "chat_template.jinja", "tokenizer_config.json"

_TURN = re.compile(r"\[/?[A-Z][A-Z_]+\]|<</?[A-Z]+>>")
"""Marks of turns that are no tokens of their own, as in older templates of Mistral and Llama 2."""


def template_of(recipe: Recipe, models: Path, prepared: Prepared = base_models.nowhere) -> Template:
    """Return the form of a recipe's prompts. `models`: folder of local bases; no hub is asked.

    `prepared`: returns the folder of a prepared base.

    Raises ConfigError for a base whose folder has no chat template, where the recipe asks for it, or no token for the
    end of a text, and for a template that cannot be rendered.
    """
    if recipe.template == "plain":
        return "plain"
    folder = base_models.folder_of(recipe.base, models, prepared)
    settings = _settings(recipe, folder)
    jinja, bos, eos = _jinja(folder, settings), _token(settings.get("bos_token")), _token(settings.get("eos_token"))
    parts = {"chat template": jinja, "token for the end of a text (eos_token)": eos}
    if missing := next((name for name, text in parts.items() if not text), ""):
        raise ConfigError(
            f"recipe {recipe.name!r}, template: the tokenizer of {recipe.base!r} has no {missing}. Set template to "
            f"plain, or choose a base that was tuned to follow instructions, or put one into {folder}"
        )
    need = f"recipe {recipe.name!r}, template: the chat template"
    tokenizer = base_models.tokenizer(recipe.base, models, need, "set template to plain", prepared)
    adds_bos = bool(bos) and tokenizer.encode("a").tokens[:1] == [bos]
    template = ChatTemplate(jinja=jinja, bos=bos, eos=eos, adds_bos=adds_bos, system=recipe.told)
    try:
        told = f"{jinja}{bos}{template.prompt('Why?')}{template.completion('So.')}"
    except ConfigError as error:
        raise ConfigError(f"recipe {recipe.name!r}, template: {error}") from error
    added = tokenizer.get_added_tokens_decoder().values()
    marks = {token.content for token in added if token.special or token.content in told}
    return template.model_copy(update={"marks": tuple(sorted(marks.union(_TURN.findall(jinja))))})


def _settings(recipe: Recipe, folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"recipe {recipe.name!r}, template: a chat template is read from the base's own folder, and there is no "
            f"{folder / _CONFIG} that can be read: put the base model there, or set template to plain"
        ) from error
    return settings


def _jinja(folder: Path, settings: dict[str, Any]) -> str:
    """Return the template's text, "" for none. Its own file goes before the settings, as in transformers."""
    if (folder / _OWN).is_file():
        return (folder / _OWN).read_text(encoding="utf-8")
    stated = settings.get("chat_template") or ""
    if isinstance(stated, str):
        return stated
    return next((str(one["template"]) for one in stated if one.get("name") == "default"), "")


def _token(stated: Any) -> str:
    """Return a token's text: settings have it as such, or as an object with `content`."""
    return str(stated.get("content", "")) if isinstance(stated, dict) else str(stated or "")
