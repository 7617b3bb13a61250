"""The tokenizer of a base, for training and for asking: the one home of the token that pads."""

from __future__ import annotations

from typing import Any

from medpipe.base_models import pretrained


def own_tokenizer(place: str, **options: Any) -> Any:
    """Return the tokenizer of the base in `place`, a folder or a hub's name, as its files have it.

    `options`: more arguments of transformers' `from_pretrained`.
    """
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(**pretrained(place), **options)


def padding_tokenizer(place: str, **options: Any) -> Any:
    """Return the tokenizer of the base in `place`, with a token that pads: its own, or else the end of a text.

    Padding is masked in every loss and in every attention, so the choice changes no number.
    """
    tokenizer = own_tokenizer(place, **options)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer
