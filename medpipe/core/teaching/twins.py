"""Twins: documents whose texts are nearly the same, and facts that say nearly the same.

Documents that are twins form a cluster, and a cluster stays on one side of the split. Facts that are twins are taught
once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.corpus.document import Document
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.fact_table import Columns, FactTable
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.origin import Origins
from medpipe.core.word_hashes import Hashes, Positions

_COMPARED = 4000
"""Characters of a document that are compared. Longer texts would cost memory and tell no more: twins begin alike."""


def clusters(
    origins: Origins, chosen: Positions, texts: Iterable[str], threshold: float | None, hygiene: Hygiene
) -> Positions:
    """Return for every document the number of the one after which its cluster is named, among those chosen.

    A cluster has texts that are nearly the same, and one text in two languages. `texts`: what the chosen documents say
    (`text_of`). `threshold`: the Jaccard similarity (0..1] from which two texts are twins; None: only counterparts in
    another language are. A cluster is named after its oldest document (by date of publication, then id), so that its
    name, and with it the side of the split that it is on, stays when later documents join. Where a new document makes
    one cluster of two, or an older twin comes late, some documents change their cluster's name: then nothing can keep
    both the split and the twins together.
    """
    first_twin = (
        np.arange(len(chosen)) if threshold is None else np.asarray(hygiene.clusters(texts, threshold), np.int64)
    )
    names = np.arange(len(origins))
    if len(chosen):
        roots, published = _joined(origins, chosen, first_twin)
        order = np.lexsort((chosen, published, roots))
        begins = np.ones(len(order), np.bool_)
        begins[1:] = np.diff(roots[order]) != 0
        names[chosen[order]] = chosen[order[begins]][np.cumsum(begins) - 1]
    return names


def _joined(origins: Origins, chosen: Positions, first_twin: Positions) -> tuple[Positions, Positions]:
    """Return for each chosen document a number that its cluster shares, and the day on which it was published."""
    sets = _Roots(first_twin.tolist())
    published = np.empty(len(chosen), np.int64)
    for place, origin in enumerate(origins.rows.chosen(chosen.tolist())):
        published[place] = origin.published.toordinal()
        if origin.counterpart and (other := origins.number(origin.counterpart)) is not None:
            there = int(np.searchsorted(chosen, other))
            if there < len(chosen) and chosen[there] == other:
                sets.join(place, there)
    return np.array([sets.root(place) for place in range(len(chosen))], np.int64), published


class _Roots(NamedTuple):
    """Disjoint sets of numbers (union-find with path halving)."""

    parents: list[int]

    def root(self, member: int) -> int:
        """Return the number that represents the member's set: the smallest in it."""
        while self.parents[member] != member:
            self.parents[member] = self.parents[self.parents[member]]
            member = self.parents[member]
        return member

    def join(self, member: int, other: int) -> None:
        """Make one set of the sets of two members."""
        first, second = sorted((self.root(member), self.root(other)))
        self.parents[second] = first


def text_of(document: Document) -> str:
    """Return the beginning of what a document says, without titles and headings, for comparison with others."""
    parts = (part for section in document.sections for part in (section.context, section.text) if part)
    return "\n".join(parts)[:_COMPARED]


def mark(facts: FactTable, chosen: Positions, threshold: float, hygiene: Hygiene) -> None:
    """Set the column `twin` of the chosen facts: the same number for facts that say nearly the same.

    Near-duplicates are twins only if they are about the same condition and, for an examination's question, have the
    same answer. A sentence from a template about another condition is another fact, and so is a question turned
    into its opposite by one word.
    """
    texts = (f"{fact.question} {fact.answer}" for fact in facts.read(chosen.tolist()))
    alike = np.empty(len(chosen), [("first", np.int64), ("subject", np.uint64)])
    alike["first"] = hygiene.clusters(texts, threshold)
    alike["subject"] = facts.columns["subject"][chosen]
    facts.columns["twin"][chosen] = 1 + np.unique(alike, return_inverse=True)[1]


def merged(facts: FactTable, side: Positions) -> tuple[Positions, dict[int, tuple[int, ...]], Drops]:
    """Return the oldest fact of each set of twins, where the first of the set was, and what stands behind it.

    The second value has, for a fact with twins, the numbers of the other facts' documents.
    """
    columns = facts.columns[side]
    groups = np.where(columns["twin"] != 0, columns["twin"].astype(np.int64), -1 - np.arange(len(side)))
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = np.lexsort((columns["id"], columns["document"], columns["published"], group))
    bounds = np.flatnonzero(np.r_[True, np.diff(group[order]) != 0, True])[: len(first) + 1]
    oldest = order[bounds[:-1]]
    also: dict[int, tuple[int, ...]] = {}
    for place in np.flatnonzero(np.diff(bounds) > 1).tolist():
        members = order[bounds[place] : bounds[place + 1]]
        own = columns["document"][members[0]]
        if others := sorted({*columns["document"][members].tolist()} - {int(own)}):
            also[int(side[members[0]])] = tuple(others)
    kept = side[oldest[np.argsort(first)]]
    return kept, also, Drops({"near-duplicate of another fact": len(side) - len(kept)})


class Marks(NamedTuple):
    """Questions, answers, twins and clusters of facts, by which others are recognised that share one with them."""

    keys: Hashes
    answers: Hashes
    twins: Positions
    clusters: Positions

    @classmethod
    def of(cls, columns: Columns) -> Marks:
        """Return the marks of some facts. A label ("yes") is shared by questions with nothing else in common."""
        twinned = columns["twin"][columns["twin"] != 0]
        return cls(columns["key"], columns["answer"][~columns["labelled"]], twinned, columns["cluster"])

    def shared(self, columns: Columns) -> NDArray[np.bool_]:
        """Return which facts share a mark."""
        answered = ~columns["labelled"] & np.isin(columns["answer"], self.answers)
        same = np.isin(columns["key"], self.keys) | answered | np.isin(columns["twin"], self.twins)
        return same | np.isin(columns["cluster"], self.clusters)
