"""The index of sources: build_index, publish_index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medpipe.core.corpus.document import Status
from medpipe.core.knowledge.citable import is_withdrawn, withdrawn_articles
from medpipe.core.knowledge.source_passage import SourcePassage, passages
from medpipe.core.manifests import IndexInputs, IndexManifest, IndexOutcome
from medpipe.core.refs import CorpusRef, IndexRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest, once
from medpipe.steps.corpus import table_version
from medpipe.steps.withdrawals import register


def build_index(corpus: CorpusRef, *, ports: Ports) -> IndexRef:
    """Index the passages of a corpus' current documents, by BM25, so that answers can cite them.

    What is retracted, on hold, superseded, deleted, taken down or a notice is left out, and whatever the register of
    withdrawals has in force, with its other versions and copies. Texts are read one at a time. Raises UsageError for a
    corpus without a passage.
    """
    withdrawals = register(ports)
    articles = withdrawn_articles(withdrawals)

    def fill(folder: Path) -> IndexOutcome:
        documents = 0

        def citable() -> Iterator[SourcePassage]:
            nonlocal documents
            for document in ports.corpus.read(table_version(ports, corpus), (Status.CURRENT.value,)):
                if not is_withdrawn(document.id, articles):
                    split = list(passages(document))
                    documents += bool(split)
                    yield from split

        count = ports.source_indexes.write(citable(), folder)
        if not count:
            raise UsageError(f"{corpus} has no current document with a text: there is nothing to cite")
        return IndexOutcome(documents=documents, passages=count)

    in_force = tuple(sorted(withdrawal.document for withdrawal in withdrawals if withdrawal.in_force))
    return IndexRef(once(ports, "index", "build_index", IndexInputs(corpus=corpus, withdrawn=in_force), fill))


def publish_index(index: IndexRef | None, *, ports: Ports) -> str | None:
    """Make the gateways cite from an index, within a second and without a dropped request; `none`: from none.

    The index is opened first. Raises NotFound where it does not exist, and Damaged, naming the file, where one of its
    files is missing or cannot be read: then the gateways go on as before.
    """
    if index is not None:
        manifest(ports, index, IndexManifest)
        ports.source_indexes.open(ports.store.folder(index))
    return ports.published_indexes.publish(index).ref
