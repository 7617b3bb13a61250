"""The documents and facts that a recipe uses: status, language, rights, and the mixture of sources."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import standing
from medpipe.core.sources import prefix
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.drops import Drops, sift
from medpipe.core.teaching.fact_table import FactTable, hash_of
from medpipe.core.teaching.facts import languages
from medpipe.core.text import stable_share
from medpipe.core.word_hashes import Positions


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


def proportioned(facts: FactTable, chosen: Positions, data: Data) -> tuple[Positions, Drops]:
    """Return as many of the chosen facts as the recipe's proportions of sources allow; all without proportions.

    The source that has least for its share decides how many facts there are in all, so none is repeated. Which
    facts of a source stay is decided by the hashes of their ids.
    """
    if not data.proportions or not len(chosen):
        return chosen, Drops()
    prefixes = facts.columns["prefix"][chosen]
    places = {source: np.flatnonzero(prefixes == hash_of(source)) for source in data.proportions}
    total = min(len(places[source]) / share for source, share in data.proportions.items() if share > 0)
    shares = np.fromiter(
        (stable_share(fact.id, "proportion") for fact in facts.stated.chosen(chosen.tolist())), np.float64, len(chosen)
    )
    kept = np.zeros(len(chosen), np.bool_)
    for source, share in data.proportions.items():
        order = places[source][np.argsort(shares[places[source]], kind="stable")]
        kept[order[: round(total * share)]] = True
    return chosen[kept], Drops({"fact beyond its source's proportion": int(np.count_nonzero(~kept))})
