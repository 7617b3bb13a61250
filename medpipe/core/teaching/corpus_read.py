"""Everything that is read of a corpus, put together from its blocks: facts on disk, and counts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from medpipe.core.judging.evaluation import Sample
from medpipe.core.spool import Lines, Spool
from medpipe.core.teaching.contamination import Reasons
from medpipe.core.teaching.drops import Drops, total
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.fact_table import FactTable
from medpipe.core.teaching.origin import Origins
from medpipe.core.teaching.reading import Read
from medpipe.core.teaching.withdrawals import Notices
from medpipe.core.word_hashes import Positions


class CorpusRead:
    """What the blocks of a corpus add up to."""

    def __init__(self, blocks: Iterable[Read], folder: Path | None = None) -> None:
        """Take in every block, in the order of the documents' ids."""
        self.origins = Origins(folder)
        self.facts = FactTable(folder)
        self.texts: Spool[str] = Spool(folder)
        """What the chosen documents say, where the recipe compares documents."""
        self.shared: Reasons = {}
        self.translated: Reasons = {}
        self.dropped_facts = Drops()
        self.dropped = Drops()
        self.omission: Lines[Sample] = Lines(Sample, folder)
        self.general: Lines[Example] = Lines(Example, folder)
        self.notices = Notices.none()
        self._chosen = [np.zeros(0, np.int64)]
        self.identifiers = Counter[str]()
        """How many identifiers of each type were replaced, counted once for each different text."""
        self._redacted = set[int]()
        self._contents = hashlib.sha256(b"[")
        for block in blocks:
            self._add(block)
        self.chosen: Positions = np.concatenate(self._chosen)
        """The numbers of the documents that the recipe uses."""
        self._contents.update(b"]")

    @property
    def contents(self) -> str:
        """`core.refs.digest_of` all documents' ids and digests."""
        return self._contents.hexdigest()[:16]

    def _add(self, block: Read) -> None:
        first, first_fact = len(self.origins), len(self.facts)
        self._contents.update((("," if first else "") + ",".join(block.contents)).encode())
        for origin in block.origins:
            self.origins.rows.append(origin)
        self._chosen.append(np.array(block.chosen, np.int64) + first)
        for text in block.texts:
            self.texts.append(Spool.encoded(text))
        for name in ("document", "cluster"):
            block.facts.columns[name] += first
        self.facts.append(block.facts)
        self.shared |= {first_fact + number: found for number, found in block.shared.items()}
        self.translated |= {first_fact + number: found for number, found in block.translated.items()}
        self.dropped_facts = total(self.dropped_facts, block.dropped_facts)
        self.dropped = total(self.dropped, block.dropped)
        for key in block.identifiers.keys() - self._redacted:
            self.identifiers.update(block.identifiers[key])
        self._redacted |= block.identifiers.keys()
        for sample in block.omission:
            self.omission.append(sample)
        for row in block.general:
            self.general.append(row)
        self.notices.add(block.notices)
