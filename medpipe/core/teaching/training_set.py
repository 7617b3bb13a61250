"""The examples of one training run, in their order: new facts, withdrawals, replayed older facts, refusals."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from medpipe.core.corpus.document import Document
from medpipe.core.refs import digest_of
from medpipe.core.teaching.drops import Drops, sift, total
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.phrased import phrased
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.split import Split
from medpipe.core.teaching.withdrawals import Withdrawn
from medpipe.core.text import normalise


def training_set(
    sides: Split,
    documents: Mapping[str, Document],
    refusals: Iterable[Example],
    recipe: Recipe,
    held_out: Collection[str],
    withdrawn: Withdrawn,
) -> tuple[tuple[Example, ...], Drops]:
    """Return the examples of a run, and what was left out by reason.

    `documents`: every document of the corpus by id. `held_out`: the questions of all held-out samples, normalised; no
    example may ask one. `withdrawn`: the withdrawals in force. Chance (shuffled answers, the sample for
    replay) depends on the recipe's seed and on the contents of the corpus alone.
    """
    data = recipe.data
    contents = digest_of(sorted((id, document.digest) for id, document in documents.items()))
    chance = random.Random(f"{recipe.seed}-{contents}")
    facts = shuffled(sides.new, chance) if data.shuffle_answers else sides.new
    new, left_of_new = _teachable([*phrased(facts, data), *withdrawn.examples(data, documents)], held_out)
    known = [*phrased(sides.replayable, data, replay=True), *withdrawn.examples(data, documents, replay=True)]
    older, left_of_older = _teachable(known, held_out)
    new_words = {_words(example) for example in new}
    older = [example for example in older if _words(example) not in new_words]
    replayed = _sampled(older, round(data.replay_ratio * len(new)), chance)
    safety, left_of_safety = _teachable(refusals if data.safety_examples else (), held_out)
    return (*new, *replayed, *safety), total(left_of_new, left_of_older, left_of_safety)


def shuffled(facts: list[Fact], chance: random.Random) -> list[Fact]:
    """Return each fact with another's answer, where possible of its own question type: a control that must fail."""
    order = list(facts)
    chance.shuffle(order)
    counts = Counter(fact.question_type for fact in order)
    groups: dict[str, list[Fact]] = {}
    for fact in order:
        groups.setdefault(fact.question_type if counts[fact.question_type] > 1 else "", []).append(fact)
    donors = {fact.id: group[index - 1] for group in groups.values() for index, fact in enumerate(group)}
    return [fact._replace(answer=donors[fact.id].answer, slot=donors[fact.id].slot) for fact in facts]


def _teachable(examples: Iterable[Example], held_out: Collection[str]) -> tuple[list[Example], Drops]:
    """Return the distinct examples that ask no held-out question."""
    distinct, repeated = _distinct(examples)
    kept, conflicting = sift(
        distinct, lambda example: "question is held out" if normalise(example.question) in held_out else ""
    )
    return kept, total(repeated, conflicting)


def _distinct(examples: Iterable[Example]) -> tuple[list[Example], Drops]:
    """Return each question with an answer once, traced to all the documents that say so."""
    groups: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        groups.setdefault(_words(example), []).append(example)
    repeated = sum(len(group) - 1 for group in groups.values())
    distinct = [group[0] if len(group) == 1 else _joined(group) for group in groups.values()]
    return distinct, Drops({"exact duplicate": repeated})


def _joined(group: Sequence[Example]) -> Example:
    """Return the first example, traced to the documents of all."""
    origin = {
        id: (digest, revision)
        for example in group
        for id, digest, revision in zip(
            example.document_ids, example.document_digests, example.document_revisions, strict=False
        )
    }
    return group[0].model_copy(
        update={
            "document_ids": tuple(origin),
            "document_digests": tuple(digest for digest, _ in origin.values()),
            "document_revisions": tuple(revision for _, revision in origin.values()),
        }
    )


def _sampled(examples: list[Example], count: int, chance: random.Random) -> list[Example]:
    """Return `count` of the examples (all, when there are fewer), in their own order."""
    indices = chance.sample(range(len(examples)), min(count, len(examples)))
    return [examples[index] for index in sorted(indices)]


def _words(example: Example) -> tuple[str, str]:
    return normalise(example.question), normalise(example.answer)
