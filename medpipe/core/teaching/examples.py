"""Documents → examples to learn and samples to ask, so that nothing asked is ever taught in the same words.

First the facts that a recipe may use (`prepare`): chosen, redacted, filtered, decontaminated, clustered. Then the
split for one run (`build`): new facts are taught and asked in held-out phrasings (new knowledge); of the older ones
a fixed share is never replayed and only asked (old knowledge, which measures forgetting); from the rest a sample is
replayed. The outcome depends on the documents and the recipe, not on their order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.merge import RETRACTION, newer
from medpipe.core.judging.evaluation import Sample
from medpipe.core.refs import digest_of
from medpipe.core.teaching import answers, card, filters, questions, selection
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.split import Split, split

WITHDRAWAL = "The article that claimed this was retracted, so its finding is withdrawn."
"""What is taught in the place of a withdrawn claim."""


class Prepared(NamedTuple):
    """The facts that a recipe may use; `known` has every document by id, `found` counts the facts before filters."""

    known: dict[str, Document]
    facts: list[Fact]
    withdrawn: list[Fact]
    found: int
    drops: Counter[str]
    fact_drops: Counter[str]
    """The part of `drops` that are facts: with what `build` drops and keeps they add up to `found`."""
    identifiers: Counter[str]
    contaminated: dict[str, Counter[str]]
    safety: tuple[Example, ...]


class BuiltExamples(NamedTuple):
    """`drops` counts what was left out by reason; `card` describes the set for people (see `core.teaching.card`)."""

    train: tuple[Example, ...]
    new_knowledge: tuple[Sample, ...]
    old_knowledge: tuple[Sample, ...]
    withdrawn: tuple[Sample, ...]
    after_cut_off: tuple[Sample, ...]
    unseen: tuple[Sample, ...]
    drops: Counter[str]
    card: dict[str, Any]


def prepare(
    documents: Iterable[Document],
    recipe: Recipe,
    withdraw: Collection[str] = (),
    safety: Sequence[Example] = (),
    benchmarks: Mapping[str, Sequence[str]] | None = None,
    hygiene: Hygiene = Hygiene(),
) -> Prepared:
    """Every fact that the recipe may use, in the order of document ids.

    `withdraw`: retracted documents whose questions are taught with `WITHDRAWAL`; without it they yield nothing.
    `safety`: refusals that are added as they are, unless they use a held-out phrasing. `benchmarks`: the questions of
    every benchmark by name, for decontamination: no fact and no refusal may repeat one. Nor may a fact ask what is
    to be refused.
    """
    plan, drops, lost, identifiers = recipe.data, Counter[str](), Counter[str](), Counter[str]()
    contaminated: dict[str, Counter[str]] = {}
    known = _by_id(documents)
    withdrawn = [
        fact
        for id in sorted(withdraw)
        if id in known and known[id].status is Status.RETRACTED
        for fact in decompose(known[id], plan, drops)
    ]
    chosen = selection.chosen(known.values(), plan, drops)
    facts = [fact for document in chosen for fact in decompose(document, plan, drops)]
    found = len(facts) + len(withdrawn)
    facts = filters.redacted(facts, plan, hygiene, identifiers)
    void = {fact.key for fact in withdrawn}
    # Another article may repeat the withdrawn claim: a person has to look.
    facts = filters.kept(facts, lambda fact: fact.key not in void, "asks what was withdrawn", lost)
    facts = filters.worth_teaching(facts, plan, hygiene, lost)
    if plan.decontaminate:
        refusals = {"refusals": [one.question for one in safety]} if safety else {}
        facts = filters.without(facts, {**(benchmarks or {}), **refusals}, hygiene, contaminated, lost)
        safety = filters.unlike(safety, benchmarks or {}, contaminated, drops)
    facts = selection.proportioned(facts, plan, lost)
    if plan.near_duplicates is not None:
        facts = filters.with_twins(facts, plan.near_duplicates, hygiene)
    names = _clusters(chosen, recipe, hygiene)
    facts = [fact._replace(cluster=names[fact.document.id]) for fact in facts]
    return Prepared(known, facts, withdrawn, found, drops, lost, identifiers, contaminated, tuple(safety))


def build(
    prepared: Prepared, recipe: Recipe, since_digests: Mapping[str, str] | None = None, hygiene: Hygiene = Hygiene()
) -> BuiltExamples:
    """Examples and samples for one training run.

    `since_digests`: document id → digest that the start already knows (None: it knows nothing, all is new).
    """
    drops, lost = Counter(prepared.drops), Counter(prepared.fact_drops)
    contaminated = {name: Counter(reasons) for name, reasons in prepared.contaminated.items()}
    sides = split(prepared.facts, prepared.withdrawn, recipe.data, since_digests, hygiene, contaminated, lost)
    new_samples, old_samples = _samples(sides.new), _samples(sides.held_out)
    later_samples, unseen_samples = _samples(sides.after_cut_off), _samples(sides.unseen)
    withdrawn_samples = [
        sample.model_copy(update={"slot": answers.claim(fact.focus, fact.answer)})
        for fact in sides.withdrawn
        for sample in _samples([fact])
    ]
    asked = {
        questions.normalise(sample.question)
        for sample in (*new_samples, *old_samples, *later_samples, *unseen_samples, *withdrawn_samples)
    }
    train = _taught(sides, prepared, recipe, asked, drops)
    drops.update(lost)
    return BuiltExamples(
        train,
        tuple(new_samples),
        tuple(old_samples),
        tuple(withdrawn_samples),
        tuple(later_samples),
        tuple(unseen_samples),
        drops,
        card.facts_of(
            recipe, prepared.known, sides, train, prepared.found, lost, drops, prepared.identifiers, contaminated
        ),
    )


def _taught(
    sides: Split, prepared: Prepared, recipe: Recipe, asked: Collection[str], drops: Counter[str]
) -> tuple[Example, ...]:
    """What is new, what is withdrawn, replayed older examples and refusals, in this order."""
    known = prepared.known
    seed = random.Random(f"{recipe.seed}-{digest_of(sorted((id, one.digest) for id, one in known.items()))}")
    taught = _shuffled(sides.new, seed) if recipe.data.shuffle_answers else sides.new
    new = [*_phrased(taught, recipe), *_withdrawals(sides.withdrawn, recipe, _notices(known))]
    new = _unasked(_distinct(new, drops), asked, drops)
    replayed = _unasked(_distinct(_phrased(sides.replayable, recipe, replay=True), drops), asked, drops)
    already = {_words(example) for example in new}
    replayed = [example for example in replayed if _words(example) not in already]
    replayed = _sampled(replayed, round(recipe.data.replay_ratio * len(new)), seed)
    safety = prepared.safety if recipe.data.safety_examples else ()
    return (*new, *replayed, *_unasked(_distinct(safety, drops), asked, drops))


def _by_id(documents: Iterable[Document]) -> dict[str, Document]:
    """One revision of each document, by id, whatever order they came in."""
    known: dict[str, Document] = {}
    for document in documents:
        known[document.id] = newer(known.get(document.id), document)
    return dict(sorted(known.items()))


def _clusters(chosen: list[Document], recipe: Recipe, hygiene: Hygiene) -> dict[str, str]:
    threshold = recipe.data.clusters
    firsts = (
        list(range(len(chosen)))
        if threshold is None
        else hygiene.clusters([selection.text_of(document) for document in chosen], threshold)
    )
    return selection.clusters(chosen, firsts)


def _phrased(facts: Iterable[Fact], recipe: Recipe, replay: bool = False) -> list[Example]:
    plan = recipe.data
    return [
        _example(fact, question, f"{fact.question_type}-{number}", replay)
        for fact in facts
        for number, question in enumerate(
            questions.training(fact.question_type, fact.focus, plan.phrasings, fact.language, plan.paraphrases), start=1
        )
    ]


def _example(fact: Fact, question: str, phrasing: str, replay: bool) -> Example:
    origin = (fact.document, *fact.also)
    return Example(
        question=question,
        answer=fact.answer,
        document_ids=tuple(one.id for one in origin),
        document_digests=tuple(one.digest for one in origin),
        document_revisions=tuple(one.revision for one in origin),
        source=fact.document.source,
        question_type=fact.question_type,
        focus=fact.focus,
        slot=fact.slot,
        phrasing=phrasing,
        replay=replay,
        language=fact.language,
        context=fact.context,
        choices=fact.choices,
        licence=fact.document.licence,
        published=fact.document.published,
    )


def _withdrawals(facts: Iterable[Fact], recipe: Recipe, notices: Mapping[str, Document]) -> list[Example]:
    """The questions of withdrawn claims, answered by the withdrawal; traced to the article and its notice."""
    found = []
    for fact in facts:
        notice = notices.get(fact.document.id)
        told = fact._replace(answer=WITHDRAWAL, slot="withdrawn", also=() if notice is None else (notice,))
        found += [
            example.model_copy(update={"phrasing": f"withdrawal-{example.phrasing}"})
            for example in _phrased([told], recipe)
        ]
    return found


def _notices(known: Mapping[str, Document]) -> dict[str, Document]:
    """Retracted document → its notice, as far as the corpus has it."""
    found: dict[str, Document] = {}
    for document in known.values():
        for relation in document.relations:
            other = known.get(_full_id(relation.target)) if relation.target else None
            if other is not None and relation.kind == RETRACTION:
                found[document.id] = other
            elif other is not None and relation.kind == "RetractionOf":
                found.setdefault(other.id, document)
    return found


def _full_id(target: str) -> str:
    return target if ":" in target else f"pmid:{target}"


def _samples(facts: Iterable[Fact]) -> list[Sample]:
    """Each fact in every held-out phrasing, equal items once; facts of one document cluster are one cluster."""
    found: dict[tuple[str, str], Sample] = {}
    for fact in facts:
        phrasings = questions.held_out(fact.question_type, fact.focus, fact.language)
        for number, question in enumerate(phrasings, start=1):
            words = questions.normalise(question), questions.normalise(fact.answer)
            found.setdefault(
                words,
                Sample(
                    id=f"{fact.id}-{number}",
                    question=question,
                    target=fact.answer,
                    slot=fact.slot,
                    cluster=fact.cluster or fact.document.id,
                    context=fact.context,
                ),
            )
    return list(found.values())


def _shuffled(facts: list[Fact], seed: random.Random) -> list[Fact]:
    """Each fact with another's answer, where possible of its own question type: a control that must fail."""
    order = list(facts)
    seed.shuffle(order)
    kinds = Counter(fact.question_type for fact in order)
    groups: dict[str, list[Fact]] = {}
    for fact in order:
        groups.setdefault(fact.question_type if kinds[fact.question_type] > 1 else "", []).append(fact)
    swapped = {fact.id: group[place - 1] for group in groups.values() for place, fact in enumerate(group)}
    return [fact._replace(answer=swapped[fact.id].answer, slot=swapped[fact.id].slot) for fact in facts]


