"""The sides of a training run: which facts are taught, which are replayed, and which are only evaluated.

New facts are taught, and evaluated in held-out phrasings. A fixed share of the clusters of older facts is never
replayed and only evaluated. Facts published from the cut-off on, and clusters that no run may teach, are only
evaluated, too; on another share that no run teaches, the loss is measured during the training. No text is on two
sides: if two sides say the same, a taught fact takes precedence over one that is only evaluated, and this one over a
replayed fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.teaching import contamination, twins
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Contamination, Drops, total
from medpipe.core.teaching.fact_table import Columns, FactTable, hash_of
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.origin import Origins
from medpipe.core.text import stable_share
from medpipe.core.word_hashes import Positions

OLD, LATER, UNSEEN, VALIDATION = "old-knowledge", "after-cut-off", "unseen", "validation"
"""Names under which the evaluated sides protect their texts, as if each were a benchmark."""

_IN_NEW = "held-out fact that a new document tells too"


class Split(NamedTuple):
    """The numbers of the facts on each side, in their order. Every fact is on one side or counted in the drops."""

    new: Positions
    """Taught, and evaluated in held-out phrasings."""
    replayable: Positions
    """Known before; may be replayed."""
    held_out: Positions
    """Known before; never replayed, only evaluated."""
    after_cut_off: Positions
    unseen: Positions
    validation: Positions
    """Never taught; their loss is measured during the training."""
    also: dict[int, tuple[int, ...]] = {}
    """Number of a fact → the numbers of other documents that say nearly the same."""


def split(
    facts: FactTable,
    chosen: Positions,
    origins: Origins,
    data: Data,
    since: Mapping[str, str] | None,
    hygiene: Hygiene,
) -> tuple[Split, Drops, Contamination]:
    """Return the sides of a run, the facts that are on no side by reason, and which side or benchmark they repeat.

    `since`: fact id → what it says (`Fact.says`), for the facts that are known already; None: nothing is known, so
    every fact is new.
    """
    sides = _by_document(facts, chosen, origins, data, since)
    sides, shared = _apart(facts, sides)
    repeated, contaminated = Drops(), Contamination()
    if data.decontaminate:
        sides, repeated, contaminated = _decontaminated(facts, sides, hygiene)
    sides, merged = _merged(facts, sides)
    return sides, total(shared, repeated, merged), contaminated


def _by_document(
    facts: FactTable, chosen: Positions, origins: Origins, data: Data, since: Mapping[str, str] | None
) -> Split:
    """Return the sides as each fact's document and cluster alone decide."""
    columns = facts.columns[chosen]
    later = np.zeros(len(chosen), np.bool_)
    if data.cut_off is not None:
        later = columns["published"] >= data.cut_off.toordinal()
    unseen = np.zeros(len(chosen), np.bool_)
    for prefix, share in data.unseen.items():
        unseen |= (columns["prefix"] == hash_of(prefix)) & (_shares(columns, origins, "unseen") < share)
    validation = np.zeros(len(chosen), np.bool_)
    if data.validation_share:
        validation = _shares(columns, origins, "validation") < data.validation_share
    new = np.ones(len(chosen), np.bool_)
    held_out = ~new
    if since is not None:
        stated = facts.stated.chosen(chosen.tolist())
        new = np.fromiter((since.get(fact.id) != fact.says for fact in stated), np.bool_, len(chosen))
        held_out = _shares(columns, origins, "held-out") < data.heldout_share
    here = ~later & ~unseen & ~validation
    return Split(
        new=chosen[here & new],
        replayable=chosen[here & ~new & ~held_out],
        held_out=chosen[here & ~new & held_out],
        after_cut_off=chosen[later],
        unseen=chosen[unseen & ~later],
        validation=chosen[validation & ~later & ~unseen],
    )


def _shares(columns: Columns, origins: Origins, purpose: str) -> NDArray[np.float64]:
    """Return the stable share of each fact's cluster."""
    clusters, places = np.unique(columns["cluster"], return_inverse=True)
    shares = (stable_share(origin.id, purpose) for origin in origins.rows.chosen(clusters.tolist()))
    return np.fromiter(shares, np.float64, len(clusters))[places]


def _apart(facts: FactTable, sides: Split) -> tuple[Split, Drops]:
    """Return the sides without facts that a side with precedence states too, or shares a cluster with."""
    taught = (sides.new, sides.replayable, sides.held_out)
    later, later_drops = _without_shared(
        facts,
        sides.after_cut_off,
        (*taught, sides.unseen),
        "fact after the cut-off that an earlier document tells too",
    )
    unseen, unseen_drops = _without_shared(facts, sides.unseen, taught, "unseen fact that a taught document tells too")
    held_out, held_out_drops = _without_shared(facts, sides.held_out, (sides.new,), _IN_NEW)
    # Text that documents share would let a replayed fact answer for a held-out one.
    replayable, replayable_drops = _without_shared(
        facts, sides.replayable, (held_out,), "older fact that a held-out document tells too"
    )
    validation, validation_drops = _without_shared(
        facts, sides.validation, (sides.new, replayable), "validation fact that a taught document tells too"
    )
    apart = sides._replace(
        after_cut_off=later, unseen=unseen, held_out=held_out, replayable=replayable, validation=validation
    )
    return apart, total(later_drops, unseen_drops, held_out_drops, replayable_drops, validation_drops)


def _without_shared(
    facts: FactTable, side: Positions, others: Sequence[Positions], reason: str
) -> tuple[Positions, Drops]:
    """Return the facts that share neither question, answer, twin nor cluster with any of the others."""
    shared = twins.Marks.of(facts.columns[np.concatenate(others)]).shared(facts.columns[side])
    return side[~shared], Drops({reason: int(np.count_nonzero(shared))})


def _decontaminated(facts: FactTable, sides: Split, hygiene: Hygiene) -> tuple[Split, Drops, Contamination]:
    """Return the sides without taught facts that repeat long texts of the evaluated sides, or the other way round."""
    protected_new = {"": contamination.Protected(facts, sides.new)}
    repeats = contamination.repeats(facts, sides.held_out, protected_new, hygiene)
    held_out = contamination.without(sides.held_out, repeats).kept
    evaluated = ((OLD, held_out), (LATER, sides.after_cut_off), (UNSEEN, sides.unseen), (VALIDATION, sides.validation))
    protected = {name: contamination.Protected(facts, side) for name, side in evaluated if len(side)}
    replayable = _without_protected(facts, sides.replayable, protected, hygiene)
    # No new fact repeats a held-out one, since those held-out facts were left out above.
    protected.pop(OLD, None)
    new = _without_protected(facts, sides.new, protected, hygiene)
    return (
        sides._replace(new=new.kept, replayable=replayable.kept, held_out=held_out),
        total(Drops({_IN_NEW: len(repeats)}), replayable.dropped, new.dropped),
        total(replayable.contamination, new.contamination),
    )


def _without_protected(
    facts: FactTable, side: Positions, protected: contamination.Benchmarks, hygiene: Hygiene
) -> contamination.Clean:
    return contamination.without(side, contamination.repeats(facts, side, protected, hygiene))


def _merged(facts: FactTable, sides: Split) -> tuple[Split, Drops]:
    """Return the sides with twins merged into one fact."""
    kept: dict[str, Positions] = {}
    also: dict[int, tuple[int, ...]] = {}
    dropped = Drops()
    for name in ("new", "replayable", "held_out", "after_cut_off", "unseen", "validation"):
        kept[name], others, repeated = twins.merged(facts, getattr(sides, name))
        also |= others
        dropped = total(dropped, repeated)
    return sides._replace(**kept, also=also), dropped
