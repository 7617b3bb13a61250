"""Cases of triage as samples: each in every language and under every condition, in a phrasing that is never taught."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from medpipe.core.judging.evaluation import Sample
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.teaching import questions
from medpipe.core.teaching.phrasings import TRIAGE
from medpipe.core.triage.case import LANGUAGES, Case
from medpipe.core.triage.conditions import CONDITIONS, worded
from medpipe.core.triage.labels import LABELS


def triage_samples(benchmark: str, cases: Iterable[Case], red_flags: RedFlags | None = None) -> Iterator[Sample]:
    """Yield each case in its 48 texts: 16 conditions in three languages. The case is their cluster.

    `red_flags`: the signs in which nothing is mistyped; None: any word may be.
    """
    keep = cache(red_flags.spans) if red_flags else _nothing
    for case in cases:
        for language in LANGUAGES:
            for number, condition in enumerate(CONDITIONS):
                account = worded(case, language, condition, keep)
                yield Sample(
                    id=f"{benchmark}-{case.id}-{language}-{number}",
                    question=questions.held_out(TRIAGE, account, language)[0],
                    target=case.label,
                    cluster=case.id,
                    choices=LABELS,
                    language=language,
                    condition=condition.name,
                )


def _nothing(_: str) -> list[tuple[int, int]]:
    return []
