"""Intervals of differences contain the truth as often as they say, for documents of any size and number.

Each case draws 2,000 samples: the standard error of a share near 95 % is 0.5 points, and near 2.5 % it is 0.35 points.
One document in twenty of a *lopsided* shape has 40 questions, and the others have two.
"""

from __future__ import annotations

import numpy as np
import pytest

from bench import chain_rules
from medpipe.core.judging import statistics
from medpipe.core.judging.statistics import Changes

ROUNDS = 2000
ERROR = 0.0035
"""Standard error of a share of 2.5 % in 2,000 rounds."""
SHAPES = [("equal", 10), ("equal", 40), ("unequal", 10), ("unequal", 100), ("unequal", 300), ("lopsided", 300)]


def drawn(
    shape: str, documents: int, gain: float, loss: float, together: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw sizes, gains and losses by document. In a share `together` of the documents, all answers change at once."""
    chance = np.random.default_rng(23)
    size = (ROUNDS, documents)
    sizes = {
        "equal": lambda: np.full(size, 4),
        "unequal": lambda: np.minimum(40, 1 + chance.geometric(0.2, size)),
        "lopsided": lambda: np.where(chance.random(size) < 0.05, 40, 2),
    }[shape]()
    whole, fate = chance.random(size) < together, chance.random(size)
    lost = chance.binomial(sizes, loss)
    gained = chance.binomial(sizes - lost, gain / (1 - loss))
    losses = np.where(whole, (fate < loss) * sizes, lost)
    return sizes, np.where(whole, (fate > 1 - gain) * sizes, gained), losses


def sums(sizes: np.ndarray, gains: np.ndarray, losses: np.ndarray) -> Changes:
    """The sums of one round; a test below compares them with `statistics.changes`."""
    items = int(sizes.sum())
    gains_off, losses_off = gains - sizes * gains.sum() / items, losses - sizes * losses.sum() / items
    return Changes(
        items,
        len(sizes),
        float(sizes @ sizes),
        float(sizes**2 @ sizes**2),
        float(gains.sum()),
        float(losses.sum()),
        float(gains_off @ gains_off),
        float(losses_off @ losses_off),
        float(gains_off @ losses_off),
    )


@pytest.mark.parametrize("together", [0.5, 1.0])
@pytest.mark.parametrize(("gain", "loss"), [(0.0, 0.05), (0.0, 0.15), (0.02, 0.07), (0.1, 0.25)])
@pytest.mark.parametrize(("shape", "documents"), SHAPES)
def test_the_truth_is_covered_and_a_loss_of_the_margin_rarely_passes(
    shape: str, documents: int, gain: float, loss: float, together: float
) -> None:
    truth = gain - loss
    intervals = [
        statistics.difference(sums(*row)) for row in zip(*drawn(shape, documents, gain, loss, together), strict=True)
    ]
    covered = np.mean([low <= truth + 1e-12 and truth - 1e-12 <= high for _, low, high, *_ in intervals])
    passed = np.mean([interval.low > truth for interval in intervals])
    assert covered >= 0.94
    assert passed <= 0.025 + 2 * ERROR


@pytest.mark.parametrize("documents", [4, 6, 10])
def test_few_documents_do_not_pass_a_loss_of_15_points(documents: int) -> None:
    rounds = zip(*drawn("equal", documents, 0.0, 0.15, 1.0), strict=True)
    assert np.mean([statistics.difference(sums(*row)).low > -0.15 for row in rounds]) <= 0.025


def test_the_sums_are_those_of_the_items() -> None:
    sizes, gains, losses = (row[0] for row in drawn("unequal", 12, 0.1, 0.2, 0.0))
    items = [
        (value, str(document))
        for document, (size, gain, loss) in enumerate(zip(sizes, gains, losses, strict=True))
        for value in [1.0] * gain + [-1.0] * loss + [0.0] * (size - gain - loss)
    ]
    by_items = statistics.changes([value for value, _ in items], [cluster for _, cluster in items])
    assert by_items == pytest.approx(sums(sizes, gains, losses))


def test_the_sums_of_the_bench_are_those_of_the_items() -> None:
    chance = np.random.default_rng(5)
    after, before = (chance.integers(0, 2, (30, 3)).astype(np.int8) for _ in range(2))
    clusters = [str(document) for document in range(30) for _ in range(3)]
    by_items = statistics.changes((after.astype(float) - before).ravel().tolist(), clusters)
    assert by_items == pytest.approx(chain_rules.changes(after, before))


@pytest.mark.parametrize("faults", [0, 1, 3])
def test_the_upper_limit_of_a_share_is_exceeded_in_five_percent_at_most(faults: int) -> None:
    from scipy.stats import binom

    limit = statistics.upper_share(faults, 48)
    assert binom.cdf(faults, 48, limit) == pytest.approx(0.05)


def test_no_fault_in_48_rules_out_six_percent_and_no_fault_in_two_rules_out_nothing_useful() -> None:
    assert statistics.upper_share(0, 48) == pytest.approx(0.0605, abs=1e-4)
    assert statistics.upper_share(0, 2) == pytest.approx(0.7764, abs=1e-4)
    assert statistics.upper_share(0, 0) == statistics.upper_share(3, 3) == 1.0
