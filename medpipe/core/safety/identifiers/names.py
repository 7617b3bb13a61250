"""Names after the words that introduce a person, and common given names before a family name.

Without such a word, a name looks like a gene, a drug or an eponym, and it stays in the text.
"""

from __future__ import annotations

from medpipe.core.safety.given_names import GIVEN_NAMES
from medpipe.core.safety.identifiers.writing import ALL_LANGUAGES, NOT_A_NAME, Identifier, any_of

# A name that somebody wrote in small letters: up to three words, before a word that goes on with the sentence.
_NEXT = (
    r"(?i:and|but|i|im|from|who|my|a|an|the|is|am|et|mais|je|j|de|qui|le|la|un|une|y|pero|tengo|soy|me|con|que|el|to"
    r"|for|not|to|very|so|still|also|just|feeling|having|taking|writing|pas|très|aussi|muy|también)\b"
)
_PARTICLE_IN_SMALL = r"(?:(?:le|la|de|du|el|al|van|von)\s(?=\p{L}+\s(?i:et|and|y)\b))?"
_IN_SMALL = rf"\K(?!{_NEXT})[\p{{L}}’'-]{{2,}}(?:\s{_PARTICLE_IN_SMALL}(?!{_NEXT})[\p{{L}}’'-]{{2,}}){{0,2}}"
_ADDRESSED = (
    r"\K(?!(?i:docs?|doctors?|docteure?|doctora?|dr|dra|sir|madam|madame|monsieur|messieurs|mesdames|mme|mr|mrs|ms|miss|all"
    r"|everyone|everybody|there|again|team|folks|friends?|guys|colleagues?|editor|patients?|you|nurse|señora?|señorita"
    r"|don|doña|sra?|à|tous|toutes|todos|todas|equipo|amig[oa]s?|colegas?|chers?|chère|cher|merci|thanks?|gracias|please"
    r"|and|et|y|i|j|my|this|just|good|it|the|is|can|what|how|ya|hello|hi)\b)"
    r"[\p{L}’-]{2,}(?:\s\p{Lu}[\p{L}’'-]+)?(?=\s*[,!.:;\n]|\s*$)"
)
_SPOKEN = r"(?:" + "|".join(sorted(name.casefold() for name in GIVEN_NAMES)) + r")"
_GIVEN_IN_SMALL = rf"\K(?i:{_SPOKEN})\b(?:\s(?!{_NEXT})[\p{{L}}’'-]{{3,}})?(?=\s*[,!.;\n]|\s*$|\s(?:and|et|y)\b)"

# The parts of a name: a word with a capital, a word in capitals, an initial, a particle, and what joins two parts.
_PROPER = rf"{NOT_A_NAME}\p{{Lu}}(?:\p{{Ll}}|[’'-]\p{{Lu}}|(?<=Mac|Mc)\p{{Lu}})+"
_CAPITALS = rf"{NOT_A_NAME}\p{{Lu}}{{3,}}(?:-\p{{Lu}}{{2,}})?\b"
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
    r"(?<!\b(?i:maladie|syndrome|signe|test|enfermedad|síndrome|signo)\s(?i:de\s|d[’']))"
    r"(?!\p{Lu}\S+\s(?:\p{Lu}\S+\s)?(?i:syndrome|disease|disorder|sign|test|score|scale|law|virus|hospital|institute"
    r"|foundation|university|cent(?:er|re)|school|medical|clinic|college)\b)" + _FULL_NAME,
)
"""Try it only on texts that contain one of the given names, because so many alternatives are slow."""


def name_after(name: str, before: str, who: str = _NAME, languages: tuple[str, ...] = ALL_LANGUAGES) -> Identifier:
    """A name (`who`) after the words that introduce a person (`before`)."""
    return Identifier("NAME", name, rf"(?<![\p{{L}}-]){before}\s*{who}", languages)


