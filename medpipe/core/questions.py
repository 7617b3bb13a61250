"""Question types, and the phrasings that training and evaluation use for each.

The types are MedQuAD's (Ben Abacha and Demner-Fushman, BMC Bioinformatics 2019, 20:511), which cover
MedlinePlus headings as well; `finding` is what a PubMed article concluded about the question in its
title; `question` is any other published question. No held-out phrasing is ever taught: it measures
whether a fact was learned and not the wording.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class Recognised(NamedTuple):
    """What a heading asks: its type, and what it asks about (for `finding` and `question`, the question)."""

    question_type: str
    focus: str


class QuestionType(NamedTuple):
    """`training[0]` is the heading as MedlinePlus would publish it; `others` are only recognised."""

    key: str
    training: tuple[str, ...]
    held_out: tuple[str, ...]
    others: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    """Headings without a focus, such as "Treatment": the focus is then the document's."""


FINDING = "finding"
QUESTION = "question"

_TYPES = (
    QuestionType(
        "treatment",
        ("What are the treatments for {focus}?", "How is {focus} treated?",
         "What is the treatment for {focus}?", "How do doctors treat {focus}?"),
        ("What can be done to treat {focus}?", "Which treatment is given for {focus}?"),
        ("How are {focus} treated?", "How to treat {focus}?", "Treatment of {focus}"),
        ("Treatment", "Treatments", "Treatment and therapies", "Therapy", "Management")),
    QuestionType(
        "symptoms",
        ("What are the symptoms of {focus}?", "How does {focus} show itself?",
         "What are the signs of {focus}?", "Which symptoms does {focus} cause?"),
        ("What does somebody with {focus} notice?", "Which signs point to {focus}?"),
        ("What are the signs and symptoms of {focus}?", "Symptoms of {focus}"),
        ("Symptoms", "Signs and symptoms", "Signs")),
    QuestionType(
        "causes",
        ("What causes {focus}?", "What is the cause of {focus}?", "Why do people get {focus}?"),
        ("What leads to {focus}?", "Where does {focus} come from?"),
        ("What are the causes of {focus}?", "Causes of {focus}"),
        ("Causes", "Cause", "Etiology")),
    QuestionType(
        "susceptibility",
        ("Who is more likely to get {focus}?", "Who is at risk for {focus}?",
         "What are the risk factors for {focus}?"),
        ("Which people are most prone to {focus}?", "Who should be on the lookout for {focus}?"),
        ("Who gets {focus}?", "Who is more likely to have {focus}?", "Who is more likely to develop {focus}?",
         "Who is at risk of {focus}?", "Who is at higher risk for {focus}?", "Who can get {focus}?"),
        ("Risk factors", "Who is at risk", "Susceptibility")),
    QuestionType(
        "exams and tests",
        ("How is {focus} diagnosed?", "How do doctors diagnose {focus}?", "Which test finds {focus}?"),
        ("How can one tell that it is {focus}?", "What shows that a patient has {focus}?"),
        ("How are {focus} diagnosed?", "How to diagnose {focus}?", "What tests diagnose {focus}?",
         "Diagnosis of {focus}"),
        ("Diagnosis", "Diagnosis and tests", "Exams and tests", "Tests", "Diagnostic tests")),
    QuestionType(
        "prevention",
        ("How can {focus} be prevented?", "Can {focus} be prevented?", "How to prevent {focus}?"),
        ("What keeps people from getting {focus}?", "How does one avoid {focus}?"),
        ("How can I prevent {focus}?", "Prevention of {focus}"),
        ("Prevention",)),
    QuestionType(
        "outlook",
        ("What is the outlook for {focus}?", "What is the prognosis of {focus}?",
         "What can people with {focus} expect?"),
        ("How does {focus} usually turn out?", "What happens to people with {focus} in the long run?"),
        ("What is the prognosis for {focus}?", "What is the outlook for people with {focus}?"),
        ("Outlook", "Prognosis", "Outlook (prognosis)")),
    QuestionType(
        "considerations",
        ("What to do for {focus}?", "What should people with {focus} do?", "How does one live with {focus}?"),
        ("What is good advice for somebody with {focus}?", "What helps from day to day with {focus}?"),
        ("What should I do if I have {focus}?", "Living with {focus}"),
        ("Considerations", "Self care", "Living with")),
    QuestionType(
        "complications",
        ("What are the complications of {focus}?", "What problems can {focus} cause?",
         "What other problems does {focus} bring?"),
        ("What may go wrong in {focus}?", "Which harm can follow from {focus}?"),
        ("What other problems can {focus} cause?", "Complications of {focus}"),
        ("Complications", "Possible complications")),
    QuestionType(
        "dosage",
        ("What is the usual dose of {focus}?", "How much {focus} is taken?",
         "What is the dosage of {focus}?"),
        ("How much {focus} should be given?", "In what amount is {focus} used?"),
        ("How should {focus} be used?", "How to use {focus}?"),
        ("Dosage", "Dose")),
    QuestionType(
        "side effects",
        ("What are the side effects of {focus}?", "What side effects does {focus} have?",
         "Which side effects can {focus} cause?"),
        ("What unwanted effects does {focus} have?", "What may somebody who takes {focus} suffer from it?"),
        (), ("Side effects", "Adverse effects")),
    QuestionType(
        "inheritance",
        ("Is {focus} inherited?", "How is {focus} inherited?", "Does {focus} run in families?"),
        ("Do parents pass {focus} on to children?", "Is {focus} hereditary?"),
        (), ("Inheritance", "Inheritance pattern")),
    QuestionType(
        "frequency",
        ("How many people are affected by {focus}?", "How common is {focus}?",
         "How often does {focus} occur?"),
        ("How rare is {focus}?", "How many people have {focus}?"),
        (), ("Frequency", "Statistics")),
    QuestionType(
        "genetic changes",
        ("What are the genetic changes related to {focus}?", "Which genes are related to {focus}?",
         "Which genetic changes occur in {focus}?"),
        ("Which mutations are behind {focus}?", "What is known about the genetics of {focus}?"),
        (), ("Genetic changes",)),
    QuestionType(
        "stages",
        ("What are the stages of {focus}?", "Which stages does {focus} have?", "How is {focus} staged?"),
        ("Through which stages does {focus} go?", "How do doctors tell the stages of {focus} apart?"),
        (), ("Stages", "Staging")),
    QuestionType(
        "research",
        ("What research (or clinical trials) is being done for {focus}?", "What research is done on {focus}?",
         "Which trials study {focus}?"),
        ("What are researchers finding out about {focus}?", "Is {focus} being studied?"),
        (), ("Research", "Clinical trials")),
    QuestionType(
        "support groups",
        ("Where to find support for people with {focus}?", "Where do people with {focus} find support?",
         "Which groups support people with {focus}?"),
        ("Who helps people with {focus}?", "Where can somebody with {focus} turn to?"),
        (), ("Support groups",)),
    QuestionType(  # the last of its kind: "What is …" would swallow the types above
        "information",
        ("What is {focus}?", "What does {focus} mean?", "Tell me about {focus}."),
        ("Explain {focus} in plain words.", "Can you describe {focus}?"),
        ("What is (are) {focus}?", "What are {focus}?", "Do you have information about {focus}?"),
        ("Information", "Summary", "Overview", "Introduction", "Description", "Definition")),
    QuestionType(
        FINDING,
        ("{focus}", "Research question: {focus}", "What did the study find? {focus}"),
        ("What is the evidence on this: {focus}", "A patient asks: {focus}")),
    QuestionType(
        QUESTION,
        ("{focus}", "Question from a reader: {focus}", "Please answer: {focus}"),
        ("I would like to know: {focus}", "Somebody asks: {focus}")),
)

