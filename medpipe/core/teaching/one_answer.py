"""One answer to each question: where documents answer it differently, the newest of the strongest evidence is taught.

Whether two different answers contradict or complement each other is not judged: words do not say so reliably.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.word_hashes import Positions, different

OUTDONE = "another document answers the question, with stronger or newer evidence"


class OneAnswer(NamedTuple):
    """The facts that no other document outdoes."""

    kept: Positions
    dropped: Drops
    """How many answers were left out."""
    questions: int
    """How many questions they were answers to: the questions that documents answer differently."""


def of_each_question(facts: FactTable, chosen: Positions) -> OneAnswer:
    """Return the chosen facts without those that another document outdoes, and how many those were.

    Facts that give the best answer in the same words, or are its twins, stay.
    """
    columns = facts.columns[chosen]
    # Of several answers in one document none is outdone by another of it, so the document decides last.
    weights = [-columns[name].astype(np.int64) for name in ("document", "revision", "published", "strength")]
    order = np.lexsort((np.arange(len(chosen)), *weights, columns["asked"]))
    first = np.ones(len(order), np.bool_)
    first[1:] = np.diff(columns["asked"][order].astype(np.uint64)) != 0
    best = np.empty(len(order), np.int64)
    best[order] = order[first][np.cumsum(first) - 1]
    others = columns[best]
    agree = columns["document"] == others["document"]
    agree |= (columns["twin"] != 0) & (columns["twin"] == others["twin"])
    agree |= columns["answer"] == others["answer"]
    questions = len(different(columns["asked"][~agree]))
    return OneAnswer(chosen[agree], Drops({OUTDONE: int(np.count_nonzero(~agree))}), questions)
