"""Names after the words that introduce a person, and common given names before a family name.

Without such a word, a name looks like a gene, a drug or an eponym, and it stays in the text.
"""

from __future__ import annotations

from medpipe.core.safety.given_names import GIVEN_NAMES
from medpipe.core.safety.identifiers.name_parts import (
    ADDRESSED,
    FULL_NAME,
    GIVEN_IN_SMALL,
    IN_SMALL,
    NAME,
    NEXT,
    PROPER,
)
from medpipe.core.safety.identifiers.writing import ALL_LANGUAGES, Identifier, any_of

WITH_GIVEN_NAME = Identifier(
    "NAME",
    "given name and family name",
    r"(?<!\bSan\s)(?<!\bSte?\.?\s)(?<!\bSanta\s)\b(?=(?:" + "|".join(sorted(GIVEN_NAMES)) + r")\b)"
    r"(?<!\b(?i:maladie|syndrome|signe|test|enfermedad|síndrome|signo)\s(?i:de\s|d[’']))"
    r"(?!\p{Lu}\S+\s(?:\p{Lu}\S+\s)?(?i:syndrome|disease|disorder|sign|test|score|scale|law|virus|hospital|institute"
    r"|foundation|university|cent(?:er|re)|school|medical|clinic|college)\b)" + FULL_NAME,
)
"""Try it only on texts that contain one of the given names, because so many alternatives are slow."""


def name_after(name: str, before: str, who: str = NAME, languages: tuple[str, ...] = ALL_LANGUAGES) -> Identifier:
    """A name (`who`) after the words that introduce a person (`before`)."""
    return Identifier("NAME", name, rf"(?<![\p{{L}}-]){before}\s*{who}", languages)


def _after(name: str, before: str, who: str = NAME) -> Identifier:
    """As `name_after`, for long lists of words: they are looked for only where a capital is."""
    # `who` begins with \K, and a lookbehind needs none
    return Identifier("NAME", name, rf"\b(?=\p{{Lu}})(?<=(?<![\p{{L}}-]){before}){who[2:]}")