TYPES = {one.key: one for one in _TYPES}
"""Every question type by its key."""

_CONCLUSION = re.compile(r"\b(conclusions?|interpretation)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


def normalise(text: str) -> str:
    """The words of a text, lower case, without punctuation: what decides that two questions are the same."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def recognise(heading: str, title: str) -> Recognised | None:
    """What a section answers, from its heading and its document's title (or focus); None when nothing.

    A conclusion under a title that is a question is a `finding`; another published question is a `question`.
    """
    cleaned = _cleaned(heading)
    for pattern, key in _PATTERNS:
        if found := pattern.fullmatch(cleaned):
            return Recognised(key, found["focus"].strip())
    if cleaned.casefold() in _BARE:
        return Recognised(_BARE[cleaned.casefold()], title.strip())
    asked = question_in(title)
    if asked and _CONCLUSION.search(heading):
        return Recognised(FINDING, asked)
    asked = question_in(heading)
    return Recognised(QUESTION, asked) if asked else None


def question_in(title: str) -> str:
    """The question that a title asks, without the brackets of a translated title; empty when it asks none."""
    bare = " ".join(title.split()).strip("[]. ")
    return re.sub(r"[?\s]+$", "?", bare[:bare.rindex("?") + 1]) if "?" in bare else ""


def phrase(question_type: str, focus: str, n: int) -> str:
    """The n-th training phrasing, from 0 and round again; raises KeyError for an unknown type."""
    templates = TYPES[question_type].training
    return templates[n % len(templates)].format(focus=focus)


def training(question_type: str, focus: str, count: int) -> tuple[str, ...]:
    """The first `count` training phrasings (or as many as there are), the published heading first."""
    return tuple(template.format(focus=focus) for template in TYPES[question_type].training[:count])


def held_out(question_type: str, focus: str) -> tuple[str, ...]:
    """The phrasings that only evaluation uses; raises KeyError for an unknown type."""
    return tuple(template.format(focus=focus) for template in TYPES[question_type].held_out)


def _cleaned(heading: str) -> str:
    return re.sub(r"[\s?:.]+$", "", " ".join(heading.split()))


def _pattern(template: str) -> re.Pattern[str]:
    before, after = _cleaned(template).split("{focus}")
    return re.compile(f"{re.escape(before)}(?P<focus>.+?){re.escape(after)}", re.IGNORECASE)


# Longest first, so that "What is (are) X" is not read as a question about "(are) X".
_PATTERNS = tuple((_pattern(template), one.key) for one in _TYPES if one.key not in (FINDING, QUESTION)
                  for template in sorted((*one.training, *one.held_out, *one.others), key=len, reverse=True))
_BARE = {heading.casefold(): one.key for one in _TYPES for heading in one.bare}
