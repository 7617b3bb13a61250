"""The words and places in a sentence by which `core.safety.people` tells a person, a home and an eponym apart."""

from __future__ import annotations

import re

OF_MEDICINE_AFTER = re.compile(
    r"(?:-[\w’'-]+)*[’']?s?\s+(?:(?:and|et|y)\s[A-ZÀ-Þ][\w’'-]+\s|[a-zà-ÿ]+\s(?=syndrome|hazards|index))?(?i:disease|syndrome|disorder|phenomenon|sign|test|score|scale|law|virus|tumou?r|lymphoma"
    r"|sarcoma|palsy|cells?|reflex|fracture|index|catheter|ultrasound|procedure|operation|model|curve|method|criteria"
    r"|classification|thyroiditis|esophagus|oesophagus|anemia|anaemia|nodes?|body|bodies|duct|fever|study|trial|triad"
    r"|maneuver|manoeuvre|syndromes|cysts?|neuroma|ulcers?|palsies|contracture|crisis|diverticulum|chorea|dementia"
    r"|anomal(?:y|ies)|sequence|hazards?|regression|models|concordance|status|staging"
    r"|dystroph\w+|\w+(?:itis|osis|oma|emia|pathy|asthenia))\b"
)
OF_MEDICINE_BEFORE = re.compile(
    r"(?i:\b(?:disease|syndrome|circle|islets|tetralogy|described|loop|bundle|canal|angle|organ) (?:of|by)\s+(?:the\s)?"
    r"|\b(?:maladie|syndrome|phénomène|thyroïdite|lymphome|signe|test|score|échelle|sonde|canal|indice|loi|modèle|anse"
    r"|étude|critères?|courbes?|cellules?|fibres?|plaques?|virus|triade|fracture|opération|manœuvre|tests"
    r"|mal|classification|coefficients?(?:\s\w)?|chi\s(?:deux|2)|facteurs?|toxines?|particules?|anémie|bacilles?|chorée"
    r"|sarcome|trompes?"
    r"|enfermedad|síndrome|fenómeno|tiroiditis|linfoma|signo|prueba|escala|sonda|vitamine?a?)\s+"
    r"(?:de\s(?:la\s)?|d[’']|del\s|du\s)?)$"
)
OF_A_WORD = re.compile(r"(?:^|[\s(’'])(\w{3,})\s(?:de\s|d[’'])$|\bet\sde\s$")
"""French and Spanish put an eponym after a noun: "les cellules de Schwann et de Purkinje"."""
HUMAN = frozenset(
    "mère père mari femme fils fille frère soeur sœur oncle tante ami amie patient patiente dossier nom prénom parents "
    "enfant enfants bébé avis courrier lettre cas suivi ecg prélèvement bilan médecin chevilles main pied état visite "
    "madre padre marido esposa esposo hijo hija hermano hermana amigo amiga paciente nombre caso lors près auprès "
    "présence appel arrivée sortie entrée demande réponse consentement domicile dr".split()
)
"""Nouns that have to do with a person when "de" and a name follow."""
HOME_BEFORE = re.compile(
    r"(?i:\b(?:in|at|from|near|to|habite|vive en|(?:habit|viv|vis|vit|résid|déménag|domicili|venu|vien|né"
    r"|origin|resid|mud)"
    r"\w*\s+(?:à|de|en|au|a))\s+(?:the\s|la\s|le\s)?)$"
    r"|(?<=[\w,]\s)[A-ZÀ-Þ][\w’'-]+\s(?:of|de)\s$"
)


def _any_of(words: str) -> str:
    """Return a pattern for one of the words, in any case. An underscore in them stands for a space."""
    return f"(?i:{'|'.join(words.split())})".replace("_", r"\s")


