"""The verbs. Each reads refs, calls one pure function, writes one ref.

One verb is one Airflow task, one CLI command and one function that a test calls. In the order of the
ring: `sources` → `validation` → `corpus` → `examples` → `training` → `rollout` → `feedback` → `examples`.
"""

from medpipe.steps.corpus import build_corpus, detect_drift, latest
from medpipe.steps.examples import build_examples, card
from medpipe.steps.feedback import build_pairs, build_preferences, collect_feedback
from medpipe.steps.quarantine import discard, quarantine, release
from medpipe.steps.rollout import champion, deploy, promote, restore, roll_back
from medpipe.steps.sources import plan_pulls, pull
from medpipe.steps.tracing import trace
from medpipe.steps.training import compare, evaluate, plan_retrain, register, train
from medpipe.steps.validation import validate

VERBS = {
    verb.__name__: verb
    for verb in (
        plan_pulls,
        pull,
        validate,
        quarantine,
        release,
        discard,
        build_corpus,
        latest,
        build_examples,
        card,
        detect_drift,
        trace,
        champion,
        plan_retrain,
        train,
        evaluate,
        compare,
        register,
        promote,
        deploy,
        restore,
        roll_back,
        collect_feedback,
        build_pairs,
        build_preferences,
    )
}
"""Every verb by name: the CLI and the plugin's `step()` look verbs up here."""

__all__ = [*VERBS, "VERBS"]
