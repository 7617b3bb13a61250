"""Addresses: every part of an address that is smaller than a state."""

from __future__ import annotations

from medpipe.core.safety.identifiers.writing import NOT_A_NAME, Identifier, any_of
from medpipe.core.safety.people_cues import CALENDAR, STATES

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
_IN_HOUSE = (
    r"(?:,?\s(?:(?i:b[âa]t(?:iment)?|appartement|appt?|escalier|esc|étage|porte|hall|entrée|boîte|chambre|studio|logement)\b\.?\s"
    r"(?:n°\s?)?[\dA-Z]\w{0,3}\b|\d{1,2}(?:er|e|ème)\sétage(?:\s(?:droite|gauche))?|(?:rez-de-chaussée|RDC)\b))*"
)
_PERSON = r"(?:i|we|s?he|they|who|patient|mother|father|parents|mom|mum|dad|son|daughter|wife|husband|family)"
_ELSEWHERE = (
    r"(?!(?i:"
    + "|".join(sorted(STATES | CALENDAR))
    + r"|january|jan|the|hospital|icu|nicu|hosp\w*|clini\w*|general)\b)"
)
"""A state, a continent and a month are no towns."""

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
    Identifier("ADDRESS", "boîte postale", r"\b(?:BP|CS|TSA|CEDEX)\s?\d{2,6}\b(?!\s?[/,.]\d)", ("fr",)),
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
        r"\b\d{1,4}(?:\s?(?:bis|ter|quater|[A-D]))?,?\s+(?i:rue|avenue|av(?:e|\.)?|boulevard|b(?:oule)?v?d\.?|chemin|ch(?:em)?\."
        r"|all(?:ées?|\.)|impasse|imp\.|quai|route|rte\.?|cours|cour|square|sq\.|place|pl\.?|passage|faubourg|fbg|hameau|cité"
        r"|lotissement|lot\.|sentier|sente|ruelle|esplanade|promenade|villas?|voie|rond-point|lieu-dit|lieudit|mail|montée|côte"
        r"|traverse|venelle|clos|domaine|parc|pont|porte|rocade|chaussée|galerie|parvis|quartier|résidence|rés\.|immeuble"
        r"|zone|val|vallon|carrefour|descente|levée|drève|digue|port)\s+"
        r"(?:(?i:de\sla|de\sl['’]|des|du|de|d['’]|la|le|les|aux?|l['’])\s*)?"
        rf"(?:{_CITY}|\d{{1,2}}\s{_CITY}){_IN_HOUSE}(?:,?\s*(?:à\s+)?\d{{5}}\s+{_CITY})?",
    ),
    Identifier(
        "ADDRESS",
        "résidence",
        rf"\b(?i:résidence|lotissement|lieu-dit)\s(?:(?i:les|la|le|des|du|de)\s)?{_CITY}"
        rf"{_IN_HOUSE}(?:,?\s\d{{5}}\s+{_CITY})?",
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
        r"\b(?=\p{Lu})(?<=\b"
        + any_of(
            f"{_PERSON} (?:now |still |currently |both |all )?(?:live|stay)[sd]?(?: alone"
            f"| with [a-z ]{{1,20}})? (?:in|at|near)",
            "i['’]m from",
            "(?:lives|living)(?: alone)? (?:in|at|near)",
            f"{_PERSON} (?:comes?|came|is|are|am|was|were|hails?)(?: originally)? from",
            "(?:originally|visiting|travelled|traveled|drove|driven|flew|retired|evacuated|(?:re)?locat(?:ed|ing)|moved|moving)"
            " (?:here |over |back )?(?:to|from|in)",
            "moved (?:here |back )?(?:to|from|out of)",
            "(?:born|raised|born and raised|grew up|brought up|(?:works|working|farms?|retired|settled) (?:near"
            "|in))(?: in)?(?= \\p{Lu}\\p{L}+[,.;])",
            "(?:home ?town|place of birth|birth ?place|city|town|village|city of residence)(?: is)?\\s?:?",
            "home\\s?:",
            "(?:native|resident|citizen|inhabitant) (?:of|in)",
            "(?:vient|viens|venons|venue?s?|originaires?|nati(?:f|ve)s?|arrivée?s?|habitante?|rentrée?s?"
            "|rapatriée?) de",
            "(?:quitt(?:é|e|ait|er|ons)|(?:maire|commune|ville|village|mairie|quartier) (?:de|d['’]))",
            "(?:déménag\\w+|emménag\\w+|vivons|vivent|vit|vivait|habitons|habit\\w+|résid\\w+|domicili\\w+|demeur\\w+|log\\w+|héberg\\w+"
            "|install\\w+|retrait\\w+|grandi|scolaris\\w+|née?s?|retourn\\w+|rentr\\w+|travaill\\w+|maison"
            "|appartement|chez (?:lui|elle))"
            ",? (?:à|près de|vers|sur|dans)",
            "(?:ville|commune|lieu de naissance|domicile|village|localité|lieu de résidence)\\s?:",
            "(?:viene|vengo|venimos) de",
            "(?:mudé|mudó|mudamos|viven?) (?:a|en)",
            "(?:nacid[oa]|criad[oa]|natural|vecin[oa]|originari[oa]|procedente) (?:en|de)",
            "(?:ciudad|localidad|municipio|pueblo|lugar de nacimiento)\\s?:",
            "resid(?:es|ing|ed) (?:in|at)",
            "home address:?",
            "address:",
            "j['’]habite(?: à)?",
            "je vis à",
            "demeurant à?",
            "vivo en",
            "vivimos en",
            "resido en",
            "residente en",
            "domiciliad[oa] en",
            "domicilio:",
        )
        + rf"\s+){NOT_A_NAME}{_ELSEWHERE}{_CITY}(?:,\s+(?:{_STATE}|{_CITY}))?",
    ),
)
