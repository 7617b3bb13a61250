"""Dates with a day, and ages over 89.

Months and years alone stay in the text: they are history, statistics and seasons.
"""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import Identifier, any_of

_MONTH = (
    r"(?i:jan(?:uary|vier|v)?|feb(?:ruary|rero)?|f[ée]vr?(?:ier)?|mar(?:ch|s|zo)?|apr(?:il)?|avr(?:il)?|abr(?:il)?"
    r"|may|mai|mayo|june?|juin|junio|july?|juil(?:let)?|julio|aug(?:ust)?|ao[uû]t|agosto"
    r"|sep(?:t(?:ember|embre|iembre)?)?|oct(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?"
    r"|dec(?:ember)?|d[ée]c(?:embre)?|dic(?:iembre)?|enero)\.?"
)
_MONTH_IN_SMALL = (
    r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril"
    r"|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
)
_WEEKDAY = (
    r"(?:\b(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tues?|wed|thu(?:rs)?|fri|sat|sun)\.?(?=\s\d)|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo),?\s(?:the\s|le\s|el\s)?)?"
)
"""The day of the week belongs to the date that it stands before."""
_NO_AMOUNT = r"(?!\s?(?:%|mg|g\b|ml|mL|kg|cm|mm|patients|people|participants|percent|[.,/-]\d))"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d{2}(?!\d)"
_YEAR_OR_TWO = rf"(?:{_YEAR}|['’]?\d{{2}}(?![\w%/-]|[.,:]\d|\s?(?:mg|ml|patients|h\b)))"

