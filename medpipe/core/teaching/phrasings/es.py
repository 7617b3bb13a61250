"""The question types and their phrasings in Spanish: the headings of MedlinePlus's pages ("¿Cómo se trata …?").

The labels of triage and of decisions are the English ones in every language: they are codes.
"""

from __future__ import annotations

from medpipe.core.teaching.phrasings.question_type import (
    CHOICE,
    DECISION,
    FINDING,
    OVERVIEW,
    QUESTION,
    TRIAGE,
    Phrasings,
    QuestionType,
)

_TYPES = (
    QuestionType(
        "treatment",
        (
            "¿Cuáles son los tratamientos para {focus}?",
            "¿Cómo se trata {focus}?",
            "¿Cuál es el tratamiento de {focus}?",
            "¿Qué tratamiento tiene {focus}?",
        ),
        ("¿Qué se puede hacer para tratar {focus}?", "¿Qué se da a quien tiene {focus}?"),
        (
            "¿Cómo se tratan {focus}?",
            "¿Cuál es el tratamiento para {focus}?",
            "¿Cuáles son los tratamientos de {focus}?",
            "¿Cómo tratar {focus}?",
            "Tratamiento de {focus}",
        ),
        (
            "Tratamiento",
            "Tratamientos",
            "Tratamientos y terapias",
            "Terapia",
            "Cómo se trata",
            "Cuáles son los tratamientos",
        ),
    ),
    QuestionType(
        "symptoms",
        ("¿Cuáles son los síntomas de {focus}?", "¿Qué síntomas causa {focus}?", "¿Cuáles son los signos de {focus}?"),
        ("¿Qué nota una persona con {focus}?", "¿Qué señales apuntan a {focus}?"),
        ("¿Cuáles son los signos y síntomas de {focus}?", "¿Cuáles son las señales de {focus}?", "Síntomas de {focus}"),
        ("Síntomas", "Signos y síntomas", "Cuáles son los síntomas"),
    ),
    QuestionType(
        "causes",
        ("¿Qué causa {focus}?", "¿Cuáles son las causas de {focus}?", "¿Por qué aparece {focus}?"),
        ("¿Qué lleva a {focus}?", "¿De dónde viene {focus}?"),
        ("¿Qué causan {focus}?", "¿Cuál es la causa de {focus}?", "¿A qué se debe {focus}?", "Causas de {focus}"),
        ("Causas", "Causa", "Qué lo causa", "Qué la causa", "Cuáles son las causas"),
    ),
    QuestionType(
        "susceptibility",
        (
            "¿Quién tiene más probabilidades de tener {focus}?",
            "¿Quién está en riesgo de tener {focus}?",
            "¿Cuáles son los factores de riesgo de {focus}?",
        ),
        ("¿Qué personas son más propensas a {focus}?", "¿Quién debe estar atento a {focus}?"),
        (
            "¿Quién tiene más probabilidades de desarrollar {focus}?",
            "¿Quién está en riesgo de desarrollar {focus}?",
            "¿Quiénes tienen más probabilidades de tener {focus}?",
            "¿Quién corre el riesgo de tener {focus}?",
            "¿Quién está en riesgo de {focus}?",
            "¿Quién corre riesgo de {focus}?",
            "¿Cuáles son los factores de riesgo para {focus}?",
        ),
        ("Factores de riesgo", "Quién está en riesgo", "Quién corre riesgo"),
    ),
    QuestionType(
        "exams and tests",
        ("¿Cómo se diagnostica {focus}?", "¿Cómo diagnostican los médicos {focus}?", "¿Qué prueba detecta {focus}?"),
        ("¿Cómo se sabe que se trata de {focus}?", "¿Qué muestra que un paciente tiene {focus}?"),
        ("¿Cómo se diagnostican {focus}?", "¿Cómo diagnosticar {focus}?", "Diagnóstico de {focus}"),
        ("Diagnóstico", "Diagnóstico y exámenes", "Exámenes", "Pruebas", "Cómo se diagnostica"),
    ),
    QuestionType(
        "prevention",
        ("¿Se puede prevenir {focus}?", "¿Cómo se puede prevenir {focus}?", "¿Cómo prevenir {focus}?"),
        ("¿Qué evita que las personas tengan {focus}?", "¿Cómo se evita {focus}?"),
        (
            "¿Se pueden prevenir {focus}?",
            "¿Cómo se pueden prevenir {focus}?",
            "¿Es posible prevenir {focus}?",
            "¿Cómo puedo prevenir {focus}?",
            "¿Cómo se previene {focus}?",
            "Prevención de {focus}",
        ),
        ("Prevención", "Se puede prevenir", "Cómo se puede prevenir"),
    ),
    QuestionType(
        "outlook",
        (
            "¿Cuál es el pronóstico de {focus}?",
            "¿Cuál es el pronóstico para {focus}?",
            "¿Qué pueden esperar las personas con {focus}?",
        ),
        ("¿Cómo suele terminar {focus}?", "¿Qué les pasa a la larga a las personas con {focus}?"),
        (),
        ("Pronóstico", "Perspectivas", "Expectativas (pronóstico)"),
    ),
    QuestionType(
        "considerations",
        ("¿Qué hacer en caso de {focus}?", "¿Qué deben hacer las personas con {focus}?", "¿Cómo se vive con {focus}?"),
        ("¿Qué consejo es bueno para una persona con {focus}?", "¿Qué ayuda en el día a día con {focus}?"),
        ("¿Qué debo hacer si tengo {focus}?", "Vivir con {focus}"),
        ("Consideraciones", "Autocuidado"),
    ),
    QuestionType(
        "complications",
        (
            "¿Qué otros problemas puede causar {focus}?",
            "¿Cuáles son las complicaciones de {focus}?",
            "¿Qué problemas puede causar {focus}?",
        ),
        ("¿Qué puede salir mal en {focus}?", "¿Qué daño puede seguir a {focus}?"),
        ("¿Qué otros problemas pueden causar {focus}?", "Complicaciones de {focus}"),
        ("Complicaciones", "Posibles complicaciones"),
    ),
    QuestionType(
        "side effects",
        (
            "¿Cuáles son los efectos secundarios de {focus}?",
            "¿Qué efectos secundarios tiene {focus}?",
            "¿Qué efectos secundarios puede causar {focus}?",
        ),
        ("¿Qué efectos no deseados tiene {focus}?", "¿Qué puede sufrir quien toma {focus}?"),
        (),
        ("Efectos secundarios", "Efectos adversos"),
    ),
    QuestionType(
        "inheritance",
        ("¿{focus} es hereditario?", "¿Cómo se hereda {focus}?", "¿Se hereda {focus}?"),
        ("¿Pasan los padres {focus} a sus hijos?", "¿Viene de familia {focus}?"),
        ("¿{focus} es hereditaria?",),
        ("Herencia", "Patrón de herencia"),
    ),
    QuestionType(
        "frequency",
        ("¿A cuántas personas afecta {focus}?", "¿Qué tan común es {focus}?", "¿Con qué frecuencia ocurre {focus}?"),
        ("¿Qué tan raro es {focus}?", "¿Cuántas personas tienen {focus}?"),
        (),
        ("Frecuencia", "Estadísticas"),
    ),
    QuestionType(
        OVERVIEW,
        ("¿Qué debo saber sobre {focus}?", "¿Qué hay que saber sobre {focus}?", "Deme una introducción a {focus}."),
        ("¿Qué es lo más importante sobre {focus}?", "¿Puede darme una idea general de {focus}?"),
    ),
    QuestionType(  # after all other types about a condition: "¿Qué es …?" would match their headings
        "information",
        ("¿Qué es {focus}?", "¿Qué significa {focus}?", "Hábleme de {focus}."),
        ("Explique {focus} con palabras sencillas.", "¿Puede describir {focus}?"),
        ("¿Qué son {focus}?", "¿Qué se entiende por {focus}?"),
        ("Información", "Resumen", "Introducción", "Descripción", "Definición", "Qué es", "Qué son"),
    ),
    QuestionType(
        FINDING,
        ("{focus}", "Pregunta de investigación: {focus}", "¿Qué encontró el estudio? {focus}"),
        ("¿Qué evidencia hay sobre esto? {focus}", "Un paciente pregunta: {focus}"),
    ),
    QuestionType(
        QUESTION,
        ("{focus}", "Pregunta de un lector: {focus}", "Por favor, responda: {focus}"),
        ("Me gustaría saber: {focus}", "Alguien pregunta: {focus}"),
    ),
    QuestionType(
        CHOICE,
        ("{focus}", "Elija la respuesta correcta. {focus}", "Opción múltiple: {focus}"),
        ("¿Qué opción es correcta? {focus}", "Pregunta de examen: {focus}"),
    ),
    QuestionType(
        DECISION,
        ("{focus} Responda yes, no o maybe.", "Yes, no o maybe: {focus}", "Decida (yes, no o maybe): {focus}"),
        ("¿La respuesta es yes, no o maybe? {focus}", "{focus} ¿Es así: yes, no o maybe?"),
    ),
    QuestionType(
        TRIAGE,
        (
            "¿Qué tan urgente es: immediate, medium o delayed? {focus}",
            "Triaje (immediate, medium o delayed): {focus}",
            "{focus} ¿Es immediate, medium o delayed?",
        ),
        (
            "Por favor, juzgue la urgencia (immediate, medium o delayed). {focus}",
            "{focus} ¿Cuándo hay que ver a esta persona: immediate, medium o delayed?",
        ),
    ),
)

_PARAPHRASES = (
    "¿Me puede decir esto? {question}",
    "Tengo una pregunta. {question}",
    "En pocas palabras: {question}",
    "Esto es lo que quiero preguntar: {question}",
)

_PROBES = (
    "¿Hay algo de cierto en lo que leí sobre esto? {question}",
    "Antes de decidir, dígame: {question}",
    "Leí sobre esto hace algún tiempo. {question}",
    "Mi hermana dice que lo sabe, pero prefiero oírlo de usted. {question}",
    "¿Qué se sabe hoy de lo siguiente? {question}",
    "Para un folleto para pacientes, responda en una frase: {question}",
    "Suponga que un estudiante le pregunta: {question}",
)

_CERTIFYING = (
    "Doctora, una cosa más. {question}",
    "Una pregunta, por favor. {question}",
    "Solo para estar seguro: {question}",
    "Buenas noches, doctora. {question}",
    "Escriba la respuesta para un paciente que tiene prisa. {question}",
    "Se me olvidó preguntar esto. {question}",
    "Gracias. Otra pregunta: {question}",
)

PHRASINGS = Phrasings(_TYPES, _PARAPHRASES, _PROBES, _CERTIFYING)
