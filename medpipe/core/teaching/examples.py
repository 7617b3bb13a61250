"""From documents to examples and held-out samples: no held-out question is ever taught in the same words.

Two stages. `prepare` makes the facts that a recipe may use: chosen, redacted, filtered, decontaminated, clustered.
`build` splits them for one run: new facts are taught, and evaluated in held-out phrasings (new knowledge); a fixed
share of the older facts is never replayed and only evaluated (old knowledge, which measures forgetting); a sample of
the other older facts is replayed. Texts lie on disk (`core.spool`), so memory grows by some hundred bytes a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from medpipe.core.batches import batched
from medpipe.core.corpus.document import Document
from medpipe.core.judging.evaluation import Sample
from medpipe.core.spool import Lines
from medpipe.core.teaching import card, contamination, official_tests, one_answer, selection, twins
from medpipe.core.teaching.card_values import Card
from medpipe.core.teaching.corpus_read import CorpusRead
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drafts import BLOCK, Drafts, asking, questions_of, rows_of
from medpipe.core.teaching.drops import Contamination, Drops, LeftOut, total
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.knowledge import FactLevel
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.origin import Origins
from medpipe.core.teaching.reading import BLOCK as DOCUMENTS
from medpipe.core.teaching.reading import Reader
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.core.teaching.split import Split, split
from medpipe.core.teaching.training_set import Corpus, Train, training_set
from medpipe.core.teaching.withdrawals import NOTHING_WITHDRAWN, Withdrawn
from medpipe.core.word_hashes import Positions


class Prepared(NamedTuple):
    """The facts that a recipe may use, and what was left out on the way to them."""

    read: CorpusRead
    """Every document and fact, also those that no recipe may use."""
    chosen: Positions
    """The numbers of the facts that the recipe may use."""
    withdrawn: Withdrawn
    refusals: tuple[Example, ...]
    facts_found: int
    """How many facts there were before any filter, and withdrawn claims beside them."""
    left_out: LeftOut

    def corpus(self, hygiene: Hygiene) -> Corpus:
        """Return what a training set is made from."""
        return Corpus(self.read.facts, self.read.origins, self.read.contents, hygiene)


SAMPLES = ("new_knowledge", "old_knowledge", "withdrawn", "after_cut_off", "unseen", "omission")
"""The fields of `BuiltExamples` that evaluate a run."""


class BuiltExamples(NamedTuple):
    """What one run learns from, and the held-out samples that evaluate it."""

    train: Lines[Example]
    new_knowledge: Lines[Sample]
    old_knowledge: Lines[Sample]
    withdrawn: Lines[Sample]
    after_cut_off: Lines[Sample]
    unseen: Lines[Sample]
    omission: Lines[Sample]
    drops: Drops
    card: Card
    """A description of the set for people."""
    origins: Train
    """Where each training example comes from."""


def prepare(
    documents: Iterable[Document],
    recipe: Recipe,
    withdrawn: Withdrawn = NOTHING_WITHDRAWN,
    safety: Sequence[Example] = (),
    benchmarks: Mapping[str, Sequence[str]] | None = None,
    hygiene: Hygiene = Hygiene(),
    official: Sequence[OfficialTest] = (),
) -> Prepared:
    """Return every fact that the recipe may use, in the order of document ids.

    `documents`: one revision of each, in the order of their ids, as the corpus has them; ValueError for another order.
    `withdrawn`: the withdrawals in force. No fact of a withdrawn document is used, and none of another document that
    repeats a claim (`core.teaching.recognition`). `safety`: refusals to teach, unless they use a held-out phrasing.
    `benchmarks`: the questions of every benchmark by name. With `decontaminate`, no fact and no refusal may repeat
    one, and no fact may ask what a refusal refuses. `official`: tests of which no item is used, by id or by text.
    """
    data = recipe.data
    asked = {**(benchmarks or {}), **official_tests.texts(official)} if data.decontaminate or official else None
    refused = {"refusals": [refusal.question for refusal in safety]} if safety else {}
    reader = Reader(data, withdrawn, official, None if asked is None else {**asked, **refused})
    found = CorpusRead(hygiene.each(reader, batched(_ordered(documents), DOCUMENTS)), hygiene.folder)
    hygiene.progress(0.4, "the documents are read; comparing facts with benchmarks")
    left_out = LeftOut(found.dropped_facts, found.dropped, found.identifiers, contamination.NONE)
    chosen = found.facts.numbers()
    if asked is not None:
        reasons = contamination.with_twins(found.shared, found.facts, chosen, {**asked, **refused}, hygiene)
        for number, translated in found.translated.items():
            reasons[number] = translated | reasons.get(number, {})
        clean = contamination.without(chosen, reasons)
        safety, dropped, contaminated = contamination.allowed_refusals(safety, asked)
        chosen = clean.kept
        left_out = left_out.plus(clean.dropped, dropped, total(clean.contamination, contaminated))
    hygiene.progress(0.5, "looking for near-duplicates")
    _group(found, chosen, data, hygiene)
    hygiene.progress(0.7, "choosing one answer to each question")
    answered = one_answer.of_each_question(found.facts, chosen)
    chosen, surplus = selection.proportioned(found.facts, answered.kept, data)
    return Prepared(
        found,
        chosen,
        withdrawn,
        tuple(safety),
        len(found.facts) + len(withdrawn.claims),
        left_out.plus(facts=total(answered.dropped, surplus))._replace(questions=answered.questions),
    )


def build(
    prepared: Prepared,
    recipe: Recipe,
    known: Mapping[str, str] | None = None,
    hygiene: Hygiene = Hygiene(),
    levels: Mapping[str, FactLevel] | None = None,
) -> BuiltExamples:
    """Return the examples and samples of one training run.

    `known`: fact id → what it says (`Fact.says`), for the facts that the model knows already; None: it knows nothing,
    so everything is new. `levels`: fact id → how well the start of the training knows it, for a recipe with
    `max_unknown_share`.
    """
    found, data = prepared.read, recipe.data
    asked = _asked(prepared, data, known, hygiene)
    samples = _samples(prepared, asked, data, hygiene)
    others = Drafts(Sample, hygiene.folder)
    for block in batched(chain(samples["withdrawn"], samples["omission"]), BLOCK):
        others.append(rows_of((-1, sample) for sample in block))
    retold = [
        prepared.withdrawn.examples(data, found.origins, found.notices, replay=replay) for replay in (False, True)
    ]
    hygiene.progress(0.85, "phrasing examples")
    corpus = prepared.corpus(hygiene)
    train, untaught = training_set(
        corpus,
        asked.sides,
        (retold[0], retold[1]),
        prepared.refusals,
        recipe,
        questions_of([*asked.drafts.values(), others]),
        levels,
        found.general,
    )
    left_out = prepared.left_out.plus(facts=asked.dropped, others=untaught, contamination=asked.contamination)
    described = card.describe(
        recipe,
        found.origins,
        asked.sides,
        train,
        train.documents(corpus),
        prepared.facts_found,
        len(prepared.withdrawn.claims),
        left_out,
    )
    return BuiltExamples(train.examples, **samples, drops=left_out.drops, card=described, origins=train)


def sides_of(
    prepared: Prepared, data: Data, known: Mapping[str, str] | None = None, hygiene: Hygiene = Hygiene()
) -> Split:
    """Return the sides of the run that `build` returns the examples of, without phrasing them."""
    return split(prepared.read.facts, prepared.chosen, prepared.read.origins, data, known, hygiene)[0]


def evaluated(
    prepared: Prepared, recipe: Recipe, known: Mapping[str, str] | None = None, hygiene: Hygiene = Hygiene()
) -> dict[str, Lines[Sample]]:
    """Return name in `SAMPLES` → the samples that `build` returns, without phrasing examples."""
    return _samples(prepared, _asked(prepared, recipe.data, known, hygiene), recipe.data, hygiene)


class _Asked(NamedTuple):
    """The sides of a run, and what the evaluated ones ask before the same words are told only once."""

    sides: Split
    drafts: dict[str, Drafts[Sample]]
    dropped: Drops
    contamination: Contamination


def _asked(prepared: Prepared, data: Data, known: Mapping[str, str] | None, hygiene: Hygiene) -> _Asked:
    found, corpus = prepared.read, prepared.corpus(hygiene)
    hygiene.progress(0.7, "splitting facts, and comparing the sides")
    sides, dropped, contaminated = split(found.facts, prepared.chosen, found.origins, data, known, hygiene)
    hygiene.progress(0.8, "phrasing samples")
    drafts = {
        "new_knowledge": _drafts(corpus, sides.new, sides),
        "old_knowledge": _drafts(corpus, sides.held_out, sides),
        "after_cut_off": _drafts(corpus, sides.after_cut_off, sides),
        "unseen": _drafts(corpus, sides.unseen, sides),
    }
    return _Asked(sides, drafts, dropped, contaminated)


def _samples(prepared: Prepared, asked: _Asked, data: Data, hygiene: Hygiene) -> dict[str, Lines[Sample]]:
    samples = {
        **{name: _distinct(drafts, hygiene.folder) for name, drafts in asked.drafts.items()},
        "withdrawn": Lines(Sample, hygiene.folder, withdrawn_samples(prepared.withdrawn.claims, data.contexts)),
        "omission": prepared.read.omission,
    }
    return {name: samples[name] for name in SAMPLES}


def _ordered(documents: Iterable[Document]) -> Iterator[Document]:
    before = ""
    for document in documents:
        if document.id <= before:
            raise ValueError(f"{document.id} comes after {before}: documents must be in the order of their ids")
        before = document.id
        yield document


def _group(found: CorpusRead, chosen: Positions, data: Data, hygiene: Hygiene) -> None:
    """Mark twins and clusters of the chosen facts."""
    columns = found.facts.columns
    if data.near_duplicates is not None:
        twins.mark(found.facts, chosen, data.near_duplicates, hygiene)
    clusters = twins.clusters(found.origins, found.chosen, found.texts, data.clusters, hygiene)
    columns["cluster"] = clusters[columns["document"]]


def _drafts(corpus: Corpus, side: Positions, sides: Split) -> Drafts[Sample]:
    """Return the samples of one side."""
    drafts = Drafts(Sample, corpus.hygiene.folder)
    facts = _with_topics(corpus.read(side, sides), corpus.origins)
    for phrased in corpus.hygiene.each(asking, batched(facts, BLOCK)):
        drafts.append(phrased)
    return drafts


def _with_topics(facts: Iterable[tuple[int, Fact]], origins: Origins) -> Iterator[tuple[int, Fact]]:
    """Yield facts in other languages with the headings and groups of the English text, as MedlinePlus's are English."""
    for number, fact in facts:
        english = origins.get(fact.document.counterpart) if fact.language != "en" else None
        if english:
            fact = fact._replace(document=fact.document._replace(mesh=english.mesh, groups=english.groups))
        yield number, fact


def _distinct(drafts: Drafts[Sample], folder: Path | None) -> Lines[Sample]:
    """Return of samples with the same question and answer the first."""
    lines: Lines[Sample] = Lines(Sample, folder)
    for row in drafts.lines.rows(drafts.first().tolist()):
        lines.append(row)
    return lines