DATES = (
    Identifier(
        "DATE",
        "in numbers",
        rf"(?<![\d/.-]){_DAY}(?P<mark>[/.-]|\s?[/.-]\s){_DAY}(?P=mark)(?:{_YEAR}|(?<=/)\d{{2}}|(?<=\.\d\d\.)\d{{2}}(?!\.\d))(?![\d/-])"
        rf"|(?<![\d/.-]){_YEAR}(?P<between>[/.-])(?:0?[1-9]|1[0-2])(?P=between){_DAY}(?![\d/-])"
        rf"|(?<![\d/.-]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![\d/-])",
    ),
    Identifier(
        "DATE",
        "in words",
        rf"{_WEEKDAY}\b{_MONTH}[\s.-](?:the\s)?{_DAY}(?:st|nd|rd|th)?(?:,?\s|[.,-]){_YEAR_OR_TWO}"
        rf"|{_WEEKDAY}\b{_DAY}(?:st|nd|rd|th|er|ère|º)?[\s./-](?:de\s|(?:day\s)?of\s)?{_MONTH}(?:\sdel?|\sof)?(?:,?\s|[/.,-])"
        rf"{_YEAR_OR_TWO}|\b{_YEAR}[\s.-]{_MONTH}[\s.-]{_DAY}\b",
    ),
    Identifier(
        "DATE",
        "in words, without a year",
        rf"{_WEEKDAY}\b(?=\p{{Lu}}){_MONTH}\s(?:the\s)?{_DAY}(?:st|nd|rd|th)?\b{_NO_AMOUNT}"
        rf"|{_WEEKDAY}\b{_DAY}(?:st|nd|rd|th|er|º)?[\s-](?:de\s|(?:day\s)?of\s)?(?:(?=\p{{Lu}}){_MONTH}|{_MONTH_IN_SMALL})\b",
    ),
    Identifier(
        "DATE",
        "of care",
        r"(?<![\d/-])(?=\d)(?<=\b"
        + any_of(
            "admitted",
            "discharged",
            "visit",
            "appointment",
            "seen",
            "surgery",
            "began",
            "started",
            "rendez-vous",
            "visite",
            "consultation",
            "vue?",
            "rdv",
            "lmp",
            "follow-up",
            "sortie",
            "admise?",
            "opérée?",
            "cita",
            "alta",
            "(?:took place|performed|done|taken|repeated|scheduled|booked|planned|due|signed|dated|written|faxed"
            "|received"
            "|returned|transferred|delivered|operated|operation|procedure|scan|labs?|biopsy|x-?ray|since|until|till|before|by)",
            "d\\.?o\\.?[bas]\\b\\.?",
            "(?:born|birthday|née?|nacid[oa]|ddn)",
            "(?:opération|intervention|examen|prélèvement|bilan|depuis|jusqu['’]au|avant|dès|entrée?|faite?|réalisée?|prévue?"
            "|programmée?|signée?|datée?|reçue?|transférée?|accouchement)",
        )
        + rf"(?:\s*[:=-])?\s*(?:(?i:on|le|el|the|du)\s+)?){_DAY}(?:/{_DAY}(?![\d/])|-{_DAY}-\d{{2}}(?![\d-]))",
    ),
    Identifier(
        "DATE", "le", r"\b(?i:le|du|au|dès\sle)\s\K(?:0?[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])\b(?![\d/])", ("fr",)
    ),
    Identifier("DATE", "on", r"\b(?i:on)\s\K(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])\b(?![\d/])", ("en",)),
    Identifier("DATE", "after a weekday", rf"(?=\p{{L}}){_WEEKDAY}(?<=\s){_DAY}/{_DAY}(?![\d/])"),
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

_NO_AGE = (
    r"(?<!\b(?i:plus\sde|moins\sde|pendant|depuis|durant|il\sy\sa|dans|sur|après|dès|plus\sde\sses|over|than|under|past|last|next"
    r"|for|in|the|more|más\sde|menos\sde|mayores\sde|menores\sde|durante|desde|hace|en|tras|de\slos|a|à|et|and|y|ou|or|o)\s)"
)
"""Not after words of a span of time or of a group: "depuis 95 ans", "over 90 years"."""
_AGE = rf"(?:{_OVER_89_IN_WORDS}|{_OVER_89})"

AGES = (
    Identifier(
        "AGE",
        "years old",
        rf"\b{_AGE}(?=[\s-]?(?i:years?[\s-](?:old|young|of\sage)|yrs?[\s.-]+old|y[.-]?\s?o\b\.?|y/o|yrs?\b\.?\s?(?:old|[mf]\b)|yof\b|yom\b)){_GROUP}",
    ),
    Identifier(
        "AGE",
        "aged",
        r"\b"
        + any_of("aged?", "[âa]ge", "(?:at|reached) the age of", "turn(?:s|ed|ing)", "celebrated (?:her|his)")
        + rf"\s?:?\s*\K{_AGE}\b(?!\s*(?i:to|and|or|-|–|%|\.\d)){_GROUP}",
    ),
    Identifier(
        "AGE",
        "of a person",
        r"\b"
        + any_of("i am", "i['’]m", "s?he is", "s?he['’]s")
        + rf"\s+\K{_AGE}(?=\s+(?:years?|yrs|and)\b|[,.]){_GROUP}",
    ),
    Identifier(
        "AGE",
        "of a relative",
        r"\b"
        + any_of(
            r"(?:mother|father|grand\w+|mom|mum|dad|aunt|uncle|wife|husband|neighbou?r|patient|s?he)"
            " (?:is|was)(?: now| almost)?"
        )
        + rf"\s\K{_AGE}(?=\s(?:and|but|now|with)\b|[,.;])",
    ),
    Identifier("AGE", "at, he", rf"\bAt\s\K{_AGE}(?=,?\s(?:s?he|I|my|his|her)\b)"),
    Identifier(
        "AGE", "in brackets", rf"\b(?:Mrs?|Ms|Miss|Mme|M)\b\.?\s\p{{Lu}}[\p{{L}}\s.’'-]{{0,30}}\s?\(\K{_AGE}(?=\))"
    ),
    Identifier(
        "AGE",
        "and sex",
        rf"(?<![\w/.])(?:[MF],?\s\K{_OVER_89}(?=[,;])|{_OVER_89}(?=\s?[MF]\b(?![\w/.])))",
        ("en",),
    ),
    Identifier(
        "AGE",
        "a tant d'ans",
        rf"(?<!\by)\sa\s\K{_AGE}(?=\sans\b(?!\s(?:de|d['’])))"
        rf"|\b(?i:née?\sil\sy\sa|ses|approche\sde)\s\K{_AGE}(?=\s(?:ans|bougies)\b)"
        rf"|\b(?i:à)\s\K{_AGE}(?=\sans\s(?:passés|révolus|sonnés|bien)\b)",
        ("fr",),
    ),
    Identifier("AGE", "a.", rf"(?<=[,(]\s?)\b{_OVER_89}(?=\s?a\b\.?\s?(?:[,;:)]|$))", ("fr", "es")),
    Identifier(
        "AGE", "year of life", rf"\b(?i:his|her|sa|dans\ssa)\s\K{_OVER_89}(?:st|nd|rd|th|e|ème)(?=\s(?:year|année)\b)"
    ),
    Identifier("AGE", "ans", rf"{_NO_AGE}\b{_AGE}(?=\s(?:ans|años)\b){_GROUP}", ("fr", "es")),
    Identifier(
        "AGE",
        "à tant d'ans, il",
        rf"\b(?i:à)\s\K{_AGE}(?=\sans,?\s(?i:il|elle|je|j['’]|m[ao]n?|sa|son|notre|le\spatient|la\spatiente)\b)",
        ("fr",),
    ),
    Identifier(
        "AGE",
        "à tant d'ans",
        r"\b"
        + any_of(
            "morte?",
            "décédée?",
            "partie?",
            "à l['’]âge de",
            "âgée?s? de",
            "murió",
            "falleció",
            "a la edad de",
            "cumplió",
        )
        + rf"\s(?:(?:à|a\slos|con)\s)?\K{_AGE}(?=\s(?:ans|años)\b){_GROUP}",
        ("fr", "es"),
    ),
)
