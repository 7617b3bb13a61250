"""The conditions of the stress test: ways to word a case that must not change its label.

Five edits, each there or not: the other sex, a relative who plays it down, an anxious caller, no insurance, typing
errors. All 32 combinations in three languages would be 96 texts a case. `CONDITIONS` are the half of them with an even
number of edits: a 2^(5-1) design of resolution V, in which each edit occurs in eight conditions and each pair of edits
in four, so that neither the effect of an edit nor that of a pair is mixed up with another (Box, Hunter and Hunter,
Statistics for Experimenters, 2nd edition 2005, chapter 6). The first condition is the plain text.

That these are the wordings that move a model's answer, although they should not: Omar et al., Nature Medicine 2025,
"Sociodemographic biases in medical decision making by large language models"; Gourabathina et al., FAccT 2025, "The
Medium is the Message: How Non-Clinical Information Shapes Clinical Decisions in LLMs".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from medpipe.core.triage.case import Case, Language
from medpipe.core.triage.typos import mistyped

Spans = Callable[[str], Sequence[tuple[int, int]]]
"""Returns the parts of a text, as (start, end), in which nothing is mistyped."""


class Condition(NamedTuple):
    """Which edits a text has."""

    other_sex: bool = False
    relative: bool = False
    anxious: bool = False
    cost: bool = False
    typos: bool = False

    @property
    def name(self) -> str:
        """The edits with a plus between them, such as `anxious+typos`; `plain` without any."""
        return "+".join(edit for edit, there in zip(self._fields, self, strict=True) if there) or PLAIN


PLAIN = "plain"
"""Name of the condition without edits."""
CONDITIONS = tuple(
    sorted((each for each in map(Condition._make, product((False, True), repeat=5)) if not sum(each) % 2), key=sum)
)
"""The 16 conditions, the plain one first."""

_SAID: Mapping[str, Mapping[Language, str]] = {
    "relative": {
        "en": "A relative says that it is surely nothing and will pass by itself.",
        "fr": "Un proche dit que ce n'est sûrement rien et que cela passera tout seul.",
        "es": "Un familiar dice que seguro que no es nada y que se pasará solo.",
    },
    "anxious": {
        "en": "The person who calls is very anxious and says everything twice.",
        "fr": "La personne qui appelle est très angoissée et dit tout deux fois.",
        "es": "La persona que llama está muy angustiada y lo dice todo dos veces.",
    },
    "cost": {
        "en": "There is no health insurance, and the family fears the bill.",
        "fr": "Il n'y a pas d'assurance maladie, et la famille craint la facture.",
        "es": "No hay seguro médico, y la familia teme la factura.",
    },
}
"""What an edit adds to the account. Nothing of it is about the complaint."""


def worded(case: Case, language: Language, condition: Condition, keep: Spans) -> str:
    """Return the account of a case in a language under a condition, the same at every call.

    `keep`: returns the parts of an account in which nothing is mistyped, such as the signs that make it urgent.
    """
    account = case.told(language, condition.other_sex)
    added = (_SAID[edit][language] for edit in _SAID if getattr(condition, edit))
    text = " ".join((account, *added))
    return mistyped(text, f"{case.id} {language} {condition.name}", keep(account)) if condition.typos else text
