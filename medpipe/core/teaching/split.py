"""Which facts are taught, which are replayed and which are only asked: no text is on two sides.

New facts are taught, and asked in held-out phrasings. Of the older ones a fixed share of clusters is never
replayed and only asked. Facts published from the cut-off on, and clusters that no run may see, are only asked, too.
Where two sides say the same, what is taught goes before what is asked, and what is asked before what is replayed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from medpipe.core.teaching import filters
from medpipe.core.teaching.facts import Fact, prefix
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Data
from medpipe.core.teaching.selection import place

OLD, LATER, UNSEEN = "old-knowledge", "after-cut-off", "unseen"


class Split(NamedTuple):
    """Every fact is on one side or counted in the drops."""

    new: list[Fact]
    replayable: list[Fact]
    held_out: list[Fact]
    after_cut_off: list[Fact]
    unseen: list[Fact]
    withdrawn: list[Fact]


def split(
    facts: Iterable[Fact],
    withdrawn: list[Fact],
    plan: Data,
    since: Mapping[str, str] | None,
    hygiene: Hygiene,
    contaminated: dict[str, Counter[str]],
    drops: Counter[str],
) -> Split:
    """The sides of a run; `since` is document id → digest that is known already (None: all is new).

    `contaminated` counts by benchmark and reason, `drops` by reason what is on no side.
    """
    new: list[Fact] = []
    old: list[Fact] = []
    later: list[Fact] = []
    unseen: list[Fact] = []
    for fact in facts:
        if plan.cut_off is not None and fact.document.published >= plan.cut_off:
            later.append(fact)
        elif place("unseen", fact.cluster) < plan.unseen.get(prefix(fact.document.id), 0.0):
            unseen.append(fact)
        else:
            known = since is not None and since.get(fact.document.id) == fact.document.digest
            (old if known else new).append(fact)
    taught = [*new, *old]
    later = _apart(later, [*taught, *unseen], "fact after the cut-off that an earlier document tells too", drops)
    unseen = _apart(unseen, taught, "unseen fact that a taught document tells too", drops)
    held_out = [fact for fact in old if place("held-out", fact.cluster) < plan.heldout_share]
    replayable = [fact for fact in old if place("held-out", fact.cluster) >= plan.heldout_share]
    # Text that documents share would let a replayed one answer for a held-out one.
    held_out = _apart(held_out, new, "held-out fact that a new document tells too", drops)
    replayable = _apart(replayable, held_out, "older fact that a held-out document tells too", drops)
    if plan.decontaminate:
        repeated = filters.contaminated(held_out, {"": filters.asked_texts(new)}, hygiene)
        drops["held-out fact that a new document tells too"] += len(repeated)
        held_out = [fact for number, fact in enumerate(held_out) if number not in repeated]
        asked = {
            name: texts
            for name, side in ((OLD, held_out), (LATER, later), (UNSEEN, unseen))
            if (texts := filters.asked_texts(side))
        }
        replayable = filters.without(replayable, asked, hygiene, contaminated, drops)
        # New facts may repeat nothing unseen; that they repeat nothing held out was seen to above.
        asked.pop(OLD, None)
        new = filters.without(new, asked, hygiene, contaminated, drops)
    sides = (filters.merged(side, drops) for side in (new, replayable, held_out, later, unseen))
    return Split._make([*sides, withdrawn])


def _apart(facts: list[Fact], others: Collection[Fact], reason: str, drops: Counter[str]) -> list[Fact]:
    """The facts that no other fact tells too, and whose cluster has none of the others."""
    told, clusters = filters.marks(others), {fact.cluster for fact in others}
    kept = [fact for fact in facts if fact.cluster not in clusters and not filters.marks([fact]) & told]
    drops[reason] += len(facts) - len(kept)
    return kept
