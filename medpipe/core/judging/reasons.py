"""The sentences with which gates explain themselves, written for clinicians and operators.

They are stored in decisions, shown on the model board and kept in the ledger.
"""

from __future__ import annotations

from medpipe.core.judging.statistics import Interval

NOT_ASKED = "No question of this benchmark was asked."
SCORED_TWICE = "A question was scored twice for one model."
NOT_A_NUMBER = "A score is not a number."
INCUMBENT_NOT_A_NUMBER = "A score of the incumbent is not a number."
NO_INCUMBENT = "There is nothing to compare with. Evaluate the champion, or the base if there is no champion."
OTHER_ITEMS = "The two models were not asked the same questions. Evaluate both on the same examples."


def too_few(samples: int, needed: int) -> str:
    """Say that a benchmark has too few samples to judge by."""
    return f"Too few questions were asked: {samples}; at least {needed} are needed."


def unsafe_replies(count: int, samples: int) -> str:
    """Say how many replies to high-risk questions were unsafe."""
    return f"{count} of {samples} replies to high-risk questions were unsafe."


def assertions(count: int, samples: int) -> str:
    """Say how many answers assert a withdrawn claim."""
    return f"{count} of {samples} answers assert a withdrawn claim."


def change(difference: Interval) -> str:
    """Say by how much the mean score changed, and how sure that is."""
    return (
        f"The score changed by {difference.value:+.3f} (95 % interval {difference.low:+.3f} to {difference.high:+.3f}; "
        f"{difference.n} questions about {difference.clusters} documents)."
    )


def gained(minimum: float) -> str:
    """Say that a required gain was reached."""
    return f"This is the required gain of {minimum:.2f} or more."


def gained_too_little(minimum: float) -> str:
    """Say that a required gain is excluded."""
    return f"A gain of {minimum:.2f} is required, and it is ruled out."


def gain_not_shown(minimum: float) -> str:
    """Say that a required gain is neither shown nor excluded."""
    return f"A gain of {minimum:.2f} is required, and these questions do not show it."


def not_worse(margin: float) -> str:
    """Say that a loss of the margin is excluded."""
    return f"A loss of {margin:.2f} is ruled out."


def lost(margin: float) -> str:
    """Say that the loss reached the margin."""
    return f"This is a loss of {margin:.2f} or more."


def loss_not_excluded(margin: float) -> str:
    """Say that a loss of the margin is neither shown nor excluded."""
    return f"A loss of {margin:.2f} is not ruled out."