NAMES = (
    name_after("title", r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Professor|Doctor)\b\.?\s"),
    name_after("monsieur", r"\bM\.\s", f"{_NAME}(?!\\s\\p{{Ll}}+(?:us|um|is|ae|a)\\b)", ("fr",)),
    name_after("titre", r"(?:Mme|Mlle|Monsieur|Madame|Mademoiselle|Docteur|Pr|Professeur|Me)\b\.?\s"),
    name_after("tratamiento", r"(?:Sra?|Srta|Dra?|D[ªº]|Dña|Don|Doña|Señora?|Señorita|Doctora)\b\.?\s"),
    name_after(
        "said of oneself",
        any_of(
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
    name_after(
        "said of oneself, in any case",
        any_of(
            r"(?:my|his|her|their|our|the|\w+['’]s) (?:full |first )?name(?: is|['’]s)",
            "name['’]s",
            "call me",
            r"(?:i am|i['’]?m|s?he is|s?he['’]s|(?:my|our|his|her) \w+ is) called",
            "je m['’]appelle",
            "m['’]appelle",
            "s['’]appell(?:e|ait|ent)",
            "appelez-moi",
            "prénommée?s?",
            "m?on (?:pré)?nom,? (?:est|c['’]est)",
            "moi,? c['’]est",
            "je me (?:nomme|prénomme)",
            "se llaman?",
            "llámame",
            "me llamo",
            "mi nombre es",
            "me llaman",
        )
        + r"[: ]",
        _IN_SMALL,
    ),
    name_after(
        "given name of oneself",
        any_of("i am", "i['’]?m", "this is", "je suis", "c['’]est", "ici", "soy", "habla", "aquí") + r"\s",
        _GIVEN_IN_SMALL,
    ),
    name_after(
        "greeted",
        any_of(
            "hello",
            "hi(?: there)?",
            "welcome(?: back)?",
            "(?:many )?thanks(?: again)?",
            "thank you",
            "good ?bye",
            "(?:good|nice) to (?:hear from|see|meet) you",
            "take care",
            "coucou",
            "bienvenue",
            "merci(?: beaucoup| encore)?",
            "au revoir",
            "all[oô]",
            "gracias",
            "bienvenid[oa]",
            "adiós",
            "hey",
            "dear",
            "good (?:morning|afternoon|evening|day)",
            "bonjour",
            "bonsoir",
            "salut",
            "ch(?:er|ère|ers|ères)",
            "hola",
            "buen(?:os|as) (?:días|tardes|noches)",
            "estimad[oa]s?",
            "querid[oa]s?",
        )
        + r",?\s",
        _ADDRESSED,
    ),
    name_after(
        "profession",
        any_of(
            "nurse",
            "docteure?",
            "doctora?",
            "madame",
            "monsieur",
            "mademoiselle",
            "señora?",
            "señorita",
            "infirmi(?:er|ère)",
            "enfermer[oa]",
        )
        + r"\s(?!(?i:practitioner|specialist|manager|educator|midwife|anesthetist)\b)",
    ),
    name_after(
        "signed",
        any_of(
            "sincerely",
            "regards",
            "yours truly",
            "signed(?: by)?",
            "signature",
            "(?:best|warm|kind) (?:wishes|regards)",
            "best",
            "cheers",
            "yours",
            "sent from my phone",
            "electronically signed by",
            "(?:bien )?(?:cordialement|à vous)",
            "(?:amitiés|amicalement|respectueusement|salutations)",
            "envoyé de mon téléphone",
            "signé(?: par)?",
            "atentamente",
            "saludos(?: cordiales)?",
            "firmado(?: por)?",
            "fdo",
        )
        + r"\s?[.,:-]?\s",
    ),
    name_after(
        "signed in any case",
        any_of(
            "thanks(?: in advance| so much| again)?",
            "regards",
            "cheers",
            "(?:a|your|sincerely) [a-z]+ (?:mom|mum|mother|dad|father|patient)",
            "merci(?: d['’]avance| beaucoup| encore)?",
            "une? [a-zé]+ (?:[a-zéè]+ )?(?:inquiète|inquiet|désespérée?)",
            "gracias(?: de antemano)?",
        )
        + r",\s",
        r"\K(?!(?i:doctors?|docteur|all|everyone|everybody|tous|toutes|todos)\b)[\p{L}’-]{3,}(?:\s[\p{L}’-]{3,})?(?=\s*\.?\s*$)",
    ),
    name_after(
        "labelled",
        any_of(
            "patient(?:e|['’]s)?(?: name)?",
            "name",
            "physician",
            "attending",
            "provider",
            "next of kin",
            "emergency contact",
            "guardian",
            "(?:resident|nurse|caller|author|witness(?:es)?|surgeon|doctor|parent|mother|father|signature)",
            "(?:interne|senior|chef|externe|infirmière?|auteure?|témoins?|chirurgien(?:ne)?|tut(?:eur|rice)|aide-soignante?)",
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
    name_after(
        "called",
        any_of(
            "(?:patient|man|woman|boy|girl|child|infant|homme|femme|patiente|garçon|fille|enfant|hombre|mujer|paciente"
            "|niñ[oa]) (?:named|called|nommée?|prénommée?|appelée?|llamad[oa])"
        )
        + r"\s",
    ),
    name_after(
        "on the telephone",
        any_of("this is", "ici", "c['’]est", "aquí", "habla")
        + r"\s(?!(?i:a|an|the|my|not|so|very|un|une|le|la|mon|ma|el)\s)",
        r"\K[\p{L}’-]{3,}(?:\s[\p{L}’-]{3,})?(?=,\s(?i:i|my|j['’]|je|m[ao]n|tengo|llamo|mi)\b)",
    ),
    Identifier(
        "NAME",
        "here",
        r"(?i:(?:^|(?<=(?:hi|hey|hello|salut|bonjour|bonsoir|hola)\s*(?:all|everyone|tout le monde)?,\s)))"
        r"(?!(?i:come|right|over|from|je)\b)"
        r"[\p{L}’-]{3,}(?=\s(?i:here|à l['’]appareil|aquí|al habla)\b)",
    ),
    Identifier(
        "NAME",
        "in capitals, family name first",
        r"(?:^|(?<=\n|[:;]\s))\p{Lu}[\p{Lu}’'-]{2,},\s\p{Lu}{3,}(?:\s\p{Lu}\b\.?)?(?=\s|$)",
    ),
    name_after("patient and full name", r"(?:patiente?|paciente),?\s", _FULL_NAME),
    name_after(
        "relative",
        any_of(
            r"(?:my|our|his|her) (?:\w+ )?(?:son|daughter|wife|husband|mother|father|mom|mum|dad|brother|sister|friend"
            "|baby|uncle|aunt|neighbou?r|carer|caregiver|partner|fiancée?|boyfriend|girlfriend|cousin|niece|nephew|grand(?:mother|father|son|daughter))",
            "(?:mon|ma|notre|son|sa|leur) (?:fils|fille|femme|mari|mère|père|frère|s(?:œ|oe)ur|amie?|bébé|oncle|tante"
            "|épouse|époux|voisine?|compagnon|compagne|conjointe?)",
            "(?:mi|nuestr[oa]|su) (?:hij[oa]|espos[oa]|mujer|marido|madre|padre|herman[oa]|amig[oa]|bebé|tí[oa]"
            "|abuel[oa]|niet[oa]|prim[oa]|novi[oa]|vecin[oa])",
        )
        + r",?\s",
    ),
)
