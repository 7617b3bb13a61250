r"""How the identifiers of `core.safety.phi` are written in English, French and Spanish.

Numbers without a checksum count only after the words that name them ("MRN", "n° de dossier", "historia
clínica"), and names only after the words that introduce a person, so that doses, years, gene names and eponyms
stay. What has a checksum or a plain form (e-mail, telephone, cards, IBAN, US social security, DNI, NIE) is left
to the library behind `medpipe.ports.Redactor`.

Patterns are for the `regex` module: of a match, what follows `\K` is the identifier.
"""

from __future__ import annotations

from typing import NamedTuple

from medpipe.core.safety.given_names import GIVEN_NAMES


class Identifier(NamedTuple):
    """One way to write one kind of identifier."""

    kind: str
    """One of `core.safety.phi.KINDS`."""
    name: str
    pattern: str
    languages: tuple[str, ...] = ("en", "fr", "es")


def _words(*lines: str) -> str:
    """One of these, in any case; a space is any white space."""
    return f"(?i:{'|'.join(lines)})".replace(" ", r"\s")


# Numbers that only the words before them tell apart from other numbers.

_GAP = r"(?:\s|(?i:is|was|est|es)\b|[:=#.°º-])*"
_CODE = r"\K(?=[\w./-]*\d)[A-Z0-9](?:[A-Z0-9]|[./-](?=[A-Z0-9])|\s(?=\d)){3,19}(?![A-Za-z0-9])"
_NO = r"(?:number|no\b\.?|num\b\.?|nr\b\.?|#|id\b|n\.?[°ºo]\b?\.?|num[eé]ro|número)"


def _number(kind: str, name: str, *words: str) -> Identifier:
    return Identifier(kind, name, rf"\b{_words(*words)}{_GAP}{_CODE}")


_NUMBERS = (
    _number(
        "MRN",
        "record number",
        "MRN",
        "MR ?#",
        f"(?:medical|patient|clinic|hospital|health) ?records? ?{_NO}?",
        f"(?:patient|chart|hospital|case|unit|encounter|visit|admission|specimen|accession) ?{_NO}",
    ),
    _number(
        "MRN",
        "numéro de dossier",
        r"I\.?P\.?P\b\.?",
        "NIP",
        f"dossier(?: (?:médical|patient|clinique))? ?{_NO}?",
        f"{_NO} (?:de |du )?(?:patient|séjour)",
        "identifiant (?:patient|permanent)",
    ),
    _number(
        "MRN",
        "historia clínica",
        r"N\.?H\.?C\b\.?",
        f"(?:historia(?: clínica)?|expediente) ?{_NO}?",
        f"{_NO} (?:de |del )?(?:paciente|episodio)",
    ),
    _number(
        "HEALTH_PLAN",
        "member",
        "(?:member|subscriber|policy|insurance|group|beneficiary|medicare|medicaid|health ?plan|plan)"
        f"(?: (?:policy|card|member|id))? ?{_NO}",
    ),
    _number(
        "HEALTH_PLAN",
        "mutuelle",
        f"{_NO} ?(?:d['’]|de )?(?:adhérent|mutuelle|assuré|carte vitale|police)",
        f"(?:carte vitale|mutuelle|adhérent) ?{_NO}",
    ),
    _number(
        "HEALTH_PLAN",
        "tarjeta sanitaria",
        f"(?:tarjeta sanitaria|póliza) ?{_NO}?",
        r"CIP\b",
        r"NUSS\b",
        f"{_NO} (?:de )?(?:afiliación|afiliad[oa]|póliza|asegurad[oa]|seguridad social|tarjeta)",
    ),
    _number(
        "ACCOUNT",
        "account",
        rf"(?:account|acct|compte(?: bancaire)?|cuenta(?: bancaria)?)\b\.? ?{_NO}?",
        f"(?:invoice|facture|factura) ?{_NO}",
    ),
    _number(
        "LICENSE",
        "license",
        f"licen[cs]e ?{_NO}?",
        f"certificate ?{_NO}",
        rf"(?:DEA|NPI|RPPS|ADELI)\b ?{_NO}?",
        f"(?:permis|carné|permiso) de condu(?:ire|cir) ?{_NO}?",
        f"{_NO} (?:de )?colegiad[oa]",
    ),
    Identifier(
        "VEHICLE",
        "vehicle",
        r"\b"
        + _words(f"plates? ?{_NO}?", rf"VIN\b ?{_NO}?", "immatricul(?:ée?|ation)", "plaque", "matrícula")
        + _GAP
        + r"\K(?=[\w\s-]*\d)[A-Z0-9]{1,17}(?:[\s-][A-Z0-9]{1,4}){0,2}\b",
    ),
    _number("DEVICE", "serial number", f"serial ?{_NO}?", "S/N", f"device ?{_NO}", f"{_NO} (?:de )?s[ée]rie", r"UDI\b"),
    Identifier(
        "SSN",
        "social security",
        r"\b" + _words("SSN", "SS ?#", f"social security(?: {_NO})?") + _GAP + r"\K\d{3}[- ]?\d{2}[- ]?\d{4}\b",
    ),
    Identifier(
        "NATIONAL_ID",
        "sécurité sociale",
        r"\b"
        + _words("N.?I.?R", "sécurité sociale", "sécu", "INS")
        + r"\b\.?(?i:\s?(?:du\spatient|numéro|n°))*"
        + _GAP
        + r"\K[1-478]\s?\d{2}\s?\d{2}\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}(?:\s?\d{2})?\b",
    ),
    Identifier(
        "NATIONAL_ID",
        "DNI, NIE, passport",
        r"\b"
        + _words("D.?N.?I", "N.?I.?[EF]", "pasaporte", "passport", "passeport", "CURP")
        + rf"\b\.?(?i:\s?{_NO})?{_GAP}\K(?=[\w.-]*\d{{4}})[A-Z]?\d[\d.-]{{4,12}}[A-Z]?\b",
    ),
)

