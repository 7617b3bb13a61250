"""What a recipe takes from some documents: everything that one document decides by itself, whatever the others say.

Documents are read in blocks of their order, by as many processes as there are. What is found does not depend on how
they are divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from medpipe.core.corpus.document import Document
from medpipe.core.judging import omission
from medpipe.core.refs import canonical
from medpipe.core.spool import Lines, Spool
from medpipe.core.teaching import contamination, fact_table, filters, general, official_tests, selection, twins
from medpipe.core.teaching.contamination import Benchmarks, Reasons
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.decontamination import Index
from medpipe.core.teaching.drops import Drops, sift, total
from medpipe.core.teaching.fact_table import FactRows
from medpipe.core.teaching.facts import Fact, decompose
from medpipe.core.teaching.filters import Identifiers
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.official_tests import OfficialTest
from medpipe.core.teaching.origin import Origin
from medpipe.core.teaching.recognition import Claims
from medpipe.core.teaching.translations import Meanings
from medpipe.core.teaching.withdrawals import Notices, Withdrawn, not_withdrawn

BLOCK = 500
"""Documents that are read at once."""


class Read(NamedTuple):
    """What was found in a block of documents. Places count from its first document, or its first fact."""

    origins: list[bytes]
    contents: list[str]
    """Id and digest of every document, as canonical JSON."""
    chosen: list[int]
    """Places of the documents that the recipe uses."""
    texts: list[str]
    """What those say, where the recipe compares documents."""
    facts: FactRows
    """Every fact, with identifiers replaced; `kept` marks those that no filter dropped."""
    shared: Reasons
    translated: Reasons
    """How the kept facts repeat benchmarks: in words, and in another language."""
    dropped_facts: Drops
    dropped: Drops
    """Documents and sections."""
    identifiers: Identifiers
    omission: list[bytes]
    general: list[bytes]
    """Examples of general text (`core.teaching.general`), for a recipe that has a share of it."""
    notices: Notices


class Reader:
    """Reads blocks of documents as one recipe says."""

    def __init__(
        self, data: Data, withdrawn: Withdrawn, official: Sequence[OfficialTest], benchmarks: Benchmarks | None
    ) -> None:
        """Make the reader. `benchmarks`: texts that no fact may repeat; None: facts are not compared with any."""
        self._data, self._withdrawn, self._official, self._benchmarks = data, withdrawn, official, benchmarks
        self._embedded: Meanings | None = None

    def __call__(self, documents: Sequence[Document], hygiene: Hygiene) -> Read:
        """Return what is found in a block."""
        data = self._data
        others, unsuited = self._general([document for document in documents if general.is_general(document)], hygiene)
        chosen, dropped = self._chosen(
            [document for document in documents if not (data.general_share and general.is_general(document))]
        )
        parts = [(document, *decompose(document, data, hygiene.tokens)) for document in chosen]
        stated, identifiers = filters.redacted([fact for _, facts, _ in parts for fact in facts], data, hygiene)
        kept, dropped_facts = self._kept(stated, hygiene)
        place = {document.id: number for number, document in enumerate(documents)}
        passed = {id(fact) for fact in kept}
        numbers = [number for number, fact in enumerate(stated) if id(fact) in passed]
        shared, translated = self._repeats(kept, hygiene)
        notices = Notices.none()
        for document in documents:
            notices.note(document, self._claimed)
        return Read(
            origins=[Spool.encoded(Origin.of(document)) for document in documents],
            contents=[canonical((document.id, document.digest)) for document in documents],
            chosen=[place[document.id] for document in chosen],
            texts=[] if data.clusters is None else [twins.text_of(document) for document in chosen],
            facts=fact_table.rows(
                stated, [place[fact.document.id] for fact in stated], [id(fact) in passed for fact in stated]
            ),
            shared={numbers[number]: found for number, found in shared.items()},
            translated={numbers[number]: found for number, found in translated.items()},
            dropped_facts=dropped_facts,
            dropped=total(dropped, unsuited, *(sections for _, _, sections in parts)),
            identifiers=identifiers,
            omission=[Lines.encoded(sample) for sample in omission.samples(chosen)]
            if omission.LANGUAGE in data.languages
            else [],
            general=[Lines.encoded(general.example(fact)) for fact in others],
            notices=notices,
        )

    def _chosen(self, documents: Sequence[Document]) -> tuple[list[Document], Drops]:
        withdrawn = self._withdrawn.documents
        chosen, skipped = selection.chosen(documents, self._data)
        chosen, gone = sift(chosen, lambda document: "document is withdrawn" if document.id in withdrawn else "")
        chosen, tested = sift(chosen, lambda document: official_tests.objection(document, self._official))
        return chosen, total(skipped, gone, tested)

    def _general(self, documents: Sequence[Document], hygiene: Hygiene) -> tuple[list[Fact], Drops]:
        """Return the general rows that repeat neither a withdrawn claim nor a benchmark."""
        if not self._data.general_share or not documents:
            return [], Drops()
        rows, unsuited = general.rows(documents, self._data, hygiene)
        rows, repeating = not_withdrawn(rows, self._claims)
        shared = {} if self._benchmarks is None else contamination.shared(self._index, rows)
        kept = [row for place, row in enumerate(rows) if place not in shared]
        counts = {
            "general row that repeats a benchmark": len(shared),
            "general row that repeats a claim": repeating.total(),
        }
        return kept, total(unsuited, +Drops(counts))

    def _kept(self, facts: list[Fact], hygiene: Hygiene) -> tuple[list[Fact], Drops]:
        kept, repeating = not_withdrawn(facts, self._claims)
        kept, poor = filters.worth_teaching(kept, self._data, hygiene)
        return kept, total(repeating, poor)

    def _repeats(self, facts: list[Fact], hygiene: Hygiene) -> tuple[Reasons, Reasons]:
        if self._benchmarks is None:
            return {}, {}
        translations = self._data.translations
        translated = {} if translations is None else self._meanings(hygiene).translated(facts, translations)
        return contamination.shared(self._index, facts), translated

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self._withdrawn.claims)

    @cached_property
    def _claimed(self) -> frozenset[str]:
        return frozenset(claim.document for claim in self._withdrawn.claims)

    @cached_property
    def _index(self) -> Index:
        return Index(self._benchmarks or {})

    def _meanings(self, hygiene: Hygiene) -> Meanings:
        if self._embedded is None:
            self._embedded = Meanings(self._benchmarks or {}, hygiene.embed, hygiene.guess)
        return self._embedded
