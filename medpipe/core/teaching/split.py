"""The sides of a training run: which facts are taught, which are replayed, and which are only evaluated.

New facts are taught, and evaluated in held-out phrasings. A fixed share of the clusters of older facts is never
replayed and only evaluated. Facts published from the cut-off on, and clusters that no run may teach, are only
evaluated, too. No text is on two sides: if two sides say the same, a taught fact takes precedence over one that is
only evaluated, and this one over a replayed fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from medpipe.core.sources import prefix
from medpipe.core.teaching import contamination, twins
from medpipe.core.teaching.drops import Contamination, Drops, sift, total
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Data
from medpipe.core.text import stable_share

OLD, LATER, UNSEEN = "old-knowledge", "after-cut-off", "unseen"
"""Names under which the evaluated sides protect their texts, as if each were a benchmark."""

_IN_NEW = "held-out fact that a new document tells too"


class Split(NamedTuple):
    """Every fact is on one side or counted in the drops."""

    new: list[Fact]
    """Taught, and evaluated in held-out phrasings."""
    replayable: list[Fact]
    """Known before; may be replayed."""
    held_out: list[Fact]
    """Known before; never replayed, only evaluated."""
    after_cut_off: list[Fact]
    unseen: list[Fact]


def split(
    facts: Iterable[Fact],
    data: Data,
    since: Mapping[str, str] | None,
    hygiene: Hygiene,
) -> tuple[Split, Drops, Contamination]:
    """Return the sides of a run, the facts that are on no side by reason, and which side or benchmark they repeat.

    `since`: fact id → what it says (`Fact.says`), for the facts that are known already; None: nothing is known, so
    every fact is new.
    """
    sides = _by_document(facts, data, since)
    sides, shared = _apart(sides)
    repeated, contaminated = Drops(), Contamination()
    if data.decontaminate:
        sides, repeated, contaminated = _decontaminated(sides, hygiene)
    sides, merged = _merged(sides)
    return sides, total(shared, repeated, merged), contaminated


def _by_document(facts: Iterable[Fact], data: Data, since: Mapping[str, str] | None) -> Split:
    """Return the sides as each fact's document and cluster alone decide."""
    sides = Split([], [], [], [], [])
    for fact in facts:
        if data.cut_off is not None and fact.document.published >= data.cut_off:
            sides.after_cut_off.append(fact)
        elif stable_share(fact.cluster, "unseen") < data.unseen.get(prefix(fact.document.id), 0.0):
            sides.unseen.append(fact)
        elif since is None or since.get(fact.id) != fact.says:
            sides.new.append(fact)
        elif stable_share(fact.cluster, "held-out") < data.heldout_share:
            sides.held_out.append(fact)
        else:
            sides.replayable.append(fact)
    return sides


def _apart(sides: Split) -> tuple[Split, Drops]:
    """Return the sides without facts that a side with precedence states too, or shares a cluster with."""
    taught = [*sides.new, *sides.replayable, *sides.held_out]
    later, later_drops = _without_shared(
        sides.after_cut_off, [*taught, *sides.unseen], "fact after the cut-off that an earlier document tells too"
    )
    unseen, unseen_drops = _without_shared(sides.unseen, taught, "unseen fact that a taught document tells too")
    held_out, held_out_drops = _without_shared(sides.held_out, sides.new, _IN_NEW)
    # Text that documents share would let a replayed fact answer for a held-out one.
    replayable, replayable_drops = _without_shared(
        sides.replayable, held_out, "older fact that a held-out document tells too"
    )
    apart = sides._replace(after_cut_off=later, unseen=unseen, held_out=held_out, replayable=replayable)
    return apart, total(later_drops, unseen_drops, held_out_drops, replayable_drops)


def _without_shared(facts: list[Fact], others: Collection[Fact], reason: str) -> tuple[list[Fact], Drops]:
    """Return the facts that share neither question, answer, twin nor cluster with any of the others."""
    marks, clusters = twins.marks(others), {fact.cluster for fact in others}
    kept, _ = sift(
        facts, lambda fact: reason if fact.cluster in clusters or not marks.isdisjoint(twins.marks([fact])) else ""
    )
    return kept, Drops({reason: len(facts) - len(kept)})


def _decontaminated(sides: Split, hygiene: Hygiene) -> tuple[Split, Drops, Contamination]:
    """Return the sides without taught facts that repeat long texts of the evaluated sides, or the other way round."""
    repeats = contamination.repeats(sides.held_out, {"": contamination.protected_texts(sides.new)}, hygiene)
    held_out = [fact for index, fact in enumerate(sides.held_out) if index not in repeats]
    evaluated = ((OLD, held_out), (LATER, sides.after_cut_off), (UNSEEN, sides.unseen))
    protected = {name: texts for name, side in evaluated if (texts := contamination.protected_texts(side))}
    replayable = contamination.without(sides.replayable, protected, hygiene)
    # No new fact repeats a held-out one, since those held-out facts were left out above.
    protected.pop(OLD, None)
    new = contamination.without(sides.new, protected, hygiene)
    return (
        sides._replace(new=new.kept, replayable=replayable.kept, held_out=held_out),
        total(Drops({_IN_NEW: len(repeats)}), replayable.dropped, new.dropped),
        total(replayable.contamination, new.contamination),
    )


def _merged(sides: Split) -> tuple[Split, Drops]:
    """Return the sides with twins merged into one fact."""
    sieved = {name: twins.merged(side) for name, side in sides._asdict().items()}
    return (
        sides._replace(**{name: kept for name, (kept, _) in sieved.items()}),
        total(*(dropped for _, dropped in sieved.values())),
    )