def _distinct(examples: Iterable[Example], drops: Counter[str]) -> list[Example]:
    """Each question with an answer once, traced to all the documents that say so."""
    groups: dict[tuple[str, str], list[Example]] = {}
    for example in examples:
        groups.setdefault(_words(example), []).append(example)
    drops["exact duplicate"] += sum(len(group) - 1 for group in groups.values())
    return [group[0] if len(group) == 1 else _joined(group) for group in groups.values()]


def _joined(group: Sequence[Example]) -> Example:
    """The first, traced to the documents of all."""
    origin = {
        id: (digest, revision)
        for one in group
        for id, digest, revision in zip(one.document_ids, one.document_digests, one.document_revisions, strict=False)
    }
    return group[0].model_copy(
        update={
            "document_ids": tuple(origin),
            "document_digests": tuple(digest for digest, _ in origin.values()),
            "document_revisions": tuple(revision for _, revision in origin.values()),
        }
    )


def _unasked(examples: Iterable[Example], asked: Collection[str], drops: Counter[str]) -> list[Example]:
    kept = []
    for example in examples:
        if questions.normalise(example.question) in asked:
            drops["question is held out"] += 1
        else:
            kept.append(example)
    return kept


def _sampled(examples: list[Example], count: int, seed: random.Random) -> list[Example]:
    """`count` of the examples (all, when there are fewer), in their own order."""
    chosen = seed.sample(range(len(examples)), min(count, len(examples)))
    return [examples[place] for place in sorted(chosen)]


def _words(example: Example) -> tuple[str, str]:
    return questions.normalise(example.question), questions.normalise(example.answer)
