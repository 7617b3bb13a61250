"""Documents → examples to learn and samples to ask, so that nothing asked is ever taught in the same words.

New documents are taught and asked about in held-out phrasings (new knowledge). Of the older ones a
fixed share is never replayed and only asked about (old knowledge, which measures forgetting); from the
rest a sample is replayed. The outcome depends on the documents and the recipe, not on their order.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from medpipe.core import questions
from medpipe.core.document import Document, Status
from medpipe.core.evaluation import Sample
from medpipe.core.example import Example
from medpipe.core.facts import Fact, claim, decompose, prefix
from medpipe.core.merge import RETRACTION, newer
from medpipe.core.recipe import Recipe
from medpipe.core.refs import digest_of

WITHDRAWAL = "The article that claimed this was retracted, so its finding is withdrawn."
"""What is taught in the place of a withdrawn claim."""


class BuiltExamples(NamedTuple):
    """`drops` counts what was left out by reason; `card` describes the set for people (after data cards)."""

    train: tuple[Example, ...]
    new_knowledge: tuple[Sample, ...]
    old_knowledge: tuple[Sample, ...]
    withdrawn: tuple[Sample, ...]
    drops: Counter[str]
    card: dict[str, Any]


class _Split(NamedTuple):
    new: list[Fact]
    replayable: list[Fact]
    held_out: list[Fact]
    withdrawn: list[Fact]


def build(documents: Iterable[Document], recipe: Recipe, since_digests: Mapping[str, str] | None,
          withdraw: Collection[str], safety: Sequence[Example]) -> BuiltExamples:
    """Examples and samples for one training run.

    `since_digests`: document id → digest that the start already knows (None: it knows nothing, all is
    new). `withdraw`: retracted documents whose questions are taught with `WITHDRAWAL`; without it they
    yield nothing. `safety`: refusals that are added as they are, unless they use a held-out phrasing.
    """
    drops: Counter[str] = Counter()
    known = _by_id(documents)
    split = _split(known, recipe, since_digests, withdraw, drops)
    new_samples, old_samples = _samples(split.new), _samples(split.held_out)
    withdrawn_samples = [sample.model_copy(update={"slot": claim(fact.focus, fact.answer)})
                         for fact in split.withdrawn for sample in _samples([fact])]
    asked = {questions.normalise(sample.question)
             for sample in (*new_samples, *old_samples, *withdrawn_samples)}

    seed = random.Random(f"{recipe.seed}-{digest_of(sorted((id, one.digest) for id, one in known.items()))}")
    taught = _shuffled(split.new, seed) if recipe.data.shuffle_answers else split.new
    new = [*_phrased(taught, recipe), *_withdrawals(split.withdrawn, recipe, _notices(known))]
    new = _unasked(_distinct(new, drops), asked, drops)
    replayed = _unasked(_distinct(_phrased(split.replayable, recipe, replay=True), drops), asked, drops)
    already = {_words(example) for example in new}
    replayed = [example for example in replayed if _words(example) not in already]
    replayed = _sampled(replayed, round(recipe.data.replay_ratio * len(new)), seed)
    refusals = _unasked(_distinct(safety, drops), asked, drops) if recipe.data.safety_examples else []
    train = (*new, *replayed, *refusals)
    return BuiltExamples(train, tuple(new_samples), tuple(old_samples), tuple(withdrawn_samples), drops,
                         _card(recipe, known, split, train, drops))


def _by_id(documents: Iterable[Document]) -> dict[str, Document]:
    """One revision of each document, by id, whatever order they came in."""
    known: dict[str, Document] = {}
    for document in documents:
        known[document.id] = newer(known.get(document.id), document)
    return dict(sorted(known.items()))


def _split(known: Mapping[str, Document], recipe: Recipe, since: Mapping[str, str] | None,
           withdraw: Collection[str], drops: Counter[str]) -> _Split:
    withdrawn = [fact for id in sorted(withdraw) if id in known and known[id].status is Status.RETRACTED
                 for fact in decompose(known[id], recipe.data.max_answer_chars, drops)]
    void = {fact.key for fact in withdrawn}
    new: list[Fact] = []
    old: list[Fact] = []
    for document in _chosen(known.values(), recipe, drops):
        fresh = since is None or since.get(document.id) != document.digest
        for fact in decompose(document, recipe.data.max_answer_chars, drops):
            if fact.key in void:  # another article may repeat the withdrawn claim: a person has to look
                drops["asks what was withdrawn"] += 1
            else:
                (new if fresh else old).append(fact)
    share = recipe.data.heldout_share
    held_out = [fact for fact in old if _hash("held-out", fact.document.id) < share]
    replayable = [fact for fact in old if _hash("held-out", fact.document.id) >= share]
    # Text that documents share would let a replayed one answer for a held-out one.
    taught = _marks(new)
    kept = [fact for fact in held_out if not _marks([fact]) & taught]
    drops["held-out fact that a new document tells too"] += len(held_out) - len(kept)
    asked = _marks(kept)
    shown = [fact for fact in replayable if not _marks([fact]) & asked]
    drops["older fact that a held-out document tells too"] += len(replayable) - len(shown)
    return _Split(new, shown, kept, withdrawn)


def _chosen(documents: Iterable[Document], recipe: Recipe, drops: Counter[str]) -> list[Document]:
    """The current documents in the recipe's languages and mixture."""
    chosen = []
    for document in documents:
        weight = recipe.data.sources.get(prefix(document.id), 0.0)
        if document.status is not Status.CURRENT:
            drops[f"document is {document.status.value}"] += 1
        elif document.language not in recipe.data.languages:
            drops["document in another language"] += 1
        elif _hash("mixture", document.id) >= weight:
            drops["document outside the recipe's mixture"] += 1
        else:
            chosen.append(document)
    return chosen


