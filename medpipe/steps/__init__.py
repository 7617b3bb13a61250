"""The verbs. One verb is one function that a test calls, one CLI command and one Airflow task.

Most verbs read artifacts by their refs, let `core` decide, write one artifact and return its ref; the same arguments
give the same ref, and an existing artifact is not made again. The others are:

- `plan_pulls` and `plan_retrain` return arguments for the verbs that follow, and write nothing.
- `latest`, `champion`, `card` and `quarantine` read and return, and write nothing.
- `validate` writes a validation and returns the ref that it was given.
- `promote`, `deploy`, `restore` and `roll_back` change which version serves; `compare` and `register` write to the
  ledger beside their artifact, and `register` to the model registry as well.

In the order of the loop: `sources` → `validation` → `quarantine` → `corpus` → `examples` → `training`,
`evaluation` and `judging` → `rollout` → `feedback` → `examples`. `tracing` answers questions about all of it.
"""

from medpipe.steps.corpus import build_corpus, detect_drift, latest
from medpipe.steps.evaluation import evaluate
from medpipe.steps.examples import build_examples, card
from medpipe.steps.feedback import build_pairs, build_preferences, collect_feedback
from medpipe.steps.judging import compare, freeze_anchor
from medpipe.steps.quarantine import discard, quarantine, release
from medpipe.steps.rollout import champion, deploy, promote, restore, roll_back
from medpipe.steps.sources import plan_pulls, pull
from medpipe.steps.tracing import trace
from medpipe.steps.training import plan_retrain, register, train
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
        freeze_anchor,
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
