"""Words by which a finding is turned into its opposite, in English, French and Spanish.

They are patterns and no grammar: what they make need not be well written, only say the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Rules(NamedTuple):
    """How findings are turned in one language."""

    relation: re.Pattern[str]
    """A question whether there is a relation, of whichever direction."""
    opposites: Mapping[str, str]
    denials: tuple[tuple[re.Pattern[str], str], ...]
    """A denial, and what stands in its place where it is taken away."""
    denied_by: tuple[tuple[re.Pattern[str], str], ...]
    """A verb that asserts, and the same with a denial. The first in the text is replaced."""

    def asserted(self, text: str) -> str:
        """Return a text without its first denial."""
        for pattern, instead in self.denials:
            if pattern.search(text):
                return _begun(" ".join(pattern.sub(instead, text, count=1).split()), text)
        return text

    def swapped(self, text: str) -> str:
        """Return a text with the first word that has an opposite replaced by that."""
        pattern = re.compile(rf"\b(?:{'|'.join(self.opposites)})\b", re.IGNORECASE)
        return pattern.sub(lambda found: _cased(self.opposites[found[0].lower()], found[0]), text, count=1)

    def denied(self, text: str) -> str:
        """Return a text with its first assertion denied."""
        first = [(found.start(), rule) for rule in self.denied_by if (found := rule[0].search(text))]
        if not first:
            return text
        start, (pattern, instead) = min(first, key=lambda place: place[0])
        within = text if start else text[:1].lower() + text[1:]
        return _begun(pattern.sub(instead, within, count=1), text)


def directed(question: str, language: str) -> bool:
    """Return whether a question asks for a direction; True where nothing is known of its language."""
    rules = RULES.get(language)
    return rules is None or not rules.relation.search(question)


def _begun(text: str, like: str) -> str:
    """Return a text that begins with a capital where another does."""
    return text[:1].upper() + text[1:] if like[:1].isupper() else text


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


def _pairs(pairs: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for pair in pairs.replace("\n", " ").split(","):
        one, two = pair.split()
        table |= {one: two, two: one}
    return table


_ENGLISH_NOUN = (
    r"(?:\w+ )?(?:differences?|associations?|correlations?|effects?|evidence|increase|decrease|change|relationship)\b"
)
_ENGLISH = Rules(
    relation=re.compile(
        r"\b(?:affect|impact|influenc|differ|associat|relat|correlat|predict|effects?\b|determin|role\b|caus)",
        re.IGNORECASE,
    ),
    opposites=_pairs(
        """
        increase decrease, increases decreases, increased decreased, increasing decreasing, higher lower,
        highest lowest, greater smaller, more less, better worse, improve worsen, improves worsens, improved worsened,
        improvement worsening, effective ineffective, safe unsafe, longer shorter, positive negative,
        successful unsuccessful, feasible unfeasible, beneficial harmful, similar different, equal unequal,
        reliable unreliable, accurate inaccurate
        """
    ),
    denials=(
        (re.compile(r"\b(is|are|was|were|did|do|does|has|have|had|can|could|will|may|should) not\b"), r"\1"),
        (re.compile(r"\bcannot\b"), "can"),
        (re.compile(rf"\bno (?={_ENGLISH_NOUN})"), "some "),
        (re.compile(rf"\bNo (?={_ENGLISH_NOUN})"), "Some "),
        (re.compile(r"\bnot (?=significant)"), ""),
    ),
    denied_by=(
        (
            re.compile(
                r"\b(is|are|was|were|has|have|had|can|could|will|may|should|did|does)\b(?! (?:not\b|no\b|on\b|\d))"
            ),
            r"\1 not",
        ),
    ),
)

_NE = r"\b(?:ne |n['’])"
_NOT_DENIED = r"(?! (?:pas|plus|jamais|aucun))"
_FRENCH_VERB = r"(?<!['’])(?<!\by )(?<!\bse )(?<!\bne )\b"
_FRENCH = Rules(
    relation=re.compile(
        r"\b(?:affect|influ|effets?\b|diff[eéè]r|associ|liée?s?\b|relation|corr[eéè]l|pr[eé]di|rôle\b|caus|détermin"
        r"|impact)",
        re.IGNORECASE,
    ),
    opposites=_pairs(
        """
        augmentation diminution, augmente diminue, augmenté diminué, augmentée diminuée, augmenter diminuer,
        élevé bas, élevée basse, élevés bas, améliore aggrave, améliorer aggraver, amélioré aggravé,
        efficace inefficace, efficaces inefficaces, plus moins, fréquent rare, fréquente rare
        """
    ),
    denials=(
        (
            re.compile(rf"{_NE}y (a|avait) pas (?:de |d['’])(?=différence|association|corrélation|relation)"),
            r"y \1 une ",
        ),
        (re.compile(rf"{_NE}y (a|avait) pas (?:de |d['’])"), r"y \1 un "),
        (re.compile(rf"\baucun(e?)\b([^.;]*?){_NE}", re.IGNORECASE), r"un\1\2"),
        (re.compile(rf"{_NE}([^\s.;]+(?: [^\s.;]+)?) aucun(e?)\b"), r"\1 un\2"),
        (re.compile(rf"{_NE}((?:s['’]|se )?[^\s.;]+) (?:pas|jamais)\b"), r"\1"),
        (re.compile(r"\bnon (?=significati)"), ""),
    ),
    denied_by=(
        (
            re.compile(rf"{_FRENCH_VERB}(a|ont|est|était|étaient|avait|avaient)\b{_NOT_DENIED}"),
            r"n'\1 pas",
        ),
        (
            re.compile(
                rf"{_FRENCH_VERB}(augmente|augmentent|améliore|améliorent|aggrave|aggravent)\b{_NOT_DENIED}",
            ),
            r"n'\1 pas",
        ),
        (
            re.compile(
                rf"{_FRENCH_VERB}(sont|peut|peuvent|doit|doivent|permet|permettent|réduit|réduisent|diminue|diminuent"
                rf"|prolonge|prolongent|soulage|soulagent|guérit|guérissent|prévient|préviennent)\b{_NOT_DENIED}"
            ),
            r"ne \1 pas",
        ),
        (re.compile(rf"(?<!\bne )\b(s['’](?:est|était|étaient)|se sont)\b{_NOT_DENIED}"), r"ne \1 pas"),
    ),
)

_SPANISH_VERB = (
    r"es|son|fue|fueron|era|eran|ha|han|había|habían|hubo|puede|pueden|pudo|debe|deben|tiene|tienen|tuvo|redujo|reduce"
    r"|reducen|acorta|acortan|alivia|alivian|cura|curan|previene|previenen|[^\W\d_]{3,}(?:ó|aron|ieron)"
)
_SPANISH = Rules(
    relation=re.compile(
        r"\b(?:afect|influ|efectos?\b|difer|asoci|relaci|correlac|predic|papel\b|caus|determin|impact)",
        re.IGNORECASE,
    ),
    opposites=_pairs(
        """
        aumentar disminuir, aumenta disminuye, aumentó disminuyó, alto bajo, alta baja, mejora empeora,
        mejorar empeorar, mejoró empeoró, eficaz ineficaz, eficaces ineficaces, seguro peligroso, más menos,
        frecuente raro
        """
    ),
    denials=(
        (re.compile(r"\bno ([^.;]*?)\bning(?:un[oa]?|ún) ", re.IGNORECASE), r"\1"),
        (re.compile(r"\bno (?!sólo\b|solo\b|solamente\b|obstante\b)(?=[^\W\d_])", re.IGNORECASE), "sí "),
    ),
    denied_by=(
        (
            re.compile(rf"(?<!\bno )(?<!\bse )\b((?:(?:se|la|lo|le) )?(?:{_SPANISH_VERB}))\b", re.IGNORECASE),
            r"no \1",
        ),
    ),
)

RULES: Mapping[str, Rules] = {"en": _ENGLISH, "fr": _FRENCH, "es": _SPANISH}
"""ISO 639-1 code of a language → its rules."""
