"""The documents and facts that a recipe uses: status, language, rights, and the mixture of sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import standing
from medpipe.core.sources import prefix
from medpipe.core.teaching.drops import Drops, sift
from medpipe.core.teaching.facts import Fact, languages
from medpipe.core.teaching.recipe import Data
from medpipe.core.text import stable_share


def chosen(documents: Iterable[Document], data: Data) -> tuple[list[Document], Drops]:
    """Return the documents that the recipe may teach: current, and in its languages, shares, rights and articles."""
    return sift(documents, lambda document: _objection(document, data))


def _objection(document: Document, data: Data) -> str:
    if (status := standing(document).status) is not Status.CURRENT:
        return f"document is {status.value}"
    if languages(document).isdisjoint(data.languages):
        return "document in another language"
    if stable_share(document.id, "mixture") >= data.sources.get(prefix(document.id), 0.0):
        return "document outside the recipe's mixture"
    if document.copyright and not data.copyrighted:
        return "document's rights are reserved"
    return data.articles.objection(document)


def proportioned(facts: list[Fact], data: Data) -> tuple[list[Fact], Drops]:
    """Return as many facts as the recipe's proportions of sources allow, in their order; all without proportions.

    The source that has least for its share decides how many facts there are in all, so none is repeated. Which
    facts of a source stay is decided by the hashes of their ids.
    """
    if not data.proportions or not facts:
        return facts, Drops()
    counts = Counter(prefix(fact.document.id) for fact in facts)
    total = min(counts[source] / share for source, share in data.proportions.items() if share > 0)
    room = {source: round(total * share) for source, share in data.proportions.items()}
    kept: set[int] = set()
    for index in sorted(range(len(facts)), key=lambda index: stable_share(facts[index].id, "proportion")):
        source = prefix(facts[index].document.id)
        if room.get(source, 0) > 0:
            room[source] -= 1
            kept.add(index)
    surplus = Drops({"fact beyond its source's proportion": len(facts) - len(kept)})
    return [fact for index, fact in enumerate(facts) if index in kept], surplus
