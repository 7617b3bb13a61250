"""ROUGE by rouge-score, BLEU and chrF by sacrebleu: the implementations that publications cite.

ROUGE: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries" (2004), F1 without stemming, as in Hugging Face's
`evaluate`; its tokenizer knows a to z and digits only. BLEU: Papineni et al. (2002) as in Post, "A Call for Clarity in
Reporting BLEU Scores" (arXiv:1804.08771), signature nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp. chrF: Popović (2015).
The extra `judge` installs both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from medpipe.ports import Overlap

_ORDER = 4
"""The longest n-grams of BLEU, in words."""


class PublishedOverlaps:
    """Implements `ports.Overlaps`."""

    @cached_property
    def _rouge(self) -> Any:
        from rouge_score.rouge_scorer import RougeScorer

        return RougeScorer(["rouge1", "rouge2", "rougeL"])

    @cached_property
    def _bleu(self) -> Any:
        from sacrebleu.metrics.bleu import BLEU

        return BLEU(force=True)  # no warning about answers that are tokenised already

    @cached_property
    def _chrf(self) -> Any:
        from sacrebleu.metrics.chrf import CHRF

        return CHRF()

    def of(self, answers: Sequence[str], targets: Sequence[str]) -> list[Overlap]:
        """Compare as `ports.Overlaps` says."""
        return [self._overlap(answer, target) for answer, target in zip(answers, targets, strict=True)]

    def bleu(self, counts: Sequence[float]) -> float:
        """Compute a corpus's BLEU as `ports.Overlaps` says."""
        whole = [round(count) for count in counts]
        return float(
            self._bleu.compute_bleu(
                correct=whole[:_ORDER],
                total=whole[_ORDER : 2 * _ORDER],
                sys_len=whole[2 * _ORDER],
                ref_len=whole[2 * _ORDER + 1],
                smooth_method=self._bleu.smooth_method,
                smooth_value=self._bleu.smooth_value,
            ).score
            / 100
        )

    def _overlap(self, answer: str, target: str) -> Overlap:
        rouge = self._rouge.score(target, answer)
        bleu = self._bleu.corpus_score([answer], [[target]])
        return Overlap(
            rouge1=rouge["rouge1"].fmeasure,
            rouge2=rouge["rouge2"].fmeasure,
            rouge_l=rouge["rougeL"].fmeasure,
            chrf=self._chrf.sentence_score(answer, [target]).score / 100,
            bleu=(*bleu.counts, *bleu.totals, bleu.sys_len, bleu.ref_len),
        )
