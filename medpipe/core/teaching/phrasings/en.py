"""The question types and their phrasings in English. English has every type that there is."""

from __future__ import annotations

from medpipe.core.teaching.phrasings.question_type import (
    AIM,
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
            "What are the treatments for {focus}?",
            "How is {focus} treated?",
            "What is the treatment for {focus}?",
            "How do doctors treat {focus}?",
        ),
        ("What can be done to treat {focus}?", "Which treatment is given for {focus}?"),
        ("How are {focus} treated?", "How to treat {focus}?", "Treatment of {focus}"),
        ("Treatment", "Treatments", "Treatment and therapies", "Therapy", "Management"),
    ),
    QuestionType(
        "symptoms",
        (
            "What are the symptoms of {focus}?",
            "How does {focus} show itself?",
            "What are the signs of {focus}?",
            "Which symptoms does {focus} cause?",
        ),
        ("What does somebody with {focus} notice?", "Which signs point to {focus}?"),
        ("What are the signs and symptoms of {focus}?", "Symptoms of {focus}"),
        ("Symptoms", "Signs and symptoms", "Signs"),
    ),
    QuestionType(
        "causes",
        ("What causes {focus}?", "What is the cause of {focus}?", "Why do people get {focus}?"),
        ("What leads to {focus}?", "Where does {focus} come from?"),
        ("What are the causes of {focus}?", "Causes of {focus}"),
        ("Causes", "Cause", "Etiology"),
    ),
    QuestionType(
        "susceptibility",
        ("Who is more likely to get {focus}?", "Who is at risk for {focus}?", "What are the risk factors for {focus}?"),
        ("Which people are most prone to {focus}?", "Who should be on the lookout for {focus}?"),
        (
            "Who gets {focus}?",
            "Who is more likely to have {focus}?",
            "Who is more likely to develop {focus}?",
            "Who is at risk of {focus}?",
            "Who is at higher risk for {focus}?",
            "Who can get {focus}?",
        ),
        ("Risk factors", "Who is at risk", "Susceptibility"),
    ),
    QuestionType(
        "exams and tests",
        ("How is {focus} diagnosed?", "How do doctors diagnose {focus}?", "Which test finds {focus}?"),
        ("How can one tell that it is {focus}?", "What shows that a patient has {focus}?"),
        (
            "How are {focus} diagnosed?",
            "How to diagnose {focus}?",
            "What tests diagnose {focus}?",
            "Diagnosis of {focus}",
        ),
        ("Diagnosis", "Diagnosis and tests", "Exams and tests", "Tests", "Diagnostic tests"),
    ),
    QuestionType(
        "prevention",
        ("How can {focus} be prevented?", "Can {focus} be prevented?", "How to prevent {focus}?"),
        ("What keeps people from getting {focus}?", "How does one avoid {focus}?"),
        ("How can I prevent {focus}?", "Prevention of {focus}"),
        ("Prevention",),
    ),
    QuestionType(
        "outlook",
        (
            "What is the outlook for {focus}?",
            "What is the prognosis of {focus}?",
            "What can people with {focus} expect?",
        ),
        ("How does {focus} usually turn out?", "What happens to people with {focus} in the long run?"),
        ("What is the prognosis for {focus}?", "What is the outlook for people with {focus}?"),
        ("Outlook", "Prognosis", "Outlook (prognosis)"),
    ),
    QuestionType(
        "considerations",
        ("What to do for {focus}?", "What should people with {focus} do?", "How does one live with {focus}?"),
        ("What is good advice for somebody with {focus}?", "What helps from day to day with {focus}?"),
        ("What should I do if I have {focus}?", "Living with {focus}"),
        ("Considerations", "Self care", "Living with"),
    ),
    QuestionType(
        "complications",
        (
            "What are the complications of {focus}?",
            "What problems can {focus} cause?",
            "What other problems does {focus} bring?",
        ),
        ("What may go wrong in {focus}?", "Which harm can follow from {focus}?"),
        ("What other problems can {focus} cause?", "Complications of {focus}"),
        ("Complications", "Possible complications"),
    ),
    QuestionType(
        "dosage",
        ("What is the usual dose of {focus}?", "How much {focus} is taken?", "What is the dosage of {focus}?"),
        ("How much {focus} should be given?", "In what amount is {focus} used?"),
        ("How should {focus} be used?", "How to use {focus}?"),
        ("Dosage", "Dose"),
    ),
    QuestionType(
        "side effects",
        (
            "What are the side effects of {focus}?",
            "What side effects does {focus} have?",
            "Which side effects can {focus} cause?",
        ),
        ("What unwanted effects does {focus} have?", "What may somebody who takes {focus} suffer from it?"),
        (),
        ("Side effects", "Adverse effects"),
    ),
    QuestionType(
        "inheritance",
        ("Is {focus} inherited?", "How is {focus} inherited?", "Does {focus} run in families?"),
        ("Do parents pass {focus} on to children?", "Is {focus} hereditary?"),
        (),
        ("Inheritance", "Inheritance pattern"),
    ),
    QuestionType(
        "frequency",
        ("How many people are affected by {focus}?", "How common is {focus}?", "How often does {focus} occur?"),
        ("How rare is {focus}?", "How many people have {focus}?"),
        (),
        ("Frequency", "Statistics"),
    ),
    QuestionType(
        "genetic changes",
        (
            "What are the genetic changes related to {focus}?",
            "Which genes are related to {focus}?",
            "Which genetic changes occur in {focus}?",
        ),
        ("Which mutations are behind {focus}?", "What is known about the genetics of {focus}?"),
        (),
        ("Genetic changes",),
    ),
    QuestionType(
        "stages",
        ("What are the stages of {focus}?", "Which stages does {focus} have?", "How is {focus} staged?"),
        ("Through which stages does {focus} go?", "How do doctors tell the stages of {focus} apart?"),
        (),
        ("Stages", "Staging"),
    ),
    QuestionType(
        "research",
        (
            "What research (or clinical trials) is being done for {focus}?",
            "What research is done on {focus}?",
            "Which trials study {focus}?",
        ),
        ("What are researchers finding out about {focus}?", "Is {focus} being studied?"),
        (),
        ("Research", "Clinical trials"),
    ),
    QuestionType(
        "support groups",
        (
            "Where to find support for people with {focus}?",
            "Where do people with {focus} find support?",
            "Which groups support people with {focus}?",
        ),
        ("Who helps people with {focus}?", "Where can somebody with {focus} turn to?"),
        (),
        ("Support groups",),
    ),
    QuestionType(
        OVERVIEW,
        ("What should I know about {focus}?", "What is there to know about {focus}?", "Give me the basics of {focus}."),
        ("What matters about {focus}?", "Can you give me an overview of {focus}?"),
    ),
    QuestionType(  # after all other types about a condition: "What is …" would match their headings
        "information",
        ("What is {focus}?", "What does {focus} mean?", "Tell me about {focus}."),
        ("Explain {focus} in plain words.", "Can you describe {focus}?"),
        ("What is (are) {focus}?", "What are {focus}?", "Do you have information about {focus}?"),
        ("Information", "Summary", "Overview", "Introduction", "Description", "Definition"),
    ),
    QuestionType(
        FINDING,
        ("{focus}", "Research question: {focus}", "What did the study find? {focus}"),
        ("What is the evidence on this: {focus}", "A patient asks: {focus}"),
    ),
    QuestionType(
        AIM,
        (
            "What did a study find that set out {focus}?",
            "A study set out {focus}. What did it conclude?",
            "Aim of a study: {focus}. What was the conclusion?",
        ),
        ("Researchers wanted {focus}. What came out?", "What is known since a study was made {focus}?"),
    ),
    QuestionType(
        QUESTION,
        ("{focus}", "Question from a reader: {focus}", "Please answer: {focus}"),
        ("I would like to know: {focus}", "Somebody asks: {focus}"),
    ),
    QuestionType(
        CHOICE,
        ("{focus}", "Choose the right answer. {focus}", "Multiple choice: {focus}"),
        ("Which option is right? {focus}", "Exam question: {focus}"),
    ),
    QuestionType(
        DECISION,
        ("{focus} Answer yes, no or maybe.", "Yes, no or maybe: {focus}", "Decide (yes, no or maybe): {focus}"),
        ("Is the answer yes, no or maybe? {focus}", "{focus} Is it so: yes, no or maybe?"),
    ),
    QuestionType(
        TRIAGE,
        (
            "How urgent is this: immediate, medium or delayed? {focus}",
            "Triage (immediate, medium or delayed): {focus}",
            "{focus} Is this immediate, medium or delayed?",
        ),
        (
            "Please judge the urgency (immediate, medium or delayed). {focus}",
            "{focus} How soon must this person be seen: immediate, medium or delayed?",
        ),
    ),
)

_PARAPHRASES = (
    "Could you tell me this: {question}",
    "I have a question. {question}",
    "In short: {question}",
    "Here is what I want to ask: {question}",
)

_PROBES = (
    "Is there any truth in what I read about this? {question}",
    "Before I decide, tell me: {question}",
    "I read about this some time ago. {question}",
    "My sister says that she knows, but I would like to hear it from you. {question}",
    "What is known today about the following? {question}",
    "For a leaflet for patients, answer in one sentence: {question}",
    "Suppose that a student asks you: {question}",
)

_CERTIFYING = (
    "Doctor, one more thing. {question}",
    "One question, please. {question}",
    "Just to be sure: {question}",
    "Good evening, doctor. {question}",
    "Write the answer for a patient who is in a hurry. {question}",
    "I forgot to ask this. {question}",
    "Thank you. Another question: {question}",
)

PHRASINGS = Phrasings(_TYPES, _PARAPHRASES, _PROBES, _CERTIFYING)
