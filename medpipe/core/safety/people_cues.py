"""The words and places in a sentence by which `core.safety.people` tells a person, a home and an eponym apart."""

from __future__ import annotations

import re

CAPITAL = "A-ZÀ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶŁĹĻĽŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŴŶŹŻŽȘȚ"
"""Capitals of the Latin alphabets of Europe, Turkey and Vietnam, as a part of a character class."""
OF_MEDICINE_AFTER = re.compile(
    rf"(?:-[\w’'-]+)*[’']?s?\s+(?:(?:and|et|y)\s[{CAPITAL}][\w’'-]+\s|[a-zà-ÿ]+\s(?=syndrome|hazards|index))?(?i:disease|syndrome|disorder|phenomenon|sign|test|score|scale|law|virus|tumou?r|lymphoma"
    r"|sarcoma|palsy|cells?|reflex|fracture|index|catheter|ultrasound|procedure|operation|model|curve|method|criteria"
    r"|classification|thyroiditis|esophagus|oesophagus|anemia|anaemia|nodes?|body|bodies|duct|fever|study|trial|triad"
    r"|maneuver|manoeuvre|syndromes|cysts?|neuroma|ulcers?|palsies|contracture|crisis|diverticulum|chorea|dementia"
    r"|wort|rule|technique|blot|tests|signs|correlation|coefficient|paralysis|ratio|exact|rank|syndromic|anomal(?:y|ies)|sequence|hazards?|regression|models|concordance|status|staging|level|class"
    r"|dystroph\w+|\w+(?:itis|osis|oma|emia|pathy|asthenia))\b"
)
OF_MEDICINE_BEFORE = re.compile(
    r"(?i:\b(?:disease|syndrome|circle|islets|tetralogy|described|loop|bundle|canal|angle|organ) (?:of|by)\s+(?:the\s)?"
    r"|\b(?:maladie|syndrome|phénomène|thyroïdite|lymphome|signe|test|score|échelle|sonde|canal|indice|loi|modèle|anse"
    r"|étude|critères?|courbes?|cellules?|fibres?|plaques?|virus|triade|fracture|opération|manœuvre|tests"
    r"|mal|classification|coefficients?(?:\s\w)?|chi\s(?:deux|2)|facteurs?|toxines?|particules?|anémie|bacilles?|chorée"
    r"|sarcome|trompes?"
    r"|institut(?:e|o)?|hôpital|clinique|fondation|revue|université|laboratoires?|stade\s\w+|staged\sas|grade"
    r"|enfermedad|síndrome|fenómeno|tiroiditis|linfoma|signo|prueba|escala|sonda|vitamine?a?)\s+"
    r"(?:de\s(?:la\s)?|d[’']|del\s|du\s)?)$"
)
OF_A_WORD = re.compile(r"(?:^|[\s(’'])(\w{3,})\s(?:de\s|d[’'])$|\bet\sde\s$")
"""French and Spanish put an eponym after a noun: "les cellules de Schwann et de Purkinje"."""
OF = re.compile(r"\s(?:de|du|[dD][’'])")
HUMAN = frozenset(
    "mère père mari femme fils fille frère soeur sœur oncle tante ami amie patient patiente dossier nom prénom parents "
    "enfant enfants bébé avis courrier lettre cas suivi ecg prélèvement bilan médecin chevilles main pied état visite "
    "mum mom dad mother father wife husband patient patients madame monsieur maman papa mamie papi caller nurse doctor "
    "care behalf name names family records record notes history request hands death birth parents seen "
    "written "
    "reviewed signed dictated performed accompanied assisted given told treated done made taken sent operated admitted "
    "madre padre marido esposa esposo hijo hija hermano hermana amigo amiga paciente nombre caso lors près auprès "
    "présence appel arrivée sortie entrée demande réponse consentement domicile dr".split()
)
"""Nouns that have to do with a person when "de" and a name follow."""
HOME_BEFORE = re.compile(
    r"(?i:\b(?:in|at|from|near|to|habite|vive en|(?:habit|viv|vis|vit|résid|déménag|domicili|venu|vien|né"
    r"|origin|resid|mud)"
    r"\w*\s+(?:à|de|en|au|a))\s+(?:the\s|la\s|le\s)?)$"
    rf"|(?<=[\w,]\s)[{CAPITAL}][\w’'-]+\s(?:of|de)\s$"
)


def _any_of(words: str) -> str:
    """Return a pattern for one of the words, in any case. An underscore in them stands for a space."""
    return f"(?i:{'|'.join(words.split())})".replace("_", r"\s")


