"""Dates with a day, and ages over 89.

Months and years alone stay in the text: they are history, statistics and seasons.
"""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import Identifier, any_of

_MONTH = (
    r"(?i:jan(?:uary|vier)?|feb(?:ruary|rero)?|f[ée]vr?(?:ier)?|mar(?:ch|s|zo)?|apr(?:il)?|avr(?:il)?|abr(?:il)?"
    r"|may|mai|mayo|june?|juin|junio|july?|juil(?:let)?|julio|aug(?:ust)?|ao[uû]t|agosto"
    r"|sep(?:t(?:ember|embre|iembre)?)?|oct(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?"
    r"|dec(?:ember)?|d[ée]c(?:embre)?|dic(?:iembre)?|enero)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d{2}(?!\d)"

DATES = (
    Identifier(
        "DATE",
        "in numbers",
        rf"(?<![\d/.-]){_DAY}(?P<mark>[/.-]){_DAY}(?P=mark)(?:{_YEAR}|(?<=/)\d{{2}})(?![\d/-])"
        rf"|(?<![\d/.-]){_YEAR}-\d{{2}}-\d{{2}}(?![\d-])",
    ),
    Identifier(
        "DATE",
        "in words",
        rf"\b{_MONTH}\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}"
        rf"|\b{_DAY}(?:st|nd|rd|th|er|º)?\s(?:de\s|of\s)?{_MONTH}(?:\sdel?)?,?\s{_YEAR}",
    ),
    Identifier(
        "DATE",
        "birth",
        r"\b"
        + any_of(
            "born",
            "birth ?date",
            "birthday",
            "date of birth",
            r"d\.?o\.?b\b\.?",
            "née?",
            "date de naissance",
            r"d\.?d\.?n\b\.?",
            "nacid[oa]",
            "nací",
            "nació",
            "fecha de nacimiento",
            r"f\. ?nac\.?",
        )
        + r"(?:\s*[:=-])?\s*(?:(?i:on|le|el|the|is|was|est|es|in|en)\s+)*"
        + rf"\K(?:{_DAY}[/.-]{_DAY}[/.-]\d{{2}}(?!\d)|{_DAY}?\s?(?:de\s)?{_MONTH}(?:\sdel?)?\s{_YEAR})",
    ),
)

_OVER_89 = r"(?:9\d|1[0-2]\d)"
_OVER_89_IN_WORDS = (
    r"(?i:ninety(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|(?:one|a)[\s-]hundred(?:(?:[\s-]and)?[\s-](?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))?"
    r"|quatre[\s-]vingts?[\s-](?:dix(?:[\s-](?:sept|huit|neuf))?|onze|douze|treize|quatorze|quinze|seize)"
    r"|nonante(?:[\s-](?:et[\s-]un|deux|trois|quatre|cinq|six|sept|huit|neuf))?"
    r"|cent(?:[\s-](?:et[\s-])?(?:une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix))?"
    r"|noventa(?:\sy\s(?:uno?|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))?"
    r"|cien(?:to\s(?:uno?|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez))?)"
)
_GROUP = (
    r"(?!\s*(?i:(?:years?|yrs?|ans|años)?[\s-]*(?:old\s)?"
    r"(?:(?:or|and|et|ou|o|y)\s(?:older|over|above|plus|más|up))|\+))"
)
"""Not followed by words of a group: "aged 90 and older" is not one person."""

AGES = (
    Identifier(
        "AGE",
        "in words",
        rf"(?<!\b(?i:plus\sde|over|than|más\sde|mayores\sde|moins\sde|under)\s)\b{_OVER_89_IN_WORDS}(?=[\s-](?:(?i:years?|yrs?)[\s-](?i:old)|(?i:ans|años)\b)){_GROUP}"
        rf"|\b(?i:aged)\s\K{_OVER_89_IN_WORDS}\b(?!\s(?i:to|and|or)\b){_GROUP}",
    ),
    Identifier("AGE", "years old", rf"\b{_OVER_89}(?=[\s-]?(?:years?[\s-]old|yrs?[\s-]old|y\.?o\.?\b|y/o)){_GROUP}"),
    Identifier("AGE", "aged", rf"\b(?i:aged?)\s?:?\s*\K{_OVER_89}\b(?!\s*(?i:to|and|or|-|–|%|\.\d)){_GROUP}"),
    Identifier(
        "AGE",
        "of a person",
        r"\b"
        + any_of(
            "i am",
            "i['’]m",
            "s?he is",
            "j['’]ai",
            "il a",
            "elle a",
            "qui a",
            "tengo",
            "tiene",
            "âgée?s? de",
            "(?:une?|patiente?|homme|femme|dame|monsieur|grand-mère|grand-père) de",
            "(?:hombre|mujer|paciente|señora?|ancian[oa]|varón|abuel[oa]|madre|padre) de",
        )
        + rf"\s+\K{_OVER_89}(?=\s+(?:years?|yrs|ans|años|and)\b){_GROUP}",
    ),
)
