"""Language identification by py3langid, a naive Bayes model over bytes that comes with the package.

Lui and Baldwin, "langid.py: an off-the-shelf language identification tool" (ACL 2012); py3langid is its
maintained successor. Measured on English, French and Spanish medical texts: docs/data-quality.md.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


class LangidLanguages:
    """Implements `ports.Languages`, over every language that the model knows."""

    @cached_property
    def _identifier(self) -> LanguageIdentifier:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def guess(self, text: str) -> tuple[str, float]:
        """Guess as `ports.Languages` says."""
        if not any(map(str.isalpha, text)):
            return "", 0.0
        language, confidence = self._identifier.classify(text)
        return language, float(confidence)
