"""Configuration files under review: recipes, benchmarks, gates.yaml, lists of examples (YAML) and suites (JSON).

A name cannot leave its folder, and a mistake ends in a ConfigError that names the file, the field and the remedy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from yaml.constructor import ConstructorError

from medpipe import faults
from medpipe.core import naming
from medpipe.errors import ConfigError, NotFound

Model = TypeVar("Model", bound=BaseModel)

_MERGE = "tag:yaml.org,2002:merge"
# Python's own conversions, which PyYAML does not wrap: a date such as 2026-13-01, `!!bool x`, a deep nesting.
_BAD_VALUES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def names(folder: Path, suffix: str = ".yaml") -> list[str]:
    """Return the names of the configuration files in a folder, in alphabetical order."""
    return sorted(path.stem for path in folder.glob(f"*{suffix}") if not path.name.startswith("."))


def path_of(folder: Path, name: str, kind: str, suffix: str = ".yaml") -> Path:
    """Return the file `folder/name.suffix` of a `kind` such as "recipe".

    Raises UsageError for a name that could leave the folder, NotFound when there is no such file or when a
    symbolic link leads out of the folder.
    """
    path = folder / f"{naming.file_name(name, kind)}{suffix}"
    if not path.exists():
        raise NotFound(
            f"there is no {kind} {name!r} in {folder}; there are: {', '.join(names(folder, suffix)) or 'none'}"
        )
    if not path.resolve().is_relative_to(folder.resolve()):
        raise NotFound(f"{path} is a link out of {folder} and is not read: copy the {kind} into the folder")
    return path


def read_text(path: Path) -> str:
    """Return the text of a configuration file. Raises ConfigError when it is not readable, not UTF-8 or empty."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path} is a folder and must be a file: remove or rename it") from error
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}): correct its permissions or put it back"
        ) from error
    if not text.strip():
        raise ConfigError(f"{path} is empty: restore it, or copy another file of its folder and change that")
    return text


def load(path: Path, model: type[Model]) -> Model:
    """Return the values of a YAML file as a `model`. Raises ConfigError naming file, fields and remedies."""
    values = yaml_values(path)
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must be a mapping of keys to values; it is {faults.kind_of(values)}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {faults.in_words(error, model)}") from error


def load_list(path: Path, model: type[Model]) -> tuple[Model, ...]:
    """Return the entries of a YAML list, each as a `model`. Raises ConfigError as `load` does."""
    try:
        return TypeAdapter(tuple[model, ...]).validate_python(yaml_values(path))  # type: ignore[valid-type]  # made at run time
    except ValidationError as error:
        raise ConfigError(f"{path}: {faults.in_words(error, tuple[model, ...])}") from error  # type: ignore[valid-type]  # as above


def load_named(folder: Path, name: str, kind: str, model: type[Model]) -> Model:
    """Return `folder/name.yaml` as a `model` whose field `name` equals the file's name.

    Raises UsageError or NotFound as `path_of` does and ConfigError as `load` does.
    """
    path = path_of(folder, name, kind)
    value = load(path, model)
    written = getattr(value, "name", name)
    if written != name:
        raise ConfigError(f"{path}: name: is {written!r} and must be the file's name: write `name: {name}`")
    return value


def yaml_values(path: Path) -> Any:
    """Return what a YAML file holds. Raises ConfigError with the line of what cannot be read."""
    try:
        return _parsed(read_text(path))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: {error.problem or error.context}: correct the YAML there") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    except _BAD_VALUES as error:
        raise ConfigError(f"{path} holds a value that cannot be read: {type(error).__name__}: {error}") from error


@lru_cache(maxsize=128)
def _parsed(text: str) -> Any:
    """Return what a YAML text holds. One evaluation reads the benchmarks fifty times; nobody changes the values."""
    return yaml.load(text, _Loader)  # noqa: S506 (a subclass of SafeLoader)


def json_text(path: Path) -> str:
    """Return the text of a JSON file that holds an object. Raises ConfigError with the line of what cannot be read."""
    text = read_text(path)
    try:
        values = json.loads(text, object_pairs_hook=lambda pairs: _without_duplicates(path, pairs))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: not JSON ({error.msg}): correct it there") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply to be read") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must be an object of keys and values; it is {faults.kind_of(values)}")
    return text


def _without_duplicates(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise ConfigError(f"{path}: the key {key!r} occurs twice in one object: remove one of them")
        values[key] = value
    return values


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses a key that occurs twice and reads `5e-5` as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if earlier := first_lines.get((key.tag, key.value)):
                problem = f"the key {key.value!r} occurs twice in one mapping (first in line {earlier})"
                raise ConstructorError(None, None, problem, key.start_mark)
            first_lines[key.tag, key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


# YAML 1.1, which PyYAML reads, asks for a dot and a signed exponent, so that `5e-5` would be a string. The rule of
# YAML 1.2.2, section 10.3.2 (core schema): https://yaml.org/spec/1.2.2/#1032-tag-resolution
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)
