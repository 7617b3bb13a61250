"""How well a model knows a fact before it is taught, and how many known facts are taught beside unknown ones.

The levels are those of SliCK (Gekhman et al., "Does Fine-Tuning LLMs on New Knowledge Encourage Hallucinations?",
EMNLP 2024, arXiv:2405.05904, section 3). There, a model that is fitted to many unknown facts answers other questions
worse, and those that it might know (`maybe known`) are the most useful ones to teach. The paper asks a bare base with
ten random sets of four exemplars. Here a model is asked in the phrasings of the recipe, by the recipe's own template:
an adapter answers these without exemplars, and they are what is going to be taught.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medpipe.core.word_hashes import Positions

RIGHT = 0.5
"""Least score of an answer that counts as right: the slot of a fact with one, half the statements of a long answer."""


class Level(StrEnum):
    """What a model knows of a fact."""

    HIGHLY_KNOWN = "highly known"
    """Every greedy answer is right."""
    MAYBE_KNOWN = "maybe known"
    """Some greedy answers are right, and some are not."""
    WEAKLY_KNOWN = "weakly known"
    """No greedy answer is right, and a random one is."""
    UNKNOWN = "unknown"
    """No answer is right."""


NOT_ASKED = "not asked"
"""What a card calls facts that the model was not asked, or that have changed since. They count as unknown."""
KNOWN = (Level.MAYBE_KNOWN, Level.HIGHLY_KNOWN, Level.WEAKLY_KNOWN)
"""Levels of facts that are taught beside unknown ones, the most useful first (Gekhman et al., table 2)."""


class FactLevel(BaseModel):
    """How a model answered one fact."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    """`core.teaching.facts.Fact.id`."""
    says: str
    """`Fact.says`: a fact that says something else since was not asked."""
    level: Level
    greedy: int
    """Greedy answers, one for each phrasing."""
    right: int
    """Those that were right."""
    sampled: int = 0
    """Random answers; none where a greedy one was right, and where the answer is one of several options."""
    sampled_right: int = 0


def level(right: int, greedy: int, sampled_right: int = 0) -> Level:
    """Return the level of a fact of which `right` of `greedy` greedy answers and `sampled_right` others were right."""
    if right:
        return Level.HIGHLY_KNOWN if right == greedy else Level.MAYBE_KNOWN
    return Level.WEAKLY_KNOWN if sampled_right else Level.UNKNOWN


class Mixture(NamedTuple):
    """What a training teaches of facts, by level, and what was done to keep the share of unknown ones."""

    examples: Counter[str]
    """Level, or `NOT_ASKED` → examples of such facts, added ones included."""
    added: int
    """Examples of older known facts that are taught only to keep the share."""
    lacking: int
    """How many more of them the share would need: the model knows no more facts that may be replayed."""

    @property
    def unknown_share(self) -> float:
        """The share of examples whose fact is unknown or was not asked; 0 without examples."""
        unknown = self.examples[Level.UNKNOWN] + self.examples[NOT_ASKED]
        return unknown / total if (total := self.examples.total()) else 0.0


def mixed(
    taught: NDArray[np.int32],
    spare: NDArray[np.int32],
    levels: Mapping[int, Level],
    share: float,
    chance: random.Random,
) -> tuple[Positions, Mixture]:
    """Return the places in `spare` of the examples to teach as well, ascending, so that `share` at most is unknown.

    `taught`: the number of the fact of each example that is taught anyway; -1 for examples that no fact became, which
    do not count. `spare`: the same of examples that may be replayed and are not. `levels`: number of a fact → its
    level. Nothing is left out of `taught`: facts are taught because they are published. `chance` chooses among equals.
    """
    counts = Counter[str](str(levels.get(number, NOT_ASKED)) for number in taught.tolist() if number >= 0)
    unknown = counts[Level.UNKNOWN] + counts[NOT_ASKED]
    wanted = max(0, math.ceil(unknown / share - 1e-9) - counts.total())
    added = _most_useful(spare.tolist(), levels, chance)[:wanted]
    counts.update(str(levels[int(spare[place])]) for place in added)
    return np.array(sorted(added), np.int64), Mixture(counts, len(added), wanted - len(added))


def _most_useful(spare: Sequence[int], levels: Mapping[int, Level], chance: random.Random) -> list[int]:
    """Return the places of known facts, the most useful level first, in random order within it."""
    places = [place for place, number in enumerate(spare) if levels.get(number) in KNOWN]
    chance.shuffle(places)
    return sorted(places, key=lambda place: KNOWN.index(levels[spare[place]]))
