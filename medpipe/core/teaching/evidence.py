"""How strong a document's evidence is.

Strength follows the levels of the Oxford Centre for Evidence-Based Medicine (2011) as far as publication types show
them. Pages of public bodies are reviewed texts and count as reviews.
"""

from __future__ import annotations

from medpipe.core import sources
from medpipe.core.sources import Kind
from medpipe.core.teaching.origin import Origin

_LEVELS = (
    ("preprint",),
    ("case reports",),
    (),
    ("observational study", "comparative study", "multicenter study", "validation study"),
    ("clinical trial", "controlled clinical trial", "clinical trial, phase ii", "clinical trial, phase iii"),
    ("randomized controlled trial", "pragmatic clinical trial", "equivalence trial"),
    ("systematic review", "meta-analysis", "network meta-analysis"),
    ("practice guideline", "guideline", "consensus development conference", "consensus statement"),
)
"""Publication types from the weakest evidence to the strongest. The empty level is that of all others."""
_LEVEL_OF = {name: level for level, names in enumerate(_LEVELS) for name in names}
_OTHERS, _PAGE = _LEVELS.index(()), _LEVEL_OF["systematic review"]


def strength(document: Origin) -> int:
    """Return how strong a document's evidence is; more is stronger. A preprint is the weakest, whatever it reports."""
    if sources.kind_of(document.id) is Kind.PAGE:
        return _PAGE
    levels = [_LEVEL_OF[name] for one in document.types if (name := one.casefold()) in _LEVEL_OF]
    return min(levels) if 0 in levels else max(levels, default=_OTHERS)
