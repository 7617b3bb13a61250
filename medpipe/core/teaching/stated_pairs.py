"""Preference pairs from published sets that state which answer is better."""

from __future__ import annotations

from medpipe.core.corpus.document import Document, Section
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.teaching.drops import Drops
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.text import folded

PREFIX = "set:"
"""The beginning of the identity of every pair that a set states."""


def of_raters(pair: PreferencePair) -> bool:
    """Return whether clinicians gave a pair: it is about an answer on a sheet, which no user ever got."""
    return pair.answer_id.startswith("sheet/")


def of_users(pair: PreferencePair) -> bool:
    """Return whether users of the service gave a pair, and neither a published set nor clinicians."""
    return not pair.identity.startswith(PREFIX) and not of_raters(pair)


def stated(document: Document, max_answer_chars: int, guardrails: Guardrails) -> tuple[list[PreferencePair], Drops]:
    """Return the preferences that a document states: of each section with a `rejected` answer, its text is chosen.

    No user gave them, so no cap applies: `identity` is `set:` with the source, `answer_id` is the document's id
    with the section's number. Also returns by reason what was left out: questions that are refused, chosen
    answers that may not be served, and pairs with an answer of more than `max_answer_chars` characters.
    """
    pairs, dropped = [], Drops()
    for number, section in enumerate(document.sections):
        if not section.rejected:
            continue
        if reason := _unfit(section, max_answer_chars, guardrails):
            dropped[reason] += 1
        else:
            pairs.append(_stated_pair(document, number, section))
    return pairs, dropped


def _stated_pair(document: Document, number: int, section: Section) -> PreferencePair:
    return PreferencePair(
        question=section.heading,
        chosen=section.text,
        rejected=section.rejected,
        answer_id=f"{document.id}#{number}",
        identity=f"{PREFIX}{document.source}",
        document_ids=(document.id,),
        document_revisions=(document.revision,),
    )


def _unfit(section: Section, max_chars: int, guardrails: Guardrails) -> str:
    """Return why a stated preference may not teach, or "" when it may."""
    if folded(section.text) == folded(section.rejected):
        return "same-as-answer"
    if max(len(section.text), len(section.rejected)) > max_chars:
        return "too-long"
    if guardrails.screen(section.heading).risk == "high":
        return "refused-question"
    return "" if guardrails.review(section.text).safe else "unsafe-answer"
