"""Grades a long answer by the points of a rubric, by words alone.

A point is met if the answer has most of the words that the point adds to the question, in whatever inflection, in
clauses that deny where the point does. An answer in other words meets nothing, so a reader would grant more. The score
ranks answers of one kind; a rubric's own score needs its publisher's grader.
"""

from __future__ import annotations

from medpipe.core.endings import roots
from medpipe.core.judging import denial
from medpipe.core.judging.evaluation import Point, Sample

_MET = 0.6
"""Least share of a point's roots, without those of the question, that the answer must have."""
_ABOUT = roots(
    "states stating mentions mentioning includes including recommends recommending advises advising explains "
    "explaining asks asking provides providing suggests suggesting describes describing identifies identifying notes "
    "noting emphasizes emphasises response answer user model should must patient that the"
)
"""Roots of words by which rubrics speak of an answer."""


def graded(sample: Sample, answer: str) -> float:
    """Return the points of what the answer meets, as a share of all points that it can earn, in 0..1.

    The formula is HealthBench's (Arora et al. 2025, arXiv:2505.08775): negative points are taken off, and what is below
    0 counts as 0. A rubric without positive points gives 1 where nothing negative is met.
    A sample without a rubric earns nothing.
    """
    if not sample.rubric:
        return 0.0
    earned = sum(point.points for point in sample.rubric if _meets(sample, point, answer))
    possible = sum(point.points for point in sample.rubric if point.points > 0)
    return max(0.0, min(1.0, earned / possible)) if possible else float(earned >= 0)


def _meets(sample: Sample, point: Point, answer: str) -> bool:
    wanted = roots(point.text) - _ABOUT
    added = (wanted - roots(sample.question)) or wanted
    denies = denial.denies(point.text)
    clauses = (clause for statement in denial.statements(answer) for clause in denial.clauses(statement))
    said = roots(" ".join(clause for clause in clauses if denial.denies(clause) is denies))
    return bool(added) and len(added & said) >= _MET * len(added)