PERSON_BEFORE = re.compile(
    r"\b"
    + _any_of(
        r"""
        told tells? asked asks? saw seen sees? reviewed met meet(?:ing)? thank called phoned examined
        discussed_with sp(?:oke|eak)_(?:to|with) referred_by according_to drawn_from specimen_from signed_by
        (?:written|reviewed|dictated|arranged|prescribed|told)_by interview_with give gave behalf_of agreed_with
        named twins jumeaux jumelles pt patient boy girl baby roommate neighbou?r nurse resident attending
        caller consultant physician pharmacist midwife guardian witness(?:es)? sergeant officer aunt(?:ie)?
        uncle cousin brother sister son daughter husband wife mother father partner courtesy_of go_by really vu
        revu reverrons selon chez dites_à demandé_à parlé_à téléphonique_avec entretien_avec adressé_par(?:_le)?
        signé(?:_électroniquement)?(?:_par)? dicté_par rédigé_par relu_par validé_avec copie_à rappeler_à
        donner?_[\w’'_]{1,20}_à de_la_part_de remercions posée_à certifie_que prénommée? infirmi(?:er|ère)
        interne patiente? adjudant capitaine pharmacien(?:ne)? professeur docteur tante oncle voisine?
        colocataire compagnon compagne mari femme fils fille frère s(?:œ|oe)ur mère père enfant bébé appel_de
        prélèvement_de suivi_de ici on_me_surnomme accompagnée?_de présence_de présence_d
        """
    )
    + r"[,:;’']?\s?(?:\(|-\s)?$"
)
"""What is said to, by or about somebody whose name follows."""
PERSON_AFTER = re.compile(
    r"(?:\s"
    + _any_of(
        r"""
        says? said reports? told tells asks? asked came refused fell complains denies thinks wants wanted
        noticed fainted swallowed feels felt underwent rang phoned snores agreed declined
        was_(?:admitted|discharged|seen|reviewed|referred) was_(?:told|given|brought)
        is_(?:allergic|pregnant|afebrile) and_i et_moi here dit demande signale refuse habite pense veut revient
        prend ronfle tousse a_(?:dit|refusé|appelé|demandé|avalé|vomi) est_(?:tombée?|venue?|passée?|vue?)
        a_été_(?:extubée?|opérée?|vue?|hospitalisée?) ne_peut s['’]est
        """
    )
    + r"\b|(?i:['’]s (?:mother|father|son|daughter|wife|husband|sister|brother|cast|chart)\b"
    r"|,\s\d{1,3}(?:\s?(?:ans|y|,))"
    r"|,\s(?:MD|RN|PhD|DO)\b|\s?:\s(?:temp|pulse|bp|pouls|TA\b)))"
)
"""What somebody does whose name comes first, or what belongs to them."""
ONE_PERSON = re.compile(
    r"\b(?:I|(?i:my|me|we|our|he|she|his|her|him|who|patient|mr|mrs|ms|dr|je|j['’]\w+|mon|ma|mes|nous|notre|il|elle|son|sa"
    r"|patiente|m|mme|mon|yo|mi|vive|vivo|paciente|él|ella|su|lives?|born|moved|resid\w+|habit\w+|née?|original\w*"
    r"|originaire|admitted|transferred|ambulance|mother|father|mère|père|aged?|âgée?))\b|\d\s?(?:ans|y/?o|[FM]\b)|year-old"
    r"|[A-ZÀ-Þ][\w’'-]+\s[A-ZÀ-Þ][\w’'-]+\s(?:of|de)\s"
)
"""What a sentence says of one person. Trials, too, are "in Boston"."""
PLACED = re.compile(r"\b(?i:in|from|en|au|du|across|throughout|within)\s$")
"""Before the name of a country that is a given name, too: "Jordan", "Chad", "Dominique"."""
STATES = frozenset(
    "alabama alaska arizona arkansas california carolina colorado columbia connecticut dakota delaware florida georgia "
    "hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota "
    "mississippi missouri montana nebraska nevada hampshire jersey mexico york ohio oklahoma oregon pennsylvania rhode "
    "island tennessee texas utah vermont virginia washington wisconsin wyoming new north south west states united "
    "kingdom u s england scotland wales ireland france spain canada europe africa asia america".split()
)
"""Words of states and larger areas: they may stay (45 CFR 164.514(b)(2)(i)(B))."""
TITLES = frozenset(
    "mr mrs ms miss dr prof professor nurse sgt mme mlle pr professeur docteur st san saint sainte".split()
)
HAD = re.compile(r"(?i:\b(?:have|has|had|having|with (?:a|an)|j['’]ai|ai|as|a|ont|avait|un|une|tengo|tiene)\s)$")
"""Before the name of a disease."""
OF_NOBODY = frozenset(
    "january february march april june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday janvier fevrier mars avril mai juin juillet aout septembre octobre novembre "
    "decembre lundi mardi mercredi jeudi vendredi samedi dimanche hospital center centre foundation university library "
    "college scale score register institute clinic society ratio deficit section stage chronic early trials school "
    "department federation disease diseases syndrome syndromes disorder disorders cancer cancers infection "
    "infections injury injuries failure treatment treatments program veins nephritis medicine medicines information "
    "association academy ministry study studies project cohort survey inventory questionnaire schedule protocol "
    "consortium initiative network council committee hopital clinique universite institut fondation".split()
)
"""Words of the calendar, of institutions, and of headings in capitals."""
COORDINATED = re.compile(r",?\s(?:et|and|y|&)\s[A-ZÀ-Þ]")
