"""A penalty on how far a training moves an adapter from its start: L2 and EWC (`core.teaching.penalty`).

An adapter adds s·BA to a weight of the base, and many pairs of factors A and B have the same product. L2 therefore
measures the product, the only part of an adapter that answers depend on. EWC's diagonal belongs to single numbers, so
it measures the factors. That is stricter than it must be, since a move between factors of equal products costs as much
as any other, but the start fixes one pair of factors, and there the penalty is zero.

EWC was made for tasks that follow each other, with one penalty for each, and later with a running sum of their Fisher
information (Schwarz et al., arXiv:1805.06370). Here the information is estimated anew before each training, at the
weights that it starts from, on replayed examples of everything that was taught before. Nothing has to be kept, and a
training that is killed and started again estimates the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from medpipe.backends.trl.tokens import IGNORED, Tokens
from medpipe.core.teaching.penalty import Penalty
from medpipe.errors import DataError

Distance = Callable[[], Any]
"""Returns the squared distance from the start as a tensor without dimensions, through which gradients flow."""


def add(trainer: Any, penalty: Penalty, older: Sequence[Tokens], max_length: int | None) -> None:
    """Add a penalty to the loss of a trainer of TRL, whose model has the weights that a training starts from.

    `older`: rows of examples that were taught before; those longer than `max_length` (in tokens; None: no limit) may
    have no answer left, and are not used. Raises DataError for EWC without any.
    """
    measured = _products(trainer.model)
    if penalty.method == "ewc":
        fitting = [row for row in older if max_length is None or row.longest <= max_length]
        measured = _weighted(trainer.model, information(trainer.model, fitting, penalty.rows))
    loss_of = trainer.compute_loss

    def compute_loss(model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        result = loss_of(model, inputs, return_outputs=return_outputs, num_items_in_batch=num_items_in_batch)
        if not trainer.model.training:  # the validation loss is that of the rows alone
            return result
        added = penalty.strength / 2 * measured()
        if num_items_in_batch is not None:  # the loss is then a share of the step's, and is summed over its batches
            added = added / trainer.current_gradient_accumulation_steps
        return (result[0] + added, result[1]) if return_outputs else result + added

    trainer.compute_loss = compute_loss


def _trained(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in model.named_parameters() if value.requires_grad)


def _weighted(model: Any, weights: Mapping[str, Any]) -> Distance:
    """Return the distance of all trained numbers, each weighted."""
    start = {name: value.detach().clone() for name, value in _trained(model)}
    return lambda: sum((weights[name] * (value - start[name]) ** 2).sum() for name, value in _trained(model))


class _Factors(NamedTuple):
    """The factors of one layer's adapter, and those that it started from."""

    a: Any
    b: Any
    a_start: Any
    b_start: Any
    scale: float

    def distance(self) -> Any:
        """Return ‖s(BA − B₀A₀)‖², without making a matrix of the layer's size.

        BA − B₀A₀ = (B − B₀)A + B₀(A − A₀) is one product of factors with twice the rank. It is zero at the start, where
        the difference of two large norms would not be.
        """
        import torch

        left = torch.cat([self.b - self.b_start, self.b_start], dim=1)
        right = torch.cat([self.a, self.a - self.a_start], dim=0)
        return self.scale**2 * ((left.T @ left) * (right @ right.T)).sum()


def _products(model: Any) -> Distance:
    """Return the distance of what the adapters add to the base's weights, and of all else that is trained."""
    layers = [
        _Factors(a, b, a.detach().clone(), b.detach().clone(), module.scaling["default"])
        for module in model.modules()
        if "default" in getattr(module, "lora_A", ())
        for a, b in [(module.lora_A["default"].weight, module.lora_B["default"].weight)]
    ]
    factors = {id(matrix) for layer in layers for matrix in (layer.a, layer.b)}
    others = [(value, value.detach().clone()) for _, value in _trained(model) if id(value) not in factors]
    return lambda: (
        sum(layer.distance() for layer in layers) + sum(((value - start) ** 2).sum() for value, start in others)
    )


def information(model: Any, older: Sequence[Tokens], count: int) -> dict[str, Any]:
    """Return the diagonal of the Fisher information of each trained tensor, scaled to a mean of 1 over all numbers.

    It is the mean over at most `count` rows, spread evenly over `older`, of the squared gradient of the log probability
    of the row's own completion (the empirical Fisher information; Kunstner et al., arXiv:1905.12558, say when it
    misleads). Raises DataError without rows.
    """
    import torch

    if not older:
        raise DataError("EWC needs replayed examples, and the data has none: raise data.replay_ratio, or use l2")
    squares = {name: torch.zeros_like(value) for name, value in _trained(model)}
    chosen = [older[place * len(older) // min(count, len(older))] for place in range(min(count, len(older)))]
    model.eval()  # no dropout
    for row in chosen:
        model.zero_grad(set_to_none=True)
        _surprise(model, row).backward()
        for name, value in _trained(model):
            squares[name] += value.grad**2
    model.zero_grad(set_to_none=True)
    mean = sum(square.sum() for square in squares.values()) / sum(square.numel() for square in squares.values())
    return {name: square / mean for name, square in squares.items()}


def _surprise(model: Any, row: Tokens) -> Any:
    """Return the negative log probability of a row's completion."""
    import torch

    tokens = torch.tensor(row.texts["completion"], dtype=torch.long, device=model.device)[None]
    labels = tokens.clone()
    labels[0, : row.prompt] = IGNORED
    return model(input_ids=tokens, labels=labels).loss * (labels != IGNORED).sum()
