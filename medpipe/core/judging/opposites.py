"""Words of which one denies the other, and names of medicines: what turns a statement into another one."""

from __future__ import annotations

import re

from medpipe.core.endings import stem
from medpipe.core.text import unaccented, words

_PAIRS = """
increase decrease, increase reduce, increase lower, raise lower, raise reduce, higher lower, high low, more less,
gain loss, gain lose, before after, safe dangerous, safe unsafe, safe harmful, common rare, common uncommon,
often rarely, always never, usually rarely, benign malignant, benign cancerous, acute chronic, left right, hot cold,
warm cold, mild severe, better worse, improve worsen, effective ineffective, curable incurable,
possible impossible, young old, younger older, short long, early late, start stop, begin end, fast slow, wide narrow,
widen narrow, relax tighten, men women, man woman, male female, boy girl, children adults, viral bacterial,
virus bacteria, sufficient insufficient, normal abnormal, regular irregular, inherited acquired,
contagious noncontagious, thick thin, full empty, strengthen weaken, strong weak, allow forbid,
recommended discouraged, present absent,
augmenter diminuer, augmente diminue, augmentation diminution, élevé bas, élevée basse, plus moins, avant après,
fréquent rare, fréquente rare, toujours jamais, bénin malin, bénigne maligne, aigu chronique, aiguë chronique,
efficace inefficace, sûr dangereux, améliore aggrave, améliorer aggraver, hommes femmes, enfants adultes,
viral bactérien,
aumentar disminuir, aumenta disminuye, aumenta reduce, alto bajo, alta baja, más menos, antes después, frecuente raro,
siempre nunca, benigno maligno, benigna maligna, agudo crónico, aguda crónica, eficaz ineficaz, seguro peligroso,
mejora empeora, mejorar empeorar, hombres mujeres, niños adultos, viral bacteriano
"""


def _opposites(pairs: str) -> dict[str, frozenset[str]]:
    """Return the stem of each word → those of its opposites."""
    table: dict[str, frozenset[str]] = {}
    for pair in pairs.replace("\n", " ").split(","):
        one, other = (stem(word) for word in pair.split())
        table[one] = table.get(one, frozenset()) | {other}
        table[other] = table.get(other, frozenset()) | {one}
    return table


_OPPOSITES = _opposites(_PAIRS)
_PREFIXES = (("hyper", "hypo"), ("tachy", "brady"), ("taqui", "bradi"))
_MEDICINE = re.compile(
    r"\w+(?:mabs?|[ts]inib|ib|pril|sartan|olol|statine?|statina|azole?|azol|cillin(?:e|a)?|cilina|mycin(?:e|a)?|micina"
    r"|floxacine?|floxacino|cycline|ciclina|oxetine?|oxetina|vir|gliptine?|gliptina|gliflozine?|glutide|glutida|dipine?"
    r"|dipino|azepam|zolam|caine|caina|profene?|profeno|parine?|parina|xaban|setron|triptan|triptán|lukast|dronate"
    r"|dronato|fibrate|fibrato|thiazide|tiazida|semide|semida|[hti]asone|sonide|solone|solona|barbital|tadine|zine"
    r"|prost|prosta|formine?|formina|opine|idone|apine|apina|terol|oxin|oxina|phylline|filina|dronic|platin|taxel|rubicin|zepine)"
)
"""Stems of the international nonproprietary names (WHO, "The use of stems in the selection of INN", 2018)."""
_OTHER_MEDICINES = frozenset(
    """
    aspirin aspirine aspirina paracetamol acetaminophen paracétamol insulin insuline insulina heparin warfarin morphine
    morfina codeine codéine codeína methotrexate lithium litio quinine digoxin steroids corticosteroids antibiotics
    antihistamines diuretics opioids penicillin penicilina cortisone naloxone tamoxifen metformin oxygen zinc iron
    vaccine vaccin vacuna surgery chirurgie cirugía radiotherapy chemotherapy
    """.split()
)


def turned(claim: str, premise: str) -> bool:
    """Return whether a claim has the opposite of a word of the premise, each without the other's word."""
    said, stated = ({stem(word) for word in words(text)} for text in (claim, premise))
    only_said, only_stated = said - stated, stated - said
    return any(_OPPOSITES.get(word, frozenset()) & only_stated or _prefixed(word) & only_stated for word in only_said)


def medicines(text: str) -> frozenset[str]:
    """Return the words of a text that name a medicine, without accents and without an e or an a at the end."""
    found = (word for word in words(text) if word in _OTHER_MEDICINES or _MEDICINE.fullmatch(word))
    return frozenset(re.sub(r"[aeos]+$", "", unaccented(word)) for word in found)


def _prefixed(word: str) -> set[str]:
    """Return the words that differ in a prefix which turns the sense: hypertension, hypotension."""
    pairs = [pair for one, other in _PREFIXES for pair in ((one, other), (other, one))]
    return {other + word.removeprefix(one) for one, other in pairs if word.startswith(one) and len(word) > len(one) + 3}