def _phrased(facts: Iterable[Fact], recipe: Recipe, replay: bool = False) -> list[Example]:
    return [Example(question=question, answer=fact.answer, document_ids=(fact.document.id,),
                    document_digests=(fact.document.digest,), source=fact.document.source,
                    question_type=fact.question_type, focus=fact.focus, slot=fact.slot,
                    phrasing=f"{fact.question_type}-{number}", replay=replay)
            for fact in facts
            for number, question in enumerate(
                questions.training(fact.question_type, fact.focus, recipe.data.phrasings), start=1)]


def _withdrawals(facts: Iterable[Fact], recipe: Recipe, notices: Mapping[str, Document]) -> list[Example]:
    """The questions of withdrawn claims, answered by the withdrawal; traced to the article and its notice."""
    found = []
    for example in _phrased(facts, recipe):
        notice = notices.get(example.document_ids[0])
        about = () if notice is None else ((notice.id, notice.digest),)
        pairs = (*zip(example.document_ids, example.document_digests, strict=True), *about)
        found.append(example.model_copy(update={
            "answer": WITHDRAWAL, "slot": "withdrawn", "phrasing": f"withdrawal-{example.phrasing}",
            "document_ids": tuple(id for id, _ in pairs),
            "document_digests": tuple(digest for _, digest in pairs)}))
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
    """Each fact in every held-out phrasing, equal items once; facts of one document are one cluster."""
    found: dict[tuple[str, str], Sample] = {}
    for fact in facts:
        for number, question in enumerate(questions.held_out(fact.question_type, fact.focus), start=1):
            words = questions.normalise(question), questions.normalise(fact.answer)
            found.setdefault(words, Sample(id=f"{fact.id}-{number}", question=question, target=fact.answer,
                                           slot=fact.slot, cluster=fact.document.id))
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
    found: dict[tuple[str, str], Example] = {}
    for example in examples:
        first = found.setdefault(_words(example), example)
        if first is not example:
            drops["exact duplicate"] += 1
            sources = dict(zip((*first.document_ids, *example.document_ids),
                               (*first.document_digests, *example.document_digests), strict=False))
            found[_words(example)] = first.model_copy(update={
                "document_ids": tuple(sources), "document_digests": tuple(sources.values())})
    return list(found.values())


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


def _marks(facts: Iterable[Fact]) -> set[tuple[str, str]]:
    """What a fact is recognised by elsewhere: its question, and its answer's words."""
    return {mark for fact in facts for mark in (fact.key, ("answer", questions.normalise(fact.answer)))}


def _hash(purpose: str, document_id: str) -> float:
    """A number in [0, 1) that a document always has for one purpose, whatever else is in the corpus."""
    return int.from_bytes(hashlib.sha256(f"{purpose} {document_id}".encode()).digest()[:6], "big") / 2**48


def _card(recipe: Recipe, known: Mapping[str, Document], split: _Split, train: Sequence[Example],
          drops: Counter[str]) -> dict[str, Any]:
    """Where the examples come from and how they were made. Counts and ids only, no texts."""
    ids = sorted({id for example in train for id in example.document_ids})
    taught = [known[id] for id in ids if id in known]

    def count(values: Iterable[str]) -> dict[str, int]:
        return dict(sorted(Counter(values).items()))

    return {
        "recipe": recipe.name, "seed": recipe.seed, "examples": len(train), "documents": len(taught),
        "replayed": sum(example.replay for example in train),
        "facts": {name: len(facts) for name, facts in split._asdict().items()},
        "by_source": count(example.source for example in train),
        "by_question_type": count(example.question_type or "none" for example in train),
        "by_language": count(document.language for document in taught),
        "by_licence": count(document.licence or "not stated" for document in taught),
        "cut_off": max((document.published.isoformat() for document in taught), default=None),
        "answers_shuffled": recipe.data.shuffle_answers,
        "left_out": {reason: number for reason, number in sorted(drops.items()) if number},
    }
