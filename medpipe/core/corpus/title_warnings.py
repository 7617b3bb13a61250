"""Words of a title that say that the article must not be relied on: "RETRACTED: …", "… [Withdrawn]".

Publishers put them there days or years before NLM links a notice, and some notices are never linked. A warning stands
at an end of the title and is set off from it by a colon, a dash or brackets, so that an article about retractions
("Retraction rates in surgery") or about withdrawal ("Opioid withdrawal: a review") has none.
"""

from __future__ import annotations

import re

_NOUN = r"(?:article|paper|chapter|study|review|publication|preprint|abstract|protocol)"
_TAKEN_BACK = r"(?:retract(?:ed|ad[oa]|ée?)|rétractée?|withdrawn|removed|retirad[oa]|retirée?)"
_RETRACTION = r"(?:retraction|rétractation|retract(?:aci|ci)[oó]n)"
_ACT = rf"(?:{_RETRACTION}|withdrawal|removal)"
_NOTE = r"(?:notice|note|statement)"
_NOTICE = (
    rf"(?:(?:temporary |partial )?{_ACT} {_NOTE}|{_NOTE} of (?:temporary |partial )?{_ACT}"
    rf"|(?:editorial |editor['’]s |publisher['’]s )?(?:expression|{_NOTE}) of (?:editorial )?concern)"
)
_STATE = (
    rf"(?:(?:temporarily |partially )?{_TAKEN_BACK}(?: and (?:republished|replaced))?(?: {_NOUN})?"
    rf"|{_NOUN} (?:temporarily |partially )?{_TAKEN_BACK}"
    rf"|(?:temporary|partial|{_NOUN}) {_ACT}"
    rf"|{_RETRACTION}(?: and (?:republication|replacement))?)"
)
# "Withdrawal:" and "Removal:" by themselves are what is done to drugs and stones.
_WARNING = rf"(?:{_NOTICE}|{_STATE})"
_PATTERNS = (
    re.compile(rf"\A\s*(?P<words>{_WARNING})[\s.]*\Z", re.IGNORECASE),
    re.compile(rf"\A\s*(?:[\[({{]|\*+)\s*(?P<words>{_WARNING})\s*(?:[\])}}]|\*+)[:.\s–—-]*", re.IGNORECASE),
    re.compile(rf"\A\s*(?P<words>{_WARNING})(?: (?:of|to|for))?\s*(?:[:.|–—]|\s-\s)\s*", re.IGNORECASE),
    re.compile(r"\A\s*(?P<words>(?:RETRACTED|RETRACTION|WITHDRAWN|REMOVED)(?: ARTICLE| PAPER)?)\s+(?=.*[a-z])"),
    re.compile(rf"\s*(?:[\[({{]|\*+)\s*(?P<words>{_WARNING})[\s.]*(?:[\])}}]|\*+)[\s.]*\Z", re.IGNORECASE),
    re.compile(rf"(?:\s*[|–—]|\s-)\s*(?P<words>{_WARNING})[\s.]*\Z", re.IGNORECASE),
    re.compile(rf":\s*(?P<words>{_NOTICE}|{_TAKEN_BACK}(?: {_NOUN})?)[\s.]*\Z", re.IGNORECASE),
)
_HINTS = ("retra", "rétra", "retir", "withdraw", "remov", "concern")
"""What every warning has one of in it, in small letters: nearly all titles need no pattern, which takes longer."""
_OF_ANOTHER = re.compile(
    rf"\A\s*(?:(?P<words>{_NOTICE})\s*(?:\b(?:to|of|for|on|regarding|about)\b|[\"“‘'])"
    rf"|(?P<act>{_ACT})\s*(?:of|to|for)\s*(?:[\"“‘']|.{{1,60}}\bet al\b))",
    re.IGNORECASE,
)
"""A notice that names another article without a colon: `Retraction notice to "…"`, `Retraction for Roe et al., …`."""


def warning_of(title: str) -> tuple[str, str]:
    """Return the warning that a title has, as it is written, and the title without it; ("", title) without one.

    A title that is nothing but a warning, or that names another article, stays whole beside its warning.
    """
    small = title.lower()
    if not any(hint in small for hint in _HINTS):
        return "", title
    if match := _OF_ANOTHER.match(title):
        return match["words"] or match["act"], title
    for pattern in _PATTERNS:
        if match := pattern.search(title):
            rest = f"{title[: match.start()]}{title[match.end() :]}".strip()
            return match["words"], rest or title
    return "", title