# Dates with a day. Months and years alone stay: they are history, statistics and seasons.

_MONTH = (
    r"(?i:jan(?:uary|vier)?|feb(?:ruary|rero)?|f[ée]vr?(?:ier)?|mar(?:ch|s|zo)?|apr(?:il)?|avr(?:il)?|abr(?:il)?"
    r"|may|mai|mayo|june?|juin|junio|july?|juil(?:let)?|julio|aug(?:ust)?|ao[uû]t|agosto"
    r"|sep(?:t(?:ember|embre|iembre)?)?|oct(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?"
    r"|dec(?:ember)?|d[ée]c(?:embre)?|dic(?:iembre)?|enero)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d{2}(?!\d)"

_DATES = (
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
        + _words(
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

# Ages over 89, of one person: "aged 90 and older" is a group.

_OVER_89 = r"(?:9\d|1[0-2]\d)"
_GROUP = (
    r"(?!\s*(?i:(?:years?|yrs?|ans|años)?[\s-]*(?:old\s)?"
    r"(?:(?:or|and|et|ou|o|y)\s(?:older|over|above|plus|más|up))|\+))"
)

_AGES = (
    Identifier("AGE", "years old", rf"\b{_OVER_89}(?=[\s-]?(?:years?[\s-]old|yrs?[\s-]old|y\.?o\.?\b|y/o)){_GROUP}"),
    Identifier("AGE", "aged", rf"\b(?i:aged?)\s?:?\s*\K{_OVER_89}\b(?!\s*(?i:to|and|or|-|–|%|\.\d)){_GROUP}"),
    Identifier(
        "AGE",
        "of a person",
        r"\b"
        + _words(
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

# Names after the words that introduce a person.

_NOT_A_NAME = (
    r"(?!(?:The|A|An|If|This|That|These|Those|He|She|It|They|We|You|Your|My|His|Her|In|On|At|For|And|Or|But|Is|Are|Was"
    r"|Ask|Call|Do|Does|Can|May|Will|When|What|Which|Who|How|Why|Where|There|Some|Most|Many|Both|All|Please|Thanks"
    r"|Thank|Hi|Hello|Dear|I|Le|La|Les|Un|Une|Des|Il|Elle|Ce|Cette|Si|Je|Vous|Nous|El|Los|Las|Una|Se|En|De|Para|Su|Mi"
    r"|Ne|Pas|Au|Aux|Par|Dans|Avec|Sans|Est|Sont|Quels?|Quelles?|Son|Sa|Ses|Mon|Ma|Lo|Al|Con|Sin|Por|Es|Ser|Estar"
    r"|Yo|Usted|Type|Stage|Grade|Phase|Hospital|Center|Centre|Clinic|Department|Inc|Ltd|Not|No|Yes|None|Unknown)\b"
    r"|(?:[DLJ]|Qu)[’'])"
)
_PROPER = rf"{_NOT_A_NAME}\p{{Lu}}(?:\p{{Ll}}|[’'-]\p{{Lu}}|(?<=Mac|Mc)\p{{Lu}})+"
_CAPITALS = rf"{_NOT_A_NAME}\p{{Lu}}{{3,}}(?:-\p{{Lu}}{{2,}})?\b"
_PART = rf"(?:{_PROPER}|{_CAPITALS})"
_INITIAL = r"\p{Lu}\.\s*"
_PARTICLE = r"(?:(?:Le|La|De|Du|Des|Del|Van|Von|El|Al)\s(?=\p{Lu}))?"
_THEN = (
    r"(?:\s+(?:de\sla|de\slos|del|de|da|dos|du|van\sder|van\sden|van|von|der|el|al|bin|ben|y|e|le|la))?\s+"
    rf"(?:{_INITIAL}){{0,2}}{_PARTICLE}"
)
_NAME = rf"\K(?:{_INITIAL}){{0,2}}{_PARTICLE}{_PART}(?:{_THEN}{_PART}){{0,3}}"
_FULL_NAME = rf"\K{_PROPER}(?:{_THEN}{_PROPER}){{1,3}}"


WITH_GIVEN_NAME = Identifier(
    "NAME",
    "given name and family name",
    r"(?<!\bSan\s)(?<!\bSte?\.?\s)(?<!\bSanta\s)\b(?=(?:" + "|".join(sorted(GIVEN_NAMES)) + r")\b)"
    r"(?!\p{Lu}\S+\s(?:\p{Lu}\S+\s)?(?i:syndrome|disease|disorder|sign|test|score|scale|law|virus|hospital|institute"
    r"|foundation|university|cent(?:er|re)|school|medical|clinic|college)\b)" + _FULL_NAME,
)
"""Tried only on texts with one of the names in them: so many alternatives are slow."""


def _person(name: str, before: str, who: str = _NAME, languages: tuple[str, ...] = ("en", "fr", "es")) -> Identifier:
    return Identifier("NAME", name, rf"(?<![\p{{L}}-]){before}\s*{who}", languages)


_NAMES = (
    _person("title", r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Doctor)\b\.?\s"),
    _person("monsieur", r"\bM\.\s", f"{_NAME}(?!\\s\\p{{Ll}}+(?:us|um|is|ae|a)\\b)", ("fr",)),
    _person("titre", r"(?:Mme|Mlle|Monsieur|Madame|Mademoiselle|Docteur|Pr|Professeur|Me)\b\.?\s"),
    _person("tratamiento", r"(?:Sra?|Srta|Dra?|D[ªº]|Dña|Don|Doña|Señora?|Señorita|Doctora)\b\.?\s"),
    _person(
        "said of oneself",
        _words(
            "my (?:full )?name is",
            "my name['’]s",
            "i am called",
            "this is (?=dr)",
            "je m['’]appelle",
            "mon nom est",
            "je me nomme",
            "me llamo",
            "mi nombre es",
        )
        + "[: ]",
    ),
    _person(
        "signed",
        _words(
            "sincerely",
            "regards",
            "yours truly",
            "signed(?: by)?",
            "signature",
            "cordialement",
            "bien à vous",
            "signé(?: par)?",
            "atentamente",
            "saludos(?: cordiales)?",
            "firmado(?: por)?",
            "fdo",
        )
        + r"[.,:]?\s",
    ),
    _person(
        "labelled",
        _words(
            "patient(?:e|['’]s)?(?: name)?",
            "name",
            "physician",
            "attending",
            "provider",
            "next of kin",
            "emergency contact",
            "guardian",
            "nom(?: de naissance| du patient)?",
            "prénoms?",
            "médecin(?: traitant)?",
            "personne à prévenir",
            "paciente",
            "nombre(?: y apellidos| completo| del paciente)?",
            "apellidos?",
            "médico",
            "contacto",
        )
        + r"\s?[:=]",
    ),
    _person(
        "called",
        _words(
            "(?:patient|man|woman|boy|girl|child|infant|homme|femme|patiente|garçon|fille|enfant|hombre|mujer|paciente"
            "|niñ[oa]) (?:named|called|nommée?|prénommée?|appelée?|llamad[oa])"
        )
        + r"\s",
    ),
    _person("patient and full name", r"(?:patiente?|paciente),?\s", _FULL_NAME),
    _person(
        "relative",
        _words(
            r"(?:my|our|his|her) (?:\w+ )?(?:son|daughter|wife|husband|mother|father|mom|mum|dad|brother|sister|friend"
            "|baby|uncle|aunt|partner|fiancée?|boyfriend|girlfriend|cousin|niece|nephew|grand(?:mother|father|son|daughter))",
            "(?:mon|ma|notre) (?:fils|fille|femme|mari|mère|père|frère|s(?:œ|oe)ur|amie?|bébé|oncle|tante|épouse|époux"
            "|compagnon|compagne|conjointe?)",
            "(?:mi|nuestr[oa]) (?:hij[oa]|espos[oa]|mujer|marido|madre|padre|herman[oa]|amig[oa]|bebé|tí[oa]|abuel[oa]"
            "|niet[oa]|prim[oa]|novi[oa])",
        )
        + r",?\s",
    ),
)

# Addresses: what is smaller than a state.

_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|PR|RI|S[CD]|T[NX]|UT"
    r"|V[AT]|W[AIVY])\b"
)
_ZIP = r"\d{5}(?:-\d{4})?\b"
_TOWN = r"(?:(?:St|Ste|Ft|Mt)\.\s)?\p{Lu}[\p{L}’'-]+"
_CITY = rf"{_TOWN}(?:[ -](?:{_TOWN}|(?:de|del|la|les|sur|sous|en|le)(?=[ -]))){{0,4}}"
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Circle|Cir"
    r"|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Way)\b\.?"
)

_ADDRESSES = (
    Identifier(
        "ADDRESS",
        "street, United States",
        rf"\b\d{{1,5}}\s+(?:[NSEW]\.?\s+)?(?:(?:\p{{Lu}}[\p{{L}}’'.-]+|\d+(?:st|nd|rd|th))\s+){{1,3}}{_STREET}"
        r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Floor)\b\.?\s*#?\w+|,?\s*#\s?\w+)?"
        rf"(?:,\s*{_CITY},?\s+{_STATE}(?:\s+{_ZIP})?)?",
    ),
    Identifier("ADDRESS", "city, state and ZIP", rf"\b{_CITY},\s+{_STATE}\s+{_ZIP}"),
    Identifier(
        "ADDRESS",
        "post office box",
        r"\b" + _words("p.?o.? ?box", "bo[iî]te postale", "apartado(?: de correos)?") + r"\s*\K\d+",
    ),
    Identifier(
        "ADDRESS",
        "postal code",
        r"\b"
        + _words("zip(?: ?code)?", "postal ?code", "code postal", "c[oó]digo postal")
        + rf"\s*(?i:is|:|#|=|est|es)*\s*\K{_ZIP}",
    ),
    Identifier(
        "ADDRESS",
        "rue",
        r"\b\d{1,4}(?:\s?(?:bis|ter|[A-D]))?,?\s+(?i:rue|avenue|av\.|boulevard|bd|chemin|allée|impasse|quai|route"
        r"|cours|square|place|passage|faubourg)\s+(?:(?i:de\sla|de\sl['’]|des|du|de|d['’]|la|le|les)\s*)?"
        rf"{_CITY}(?:,?\s*(?:à\s+)?\d{{5}}\s+{_CITY})?",
    ),
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
        + _words(
            "i live (?:in|at|near)",
            "i am from",
            "i['’]m from",
            "we live in",
            "lives in",
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
        + rf"\s+\K{_NOT_A_NAME}{_CITY}(?:,\s+(?:{_STATE}|{_CITY}))?",
    ),
)

IDENTIFIERS: tuple[Identifier, ...] = (
    *_NAMES,
    *_ADDRESSES,
    *_DATES,
    *_AGES,
    *_NUMBERS,
    # The library knows which numbers are allotted; people write, and invent, others of the same form.
    Identifier("PHONE", "France", r"(?<![\d.])(?:\+33\s?(?:\(0\)\s?)?|0)[1-9](?:[\s.-]?\d{2}){4}(?![\d.]\d)", ("fr",)),
    Identifier("URL", "web address", r"\b(?:https?://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"),
)
