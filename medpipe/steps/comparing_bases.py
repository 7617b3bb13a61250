"""Which base to start from: compare_bases."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging import bases
from medpipe.core.judging.measures import Measure
from medpipe.core.refs import BASE, ExamplesRef
from medpipe.errors import UsageError
from medpipe.ports import Ports
from medpipe.steps.evaluation import evaluate, scores_of


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ComparedBase(_Value):
    """One base beside the first one."""

    recipe: str
    base: str
    evaluation: str
    measures: dict[str, Measure] = {}
    """Benchmark → scores of the first base (`before`) and of this one (`after`). The first base has none."""
    left_out: tuple[str, ...] = ()
    """Benchmarks that were not asked of both with the same questions."""


class ComparedBases(_Value):
    """Several bases on the same questions, the first of them as the reference."""

    examples: str
    bases: tuple[ComparedBase, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """A line for each base and benchmark, for people."""
        first, *others = self.bases
        return tuple(
            f"{first.base} → {one.base}: {text}"
            for one in others
            for text in (
                *map(str, one.measures.values()),
                *(f"{name}: not the same questions" for name in one.left_out),
            )
        )


def compare_bases(recipes: tuple[str, ...], examples: ExamplesRef, *, ports: Ports) -> ComparedBases:
    """Ask the bases of several recipes the same questions before any training, and compare each with the first.

    Each base is asked in its own recipe's way (prompt template, system prompt, longest answer). Compared are the
    benchmarks that both recipes name. Intervals are of 95 % each, paired by question and clustered by document, and are
    not corrected for the number of bases. Raises UsageError for fewer than two recipes, or two that would ask the same
    model in the same way.
    """
    if len(set(recipes)) < 2:
        raise UsageError(f"compare-bases needs two recipes or more; got {', '.join(recipes) or 'none'}")
    refs = {name: evaluate(BASE, name, examples, ports=ports) for name in dict.fromkeys(recipes)}
    if len(set(refs.values())) < len(refs):
        raise UsageError(f"of {', '.join(refs)}, two ask the same base in the same way: leave one out")
    evaluations = {name: scores_of(ports, ref) for name, ref in refs.items()}
    first = next(iter(refs))
    compared = []
    for name, ref in refs.items():
        measures, left_out = ({}, ()) if name == first else bases.beside(evaluations[first], evaluations[name])
        compared.append(
            ComparedBase(
                recipe=name, base=ports.recipe(name).base, evaluation=ref, measures=measures, left_out=left_out
            )
        )
    return ComparedBases(examples=examples, bases=tuple(compared))
