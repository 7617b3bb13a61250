"""Validation faults in plain words: which field is wrong, what it holds, and what to write instead."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from medpipe.core.naming import shortened

_Fault = Mapping[str, Any]
"""One entry of `ValidationError.errors()`."""


def in_words(error: ValidationError, shape: Any) -> str:
    """Return every fault of a validation on one line: "data.phrasing: unknown key; did you mean 'phrasings'?".

    `shape` is the type that was validated against: a model, or a container of models.
    """
    return "; ".join(_sentence(fault, shape) for fault in error.errors())


def kind_of(value: Any) -> str:
    """Return what a YAML or JSON value is, in the words of those formats."""
    names = {type(None): "empty", dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is most like `word`, or an empty string when none is."""
    return next(iter(difflib.get_close_matches(word, known, n=1)), "")


def _sentence(fault: _Fault, shape: Any) -> str:
    place, parent = _walk(shape, fault["loc"])
    if fault["type"] == "extra_forbidden":
        remedy = _unknown_key(str(fault["loc"][-1]), parent)
    else:
        remedy = _REMEDIES.get(fault["type"], _otherwise)(fault)
    return f"{place}: {remedy}" if place else remedy


def _unknown_key(key: str, parent: Any) -> str:
    known = sorted({name for member in _members(parent) if _is_model(member) for name in member.model_fields})
    likely = nearest(key, known)
    return f"unknown key{f'; did you mean {likely!r}?' if likely else ''} (known keys: {', '.join(known)})"


def _not_a_mapping(fault: _Fault) -> str:
    if fault["input"] is None:
        return "is empty (null) and must be a mapping: give it keys, or remove the line to have the defaults"
    return f"must be a mapping of keys to values; it is {kind_of(fault['input'])}, {shortened(fault['input'])}"


def _otherwise(fault: _Fault) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if fault["type"] == "value_error":
        return message
    return f"{message[:1].lower()}{message[1:]}; it is {shortened(fault['input'])}"


_REMEDIES: Mapping[str, Callable[[_Fault], str]] = {
    "missing": lambda fault: "is missing: add it",
    "model_type": _not_a_mapping,
    "model_attributes_type": _not_a_mapping,
    "dict_type": _not_a_mapping,
}
"""A sentence by pydantic's type of error: https://docs.pydantic.dev/latest/errors/validation_errors/"""


def _walk(shape: Any, location: Sequence[str | int]) -> tuple[str, Any]:
    """Return the field as a person writes it (`plans.first[0].kind`) and the type that holds it.

    pydantic's location also names the members of a union (`lora.target_modules.str`): those are left out.
    """
    place, parent = "", shape
    for step in location:
        parent, inner = shape, _inside(shape, step)
        if step == "[key]":  # pydantic's mark for a fault of the key itself, which is in the place already
            break
        if inner is None and not isinstance(step, int) and any(map(_is_scalar, _members(shape))):
            break
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
        shape = inner
    return place, parent


def _inside(shape: Any, step: str | int) -> Any:
    """Return the type of a field, an entry or a value inside `shape`; None where the type does not say."""
    for member in _members(shape):
        if _is_model(member) and step in member.model_fields:
            return member.model_fields[step].annotation
        arguments = typing.get_args(member)
        if arguments and typing.get_origin(member) is dict:
            return arguments[-1]
        if arguments and isinstance(step, int):
            return arguments[0]
    return None


def _members(shape: Any) -> list[Any]:
    """Return the members of a union (`X | None`), or the type itself."""
    if typing.get_origin(shape) in (typing.Union, types.UnionType):
        return [member for member in typing.get_args(shape) if member is not type(None)]
    return [shape]


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _is_scalar(shape: Any) -> bool:
    return shape in (str, int, float, bool)
