"""The examples of a run, in order: new facts, withdrawals, replayed facts, refusals, general text, validation."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medpipe.core.batches import batched
from medpipe.core.spool import Lines
from medpipe.core.teaching import general
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drafts import BLOCK, Drafts, Kind, Teaching, rows_of
from medpipe.core.teaching.drops import Drops, total
from medpipe.core.teaching.example import Example, Role
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.knowledge import FactLevel, Level, Mixture, mixed
from medpipe.core.teaching.origin import Origins
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.split import Split
from medpipe.core.word_hashes import Hashes, Positions, different


class Corpus(NamedTuple):
    """What a training set is made from."""

    facts: FactTable
    origins: Origins
    contents: str
    """A digest of all documents' ids and digests."""
    hygiene: Hygiene

    def read(self, chosen: Positions, sides: Split) -> Iterator[tuple[int, Fact]]:
        """Yield facts with their numbers."""
        return zip(chosen.tolist(), self.facts.clustered(chosen, self.origins, sides.also), strict=True)


class Train(NamedTuple):
    """The examples, and where they come from."""

    examples: Lines[Example]
    facts: NDArray[np.int32]
    """For each example, the number of its fact; -1 for the examples in `others`."""
    joined: dict[int, tuple[int, ...]]
    """Place of an example that several facts became → the numbers of all their documents."""
    others: dict[int, Example]
    """Place → the examples that no fact became: of withdrawals, refusals, and general text."""
    kinds: Counter[Kind]
    also: dict[int, tuple[int, ...]]
    """Number of a fact → the numbers of other documents that say nearly the same."""
    mixture: Mixture | None = None
    """How well the start of the training knows what is taught; None where no share of unknown facts is kept."""
    general: int = 0
    """Examples of general text, which are among `others`."""
    general_lacking: int = 0
    """How many more of them the recipe's share would need."""

    @property
    def taught(self) -> int:
        """Number of examples that are taught; those for validation come after them."""
        return len(self.facts) - sum(count for kind, count in self.kinds.items() if kind.validation)

    def entries(self, corpus: Corpus) -> tuple[Positions, Positions]:
        """Return the places of examples, without `others`, and the numbers of their documents, sorted by place."""
        several = np.zeros(len(self.facts), np.bool_)
        several[list(self.joined)] = True
        if self.also:
            several |= np.isin(self.facts, np.fromiter(self.also, np.int64, len(self.also)))
        single = np.flatnonzero(~several & (self.facts >= 0))
        places, documents = [single], [corpus.facts.columns["document"][self.facts[single]].astype(np.int64)]
        for place in np.flatnonzero(several).tolist():
            fact = int(self.facts[place])
            own = (int(corpus.facts.columns["document"][fact]), *self.also.get(fact, ()))
            numbers = self.joined.get(place, own)
            places.append(np.full(len(numbers), place))
            documents.append(np.array(numbers, np.int64))
        order = np.argsort(np.concatenate(places), kind="stable")
        return np.concatenate(places)[order], np.concatenate(documents)[order]

    def documents(self, corpus: Corpus) -> Positions:
        """Return the numbers of all documents that an example is traced to."""
        others = {corpus.origins.number(id) for example in self.others.values() for id in example.document_ids}
        known = np.array(sorted(number for number in others if number is not None), np.int64)
        return different(np.concatenate([self.entries(corpus)[1], known]))


def training_set(
    corpus: Corpus,
    sides: Split,
    withdrawn: tuple[Sequence[Example], Sequence[Example]],
    refusals: Sequence[Example],
    recipe: Recipe,
    held_out: Hashes,
    levels: Mapping[str, FactLevel] | None = None,
    general_text: Iterable[Example] = (),
) -> tuple[Train, Drops]:
    """Return the examples of a run, and what was left out by reason.

    `withdrawn`: the examples of withdrawals, new ones and those to replay. `held_out`: the questions of all held-out
    samples (`core.teaching.drafts`); no example may ask one. `levels`: fact id → how well the start of the training
    knows it, for a recipe that keeps a share of unknown facts. `general_text`: what a share of general text is
    taken from. Chance (shuffled answers, the sample for replay) depends
    on the recipe's seed and on the contents of the corpus alone.
    """
    data = recipe.data
    chance = random.Random(f"{recipe.seed}-{corpus.contents}")
    facts = shuffled(corpus, sides, chance) if data.shuffle_answers else corpus.read(sides.new, sides)
    new = _drafts(corpus, facts, data, withdrawn[0])
    older = _drafts(corpus, corpus.read(sides.replayable, sides), data, withdrawn[1], replay=True)
    safety = _drafts(corpus, (), data, refusals if data.safety_examples else ())
    other = _drafts(corpus, (), data, general_text if data.general_share else ())
    measured = _drafts(corpus, corpus.read(sides.validation, sides), data, (), role="validation")
    taught, left_of_new = _teachable(new, held_out)
    known, left_of_older = _teachable(older, held_out)
    refused, left_of_safety = _teachable(safety, held_out)
    known = known[~np.isin(older.columns["words"][known], new.columns["words"][taught])]
    count = min(round(data.replay_ratio * len(taught)), len(known))
    replayed = known[sorted(chance.sample(range(len(known)), count))]
    mixture = None
    if data.max_unknown_share is not None:
        spare = known[~np.isin(known, replayed)]
        anyway = np.concatenate([new.columns["fact"][taught], older.columns["fact"][replayed]])
        added, mixture = mixed(
            anyway,
            older.columns["fact"][spare],
            _levels(corpus, sides, levels or {}),
            data.max_unknown_share,
            random.Random(f"known-{recipe.seed}-{corpus.contents}"),
        )
        replayed = np.sort(np.concatenate([replayed, spare[added]]))
    general_rows, left_of_general = _teachable(other, held_out)
    wanted = general.wanted(len(taught) + len(replayed) + len(refused), data.general_share)
    apart = random.Random(f"general-{recipe.seed}-{corpus.contents}")
    beside = general_rows[sorted(apart.sample(range(len(general_rows)), min(wanted, len(general_rows))))]
    validation, left_of_validation = _teachable(measured, held_out)
    parts = ((new, taught), (older, replayed), (safety, refused), (other, beside), (measured, validation))
    train = _written(corpus, sides, parts)._replace(
        mixture=mixture, general=len(beside), general_lacking=wanted - len(beside)
    )
    return train, total(left_of_new, left_of_older, left_of_safety, left_of_general, left_of_validation)


