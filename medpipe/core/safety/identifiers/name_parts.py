r"""Patterns of a name's parts: as it should be written, in small letters, and in what addresses a person.

Each pattern of a whole name begins with \K: what introduced the name is no part of the match.
"""

from __future__ import annotations

from medpipe.core.safety.given_names import GIVEN_NAMES
from medpipe.core.safety.identifiers.writing import NOT_A_NAME

# A name that somebody wrote in small letters: up to three words, before a word that goes on with the sentence.
NEXT = (
    r"(?i:and|but|i|im|from|who|my|a|an|the|is|am|et|mais|je|j|de|qui|le|la|un|une|y|pero|tengo|soy|me|con|que|el|to"
    r"|for|not|to|very|so|still|also|just|feeling|having|taking|writing|pas|très|aussi|muy|también)\b"
)
_PARTICLE_IN_SMALL = r"(?:(?:le|la|de|du|el|al|van|von)\s(?=\p{L}+\s(?i:et|and|y)\b))?"
IN_SMALL = rf"\K(?!{NEXT})[\p{{L}}’'-]{{2,}}(?:\s{_PARTICLE_IN_SMALL}(?!{NEXT})[\p{{L}}’'-]{{2,}}){{0,2}}"
ADDRESSED = (
    r"\K(?!(?i:docs?|doctors?|docteure?|doctora?|dr|dra|sir|madam|madame|monsieur|messieurs|mesdames|mme|mr|mrs|ms|miss|all"
    r"|everyone|everybody|there|again|team|folks|friends?|guys|colleagues?|editor|patients?|you|nurse|señora?|señorita"
    r"|don|doña|sra?|à|tous|toutes|todos|todas|equipo|amig[oa]s?|colegas?|chers?|chère|cher|merci|thanks?|gracias|please"
    r"|and|et|y|i|j|my|this|just|good|it|the|is|can|what|how|ya|hello|hi)\b)"
    r"[\p{L}’-]{2,}(?:\s\p{Lu}[\p{L}’'-]+)?(?=\s*[,!.?:;\n]|\s+[-–—]|\s*$)"
)
_SPOKEN = r"(?:" + "|".join(sorted(name.casefold() for name in GIVEN_NAMES)) + r")"
GIVEN_IN_SMALL = rf"\K(?i:{_SPOKEN})\b(?:\s(?!{NEXT})[\p{{L}}’'-]{{3,}})?(?=\s*[,!.;\n]|\s*$|\s(?:and|et|y)\b)"

# The parts of a name: a word with a capital, a word in capitals, an initial, a particle, and what joins two parts.
PROPER = rf"{NOT_A_NAME}\p{{Lu}}(?:\p{{Ll}}|[’']\p{{Lu}}|-\p{{L}}|(?<=Mac|Mc)\p{{Lu}})+"
_CAPITALS = rf"{NOT_A_NAME}\p{{Lu}}{{3,}}(?:-\p{{Lu}}{{2,}})?\b"
_PART = rf"(?:{PROPER}|{_CAPITALS})"
_INITIAL = r"\p{Lu}\.\s*"
_PARTICLE = r"(?:(?:Le|La|De|Du|Des|Del|Van|Von|El|Al)\s(?=\p{Lu}))?"
_THEN = (
    r"(?:\s+(?:de\sla|de\slos|del|de|da|dos|du|van\sder|van\sden|van|von|der|el|al|bin|ben|y|e|le|la))?\s+"
    rf"(?:{_INITIAL}){{0,2}}{_PARTICLE}"
)
_NOBLE = (
    r"(?:(?:de\s(?:la\s)?|du\s|des\s|d['’]|van\s(?:der\s|den\s|de\s)?|von\s(?:der\s)?|di\s|da\s|del\s|al[\s-]|el[\s-]|ben\s|bin\s"
    r"|ter\s|ten\s|le\s|la\s|l['’])(?:La\s|Le\s)?(?=\p{Lu}))?"
)
"""A particle in small letters before a family name: "Mme de La Tour"."""
NAME = rf"\K(?:{_INITIAL}){{0,2}}(?:{_PARTICLE}|{_NOBLE}){_PART}(?:{_THEN}{_PART}){{0,3}}"
FULL_NAME = rf"\K{PROPER}(?:{_THEN}{PROPER}){{1,3}}"
