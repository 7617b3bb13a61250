"""How a model's answers are drawn where one greedy answer does not say what the model may say."""

from __future__ import annotations

from typing import NamedTuple


class Sampling(NamedTuple):
    """Random completions. One seed gives the same completions again, where the backend computes the same numbers."""

    seed: int
    temperature: float = 0.5
    """By what logits are divided: below 1, likely tokens become likelier. Gekhman et al. (arXiv:2405.05904) use 0.5."""
    top_k: int = 40
    """A token is drawn from so many of the likeliest, as in that paper."""
