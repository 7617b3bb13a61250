"""The question types and their phrasings in French, whose sources ask whole questions: no type has headings.

The labels of triage and of decisions are the English ones in every language: they are codes.
"""

from __future__ import annotations

from medpipe.core.teaching.phrasings.question_type import (
    CHOICE,
    DECISION,
    FINDING,
    QUESTION,
    TRIAGE,
    Phrasings,
    QuestionType,
)

_TYPES = (
    QuestionType(
        FINDING,
        ("{focus}", "Question de recherche : {focus}", "Qu'a trouvé l'étude ? {focus}"),
        ("Que sait-on à ce sujet ? {focus}", "Un patient demande : {focus}"),
    ),
    QuestionType(
        QUESTION,
        ("{focus}", "Question d'un lecteur : {focus}", "Merci de répondre : {focus}"),
        ("J'aimerais savoir : {focus}", "Quelqu'un demande : {focus}"),
    ),
    QuestionType(
        CHOICE,
        ("{focus}", "Choisissez la bonne réponse. {focus}", "Question à choix multiples : {focus}"),
        ("Quelle option est juste ? {focus}", "Question d'examen : {focus}"),
    ),
    QuestionType(
        DECISION,
        ("{focus} Répondez yes, no ou maybe.", "Yes, no ou maybe : {focus}", "Décidez (yes, no ou maybe) : {focus}"),
        ("La réponse est-elle yes, no ou maybe ? {focus}", "{focus} Est-ce vrai : yes, no ou maybe ?"),
    ),
    QuestionType(
        TRIAGE,
        (
            "Quelle est l'urgence : immediate, medium ou delayed ? {focus}",
            "Tri (immediate, medium ou delayed) : {focus}",
            "{focus} Est-ce immediate, medium ou delayed ?",
        ),
        (
            "Merci d'évaluer l'urgence (immediate, medium ou delayed). {focus}",
            "{focus} Dans quel délai faut-il voir cette personne : immediate, medium ou delayed ?",
        ),
    ),
)

_PARAPHRASES = (
    "Pouvez-vous me dire ceci : {question}",
    "J'ai une question. {question}",
    "En bref : {question}",
    "Voici ce que je veux demander : {question}",
)

_PROBES = (
    "Y a-t-il du vrai dans ce que j'ai lu à ce sujet ? {question}",
    "Avant de décider, dites-moi : {question}",
    "J'ai lu quelque chose à ce sujet il y a un certain temps. {question}",
    "Ma sœur dit qu'elle le sait, mais je préfère l'entendre de vous. {question}",
    "Que sait-on aujourd'hui de ce qui suit ? {question}",
    "Pour une brochure destinée aux patients, répondez en une phrase : {question}",
    "Supposez qu'un étudiant vous demande : {question}",
)

_CERTIFYING = (
    "Docteur, encore une chose. {question}",
    "Une question, s'il vous plaît. {question}",
    "Juste pour être sûr : {question}",
    "Bonsoir docteur. {question}",
    "Écrivez la réponse pour un patient pressé. {question}",
    "J'ai oublié de demander ceci. {question}",
    "Merci. Une autre question : {question}",
)

PHRASINGS = Phrasings(_TYPES, _PARAPHRASES, _PROBES, _CERTIFYING)