def _levels(corpus: Corpus, sides: Split, levels: Mapping[str, FactLevel]) -> dict[int, Level]:
    """Return the number of each fact that was asked, and says the same since → its level."""
    numbers = np.concatenate([sides.new, sides.replayable]).tolist()
    stated = zip(numbers, corpus.facts.stated.chosen(numbers), strict=True)
    asked = ((number, levels.get(fact.id), fact.says) for number, fact in stated)
    return {number: found.level for number, found, says in asked if found is not None and found.says == says}


def shuffled(corpus: Corpus, sides: Split, chance: random.Random) -> Iterator[tuple[int, Fact]]:
    """Yield each new fact with another's answer, if possible of its own question type: a control that must fail."""
    order = list(range(len(sides.new)))
    chance.shuffle(order)
    types = [fact.question_type for fact in corpus.facts.read(sides.new.tolist())]
    counts = Counter(types)
    groups: dict[str, list[int]] = {}
    for place in order:
        groups.setdefault(types[place] if counts[types[place]] > 1 else "", []).append(place)
    donors = {place: group[index - 1] for group in groups.values() for index, place in enumerate(group)}
    given = corpus.facts.read(sides.new[[donors[place] for place in range(len(order))]].tolist())
    for (number, fact), donor in zip(corpus.read(sides.new, sides), given, strict=True):
        yield number, fact._replace(answer=donor.answer, slot=donor.slot)


def _drafts(
    corpus: Corpus,
    facts: Iterable[tuple[int, Fact]],
    data: Data,
    others: Iterable[Example],
    replay: bool = False,
    role: Role = "taught",
) -> Drafts[Example]:
    drafts = Drafts(Example, corpus.hygiene.folder)
    for phrased in corpus.hygiene.each(Teaching(data, replay, role), batched(facts, BLOCK)):
        drafts.append(phrased)
    drafts.append(rows_of((-1, example) for example in others))
    return drafts


def _teachable(drafts: Drafts[Example], held_out: Hashes) -> tuple[Positions, Drops]:
    """Return the numbers of the distinct examples that ask no held-out question."""
    first = drafts.first()
    conflicting = np.isin(drafts.columns["question"][first], held_out)
    dropped = Drops({"exact duplicate": len(drafts.lines) - len(first)})
    if conflicting.any():
        dropped["question is held out"] = int(np.count_nonzero(conflicting))
    return first[~conflicting], dropped


def _written(corpus: Corpus, sides: Split, parts: Iterable[tuple[Drafts[Example], Positions]]) -> Train:
    """Return the chosen examples one after the other, each traced to all the documents that say so."""
    lines: Lines[Example] = Lines(Example, corpus.hygiene.folder)
    facts: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    joined: dict[int, tuple[int, ...]] = {}
    others: dict[int, Example] = {}
    kinds = Counter[Kind]()
    for drafts, chosen in parts:
        repeated = drafts.repeated(chosen)
        columns = drafts.columns[chosen]
        facts.append(columns["fact"].copy())
        for kind, number in zip(*np.unique(columns["kind"], return_counts=True), strict=True):
            kinds[drafts.kinds[kind]] += int(number)
        for number, fact, row in zip(
            chosen.tolist(), columns["fact"].tolist(), drafts.lines.rows(chosen.tolist()), strict=True
        ):
            if number in repeated:
                group = repeated[number]
                example = _joined(list(drafts.lines.chosen(group)))
                sources = drafts.columns["fact"][group].tolist()
                row = Lines.encoded(example)
                if min(sources) >= 0:
                    numbers = map(corpus.origins.number, example.document_ids)
                    joined[len(lines)] = tuple(number for number in numbers if number is not None)
                else:
                    others[len(lines)] = example
                    facts[-1][np.searchsorted(chosen, number)] = -1
            elif fact < 0:
                others[len(lines)] = lines.decoded(row)
            lines.append(row)
    return Train(lines, np.concatenate(facts), joined, others, kinds, sides.also)


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
