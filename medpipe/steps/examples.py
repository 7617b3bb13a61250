"""Examples to learn and samples to ask, from a corpus: build_examples."""

from __future__ import annotations

from medpipe import records
from medpipe.core import examples, lineage
from medpipe.core.document import Status
from medpipe.core.refs import CorpusRef, ExamplesRef
from medpipe.errors import MedpipeError
from medpipe.ports import Draft, Ports
from medpipe.steps.artifact import once
from medpipe.steps.corpus import digests, table_version

TEACHING = ("current", "retracted", "notice")
"""Statuses that build_examples sees; only current ones are taught, the others explain withdrawals."""


def build_examples(corpus: CorpusRef, recipe: str, since: CorpusRef | None = None, knows: CorpusRef | None = None,
                   withdraw: tuple[str, ...] = (), *, ports: Ports) -> ExamplesRef:
    """Examples to learn and samples to ask, split so that no asked phrasing is ever taught.

    What is asked as new is what `since` lacks (the incumbent's corpus; None: all is new); what is taught as
    new is what `knows` lacks (the corpus that the start of the training has learned; None: all of it).
    `withdraw` names retracted documents whose claims are to be answered as withdrawn.
    """
    plan = ports.recipe(recipe)
    inputs = {"corpus": corpus, "recipe": plan.model_dump(mode="json"), "since": since,
              "knows": knows, "withdraw": sorted(withdraw)}

    def fill(draft: Draft) -> None:
        documents = list(ports.corpus.read(table_version(ports, corpus), TEACHING))
        missing = set(withdraw) - {document.id for document in documents if document.status is Status.RETRACTED}
        if missing:
            raise MedpipeError(f"not retracted in {corpus}, so nothing to withdraw: {', '.join(sorted(missing))}. "
                               "Pull the retraction first, or correct the ids.")
        asked, taught = (examples.build(documents, plan, None if known is None else digests(ports, known), withdraw,
                                        ports.safety()) for known in (since, knows))
        if withdraw and not asked.withdrawn:
            raise MedpipeError(f"{', '.join(sorted(withdraw))}: answered no question, so nothing was learned from it "
                               "and there is no claim to withdraw; no hotfix is needed")
        records.write(draft.path / "train.jsonl", taught.train)
        for name in ("new_knowledge", "old_knowledge", "withdrawn"):
            samples = getattr(asked, name)
            records.write(draft.path / "benchmarks" / f"{name.replace('_', '-')}.jsonl", samples)
            draft.facts[name] = len(samples)
        records.write_rows(draft.path / "documents.jsonl", lineage.shares(taught.train))
        draft.facts.update(train=len(taught.train), card=taught.card, drops=dict(taught.drops), corpus=corpus)

    return ExamplesRef(once(ports, "examples", "build_examples", inputs, fill))
