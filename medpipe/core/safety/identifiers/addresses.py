"""Addresses: every part of an address that is smaller than a state."""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import NOT_A_NAME, Identifier, any_of

_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI|S[CD]|T[NX]|UT"
    r"|V[AT]|W[AIVY])\b"
)
_ZIP = r"\d{5}(?:-\d{4})?\b"
_TOWN = r"(?:(?:St|Ste|Ft|Mt)\.\s)?\p{Lu}[\p{L}’'-]+"
_CITY = rf"{_TOWN}(?:[ -](?:{_TOWN}|(?:de|del|la|les|sur|sous|en|le)(?=[ -]))){{0,4}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Circle|Cir"
    r"|Crescent|Close|Gardens|Grove|Mews|Row|Walk|Hill|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Way"
    r"|Alley|Bend|Parade|Wharf|Green|Rise|Broadway|Bypass|Crossing|Expressway|Freeway|Heights|Loop|Path|Pike|Plaza|Quay|Ridge|Turnpike)\b\.?"
)

ADDRESSES = (
    Identifier(
        "ADDRESS",
        "street, United States",
        r"(?:\b(?:Apt|Apartment|Flat|Suite|Unit|Room|House)\.?\s#?\d{1,4}[A-Z]?,\s)?"
        rf"\b\d{{1,5}}[A-Z]?\s+(?:[NSEW]\.?\s+)?(?:(?:\p{{Lu}}[\p{{L}}’'.-]+|\d+(?:st|nd|rd|th))\s+){{1,3}}{_STREET}"
        r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Floor)\b\.?\s*#?\w+|,?\s*#\s?\w+)?"
        rf"(?:,\s*{_CITY},?\s+{_STATE}(?:\s+{_ZIP})?)?",
    ),
    Identifier(
        "ADDRESS",
        "numbered road",
        r"\b\d{1,5}\s+(?:[NSEW]\.?\s+)?(?:(?:County|State|Old|Farm|Rural)\s)?(?:Road|Rd|Route|Rte|Highway|Hwy)\s\d{1,4}\b",
        ("en",),
    ),
    Identifier(
        "ADDRESS",
        "named house or street",
        r"\b"
        + any_of(
            "address:", "lives? at", "living at", "home at", "(?:sent|send|moved?|deliver|discharged|visit) (?:it )?to"
        )
        + rf"\s\K\d{{1,4}}[A-Z]?\s(?:The\s)?{_CITY}(?:,\s{_CITY})*",
        ("en",),
    ),
    Identifier(
        "ADDRESS",
        "United Kingdom",
        r"(?:\b\d{1,3}\sThe\s(?:Crescent|Close|Grove|Mews|Green|Terrace|Avenue|Drive)\b(?:,\s(?:\p{Lu}[\p{L}-]+,?\s)*)?)?"
        r"\b(?:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b",
    ),
    Identifier("ADDRESS", "city, state and ZIP", rf"\b{_CITY},\s+{_STATE}\s+{_ZIP}"),
    Identifier(
        "ADDRESS",
        "post office box",
        r"\b" + any_of("p.?o.? ?box", "bo[iî]te postale", "apartado(?: de correos)?") + r"\s*\d+",
    ),
    Identifier(
        "ADDRESS",
        "postal code",
        r"\b"
        + any_of("zip(?: ?code)?", "postal ?code", "code postal", "c[oó]digo postal")
        + rf"\s*(?i:is|:|#|=|est|es)*\s*\K{_ZIP}",
    ),
    Identifier(
        "ADDRESS",
        "rue",
        r"\b\d{1,4}(?:\s?(?:bis|ter|[A-D]))?,?\s+(?i:rue|avenue|av\.|boulevard|bd|chemin|allée|impasse|quai|route"
        r"|cours|square|place|passage|faubourg|hameau|cité|lotissement|sentier|ruelle|esplanade|promenade|villa"
        r"|voie|rond-point|lieu-dit)\s+(?:(?i:de\sla|de\sl['’]|des|du|de|d['’]|la|le|les)\s*)?"
        rf"{_CITY}(?:,?\s*(?:à\s+)?\d{{5}}\s+{_CITY})?",
    ),
    Identifier(
        "ADDRESS",
        "résidence",
        rf"\b(?i:résidence|lotissement|lieu-dit)\s(?:(?i:les|la|le|des|du|de)\s)?{_CITY}"
        rf"(?:,\s(?i:b[âa]t(?:iment)?\.?|appartement|appt?\.?|escalier|étage)\s\w+)*(?:,?\s\d{{5}}\s+{_CITY})?",
        ("fr",),
    ),
    Identifier("ADDRESS", "code postal et ville", rf"(?<=[,–-]\s)\d{{5}}\s{_CITY}", ("fr",)),
    Identifier(
        "ADDRESS",
        "calle",
        r"\b(?i:calle|c/|avda\.?|avenida|av\.|plaza|pza\.?|paseo|carretera|camino|ronda|travesía)\s*"
        rf"(?:(?i:de\sla|de\slos|de\slas|del|de)\s+)?{_CITY},?\s*(?i:(?:n\.?\s?[ºo°]\.?|núm\.?|número)\s*)?"
        r"\d{1,4}\b(?:,?\s*\d{1,2}\.?[ºª]\s?(?:[A-Z]\b|izq\w*|dcha?\w*)?\.?)?"
        rf"(?:,?\s*\d{{5}}\s+{_CITY})?",
    ),
    Identifier(
        "ADDRESS",
        "home",
        r"\b"
        + any_of(
            "i live (?:in|at|near)",
            "i am from",
            "i['’]m from",
            "we live in",
            "lives in",
            "(?:i|we|s?he|they|patient|mother|father|parents) (?:comes?|came|is|are|am|was|were) from",
            "moved (?:to|from)",
            "(?:vient|viens|venons|originaires?) de",
            "(?:déménagé|vivons|vivent|vit|habitons|habitent) à",
            "(?:viene|vengo|venimos) de",
            "(?:mudé|mudó|mudamos|viven?) (?:a|en)",
            "resid(?:es|ing) (?:in|at)",
            "resident of",
            "home address:?",
            "address:",
            "j['’]habite(?: à)?",
            "je vis à",
            "habite à",
            "demeurant à?",
            "domiciliée? à",
            "vivo en",
            "vivimos en",
            "resido en",
            "residente en",
            "domiciliad[oa] en",
            "domicilio:",
        )
        + rf"\s+\K{NOT_A_NAME}{_CITY}(?:,\s+(?:{_STATE}|{_CITY}))?",
    ),
)
