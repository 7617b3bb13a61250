"""Computing anew what was decided: an evaluation's means from its answers, and a decision from what it rests on.

Digests show that something was changed. Somebody who can write every digest anew is still found here, unless scores,
answers and decision were all forged so that each follows from the one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from medpipe import code_digest
from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.judging.figures import figures
from medpipe.core.judging.labels import labelled
from medpipe.core.manifests import DecisionInputs, DecisionManifest, EvaluationManifest
from medpipe.core.refs import EvaluationRef
from medpipe.errors import MedpipeError
from medpipe.ports import Ports
from medpipe.steps.artifact import target_ref
from medpipe.steps.evaluation import means
from medpipe.steps.judging import decided, grounds_of
from medpipe.steps.made import Made
from medpipe.steps.rated import reviewed_of
from medpipe.steps.rescoring import rescored

_TOLERANCE = 1e-9
"""By how much a number may differ: other versions of Python and its libraries round the last digits differently."""


def faults_of_evaluation(stored: EvaluationManifest, whole: Evaluation, ports: Ports) -> Iterator[str]:
    """Yield where an evaluation's means are not those of its scores, and its scores not those of its answers.

    Answers are scored anew where their questions are stored and scorers and policies are the present ones.
    """
    said = stored.outcome
    if (whole.model, whole.digests, whole.claims or ()) != (said.model, said.digests, said.claims):
        yield "has another model, other items or other claims in its scores than in its manifest"
    computed = means(whole.scores)
    for name in sorted({*computed, *whole.metrics, *said.metrics}):
        stated = [_plain(metrics.get(name)) for metrics in (said.metrics, whole.metrics)]
        if not _equal(_plain(computed.get(name)), *stated):
            yield f"has another mean for {name} than its scores give"
    by_labels = labelled(whole.scores)
    for name in sorted({*by_labels, *said.labels}):
        if not _equal(_plain(by_labels.get(name)), _plain(said.labels.get(name))):
            yield f"has other figures for the labels of {name} than its scores give"
    shown = figures(whole.scores)
    for name in sorted({*shown, *said.figures}):
        if not _equal(*(_plains(figures_of.get(name, {})) for figures_of in (shown, said.figures))):
            yield f"has other figures for {name} than its scores give"
    with suppress(MedpipeError):  # what is missing or damaged is a fault of its own
        for answer in rescored(stored, whole, ports):
            if not _equal(answer.stored, answer.earned):
                place = f"{answer.sample_id} of {answer.benchmark}"
                yield f"has the score {answer.stored} for {place}, and the answer earns {answer.earned}"


def faults_of_decision(
    stored: DecisionManifest, made: Made, scores: Callable[[EvaluationRef], Evaluation], ports: Ports
) -> Iterator[str]:
    """Yield why a decision does not follow from what it rests on, and what it leaves out of that."""
    try:
        computed = decided(stored.inputs, made, scores, reviewed_of(ports, stored.inputs))
        yield from (f"leaves out {ref}, which was made before" for ref in sorted(_left_out(stored, made)))
    except ValidationError:
        yield "cannot be computed anew: its gates have another form than today's"
    except (MedpipeError, KeyError, ValueError) as error:
        yield f"cannot be computed anew: {error}"
    else:
        if not _equal(_plain(computed), _plain(stored.outcome)):
            yield f"does not follow from its scores, which give {computed.outcome}: {'; '.join(computed.reasons)}"


def has_its_ref(stored: DecisionManifest) -> bool:
    """Return whether a decision's ref is that of its inputs. One that does not say which code decided has any ref."""
    inputs, code = stored.inputs, stored.inputs.code
    return not code or stored.ref == target_ref(DecisionManifest.kind, stored.verb, inputs, code)


def is_of_present_code(stored: DecisionManifest) -> bool:
    """Return whether the code that decided is the code that computes the decision anew."""
    return stored.inputs.code == code_digest.of(stored.verb)


def rests_on(inputs: DecisionInputs) -> set[str]:
    """Return the evaluations beside the challenger's that a decision counts."""
    looks = {look.evaluation for of_benchmark in inputs.looks.values() for look in of_benchmark}
    return {inputs.champion, *looks, *inputs.champions}


def scores_of_decision(inputs: DecisionInputs) -> set[str]:
    """Return the evaluations whose scores a decision is computed from. Of its earlier looks, manifests are enough."""
    return {inputs.challenger, inputs.champion, *inputs.champions}


def _left_out(stored: DecisionManifest, made: Made) -> set[str]:
    """Return the evaluations that a decision had to count and does not.

    None for an evaluation that was made again after the decision: what was made before it is not known any more.
    """
    inputs = stored.inputs
    if made.evaluation(inputs.challenger).created_ns > stored.created_ns:
        return set()
    challenger, champion = EvaluationRef(inputs.challenger), EvaluationRef(inputs.champion)
    counted = _counted(grounds_of(challenger, champion, inputs.plan, inputs.gates, made, inputs.ratings))
    return {evaluation for _, evaluation in counted - _counted(inputs)}


def _counted(inputs: DecisionInputs) -> set[tuple[str, str]]:
    """Return each evaluation that a decision counts with the benchmark whose look it was; "" for a champion's."""
    looks = {(name, look.evaluation) for name, of_benchmark in inputs.looks.items() for look in of_benchmark}
    return looks | {("", champion) for champion in inputs.champions}


def _plain(value: Any) -> Any:
    return None if value is None else value.model_dump(mode="json")


def _plains(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _equal(*values: Any) -> bool:
    """Return whether values of JSON are the same, but for the last digits of numbers."""
    first = values[0]
    if isinstance(first, dict):
        alike = all(isinstance(value, dict) and value.keys() == first.keys() for value in values)
        return alike and all(_equal(*(value[key] for value in values)) for key in first)
    if isinstance(first, list):
        alike = all(isinstance(value, list) and len(value) == len(first) for value in values)
        return alike and all(_equal(*parts) for parts in zip(*values, strict=True))
    if isinstance(first, float):
        return all(isinstance(value, float) and math.isclose(value, first, abs_tol=_TOLERANCE) for value in values)
    return all(value == first for value in values)
