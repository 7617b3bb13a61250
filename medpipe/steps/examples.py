"""Examples to learn and samples to ask, from a corpus: build_examples, card."""

from __future__ import annotations

from collections.abc import Sequence

from medpipe import records
from medpipe.core.corpus.document import Document, Status
from medpipe.core.knowledge import lineage
from medpipe.core.refs import CorpusRef, ExamplesRef
from medpipe.core.teaching import card as dataset_card
from medpipe.core.teaching import examples
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import once
from medpipe.steps.corpus import digests, table_version

TEACHING = ("current", "retracted", "notice")
"""Statuses that build_examples sees; only current ones are taught, the others explain withdrawals."""


def build_examples(
    corpus: CorpusRef,
    recipe: str,
    since: CorpusRef | None = None,
    knows: CorpusRef | None = None,
    withdraw: tuple[str, ...] = (),
    *,
    ports: Ports,
) -> ExamplesRef:
    """Examples to learn and samples to ask, split so that no asked phrasing is ever taught.

    What is asked as new is what `since` lacks (the incumbent's corpus; None: all is new); what is taught as
    new is what `knows` lacks (the corpus that the start of the training has learned; None: all of it).
    `withdraw` names retracted documents whose claims are to be answered as withdrawn.
    """
    plan = ports.recipe(recipe)
    benchmarks = ports.benchmarks() if plan.data.decontaminate else ()
    inputs = {
        "corpus": corpus,
        "recipe": plan.model_dump(mode="json"),
        "since": since,
        "knows": knows,
        "withdraw": sorted(withdraw),
        "benchmarks": [one.model_dump(mode="json") for one in benchmarks],
    }

    def fill(draft: Draft) -> None:
        documents = list(ports.corpus.read(table_version(ports, corpus), TEACHING))
        _refuse_unless_retracted(documents, withdraw, corpus)
        hygiene = _hygiene(ports)
        questions = {one.name: list(one.questions) for one in benchmarks if one.questions}
        prepared = examples.prepare(documents, plan, withdraw, ports.safety(), questions, hygiene)
        taught = examples.build(prepared, plan, None if knows is None else digests(ports, knows), hygiene)
        asked = (
            taught
            if since == knows
            else examples.build(prepared, plan, None if since is None else digests(ports, since), hygiene)
        )
        if withdraw and not asked.withdrawn:
            raise MedpipeError(
                f"{', '.join(sorted(withdraw))}: answered no question, so nothing was learned from it "
                "and there is no claim to withdraw; no hotfix is needed"
            )
        samples = {
            "new-knowledge": asked.new_knowledge,
            "old-knowledge": asked.old_knowledge,
            "withdrawn": asked.withdrawn,
            "after-cut-off": asked.after_cut_off,
            "unseen": asked.unseen,
        }
        records.write(draft.path / "train.jsonl", taught.train)
        for name, found in samples.items():
            records.write(draft.path / "benchmarks" / f"{name}.jsonl", found)
            draft.facts[name.replace("-", "_")] = len(found)
        records.write_rows(draft.path / "documents.jsonl", lineage.shares(taught.train))
        text = dataset_card.markdown(taught.card, corpus, {name: len(found) for name, found in samples.items()})
        (draft.path / "card.md").write_text(text, encoding="utf-8")
        draft.facts.update(train=len(taught.train), card=taught.card, drops=dict(taught.drops), corpus=corpus)

    return ExamplesRef(once(ports, "examples", "build_examples", inputs, fill))


def card(examples: ExamplesRef, *, ports: Ports) -> str:
    """The dataset card of some examples, as Markdown: where they come from, what was left out and why."""
    if ports.store.find(examples) is None:
        raise MedpipeError(f"{examples} does not exist (or was never finished): run `medpipe build-examples` first")
    return (ports.store.folder(examples) / "card.md").read_text(encoding="utf-8")


def _refuse_unless_retracted(documents: Sequence[Document], withdraw: Sequence[str], corpus: CorpusRef) -> None:
    missing = set(withdraw) - {document.id for document in documents if document.status is Status.RETRACTED}
    if missing:
        raise MedpipeError(
            f"not retracted in {corpus}, so nothing to withdraw: {', '.join(sorted(missing))}. "
            "Pull the retraction first, or correct the ids."
        )


def _hygiene(ports: Ports) -> Hygiene:
    """The tools, each made when something first asks for it: a recipe that asks for nothing starts none."""
    return Hygiene(
        clusters=lambda texts, threshold: ports.near_duplicates.clusters(texts, threshold),  # noqa: PLW0108
        guess=lambda text: ports.languages.guess(text),  # noqa: PLW0108
        redact=lambda texts, language: ports.redactor.redact(texts, language),  # noqa: PLW0108
    )
