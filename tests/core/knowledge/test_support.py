"""A passage supports a sentence that says the same, and none that says another dose, the opposite, or more."""

from __future__ import annotations

from datetime import date

import pytest

from medpipe.core.corpus.document import Document, Section
from medpipe.core.knowledge.source_passage import PASSAGE_WORDS, passages
from medpipe.core.knowledge.support import quote, supported

TEXT = (
    "Velorin fever is treated with tazomib 20 mg daily. Children must not take tazomib. "
    "Quastine might shorten the illness. Drellia bacteria cause the fever."
)


def document(text: str = TEXT) -> Document:
    section = Section(heading="What are the treatments for Velorin fever?", text=text)
    return Document(
        id="mplus:1",
        revision=1,
        source="medlineplus",
        title="Velorin fever",
        published=date(2026, 3, 3),
        sections=(section,),
    )


(PASSAGE,) = passages(document())


@pytest.mark.parametrize(
    ("sentence", "supported_by"),
    [
        ("Velorin fever is treated with tazomib 20 mg daily.", "Velorin fever is treated with tazomib 20 mg daily."),
        ("The treatment of Velorin fever is tazomib.", "Velorin fever is treated with tazomib 20 mg daily."),
        ("Velorin fever is treated with tazomib 200 mg daily.", ""),
        ("Velorin fever is not treated with tazomib.", ""),
        ("Children must take tazomib.", ""),
        ("Children must not take tazomib.", "Children must not take tazomib."),
        ("Quastine shortens the illness.", ""),
        ("Quastine might shorten the illness.", "Quastine might shorten the illness."),
        ("Velorin fever is treated with mostrin daily.", ""),
    ],
)
def test_only_what_says_the_same_supports_a_sentence(sentence: str, supported_by: str) -> None:
    assert quote("How is Velorin fever treated?", sentence, PASSAGE) == supported_by


def test_a_passage_about_another_condition_does_not_support_a_sentence_that_fits_many() -> None:
    sentence = "Drellia bacteria cause the fever."
    assert quote("What causes Velorin fever?", sentence, PASSAGE)
    assert not quote("What causes Brailox dystrophy in Ombrian sailors?", sentence, PASSAGE)


@pytest.mark.parametrize("allowed", [True, False])
def test_what_may_not_be_cited_gives_no_support(allowed: bool) -> None:
    answer = "Velorin fever is treated with tazomib 20 mg daily. Rest."
    found = supported("How?", answer, lambda text, most: [PASSAGE], lambda passage, said: allowed)
    assert (len(found.supports), found.share) == ((1, 0.5) if allowed else (0, 0.0))


def test_passages_are_whole_sentences_of_bounded_length() -> None:
    text = " ".join(f"Sentence {number} says that tazomib number {number} is taken daily." for number in range(60))
    split = list(passages(document(text)))
    assert len(split) > 1
    assert all(len(passage.text.split()) <= PASSAGE_WORDS for passage in split)
    assert " ".join(passage.text for passage in split) == text
