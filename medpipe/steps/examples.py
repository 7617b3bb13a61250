"""Examples to teach and samples to evaluate, from a corpus: build_examples, card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medpipe import records
from medpipe.core.corpus.document import Document, Status
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.evaluation import Sample
from medpipe.core.knowledge import lineage
from medpipe.core.manifests import ExamplesInputs, ExamplesManifest, ExamplesOutcome
from medpipe.core.refs import CorpusRef, ExamplesRef, digest_of
from medpipe.core.teaching import card as dataset_card
from medpipe.core.teaching import examples
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.corpus import digests, table_version

_CARD = "card.md"
TEACHING = ("current", "retracted", "notice")
"""Statuses that build_examples reads. Only current documents are taught; the others explain withdrawals."""


def build_examples(
    corpus: CorpusRef,
    recipe: str,
    since: CorpusRef | None = None,
    knows: CorpusRef | None = None,
    withdraw: tuple[str, ...] = (),
    *,
    ports: Ports,
) -> ExamplesRef:
    """Make examples to teach and samples to ask, split so that no asked phrasing is ever taught.

    `since`: the incumbent's corpus. Documents that it lacks are evaluated as new (None: all are).
    `knows`: the corpus that the start of the training has learned. Documents that it lacks are taught as new
    (None: all are). `withdraw`: ids of retracted documents whose claims must be answered as withdrawn. Raises
    UsageError for an id that is not retracted in `corpus`, or whose document has no claim to withdraw.
    """
    loaded_recipe = ports.recipe(recipe)
    benchmarks = ports.benchmarks() if loaded_recipe.data.decontaminate else ()
    inputs = ExamplesInputs(
        corpus=corpus,
        recipe=loaded_recipe.model_dump(mode="json"),
        since=since,
        knows=knows,
        withdraw=tuple(sorted(withdraw)),
        benchmarks=tuple(benchmark.model_dump(mode="json") for benchmark in benchmarks),
        safety=digest_of([example.model_dump(mode="json") for example in ports.safety()]),
    )

    def fill(folder: Path) -> ExamplesOutcome:
        taught, evaluated = _built(ports, corpus, loaded_recipe, benchmarks, since, knows, withdraw)
        return _written(folder, corpus, taught, evaluated)

    return ExamplesRef(once(ports, "examples", "build_examples", inputs, fill))


def card(examples: ExamplesRef, *, ports: Ports) -> str:
    """Return the dataset card of some examples, as Markdown: their sources, and what was left out and why."""
    manifest(ports, examples, ExamplesManifest)
    return records.read_text(ports.store.folder(examples) / _CARD)


def _built(
    ports: Ports,
    corpus: CorpusRef,
    recipe: Recipe,
    benchmarks: Sequence[Benchmark],
    since: CorpusRef | None,
    knows: CorpusRef | None,
    withdraw: Sequence[str],
) -> tuple[examples.BuiltExamples, examples.BuiltExamples]:
    """Return the set whose examples are taught and the set whose samples are evaluated."""
    documents = list(ports.corpus.read(table_version(ports, corpus), TEACHING))
    _refuse_unless_retracted(documents, withdraw, corpus)
    hygiene = _hygiene(ports)
    questions = {benchmark.name: list(benchmark.questions) for benchmark in benchmarks if benchmark.questions}
    prepared = examples.prepare(documents, recipe, withdraw, ports.safety(), questions, hygiene)
    taught = examples.build(prepared, recipe, None if knows is None else digests(ports, knows), hygiene)
    if since == knows:
        evaluated = taught
    else:
        evaluated = examples.build(prepared, recipe, None if since is None else digests(ports, since), hygiene)
    if withdraw and not evaluated.withdrawn:
        raise UsageError(
            f"{', '.join(sorted(withdraw))}: answered no question, so nothing was learned from it "
            "and there is no claim to withdraw; no hotfix is needed"
        )
    return taught, evaluated


def _written(
    folder: Path, corpus: CorpusRef, taught: examples.BuiltExamples, evaluated: examples.BuiltExamples
) -> ExamplesOutcome:
    """Write examples, samples, the index by document and the card; return the outcome."""
    samples: dict[str, Sequence[Sample]] = {
        "new-knowledge": evaluated.new_knowledge,
        "old-knowledge": evaluated.old_knowledge,
        "withdrawn": evaluated.withdrawn,
        "after-cut-off": evaluated.after_cut_off,
        "unseen": evaluated.unseen,
    }
    records.write(folder / "train.jsonl", taught.train)
    for name, of_benchmark in samples.items():
        records.write(folder / "benchmarks" / f"{name}.jsonl", of_benchmark)
    records.write_rows(folder / "documents.jsonl", lineage.shares(taught.train))
    numbers = {name: len(of_benchmark) for name, of_benchmark in samples.items()}
    (folder / _CARD).write_text(dataset_card.markdown(taught.card, corpus, numbers), encoding="utf-8")
    return ExamplesOutcome(
        corpus=corpus,
        train=len(taught.train),
        **{name.replace("-", "_"): number for name, number in numbers.items()},
        drops=dict(taught.drops),
        card=taught.card,
    )


def _refuse_unless_retracted(documents: Sequence[Document], withdraw: Sequence[str], corpus: CorpusRef) -> None:
    missing = set(withdraw) - {document.id for document in documents if document.status is Status.RETRACTED}
    if missing:
        raise UsageError(
            f"not retracted in {corpus}, so nothing to withdraw: {', '.join(sorted(missing))}. "
            "Pull the retraction first, or correct the ids."
        )


def _hygiene(ports: Ports) -> Hygiene:
    """Return the tools of hygiene. Each is made on its first call: a recipe without filters starts none."""
    return Hygiene(
        clusters=lambda texts, threshold: ports.near_duplicates.clusters(texts, threshold),  # noqa: PLW0108 (lazy)
        guess=lambda text: ports.languages.guess(text),  # noqa: PLW0108 (lazy)
        redact=lambda texts, language: ports.redactor.redact(texts, language),  # noqa: PLW0108 (lazy)
    )
