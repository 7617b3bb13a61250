"""From documents to examples and held-out samples: no held-out question is ever taught in the same words.

Two stages. `prepare` makes the facts that a recipe may use: chosen, redacted, filtered, decontaminated, clustered.
`build` splits them for one run: new facts are taught, and evaluated in held-out phrasings (new knowledge); a fixed
share of the older facts is never replayed and only evaluated (old knowledge, which measures forgetting); a sample of
the other older facts is replayed. The outcome depends on the documents and the recipe, not on the documents' order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import newer
from medpipe.core.judging import omission
from medpipe.core.judging.evaluation import Sample
from medpipe.core.teaching import card, contamination, filters, official_tests, one_answer, selection, twins
from medpipe.core.teaching.card_values import Card
from medpipe.core.teaching.contamination import Benchmarks
from medpipe.core.teaching.drops import Contamination, Drops, LeftOut, sift, total
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.recipe import Data, Recipe
from medpipe.core.teaching.samples import samples, withdrawn_samples
from medpipe.core.teaching.split import split
from medpipe.core.teaching.training_set import training_set
from medpipe.core.teaching.withdrawals import NOTHING_WITHDRAWN, Withdrawn, not_withdrawn
from medpipe.core.text import normalise


class Prepared(NamedTuple):
    """The facts that a recipe may use, and what was left out on the way to them."""

    documents: dict[str, Document]
    """Every document by id."""
    omission: tuple[Sample, ...]
    """What the documents that the recipe uses say about signs that cannot wait."""
    facts: list[Fact]
    stated: list[Fact]
    """The facts before any filter, with identifiers replaced; among them are all of `facts`."""
    withdrawn: Withdrawn
    refusals: tuple[Example, ...]
    facts_found: int
    """How many facts there were before any filter, and withdrawn claims beside them."""
    left_out: LeftOut


class BuiltExamples(NamedTuple):
    """What one run learns from, and the held-out samples that evaluate it."""

    train: tuple[Example, ...]
    new_knowledge: tuple[Sample, ...]
    old_knowledge: tuple[Sample, ...]
    withdrawn: tuple[Sample, ...]
    after_cut_off: tuple[Sample, ...]
    unseen: tuple[Sample, ...]
    omission: tuple[Sample, ...]
    drops: Drops
    card: Card
    """A description of the set for people."""


def prepare(
    documents: Iterable[Document],
    recipe: Recipe,
    withdrawn: Withdrawn = NOTHING_WITHDRAWN,
    safety: Sequence[Example] = (),
    benchmarks: Benchmarks | None = None,
    hygiene: Hygiene = Hygiene(),
    official: Sequence[OfficialTest] = (),
) -> Prepared:
    """Return every fact that the recipe may use, in the order of document ids.

    `withdrawn`: the withdrawals in force. No fact of a withdrawn document is used, and none of another document that
    repeats a claim (`core.teaching.recognition`). `safety`: refusals to teach, unless they use a held-out phrasing.
    `benchmarks`: the questions of every benchmark by name. With `decontaminate`, no fact and no refusal may repeat
    one, and no fact may ask what a refusal refuses. `official`: tests of which no item is used, by id or by text.
    """
    data = recipe.data
    newest = _newest_by_id(documents)
    chosen, skipped_documents = selection.chosen(newest.values(), data)
    chosen, gone = sift(chosen, lambda document: "document is withdrawn" if document.id in withdrawn.documents else "")
    chosen, tested = sift(chosen, lambda document: official_tests.objection(document, official))
    all_facts, skipped_sections = _decomposed(chosen, data)
    facts, identifiers = filters.redacted(all_facts, data, hygiene)
    stated = facts
    facts, repeating_withdrawn = not_withdrawn(facts, withdrawn.claims)
    facts, poor = filters.worth_teaching(facts, data, hygiene)
    left_out = LeftOut(
        total(repeating_withdrawn, poor),
        total(skipped_documents, gone, tested, skipped_sections),
        identifiers,
        Contamination(),
    )
    if data.decontaminate or official:
        asked = {**(benchmarks or {}), **official_tests.texts(official)}
        facts, safety, left_out = _decontaminated(facts, safety, asked, data, hygiene, left_out)
    facts, outdone = one_answer.of_each_question(_grouped(facts, chosen, data, hygiene))
    facts, surplus = selection.proportioned(facts, data)
    left_out = left_out.plus(facts=total(outdone, surplus))
    urgent = omission.samples(chosen) if omission.LANGUAGE in data.languages else ()
    return Prepared(
        newest,
        tuple(urgent),
        facts,
        stated,
        withdrawn,
        tuple(safety),
        len(all_facts) + len(withdrawn.claims),
        left_out,
    )


def build(
    prepared: Prepared, recipe: Recipe, known: Mapping[str, str] | None = None, hygiene: Hygiene = Hygiene()
) -> BuiltExamples:
    """Return the examples and samples of one training run.

    `known`: fact id → what it says (`Fact.says`), for the facts that the model knows already; None: it knows nothing,
    so everything is new.
    """
    sides, off_sides, contaminated = split(prepared.facts, recipe.data, known, hygiene)
    evaluated = [samples(side) for side in (sides.new, sides.held_out, sides.after_cut_off, sides.unseen)]
    new, old, later, unseen = evaluated
    withdrawn = withdrawn_samples(prepared.withdrawn.claims, recipe.data.contexts)
    asked = (*evaluated, withdrawn, prepared.omission)
    held_out = {normalise(sample.question) for group in asked for sample in group}
    train, untaught = training_set(sides, prepared.documents, prepared.refusals, recipe, held_out, prepared.withdrawn)
    left_out = prepared.left_out.plus(facts=off_sides, others=untaught, contamination=contaminated)
    return BuiltExamples(
        train,
        tuple(new),
        tuple(old),
        tuple(withdrawn),
        tuple(later),
        tuple(unseen),
        prepared.omission,
        left_out.drops,
        card.describe(
            recipe,
            prepared.documents,
            sides,
            train,
            prepared.facts_found,
            len(prepared.withdrawn.claims),
            left_out,
        ),
    )


def _newest_by_id(documents: Iterable[Document]) -> dict[str, Document]:
    """Return one revision of each document, by id, whatever order they came in."""
    newest: dict[str, Document] = {}
    for document in documents:
        newest[document.id] = newer(newest.get(document.id), document)
    return dict(sorted(newest.items()))


def _decomposed(documents: Iterable[Document], data: Data) -> tuple[list[Fact], Drops]:
    parts = [decompose(document, data) for document in documents]
    return [fact for facts, _ in parts for fact in facts], total(*(dropped for _, dropped in parts))


def _decontaminated(
    facts: list[Fact],
    safety: Sequence[Example],
    benchmarks: Benchmarks,
    data: Data,
    hygiene: Hygiene,
    left_out: LeftOut,
) -> tuple[list[Fact], list[Example], LeftOut]:
    """Return the facts and refusals that repeat no benchmark; facts must not ask what a refusal refuses either."""
    refused = {"refusals": [refusal.question for refusal in safety]} if safety else {}
    clean = contamination.without(facts, {**benchmarks, **refused}, hygiene, data.translations)
    refusals, dropped, contaminated = contamination.allowed_refusals(safety, benchmarks)
    counts = left_out.plus(clean.dropped, dropped, total(clean.contamination, contaminated))
    return clean.kept, refusals, counts


def _grouped(facts: list[Fact], chosen: list[Document], data: Data, hygiene: Hygiene) -> list[Fact]:
    """Return the facts with their twins and clusters marked."""
    if data.near_duplicates is not None:
        facts = twins.marked(facts, data.near_duplicates, hygiene)
    clusters = twins.clusters(chosen, data.clusters, hygiene)
    return [fact._replace(cluster=clusters[fact.document.id]) for fact in facts]
