"""Published overlap measures give the figures that their makers publish."""

from __future__ import annotations

import pytest

from medpipe.backends.overlaps import PublishedOverlaps

OVERLAPS = PublishedOverlaps()
CAT, MAT = "the cat was found under the bed", "the cat was under the bed"


def test_rouge_is_the_f1_of_its_definition() -> None:
    (overlap,) = OVERLAPS.of([CAT], [MAT])
    assert overlap.rouge1 == pytest.approx(2 * 6 / (7 + 6))
    assert overlap.rouge2 == pytest.approx(2 * 4 / (6 + 5))
    assert overlap.rouge_l == pytest.approx(2 * 6 / (7 + 6))


def test_bleu_of_a_corpus_comes_of_the_sums_over_its_sentences() -> None:
    import sacrebleu

    answers, targets = (
        [CAT, "rest helps most people with a cold", ""],
        [MAT, "most people with a cold need rest", "Rest."],
    )
    sums = [sum(counts) for counts in zip(*(overlap.bleu for overlap in OVERLAPS.of(answers, targets)), strict=True)]
    assert OVERLAPS.bleu(sums) == pytest.approx(sacrebleu.corpus_bleu(answers, [targets]).score / 100)


def test_equal_texts_score_1_and_texts_without_a_common_letter_0() -> None:
    same, other = OVERLAPS.of([MAT, "xyz"], [MAT, "bud"])
    assert (same.rouge1, same.rouge2, same.rouge_l) == (1, 1, 1)
    assert same.chrf == pytest.approx(1) and OVERLAPS.bleu(same.bleu) == pytest.approx(1)
    assert (other.rouge1, other.rouge_l, other.chrf, OVERLAPS.bleu(other.bleu)) == (0, 0, 0, 0)
    assert OVERLAPS.of([""], [MAT])[0].rouge1 == 0
