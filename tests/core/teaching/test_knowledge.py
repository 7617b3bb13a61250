"""How well a fact is known, and which known facts are taught beside unknown ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Section
from medpipe.core.teaching import examples
from medpipe.core.teaching.card import markdown
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.examples import BuiltExamples
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.knowledge import KNOWN, NOT_ASKED, FactLevel, Level, level, mixed
from medpipe.core.teaching.recipe import Recipe
from tests import building


@pytest.mark.parametrize(
    ("right", "greedy", "sampled_right", "said"),
    [
        (3, 3, 0, Level.HIGHLY_KNOWN),
        (1, 1, 0, Level.HIGHLY_KNOWN),
        (2, 3, 0, Level.MAYBE_KNOWN),
        (0, 3, 1, Level.WEAKLY_KNOWN),
        (0, 3, 0, Level.UNKNOWN),
        (0, 0, 0, Level.UNKNOWN),
    ],
)
def test_the_level_is_the_one_of_the_paper(right: int, greedy: int, sampled_right: int, said: Level) -> None:
    assert level(right, greedy, sampled_right) is said


def numbers(*of: int) -> np.ndarray:
    return np.array(of, np.int32)


def chance() -> random.Random:
    return random.Random(1)


def test_known_facts_are_added_until_the_share_is_kept_those_that_are_perhaps_known_first() -> None:
    levels = {1: Level.UNKNOWN, 2: Level.UNKNOWN, 3: Level.HIGHLY_KNOWN, 4: Level.WEAKLY_KNOWN, 5: Level.MAYBE_KNOWN}
    added, mixture = mixed(numbers(1, 2), numbers(3, 4, 5, 6), levels, 0.5, chance())
    assert added.tolist() == [0, 2], "maybe known, then highly known; neither weakly known nor never asked"
    assert (mixture.added, mixture.lacking, mixture.unknown_share) == (2, 0, 0.5)


def test_what_cannot_be_added_is_counted_and_nothing_is_left_out() -> None:
    levels = {1: Level.UNKNOWN, 3: Level.MAYBE_KNOWN}
    added, mixture = mixed(numbers(1, 1, 2, -1), numbers(3, 4), levels, 0.25, chance())
    assert added.tolist() == [0]
    assert mixture.examples == {Level.UNKNOWN: 2, NOT_ASKED: 1, Level.MAYBE_KNOWN: 1}, "a withdrawal is not a fact"
    assert (mixture.added, mixture.lacking, mixture.unknown_share) == (1, 8, 0.75)


def test_nothing_is_added_where_the_share_is_kept_already() -> None:
    added, mixture = mixed(
        numbers(1, 2), numbers(3), {1: Level.UNKNOWN, **dict.fromkeys((2, 3), KNOWN[0])}, 0.5, chance()
    )
    assert (added.tolist(), mixture.added, mixture.lacking) == ([], 0, 0)
    assert mixed(numbers(), numbers(3), {}, 0.5, chance())[1].unknown_share == 0


@given(
    st.lists(st.integers(-1, 30), max_size=40),
    st.lists(st.integers(0, 30), max_size=40),
    st.dictionaries(st.integers(0, 30), st.sampled_from(Level)),
    st.floats(0.01, 0.99),
)
def test_the_share_is_kept_with_as_few_known_examples_as_it_takes_or_the_rest_is_counted(
    taught: list[int], spare: list[int], levels: dict[int, Level], share: float
) -> None:
    added, mixture = mixed(numbers(*taught), numbers(*spare), levels, share, chance())
    assert added.tolist() == sorted(set(added.tolist()))
    assert all(levels[spare[place]] in KNOWN for place in added.tolist())
    unknown = mixture.examples[Level.UNKNOWN] + mixture.examples[NOT_ASKED]
    if mixture.lacking:
        assert len(added) == sum(levels.get(number) in KNOWN for number in spare)
        assert unknown <= share * (mixture.examples.total() + mixture.lacking) + 1e-6
    else:
        assert mixture.unknown_share <= share + 1e-6
        assert not mixture.added or unknown > share * (mixture.examples.total() - 1) - 1e-6


def topic(number: int) -> Document:
    name = f"Velorin{number} fever"
    return Document(
        id=f"mplus:{number:02}",
        revision=1,
        source="medlineplus",
        title=name,
        focus=name,
        published=date(2026, 3, 3),
        sections=(Section(heading="Treatment", text=f"{name} is treated with tazo{number}mib."),),
    )


TOPICS = [topic(number) for number in range(20)]
OLD, NEW = TOPICS[:16], TOPICS[16:]


def built(share: float | None, levels: Mapping[str, FactLevel] | None) -> BuiltExamples:
    data = Data(replay_ratio=0.5, heldout_share=0.0, phrasings=1, max_unknown_share=share)
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=data)
    known = {fact.id: fact.says for document in OLD for fact in decompose(document, Data())[0]}
    prepared = examples.prepare(TOPICS, recipe)
    return building.built(prepared, recipe, known, examples.Hygiene(), levels)


def levels(stale: str = "") -> dict[str, FactLevel]:
    """New facts are unknown, and older ones perhaps known. `stale`: one that says something else since."""
    facts = [fact for document in TOPICS for fact in decompose(document, Data())[0]]
    old = {document.id for document in OLD}
    return {
        fact.id: FactLevel(
            id=fact.id,
            says="another answer" if fact.document.id == stale else fact.says,
            level=Level.MAYBE_KNOWN if fact.document.id in old else Level.UNKNOWN,
            greedy=2,
            right=int(fact.document.id in old),
        )
        for fact in facts
    }


def test_a_recipe_that_keeps_a_share_teaches_all_news_and_replays_more_of_what_is_known() -> None:
    without, kept = built(None, None), built(0.25, levels())
    new = [example for example in kept.train if not example.replay]
    assert new == [example for example in without.train if not example.replay] and len(new) == 4
    assert [sum(example.replay for example in of.train) for of in (without, kept)] == [2, 12]
    assert {example.question for example in without.train} <= {example.question for example in kept.train}
    assert without.card.knowledge is None and kept.card.knowledge is not None
    assert kept.card.knowledge.model_dump() == {
        "levels": {"maybe known": 12, "unknown": 4},
        "unknown_share": 0.25,
        "added": 10,
        "lacking": 0,
    }
    assert kept.train == built(0.25, levels()).train, "which are added depends on seed and corpus alone"


def test_the_card_says_what_a_share_lacks_and_a_fact_that_changed_since_counts_as_not_asked() -> None:
    kept = built(0.01, levels(stale=NEW[0].id)).card
    assert kept.knowledge is not None
    assert kept.knowledge.levels == {"maybe known": 16, "not asked": 1, "unknown": 3}
    assert (kept.knowledge.added, kept.knowledge.lacking, kept.knowledge.unknown_share) == (14, 380, 0.2)
    text = markdown(kept, "corpus/0", {})
    assert "20.0% of the taught facts' examples are of facts that the start of the training does not know" in text
    assert "would need 380 more, and no further known fact may be replayed" in text
    assert "What the model knew before" not in markdown(built(None, None).card, "corpus/0", {})


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_a_share_is_between_none_and_all(share: float) -> None:
    with pytest.raises(ValueError, match="max_unknown_share"):
        Data(max_unknown_share=share)


def test_recipes_without_a_share_are_written_as_before() -> None:
    assert "max_unknown_share" not in Data().model_dump(mode="json")
