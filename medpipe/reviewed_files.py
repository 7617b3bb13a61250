"""The files that people review: recipes, benchmarks, promotion plans, suites and policies, as checked values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from medpipe import configuration
from medpipe.core.corpus.source_policy import SourcePolicies, SourcePolicy
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.plan import Plan
from medpipe.core.judging.rating.policy import RatingPolicy
from medpipe.core.knowledge.drift_policy import DriftPolicy
from medpipe.core.knowledge.withdrawal_policy import WithdrawalPolicy
from medpipe.core.retention import RetentionPolicy
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.harm import Harm
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, NotFound
from medpipe.settings import Settings

GATES = "gates"
"""Name of the promotion plan's file, which lies beside the benchmarks."""


class ReviewedFiles:
    """The part of `medpipe.ports.Ports` that reads the folders of files that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def recipe(self, name: str) -> Recipe:
        """Return a recipe. Raises NotFound, UsageError for a name that is not one, and ConfigError for its text."""
        recipe = configuration.load_named(self.settings.recipes, name, "recipe", Recipe)
        known = self._benchmark_names()
        if unknown := [benchmark for benchmark in recipe.benchmarks if benchmark not in known]:
            raise ConfigError(
                f"{self.settings.recipes / name}.yaml: benchmarks: there is no {' and no '.join(map(repr, unknown))} "
                f"in {self.settings.benchmarks}; there are: {', '.join(known)}"
            )
        return recipe

    def benchmark(self, name: str) -> Benchmark:
        """Return a benchmark. Raises NotFound, UsageError for a name that is not one, and ConfigError for its text."""
        if name == GATES:
            raise NotFound(
                f"{GATES!r} is the promotion plan and not a benchmark; there are: {', '.join(self._benchmark_names())}"
            )
        own = configuration.load_named(self.settings.benchmarks, name, "benchmark", Benchmark)
        others = (
            configuration.load_named(self.settings.benchmarks, other, "benchmark", Benchmark) for other in own.asks
        )
        benchmark = own.asking(list(others))
        for category in sorted({entry.category for entry in benchmark.questions if entry.category}):
            self.harm.category(category)
        return benchmark

    def benchmarks(self) -> Sequence[Benchmark]:
        """Return every benchmark, in the order of their names."""
        return [self.benchmark(name) for name in self._benchmark_names()]

    def _benchmark_names(self) -> list[str]:
        return [name for name in configuration.names(self.settings.benchmarks) if name != GATES]

    def suite(self, name: str) -> str:
        """Return the text of a suite of expectations. Raises NotFound, UsageError or ConfigError."""
        return configuration.json_text(configuration.path_of(self.settings.expectations, name, "suite", ".json"))

    def safety(self) -> Sequence[Example]:
        """Return the refusals that a recipe may teach. Raises NotFound or ConfigError."""
        path = configuration.path_of(self.settings.recipes / "data", "safety", "list of examples")
        return configuration.load_list(path, Example)

    def plan(self) -> Plan:
        """Return the promotion plan, gates.yaml. Raises NotFound, and ConfigError also for unknown benchmarks."""
        path = configuration.path_of(self.settings.benchmarks, GATES, "promotion plan")
        plan, known = configuration.load(path, Plan), self._benchmark_names()
        if unknown := plan.unknown(known):
            named = "; ".join(f"{place}: there is no benchmark {name!r}" for place, name in unknown.items())
            raise ConfigError(f"{path}: {named}; there are: {', '.join(known)}")
        return plan

    def drift_policy(self) -> DriftPolicy:
        """Return the thresholds of drift. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("drift"), DriftPolicy)

    def source_policy(self, name: str) -> SourcePolicy:
        """Return what is tolerated of a source. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("sources"), SourcePolicies).of(name)

    @cached_property
    def feedback_policy(self) -> FeedbackPolicy:
        """Return the policy of feedback. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("feedback"), FeedbackPolicy)

    @property
    def rating_policy(self) -> RatingPolicy:
        """Return the policy of ratings. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("ratings"), RatingPolicy)

    @cached_property
    def guardrails(self) -> Guardrails:
        """Return the guardrail policy with the red flags, compiled. Raises NotFound or ConfigError."""
        red_flags = RedFlags.of(configuration.yaml_values(self._policy("red-flags")))
        return Guardrails.of(configuration.yaml_values(self._policy("guardrails")), red_flags)

    @property
    def withdrawal_policy(self) -> WithdrawalPolicy:
        """Return the policy of withdrawals. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("withdrawals"), WithdrawalPolicy)

    @property
    def retention_policy(self) -> RetentionPolicy:
        """Return the policy of retention. Raises NotFound or ConfigError."""
        return configuration.load(self._policy("retention"), RetentionPolicy)

    @cached_property
    def harm(self) -> Harm:
        """Return the criteria for replies to high-risk questions, compiled. Raises NotFound or ConfigError."""
        return Harm.of(configuration.yaml_values(self._policy("harm")))

    def _policy(self, name: str) -> Path:
        return configuration.path_of(self.settings.policies, name, "policy")
