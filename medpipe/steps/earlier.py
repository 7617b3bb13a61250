"""What a model was taught before a document changed: the answers that are stale now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from medpipe.core.corpus.revision import posted
from medpipe.core.judging.evaluation import Sample
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.refs import CorpusRef, kind_of
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import Damaged, NotFound
from medpipe.ports import Ports
from medpipe.steps import carried
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version


def with_earlier(
    samples: Iterable[Sample],
    corpus: str,
    model: str | None,
    known: Mapping[str, str] | None,
    recipe: Recipe,
    ports: Ports,
) -> Iterator[Sample]:
    """Yield the samples, those of changed facts with the answer that `model` was taught (`Sample.stale`).

    `corpus`: the corpus of the samples, whose revisions say when a fact changed. `known`: fact id → what the model was
    taught (`carried.known_facts`). The answers are read from the corpora of the model's trainings; where one was
    pruned, a sample stays as it is.
    """
    asked = list(samples)
    changed = {id: known[id] for sample in asked if known and (id := _fact(sample)) in known}
    before = dict(_facts(model, changed, recipe, ports)) if model and changed else {}
    present = table_version(ports, CorpusRef(corpus)) if before else 0
    now = ports.corpus.revisions(present, ids={fact.document.id for fact in before.values()}) if before else {}
    for sample in asked:
        fact = before.get(_fact(sample))
        if fact is None or fact.answer == sample.target:
            yield sample
        else:
            day = posted(now.get(fact.document.id, 0))
            update = {"stale": fact.answer, "stale_slot": fact.slot, "changed": day.year if day else 0}
            yield sample.model_copy(update=update)


def _fact(sample: Sample) -> str:
    """Return the id of the fact that a sample asks (`core.teaching.samples`)."""
    return sample.id.rpartition("-")[0]


def _facts(model: str, changed: Mapping[str, str], recipe: Recipe, ports: Ports) -> Iterator[tuple[str, Fact]]:
    """Yield the facts with these ids that say what the model was taught, from the corpora of its trainings."""
    documents = {id.rpartition("#")[0] for id in changed}
    for adapter in carried.line_of(ports, model):
        data = adapter.outcome.data
        if kind_of(data) != ExamplesManifest.kind:
            continue  # preference pairs teach no facts
        try:
            version = table_version(ports, CorpusRef(manifest(ports, data, ExamplesManifest).inputs.corpus))
            earlier = list(ports.corpus.read(version, ids=documents))
        except (NotFound, Damaged):
            continue
        for document in earlier:
            facts, _ = decompose(document, recipe.data, lambda text: ports.tokens(recipe.base, text))
            yield from ((fact.id, fact) for fact in facts if changed.get(fact.id) == fact.says)
