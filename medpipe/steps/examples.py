"""Examples to teach and samples to evaluate, from a corpus: build_examples, card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from medpipe import records
from medpipe.core.corpus.document import Document
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.knowledge import carried as knowledge
from medpipe.core.knowledge import lineage
from medpipe.core.knowledge.withdrawals import Withdrawal, claims
from medpipe.core.manifests import ExamplesInputs, ExamplesManifest, ExamplesOutcome, KnowledgeManifest
from medpipe.core.refs import BASE, CorpusRef, ExamplesRef, KnowledgeRef, digest_of
from medpipe.core.teaching import card as dataset_card
from medpipe.core.teaching import examples, official_tests
from medpipe.core.teaching.examples import Prepared
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.knowledge import FactLevel
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.withdrawals import Withdrawn
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.artifact import manifest, once
from medpipe.steps.corpus import table_version
from medpipe.steps.earlier import rows_with_earlier
from medpipe.steps.models import adapter_of
from medpipe.steps.withdrawals import register

_CARD = "card.md"
LEVELS = "facts.jsonl"
"""In the folder of knowledge: how well the model knows each fact (`core.teaching.knowledge.FactLevel`)."""
_CHANGING = ("new-knowledge", "old-knowledge")
"""The benchmarks that ask about facts which a model may have been taught otherwise."""
_REPORTED = 10_000
"""Documents between two reports of progress."""
TEACHING = ("current", "retracted", "notice", "on hold", "superseded")
"""Statuses that build_examples reads. Only current documents are taught; the others explain withdrawals and are
counted."""


def build_examples(
    corpus: CorpusRef,
    recipe: str,
    since: str | None = None,
    knows: str | None = None,
    withdraw: tuple[str, ...] = (),
    start: str = BASE,
    knowledge: KnowledgeRef | None = None,
    *,
    ports: Ports,
) -> ExamplesRef:
    """Make examples to teach and samples to ask, split so that no asked phrasing is ever taught.

    `since`: the incumbent (`base`, an adapter or a version). Facts that it was not taught, or taught otherwise, are
    evaluated as new (None: all are). `knows`: the model that the training starts from. Facts that it was not taught, or
    taught otherwise, are taught as new (None: all are). `start`: `base`, or the adapter or version that the training
    starts from. What it was taught about withdrawn documents decides which withdrawals are new to it. `knowledge`: how
    well `knows` knows the facts (`classify_facts`), which a recipe with `data.max_unknown_share` needs.

    Every withdrawal of the register that is in force counts: its claims are never taught, are answered as withdrawn and
    are asked. `withdraw`: ids of documents of which this must be true; raises UsageError if one has no withdrawal in
    force, or claimed nothing. Raises UsageError for knowledge of another model, and without any where it is needed.
    Raises SourceError when nothing at hand says which items an official test has that the recipe keeps out
    (`Data.kept_out`), or what a published benchmark asks that the recipe names.
    """
    loaded_recipe = ports.recipe(recipe)
    withdrawals = register(ports)
    _refuse_without_claims(withdrawals, withdraw)
    reading = reading_of(ports, corpus, loaded_recipe, start)
    inputs = reading.inputs(_model(ports, since), _model(ports, knows), knowledge or "", ports)
    levels = known_levels(ports, loaded_recipe, knowledge, inputs.knows)

    def fill(folder: Path) -> ExamplesOutcome:
        return _written(ports, prepared(ports, reading, folder), loaded_recipe, inputs, folder, levels)

    return ExamplesRef(once(ports, "examples", "build_examples", inputs, fill))


class Reading(NamedTuple):
    """All that decides which facts of a corpus a recipe may use."""

    corpus: CorpusRef
    recipe: Recipe
    withdrawn: Withdrawn
    benchmarks: Sequence[Benchmark]
    official: Sequence[OfficialTest]

    def inputs(self, since: str | None, knows: str | None, knowledge: str, ports: Ports) -> ExamplesInputs:
        """Return the inputs of examples that are built from these facts."""
        withdrawn, official = self.withdrawn, self.official
        return ExamplesInputs(
            corpus=self.corpus,
            recipe=self.recipe.model_dump(mode="json"),
            since=since,
            knows=knows,
            withdraw=tuple(sorted(withdrawn.documents)),
            benchmarks=tuple(benchmark.model_dump(mode="json") for benchmark in self.benchmarks),
            claims=digest_of([claim.model_dump(mode="json") for claim in withdrawn.claims]) if withdrawn.claims else "",
            answered=tuple(sorted(withdrawn.answered)),
            official_tests=digest_of([[test.name, sorted(test.documents), test.texts] for test in official])
            if official
            else "",
            safety=digest_of([example.model_dump(mode="json") for example in ports.safety()]),
            knowledge=knowledge,
        )


def reading_of(ports: Ports, corpus: CorpusRef, recipe: Recipe, start: str) -> Reading:
    """Return what decides which facts of a corpus a recipe may use. `start`: the model that the training starts from.

    Raises SourceError as `build_examples` does.
    """
    return Reading(
        corpus,
        recipe,
        _in_force(ports, register(ports), start),
        ports.benchmarks() if recipe.data.decontaminate else (),
        _kept_out(ports, recipe),
    )


def known_levels(
    ports: Ports, recipe: Recipe, knowledge: KnowledgeRef | None, knows: str | None
) -> Iterable[FactLevel] | None:
    """Return the rows of knowledge; None for a recipe that keeps no share of unknown facts.

    Raises UsageError where the recipe needs knowledge and there is none, where it needs none, and for that of another
    model than `knows` (None: the base) or of another base.
    """
    if recipe.data.max_unknown_share is None:
        if knowledge:
            raise UsageError(f"recipe {recipe.name!r} has no data.max_unknown_share, so it has no use for {knowledge}")
        return None
    if not knowledge:
        raise UsageError(
            f"recipe {recipe.name!r} keeps a share of unknown facts (data.max_unknown_share): run `medpipe "
            "classify-facts` with the same corpus, recipe and model, and give its ref as `knowledge`"
        )
    asked = manifest(ports, knowledge, KnowledgeManifest).inputs
    if asked.adapter != (knows or BASE) or asked.base != ports.base_digest(recipe.base):
        raise UsageError(
            f"{knowledge} says what {asked.adapter} knows, on the base {asked.base}, and the training continues "
            f"{knows or BASE} on {recipe.base}: run `medpipe classify-facts` for that model"
        )
    return records.read(ports.store.folder(knowledge) / LEVELS, FactLevel)


def card(examples: ExamplesRef, *, ports: Ports) -> str:
    """Return the dataset card of some examples, as Markdown: their sources, and what was left out and why."""
    manifest(ports, examples, ExamplesManifest)
    return records.read_text(ports.store.folder(examples) / _CARD)


def _in_force(ports: Ports, withdrawals: Sequence[Withdrawal], start: str) -> Withdrawn:
    """Return the withdrawals in force, and which of them the start knows as such already."""
    documents = frozenset(withdrawal.document for withdrawal in withdrawals if withdrawal.in_force)
    answered = knowledge.only_withdrawn(carried.roles(ports, start, documents))
    return Withdrawn(documents, claims(withdrawals), answered)


def _kept_out(ports: Ports, recipe: Recipe) -> list[OfficialTest]:
    """Return what is never taught: official tests of the sets that are taken, and the published benchmarks asked."""
    asked = [benchmark for benchmark in map(ports.benchmark, recipe.benchmarks) if benchmark.data]
    published = [ports.published(name) for name in sorted({benchmark.data for benchmark in asked})]
    return [
        *(ports.official_test(name) for name in recipe.data.kept_out),
        *map(official_tests.of_benchmark, published),
    ]


def prepared(ports: Ports, reading: Reading, folder: Path) -> Prepared:
    """Return the facts of the corpus that the recipe may use. `folder`: for texts, until the process ends."""
    version = table_version(ports, reading.corpus)
    documents = _counted(
        ports, ports.corpus.read(version, TEACHING), sum(ports.corpus.counts(version).by_status.values())
    )
    questions = {benchmark.name: benchmark.texts for benchmark in reading.benchmarks if benchmark.texts}
    return examples.prepare(
        documents,
        reading.recipe,
        reading.withdrawn,
        ports.safety(),
        questions,
        tools(ports, reading.recipe.base, folder),
        reading.official,
    )


def _counted(ports: Ports, documents: Iterable[Document], number: int) -> Iterator[Document]:
    """Yield the documents, and report how many of about `number` were read."""
    for place, document in enumerate(documents):
        if place % _REPORTED == 0 and place:
            ports.progress(0.4 * place / number, f"{place:,} of {number:,} documents")
        yield document


def _model(ports: Ports, model: str | None) -> str | None:
    """Return the adapter of a model, so that a version and its adapter give the same ref; None for the base."""
    adapter = BASE if model is None else adapter_of(ports, model)
    return None if adapter == BASE else adapter


def _written(
    ports: Ports,
    prepared: Prepared,
    recipe: Recipe,
    inputs: ExamplesInputs,
    folder: Path,
    levels: Iterable[FactLevel] | None,
) -> ExamplesOutcome:
    """Write examples, samples, the indexes by fact and by document, and the card; return the outcome."""
    hygiene = tools(ports, recipe.base, folder)
    corpus = prepared.corpus(hygiene)
    known = carried.known_facts(ports, inputs.knows)
    by_fact = None if levels is None else {fact.id: fact for fact in levels}
    taught = examples.build(prepared, recipe, known, hygiene, by_fact)
    records.write_lines(folder / "train.jsonl", taught.train.rows())
    records.write_rows(folder / carried.DOCUMENTS, lineage.shares(lineage.entries_of_training(taught.origins, corpus)))
    records.write_rows(folder / carried.FACTS, knowledge.fact_rows(corpus, prepared.chosen, taught.origins, known))
    if inputs.since == inputs.knows:
        samples = {name: getattr(taught, name) for name in examples.SAMPLES}
    else:
        samples = examples.evaluated(prepared, recipe, carried.known_facts(ports, inputs.since), hygiene)
    model = inputs.since or inputs.knows
    numbers = {name.replace("_", "-"): len(of_benchmark) for name, of_benchmark in samples.items()}
    for name, of_benchmark in zip(numbers, samples.values(), strict=True):
        rows = of_benchmark.rows()
        if model and name in _CHANGING:
            rows = rows_with_earlier(of_benchmark, model, prepared.read.origins, ports)
        records.write_lines(folder / "benchmarks" / f"{name}.jsonl", rows)
    (folder / _CARD).write_text(dataset_card.markdown(taught.card, inputs.corpus, numbers), encoding="utf-8")
    return ExamplesOutcome(
        corpus=inputs.corpus,
        train=len(taught.train),
        **{name: len(of_benchmark) for name, of_benchmark in samples.items()},
        drops=dict(taught.drops),
        card=taught.card,
    )


def _refuse_without_claims(withdrawals: Sequence[Withdrawal], withdraw: Sequence[str]) -> None:
    """Raise UsageError for documents that a hotfix cannot withdraw, before anything is trained."""
    in_force = {withdrawal.document: withdrawal for withdrawal in withdrawals if withdrawal.in_force}
    if missing := sorted(set(withdraw) - in_force.keys()):
        raise UsageError(
            f"no withdrawal is in force of {', '.join(missing)}: open a withdrawal first (`medpipe withdraw "
            f"--documents {' '.join(missing)} …`), or correct the ids"
        )
    if silent := sorted(id for id in set(withdraw) if not in_force[id].claims):
        raise UsageError(
            f"{', '.join(silent)}: answered no question, so nothing was learned from it "
            "and there is no claim to withdraw; no hotfix is needed"
        )


def hygiene_of(ports: Ports, base: str) -> Hygiene:
    """Return the tools of hygiene. Each is made on its first call: a recipe without filters starts none.

    `base`: the recipe's base model, whose tokens are counted.
    """
    return Hygiene(
        tokens=lambda text: ports.tokens(base, text),
        clusters=lambda texts, threshold: ports.near_duplicates.clusters(texts, threshold),  # noqa: PLW0108 (lazy)
        guess=lambda text: ports.languages.guess(text),  # noqa: PLW0108 (lazy)
        embed=lambda texts: ports.embedder.embed(texts),  # noqa: PLW0108 (lazy)
        redact=lambda texts, language: ports.redactor.redact(texts, language),  # noqa: PLW0108 (lazy)
    )


def tools(ports: Ports, base: str, folder: Path) -> Hygiene:
    """Return the tools of hygiene with those for many documents: processes, files in `folder`, and progress."""
    return hygiene_of(ports, base)._replace(
        spread=lambda work, blocks: ports.workers.map(_Work(work, base), blocks),
        folder=folder,
        progress=ports.progress,
    )


@dataclass(frozen=True)
class _Work:
    """Work on a block that needs tools of hygiene, as other processes get it."""

    work: Callable[[Any, Hygiene], Any]
    base: str

    def __call__(self, ports: Ports, block: Any) -> Any:
        return self.work(block, hygiene_of(ports, self.base))
