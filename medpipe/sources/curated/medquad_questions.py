"""Questions that MedQuAD's authors made of the headings of pages, where they do not ask what the text answers."""

from __future__ import annotations

import re

_RESEARCH = re.compile(r"what research \(or clinical trials\) is being done\b", re.IGNORECASE)
"""Asks what was under way when the page was written. The answers name institutes, or advertise trials."""
_CONSIDERATIONS = re.compile(r"What to do for (?P<about>.+?)\s*\?")
"""Made of NIDDK's sections "Eating, Diet, and Nutrition" and "Points to Remember"."""
_EATING = re.compile(r"\b(?:eat|diet|nutrition|drink|food|fluid)", re.IGNORECASE)
_POINTS = re.compile(r"\s*-\s")


def asked(heading: str, answer: str) -> str:
    """Return the question that the answer answers; "" when it answers none that is worth learning.

    "What to do for Gastritis?" becomes a question about eating and diet where the answer is about them. Points to
    remember, which repeat the page, answer nothing. Neither does what research was under way.
    """
    if _RESEARCH.match(heading):
        return ""
    if not (considerations := _CONSIDERATIONS.fullmatch(heading)):
        return heading
    if _POINTS.match(answer) or not _EATING.search(answer):
        return ""
    return f"What should people with {considerations['about']} know about eating, diet, and nutrition?"
