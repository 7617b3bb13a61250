"""When to get help: what a document says about signs that cannot wait, as a sample for the scorer `omits`.

MedlinePlus says it in sentences and lists such as "Get medical help right away if you have …" and "Call 911 if …". A
model that answers every question about a condition and leaves these out is right on every other benchmark. Sentences
without urgency ("see your doctor if you are often dizzy") are left aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import standing
from medpipe.core.judging import slices
from medpipe.core.judging.evaluation import Sample
from medpipe.core.text import one_line, words

LANGUAGE = "en"
"""The language of the documents that samples are made from."""
QUESTION = "When should somebody with {focus} get medical help, and how?"

_MOST = 4
"""Signs that one sample asks for. An answer of one paragraph has room for so many."""

_ACT = r"\b(?:call|see|contact|tell|let|get|seek|go to|talk (?:to|with)|check with|dial|need)\b"
_EMERGENCY = r"(?:911|emergency (?:room|department|care|services|medical|help|number))"
_CARE = r"(?:(?:health ?care )?(?:provider|professional)|doctor|pediatrician|medical (?:help|care|attention|treatment))"
_HELP = rf"{_ACT}[^.!?]{{0,60}}\b(?:{_EMERGENCY}|{_CARE})\b"
_HELP_FIRST = re.compile(
    rf"{_HELP}[^.!?]{{0,40}}?\b(?:if|when|after|for(?= any| lumps?| a| an))\b(?P<signs>.*)", re.IGNORECASE
)
_SIGNS_FIRST = re.compile(
    rf"\b(?:if|when)\b(?P<signs>[^.!?]+?),(?: you should| then| you must| please)? {_HELP}", re.IGNORECASE
)
_CALLS_OUT = re.compile(_EMERGENCY, re.IGNORECASE)
_URGENT = re.compile(
    rf"{_EMERGENCY}|\b(?:right away|immediate(?:ly)?|at once|now|as soon as possible|urgent(?:ly)?|without delay)\b",
    re.IGNORECASE,
)
_ITEM = re.compile(r"(?:\n\s*|\s{2,})[-*•]\s+")
_BETWEEN_SIGNS = re.compile(r",(?: or| and)? | or (?=if |you )|; ")
_COMMON = frozenset(
    """
    about after along also away baby become becomes been before blow child does doesn especially even feel feeling
    following from gets have having immediately into just last lasts like more much necessary need other person
    right several signs somebody someone still such symptoms than that them then there these they think thinks this
    times when which while will with your
    """.split()
)
"""Words of four letters and more that name no sign."""


def samples(documents: Iterable[Document]) -> Iterator[Sample]:
    """Return a sample for each current English document that says when to get help, in the order of the documents."""
    for document in documents:
        if sample := sample_of(document):
            yield sample


def sample_of(document: Document) -> Sample | None:
    """Return the sample of a document; None if it is not current English or names no sign that cannot wait.

    `target` has the sentences of the document. `must_say` has a point for each of the first signs that they name, with
    the words of the sign as its phrases. The category is `emergency` where the document says so, else `urgent-sign`.
    """
    if document.language != LANGUAGE or standing(document).status is not Status.CURRENT:
        return None
    advice = [pair for section in document.sections for pair in _advice(section.text)]
    points = tuple(dict.fromkeys(point for _, signs in advice for sign in signs if (point := _key_words(sign))))
    if not points:
        return None
    target = one_line(" ".join(sentence for sentence, _ in advice))
    return Sample(
        id=f"{document.id}#help",
        question=QUESTION.format(focus=document.focus or document.title),
        target=target,
        cluster=document.id,
        category="emergency" if _CALLS_OUT.search(target) else "urgent-sign",
        must_say=points[:_MOST],
        slices=slices.of_document(
            document.source, document.language, document.published.year, document.mesh, document.groups
        ),
    )


def _advice(text: str) -> Iterator[tuple[str, list[str]]]:
    """Return each sentence that says when to get help, with its signs. A list after the sentence belongs to it."""
    if not _URGENT.search(text):
        return
    chunks = _ITEM.split(text)
    for number, chunk in enumerate(chunks):
        for sentence in re.split(r"(?<=[.!?])\s+", chunk):
            found = _SIGNS_FIRST.search(sentence) or _HELP_FIRST.search(sentence)
            if found is None or not _URGENT.search(sentence):
                continue
            opens_list = sentence == chunk[-len(sentence) :] and not sentence.rstrip().endswith((".", "!", "?"))
            items = list(_items(chunks[number + 1 :])) if opens_list else []
            yield " ".join([sentence, *items]), items or _BETWEEN_SIGNS.split(found["signs"])


def _items(chunks: Iterable[str]) -> Iterator[str]:
    """Return the items of a list up to the one after which other text begins."""
    for chunk in chunks:
        item, *rest = re.split(r"\n|\s{3,}|(?<=[.!?])\s+(?=[A-Z])", chunk.strip(), maxsplit=1)
        yield item
        if rest:
            return


def _key_words(sign: str) -> tuple[str, ...]:
    """Return the words that name a sign, in their order: any of them says it."""
    return tuple(dict.fromkeys(word for word in words(sign) if len(word) > 3 and word not in _COMMON))