PERSON_BEFORE = re.compile(
    r"\b"
    + _any_of(
        r"""
        (?:requested|performed|assisted|obtained|recommended|taken|sent|confirmed|witnessed|accompanied|examined)_by
        (?:assessed|countersigned|discussed)_by (?:bed|room|bay|cubicle|lit|chambre|box)_\d{1,3}[A-Z]?,?:?
        \w+(?:ology|ologie|surgery|chirurgie|medicine|médecine|registrar|consultant|senior|interne)_\(
        (?:family|care|partner|father|mother|daughter|son)_of (?:call|message|letter|input|handover)_from
        (?:demandé|opéré|recueilli|réalisé|validé|accompagné|examiné)e?s?_par aidée?_de
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
        needs weighs lives eats ate slept sleeps woke mentioned can(?:not|['’]t) won['’]t attended texted returned
        tolerated died will_need takes_(?=[A-Z]) has_(?:asthma|diabetes|a_(?:cough|fever|rash|cold|temperature))
        (?:is|was|has_been|remains|remained)_(?:improving|afebrile|stable|well|unwell|vomiting|coughing|febrile|pale)
        (?:is|was)_(?:extubated|intubated|comfortable|alert|drowsy|confused|anxious|keen|happy|tearful|upset|scared|ambulating)
        (?:is|was)_(?:doing|feeling|taking|eating|drinking|complaining|waiting|asking|breastfeeding|crying|sleeping|walking)
        est_(?:confortable|consciente?|confuse?|anxieu(?:x|se)|somnolente?|inqui(?:et|ète)|fatiguée?|extubée?|intubée?|à_jeun)
        (?:is|was)_(?:still|due|worried|awake|asleep|an?_\d|an?_(?:\w+_)?(?:boy|girl|man|woman|lady|gentleman))
        pèse mange dort boit saigne(?:-t)? tète doit cherche accepte ne_(?:bouge|dort|mange|prend)\w* s['’]améliore
        est_(?:asthmatique|allergique|apyrétique|diabétique|enceinte|stable|une?_(?:\w+_)?(?:garçon|fille|homme|femme))
        a_(?:bien|mal)_dormi a_besoin_d pourrait-(?:il|elle) devra_être
        again too_(?:young|old|small) est-(?:il|elle)_trop
        says? said reports? told tells asks? asked came refused fell complains denies thinks wants wanted
        noticed fainted swallowed feels felt underwent rang phoned snores agreed declined
        was_(?:admitted|discharged|seen|reviewed|referred) was_(?:told|given|brought)
        is_(?:allergic|pregnant|afebrile) and_i et_moi here dit demande signale refuse habite pense veut revient
        prend ronfle tousse a_(?:dit|refusé|appelé|demandé|avalé|vomi) est_(?:tombée?|venue?|passée?|vue?)
        a_été_(?:extubée?|opérée?|vue?|hospitalisée?) ne_peut s['’]est
        """
    )
    + r"\b|,?\s(?:who|whose|whom)\b|(?i:['’]s (?:mother|father|son|daughter|wife|husband|sister|brother|cast|chart)\b"
    r"|,\s\d{1,3}(?:\s?(?:ans|y|,))"
    r"|,\s(?:MD|RN|PhD|DO)\b|\s?:\s(?:temp|pulse|bp|pouls|TA\b)))"
)
"""What somebody does whose name comes first, or what belongs to them."""
OF_IN_ENGLISH = re.compile(r"\b(\w{3,})\s(?:of|by)\s(?:the\s)?$")
OWNED = re.compile(r"[’']s\s([a-z]{3,})")
ALONE = re.compile(r"\.(?:\s|$)")
SCHEDULED = re.compile(r"\b\d{1,2}\s?[:h]\s?(?:\d{2}\s)?(?:-\s)?$")
SENTENCE_BEFORE = re.compile(r"[.?!:]\s*$")
THING_AFTER = re.compile(
    r"\s(?:doit|needs|can(?:not|['’]t)|will\sneed|(?:is|was)\s(?:still|due)|devra|prend|revient|died)\b"
)
"""What is said of people, and of drugs and tests as well."""
FAMILY_ENDS = re.compile(
    r"\w{3}(?:[oe]va?|enko|escu|ovi[cć]|sk[iay]|czyk|wicz|sson"
    r"|poulos|akis|idis|shvili|adze|yan|oglu|nen|quist|feld|stein)$"
)
"""Ends of family names of many languages that no list has all of."""
ONE_PERSON = re.compile(
    r"\b(?:I|(?i:my|me|we|our|he|she|his|her|him|who|patient|mr|mrs|ms|dr|je|j['’]\w+|mon|ma|mes|nous|notre|il|elle|son|sa"
    r"|patiente|m|mme|mon|yo|mi|vive|vivo|paciente|él|ella|su|lives?|born|moved|resid\w+|habit\w+|née?|original\w*"
    r"|originaire|admitted|transferred|ambulance|mother|father|mère|père|aged?|âgée?))\b|\d\s?(?:ans|y/?o|[FM]\b)|year-old"
    rf"|[{CAPITAL}][\w’'-]+\s[{CAPITAL}][\w’'-]+\s(?:of|de)\s"
)
"""What a sentence says of one person. Trials, too, are "in Boston"."""
PLACED = re.compile(r"\b(?i:in|from|en|au|du|across|throughout|within)\s$")
"""Before the name of a country that is a given name, too: "Jordan", "Chad", "Dominique"."""
STATES = frozenset(
    "alabama alaska arizona arkansas california carolina colorado columbia connecticut dakota delaware florida georgia "
    "hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota "
    "mississippi missouri montana nebraska nevada hampshire jersey mexico york ohio oklahoma oregon pennsylvania rhode "
    "island tennessee texas utah vermont virginia washington wisconsin wyoming new north south west states united "
    "kingdom u s england scotland wales ireland france spain canada europe africa african asia asian america "
    "american oceania caribbean latin native early dutch town vision".split()
)
"""Words of states and larger areas: they may stay (45 CFR 164.514(b)(2)(i)(B))."""
TITLES = frozenset(
    "mr mrs ms miss dr prof professor nurse sgt mme mlle pr professeur docteur st san saint sainte "
    "cher chere chers dear".split()
)
HAD = re.compile(r"\b(?:have|has|had|having|with (?:a|an)|[jJ]['’]ai|ai|as|a|ont|avait|un|une|tengo|tiene)\s$")
"""Before the name of a disease."""
CALENDAR = frozenset(
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday janvier fevrier mars avril mai juin juillet aout septembre octobre novembre "
    "decembre lundi mardi mercredi jeudi vendredi samedi dimanche spring summer autumn winter easter christmas "
    "noel ramadan paques  "
    "thanksgiving".split()
)
PARTICLES = frozenset("Le La Du Des De El Al Van Von Da Di Del Ben Bin St".split())
"""Before a family name, unless they begin a clause."""
ADDRESSED = re.compile(
    r"(?:^|[.!?\n]\s*)(?i:no|yes|ok|okay|sorry|well|sure|please|non|oui|désolée?|bien|d['’]accord),?\s$"
)
"""Before somebody who is spoken to, whose name a comma follows."""
LABEL = re.compile(
    r"(?i:(?:^|\n)\s*(?:re|cc|copie|attn|fao|objet|subject|sujet|scribe|secrétaire|concerne|asunto)\s?:\s)$"
)
"""Before the full name that a letter is about."""
OF_NOBODY = frozenset(
    "hospital chu chru wort center centre foundation university library "
    "college scale score register institute clinic society ratio deficit section stage chronic early trials school "
    "department federation disease diseases syndrome syndromes disorder disorders cancer cancers infection "
    "infections injury injuries failure treatment treatments program veins nephritis medicine medicines "
    "information mountain valley river lake island sea autorite haute agence  "
    "association academy ministry study studies project cohort survey inventory questionnaire schedule protocol "
    "consortium initiative network council committee hopital clinique universite institut fondation".split()
)
"""Words of institutions, and of headings in capitals."""
WHEN = frozenset("yesterday today tomorrow tonight hier demain aujourd’hui aujourd'hui".split())
COORDINATED = re.compile(rf"(?:,\s[{CAPITAL}][^\W\d_]+)*,?\s(?:et|and|y|&)\s([{CAPITAL}][^\W\d_]+)")
ARTICLE = re.compile(
    r"(?:(?i:\b(?:the|an?|her|his|their|its|my|your|our|mon|ton|son|le|la|les|du|des|aux?|une?|cette?|el|los|las)\s)|\b[lL][’'])$"
)
"""People have none."""
BESIDE = re.compile(r"\b(?i:by|with|from|per|par|avec|chez)\s$")
ENDED = re.compile(r"\s*(?:$|[.,;:)!?\n])|\s(?:in|on|at|from|this|today|en|au|à|ce|aux)\b")
"""What a person is named with, and what comes after the name."""
STATE_AFTER = re.compile(
    r"\s(?:(?:is|has|had|will|would|does|did)\s[a-z]|was\s(?:not|no|never)\s|est\s\w|a\s[a-zà-ÿ]|va\s|sera\s|doit\s|peut\s|s['’]\w|se\s)|\s(?:a-t|peut|doit|est|va)-(?:il|elle)\b"
)
"""What is said of people at the beginning of a clause, and of things as well."""
CITED = re.compile(r"\s?\)\s(?:syndrome|disease)|(?:,\s|\s\(|\s)(?:19|20)\d\d\b|,?\s?&|\s(?:et\sal\b|d\b(?![’']))")
"""After the name of an author or of a method."""
