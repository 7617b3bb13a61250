"""A published benchmark: its questions, and by which ids they are kept out of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import digest_of


class Published(NamedTuple):
    """The questions of one published benchmark."""

    name: str
    samples: tuple[Sample, ...]
    documents: frozenset[str]
    """Ids of the documents that ask them, under the prefix of each source that may deliver them."""
    left_out: Mapping[str, int]
    """Why records are not asked → how many."""

    @property
    def digest(self) -> str:
        """A digest that differs if what is asked does."""
        return digest_of([sample.model_dump(mode="json") for sample in self.samples])
