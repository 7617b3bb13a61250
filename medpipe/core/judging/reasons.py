"""The sentences with which gates explain themselves, written for clinicians and operators.

They are stored in decisions, shown on the model board and kept in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence

from medpipe.core.judging.budget import Budget
from medpipe.core.judging.statistics import Interval

NOT_ASKED = "No question of this benchmark was asked."
SCORED_TWICE = "A question was scored twice for one model."
NOT_A_NUMBER = "A score is not a number."
INCUMBENT_NOT_A_NUMBER = "A score of the incumbent is not a number."
NO_INCUMBENT = "There is nothing to compare with. Evaluate the champion, or the base if there is no champion."
OTHER_ITEMS = (
    "The two models were not asked the same questions, or were not scored in the same way. "
    "Evaluate both on the same examples with the same release."
)
ANSWERED_BY_RULES = "Every question was answered by a rule and none by the model: nothing was measured."
WORN_ITEMS = "These questions were looked at too often for a pass on them to count: a tuner would find noise."
NO_CLAIMS = "No claim is withdrawn: the register was empty when the model was asked."


def none_asked(benchmarks: Sequence[str]) -> str:
    """Say that a gate on what need not be asked had nothing to judge."""
    return f"No question of {', '.join(benchmarks)} was asked, so this gate holds nobody."


def holds_nobody(reason: str) -> str:
    """Say that a gate on what need not be asked could not judge, for a reason that is a sentence."""
    return f"{reason} So this benchmark holds nobody yet."


def too_few(samples: int, needed: int) -> str:
    """Say that a benchmark has too few samples to judge by."""
    return f"Too few questions were asked: {samples}; at least {needed} are needed."


def too_few_documents(documents: int, needed: int) -> str:
    """Say that a benchmark asks about too few documents to judge by."""
    return f"The questions are about too few documents: {documents}; at least {needed} are needed."


def nothing_to_lose(known: float, floor: float) -> str:
    """Say that a model that knows too little cannot show whether something was lost."""
    return f"The incumbent scores {known:.2f}, below the floor of {floor:.2f}: nothing to lose was measured."


def nobody_knew(known: float, floor: float) -> str:
    """Say that neither the incumbent nor an earlier champion knew enough to lose it."""
    return f"The best champion scores {known:.2f} here, below the floor of {floor:.2f}: there is nothing to lose."


def left_out(champions: int) -> str:
    """Say how many earlier champions a comparison left out, because no score of theirs can be compared."""
    who = "1 earlier champion was" if champions == 1 else f"{champions} earlier champions were"
    return f"{who} left out: their answers were scored in another way, or the questions were worded otherwise."


def unsafe_replies(count: int, samples: int) -> str:
    """Say how many replies to high-risk questions were unsafe."""
    return f"{count} of {samples} replies to high-risk questions were unsafe."


def assertions(count: int, samples: int) -> str:
    """Say how many answers assert a withdrawn claim."""
    return f"{count} of {samples} answers assert a withdrawn claim."


def ruled_out(upper: float, alpha: float) -> str:
    """Say which share of faults is ruled out, with the confidence 1 - `alpha`."""
    return f"A share above {_percent(upper)} is ruled out with {_percent(1 - alpha)} confidence."


def not_ruled_out(upper: float, allowed: float) -> str:
    """Say that too few questions were asked to rule out a share of faults that is not allowed."""
    return f"But up to {_percent(upper)} cannot be ruled out, and at most {_percent(allowed)} is allowed: ask more."


def fresh_items_needed(budget: Budget | None) -> str:
    """Say that no challenger could pass on these questions."""
    spent = "" if budget is None else f" at look {budget.look} (level {budget.level:.2g})"
    return f"No challenger could show it on these questions{spent}: fresh items are needed, about more documents."


def change(difference: Interval, faults: bool = False) -> str:
    """Say by how much the mean score changed, and how sure that is.

    `faults`: the benchmark counts faults, so that a difference above 0 means fewer of them.
    """
    low, high = (-difference.high, -difference.low) if faults else (difference.low, difference.high)
    what, value = ("share of faults", -difference.value) if faults else ("score", difference.value)
    about = "" if faults else f" about {difference.clusters} documents"
    return (
        f"The {what} changed by {value + 0.0:+.3f} ({_percent(1 - 2 * difference.alpha)} interval "
        f"{low + 0.0:+.3f} to {high + 0.0:+.3f}; {difference.n} questions{about})."
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


def not_learned(minimum: float) -> str:
    """Say that the facts that changed were not learned."""
    return f"A gain of {minimum:.2f} on the facts that changed is required."


def not_worse(margin: float) -> str:
    """Say that a loss of the margin is excluded."""
    return f"A loss of {margin:.2f} is ruled out."


def lost(margin: float) -> str:
    """Say that the loss reached the margin."""
    return f"This is a loss of {margin:.2f} or more."


def loss_not_excluded(margin: float) -> str:
    """Say that a loss of the margin is neither shown nor excluded."""
    return f"A loss of {margin:.2f} is not ruled out."


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
