"""What a question asks about a condition: the words by which each question type is recognised in any phrasing.

`core.teaching.questions` recognises headings by whole templates, because a heading that is read wrongly would be
taught. Here a question must be recognised however a person words it, so one word is enough, and a question can be of
several types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from medpipe.core.teaching.phrasings import OVERVIEW
from medpipe.core.text import normalise, unaccented

_GENERAL = frozenset({"information", OVERVIEW})

_PATTERNS: Mapping[str, str] = {
    "treatment": r"treat|therap|\bcur(e|es|ed|ing|able)\b|drug|medic(in|at)|remed|\bheal|\bmanag|relie[fv]|\bpills?\b|"
    r"prescri|surg|operat|(help|work|good|given|taken?|use|used|works|helps) (for|against|with)|get rid|\bfight|"
    r"tackl|\beases?\b|trata|terap|medicament|soign|traite|gueri",
    "symptoms": r"symptom|\bsigns?\b|notic|looks? like|\bfeel|shows? (itself|up)|manifest|complain|present with|"
    r"suffer|experience|sintoma|senales|symptome|signes",
    "causes": r"what (\w+ ){0,2}caus|\bcauses? (of|for|behind)|caus(ed|al|ing)\b|the cause\b|etiolog|"
    r"leads? to|comes? from|coming from|origin|\bbehind|reason|trigger|brings? on|brought on|provok|responsible|"
    r"due to|arise|\bwhy\b|bring about|give rise|makes? people|causad|causa de|causas|porque|provoca|pourquoi|origine",
    "susceptibility": r"\bwho(m|se)?\b|(?<!lower the )(?<!lowers the )(?<!reduce the )(?<!reduces the )"
    r"risk|likely|prone|suscept|lookout|vulnerab|predispos|mostly affect|affects?\b|"
    r"populat|which people|what people|strikes?\b|quien|riesgo|\bqui\b|risque|afecta",
    "exams and tests": r"diagnos|\btest|\bexam|detect|confirm|find out|(can|do|does) (one|you|i|we|they|doctors) "
    r"(tell|know|see|spot|find)|identif|recogni|screen|\bscan|\bcheck|shows? that|reveal|\bspot|prueba|depist|proof",
    "prevention": r"preven|avoid|protect|vaccin|\bkeeps?\b.* from|keep away|ward off|stave|immun|"
    r"stops? (\w+ ){1,6}from|(lower|reduce|decrease|cut)s? the (risk|chance)|guard|evita|empech|evite|proteg",
    "outlook": r"outlook|prognos|expect|turn out|long run|surviv|recover|get better|pronostic",
    "considerations": r"what (to|should|can|do)\b.* do\b|liv(e|ing) with|advice|day to day|cope|deal with",
    "complications": r"complicat|problem|go wrong|\bharm|consequence|happens? if",
    "dosage": r"\bdos(e|es|age|is)\b|how much|amount|posolog|how often .* take",
    "side effects": r"side effect|unwanted|adverse|suffer from|tolerat|efectos secund|effets (indes|second)",
    "inheritance": r"inherit|heredit|in (the |my |our )?famil|pass(ed)? .*on\b|passed down|hered",
    "frequency": r"how (many|common|often|rare|frequent)|frequen|prevalen|incidence|statistic",
    "genetic changes": r"\bgene|mutation|\bdna\b|chromosom",
    "stages": r"\bstag|phases?\b|etapas|stade",
    "research": r"research|\btrials?\b|stud(y|ies|ied)",
    "support groups": r"support|who helps|turn to|self-help|associations?\b",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}


def asks(question: str, question_type: str) -> bool:
    """Return whether a question may be of a type about a condition.

    A question without a word of any other type asks for `information` or an `overview`. True for a type that is not
    known here.
    """
    plain = unaccented(normalise(question))
    if question_type in _COMPILED:
        return bool(_COMPILED[question_type].search(plain))
    return question_type not in _GENERAL or not any(pattern.search(plain) for pattern in _COMPILED.values())
