"""What a retrain starts from, what it is compared with, and which promotion plan judges it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.refs import BASE


class RetrainPlan(BaseModel):
    """The arguments of the verbs that a retrain runs after `plan_retrain`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: str = BASE
    """`base` or the version that training continues (`train --start-from`, `register --parent`)."""
    knows: str | None = None
    """The model that training continues; None: the base, which knows nothing (`build_examples --knows`)."""
    since: str | None = None
    """The incumbent; None: the base, so everything is evaluated as new (`build_examples --since`)."""
    incumbent: str = BASE
    """`base` or the champion that the challenger is compared with (`evaluate`, `register --incumbent`)."""
    asks: str | None = None
    """The model that is asked what it knows of what would be taught (`classify_facts --model`); None: the recipe keeps
    no share of unknown facts, and nobody is asked."""
    gates: str = "first"
    """Name of the promotion plan in gates.yaml (`compare --plan`)."""
    because: tuple[str, ...] = ()
    """What the choice of the promotion plan rests on, as sentences."""


class Change(BaseModel):
    """What differs between the champion and the retrain that is asked for. `choose` makes a promotion plan of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    new_facts: int = 0
    changed_facts: int = 0
    measured: bool = True
    """False: no corpus was given, so nobody counted the facts."""
    other_base: bool = False
    """The digest of the recipe's base is not the one that the champion was trained on."""
    other_recipe: bool = False
    fresh: bool = False
    """The training starts from the base, and the champion's did not."""
    from_base: bool = False


def choose(change: Change, correction_facts: int) -> tuple[str, tuple[str, ...]]:
    """Return the promotion plan of a routine SFT retrain, and why; an empty plan when there is nothing to learn.

    Fewer new and changed facts than `correction_facts` are a correction: they cannot fill the samples of `news`. Facts
    that the champion does not know are news from whatever start: it has nothing to lose on them, so `better-recipe`,
    which compares on everything, could not pass.
    """
    facts = change.new_facts + change.changed_facts
    counts = f"{change.new_facts} new and {change.changed_facts} changed facts" if change.measured else "facts unknown"
    if change.other_base:
        return "other-base", ("the champion was trained on another base", counts)
    if change.from_base and not facts and (change.other_recipe or change.fresh or not change.measured):
        return "better-recipe", ("training starts from the base by another recipe or line than the champion's", counts)
    if not change.measured:
        return "news", ("no corpus was given, so what changed is not known",)
    if not facts:
        return "", (
            "every fact of the corpus that the recipe teaches is known, and recipe and base are the champion's",
        )
    return ("correction" if facts < correction_facts else "news"), (counts,)
