"""Small corpora and what is built from them, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import newer
from medpipe.core.teaching import examples
from medpipe.core.teaching.examples import BuiltExamples, Prepared
from medpipe.core.teaching.recipe import Recipe


def in_order(documents: Iterable[Document]) -> list[Document]:
    """The newest revision of each document, in the order of their ids, as the corpus yields them."""
    newest: dict[str, Document] = {}
    for document in documents:
        newest[document.id] = newer(newest.get(document.id), document)
    return [newest[id] for id in sorted(newest)]


def built(prepared: Prepared, recipe: Recipe, *arguments: Any) -> BuiltExamples:
    """What is built, with tuples instead of files and without the places where examples come from."""
    whole = examples.build(prepared, recipe, *arguments)
    spooled = ("train", *examples.SAMPLES)
    return whole._replace(**{name: tuple(getattr(whole, name)) for name in spooled}, origins=None)