NAMES = (
    name_after(
        "title",
        r"(?:Mrs?|Ms|Mx|Miss|Drs?|Prof|Professor|Doctor|Sgt|Cpl|Capt|Captain|Lt|Maj|Rev|Reverend|Sister|Pastor|Rabbi|Imam|Officer"
        r"|Sir|Lady|Lord|Madam|Matron)\b\.?\s",
    ),
    name_after("monsieur", r"\bM\.\s", f"{NAME}(?!\\s\\p{{Ll}}+(?:us|um|is|ae|a)\\b)", ("fr",)),
    name_after(
        "titre", r"(?:Mme|Mlle|Monsieur|Madame|Mademoiselle|Docteur|Pr|Professeur|Me|Maître|Mgr|Adj|Cdt)s?\b\.?\s"
    ),
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
        IN_SMALL,
    ),
    name_after(
        "given name of oneself",
        any_of("i am", "i['’]?m", "this is", "je suis", "c['’]est", "ici", "soy", "habla", "aquí") + r"\s",
        GIVEN_IN_SMALL,
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
        ADDRESSED,
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
    _after(
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
            "(?:all the best|many thanks|with (?:many )?thanks|with love|love|respectfully|faithfully|truly"
            "|warmly|see you)",
            "(?:bien |très |meilleures )?(?:salutations|confraternellement|sincèrement)",
            "(?:bien à (?:toi|vous)|à bientôt|bises|bisous|je vous embrasse|respectueusement|c(?:or)?dt)",
            "(?:un saludo|un abrazo|abrazos|cordialmente)",
        )
        + r"\s?(?:[,:-]|(?<=fdo|cdt|cordt)\.|(?=\n))?\s",
    ),
    _after(
        "spoken to",
        any_of(
            "(?:sorry|glad|happy|pleased|good|great|thanks?|thank you|congratulations|well done|welcome|bye"
            "|take care|don['’]t worry"
            "|of course|sure|listen|look|please)(?: \\w+['’]?\\w*){0,5}",
            "(?:désolée?|navrée?|merci|bravo|félicitations|prenez soin|prends soin|courage|bien sûr"
            "|rassurez-vous|entrez|écoutez"
            "|ne vous inquiétez pas|ravie?|contente?)(?: [\\w'’]+){0,5}",
            "(?:siento|gracias|felicidades|cuídese|cuídate|tranquil[oa]|claro)(?: \\w+){0,4}",
        )
        + r",\s",
        rf"\K{PROPER}(?=\s?[,!.?;\n]|\s*$)",
    ),
    Identifier(
        "NAME",
        "spoken to first",
        rf"(?:^|(?<=[.!?\n]\s?))(?!(?i:no|yes|ok|okay|hi|hello|sorry|well|sure|again|bonjour|oui|non|bonsoir|sí|hola|doctors?|docteur"
        rf"|madame|monsieur|mesdames|messieurs|sir|madam|everyone|all|encore|d['’]accord|please|yeah|great|perfect|parfait|super|vale)\b){PROPER}"
        r"(?=,\s(?i:thanks|thank\syou|please\s\p{Ll}|your|merci|gracias|votre\s|vos\s|pouvez-vous|peux-tu|could\syou|can\syou|would\syou)\b)",
    ),
    name_after(
        "form in capitals",
        r"(?:(?:SUR|FIRST\s|LAST\s|GIVEN\s|FAMILY\s)?NAME|NOM|PR[EÉ]NOMS?|NOMBRE|APELLIDOS?)\s?:?\s",
        r"\K\p{Lu}{2,}(?:[\s’'-](?!(?:SEXE?|DOB|AGE|PR[EÉ]NOM|NOM|NE|NÉE?|DDN|DATE|MRN|IPP|ID)\b)\p{Lu}{2,}){0,3}\b",
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
        "labelled in small",
        r"(?:^|(?<=[\n,;.]\s?))"
        + any_of("(?:full |first |last |patient )?name", "nom", "prénom", "nombre", "apellidos?")
        + r"\s?[:=]\s",
        r"\K(?!(?i:none|unknown|n/a|age|sexe?|âge)\b)\p{Ll}[\p{L}’'-]+(?:\s(?!(?i:age|aged|sexe?|âge|âgée?|dob|edad|and|et|y)\b)\p{Ll}[\p{L}’'-]+(?!\s?:)){0,2}",
    ),
    _after(
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
        + r"\s?[:=]\s*",
    ),
    name_after(
        "called",
        any_of(
            "(?:named|called|christened) (?:her|him|them|the (?:baby|boy|girl|child))",
            "l['’](?:avons|ai|a|ont) (?:appelée?|prénommée?|nommée?)",
            "(?:patient|man|woman|boy|girl|child|infant|homme|femme|patiente|garçon|fille|enfant|hombre|mujer|paciente"
            "|niñ[oa]) (?:named|called|nommée?|prénommée?|appelée?|llamad[oa])",
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
        rf"(?!{NEXT}|(?i:what|how|where|when|why|they|he|she|you|we|this|that|there|stuck|living|everyone|anyone|someone)\b)"
        r"[\p{L}’-]{3,}(?:(?=\s(?i:here|à\sl['’]appareil|aquí|al\shabla)\b)"
        rf"|\s(?!{NEXT})[\p{{L}}’-]{{3,}}(?=\s(?i:here|à\sl['’]appareil|aquí|al\shabla)\b[,.!:;]))",
    ),
    Identifier(
        "NAME",
        "in capitals, family name first",
        r"(?:^|(?<=\n|[:;]\s))\p{Lu}[\p{Lu}’'-]{2,},\s\p{Lu}{3,}(?:\s\p{Lu}\b\.?)?(?=\s|$)",
    ),
    name_after("patient and full name", r"(?:patiente?|paciente),?\s", FULL_NAME),
    _after(
        "relative",
        any_of(
            r"(?:my|our|his|her|their|the patient['’]s) (?:[\w-]+ )?(?:son|daughter|wife|husband|mother|father"
            r"|mom|mum|dad|brother|sister"
            "|friend|child|kid|toddler|twins?|spouse|step(?:son|daughter|mother|father)|(?:room|flat)mate|colleague|baby|uncle|aunt|neighbou?r|carer|caregiver|partner|fiancée?|boyfriend|girlfriend|cousin|niece|nephew|grand(?:mother|father|son|daughter))",
            "(?:mon|ma|notre|son|sa|leur) (?:\\w+ )?(?:petit-fils|petite-fille|neveu|nièce|cousine?|beau-(?:père"
            "|frère|fils)|belle-(?:mère|sœur|fille)"
            "|colocataire|aidante?|collègue|fiancée?|concubine?|copain|copine|grand-(?:mère|père)|enfant|aînée?|parrain|marraine|fils|fille|femme|mari|mère|père|frère|s(?:œ|oe)ur|amie?|bébé|oncle|tante"
            "|épouse|époux|voisine?|compagnon|compagne|conjointe?)",
            "(?:mi|nuestr[oa]|su) (?:hij[oa]|espos[oa]|mujer|marido|madre|padre|herman[oa]|amig[oa]|bebé|tí[oa]"
            "|abuel[oa]|niet[oa]|prim[oa]|novi[oa]|vecin[oa])",
        )
        + r",?\s",
    ),
)
