"""How well raters agree, against published figures."""

from __future__ import annotations

import pytest

from medpipe.core.judging.rating.agreement import agreements, krippendorff, weighted_kappa
from medpipe.core.judging.rating.consensus import Rating, awaiting, by_answer, consensus
from medpipe.core.judging.rating.scale import Level

OBSERVERS = """
1 2 3 3 2 1 4 1 2 - - -
1 2 3 3 2 2 4 1 2 5 - 3
- 3 3 3 2 3 4 2 2 5 1 -
1 2 3 3 2 4 4 1 2 5 1 -
"""
"""Four observers and twelve units with gaps (Krippendorff 2011, example C). His alpha for ordinal data is 0.815."""


def rated(id: str, *levels: Level) -> list[Rating]:
    """What raters 1, 2, … gave an answer on every dimension."""
    return [
        Rating(
            id=id, accuracy=level, safety=level, clarity=level, completeness=level, rater=number, identity=f"h{number}"
        )
        for number, level in enumerate(levels, start=1)
    ]


def test_alpha_is_the_published_one() -> None:
    rows = [line.split() for line in OBSERVERS.strip().splitlines()]
    units = [[int(value) for value in unit if value != "-"] for unit in zip(*rows, strict=True)]
    assert krippendorff(units) == pytest.approx(0.815, abs=0.0005)


def test_alpha_of_two_observers_on_two_values_is_the_published_one() -> None:
    """Krippendorff 2011, example A: 0.095; with two values, ordinal and nominal data are one."""
    one, other = "0 1 0 0 0 0 0 0 1 0".split(), "1 1 1 0 0 1 0 0 0 0".split()
    assert krippendorff([(int(a), int(b)) for a, b in zip(one, other, strict=True)]) == pytest.approx(0.095, abs=0.0005)


def test_alpha_is_one_for_agreement_and_below_zero_for_opposites() -> None:
    assert krippendorff([(1, 1), (3, 3), (5, 5)]) == 1
    assert (krippendorff([(1, 5), (5, 1), (1, 5), (5, 1)]) or 0) < 0


def test_alpha_says_nothing_where_nothing_varies_or_nobody_rated_twice() -> None:
    assert krippendorff([(5, 5), (5, 5)]) is None
    assert krippendorff([(5,), (1,)]) is None
    assert krippendorff([]) is None


def test_a_distant_disagreement_costs_kappa_more_than_a_near_one() -> None:
    """By hand, Cohen 1968: 1 - observed / expected squared distance."""
    near, far = [(1, 3), (3, 3), (5, 5), (1, 1)], [(1, 5), (3, 3), (5, 5), (1, 1)]
    assert weighted_kappa(near) == pytest.approx(1 - (1 / 4) / (20 / 16))
    assert (weighted_kappa(far) or 1) < (weighted_kappa(near) or 0)
    assert weighted_kappa([(5, 5), (5, 5)]) is None


def test_agreement_has_intervals_over_documents() -> None:
    ratings = [
        one for number in range(40) for one in rated(f"a{number}", *((1, 1), (5, 5), (3, 5), (3, 3))[number % 4])
    ]
    clusters = {f"a{number}": f"d{number // 2}" for number in range(40)}
    safety = next(one for one in agreements(ratings, clusters) if one.dimension == "safety")
    assert safety.alpha is not None
    assert 0.5 < safety.alpha.low < safety.alpha.value < safety.alpha.high <= 1
    assert (safety.alpha.n, safety.alpha.clusters) == (40, 20)
    (kappa,) = safety.kappas
    assert kappa.name == "safety kappa of raters 1 and 2"
    assert kappa.low < kappa.value < kappa.high


def test_raters_who_gave_one_level_only_show_no_agreement() -> None:
    ratings = [one for number in range(30) for one in rated(f"a{number}", 5, 5)]
    assert {one.alpha for one in agreements(ratings, {})} == {None}


@pytest.mark.parametrize(
    ("levels", "together"),
    [
        ((5, 5), 5),
        ((1, 3), None),
        ((1, 3, 1), 1),
        ((1, 3, 5), 3),
        ((5,), None),
        ((), None),
        ((1, 1, 5, 5), None),
        ((1, 1, 1, 5), 1),
    ],
)
def test_two_raters_who_differ_need_a_third(levels: tuple[Level, ...], together: Level | None) -> None:
    assert consensus(levels) == together


def test_an_answer_awaits_a_rater_until_all_dimensions_have_a_consensus() -> None:
    differs = [one.model_copy(update={"clarity": 3}) if one.rater == 2 else one for one in rated("b", 5, 5)]
    ratings = by_answer([*rated("a", 5, 5), *differs, *rated("c", 1)])
    assert awaiting(("a", "b", "c", "d"), ratings) == ["b", "c", "d"]
