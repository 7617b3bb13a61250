"""The verbs. One verb is one function that a test calls, one CLI command and one Airflow task.

Most verbs read artifacts by their refs, let `core` decide, write one artifact and return its ref; the same arguments
give the same ref, and an existing artifact is not made again. The others are:

- `plan_pulls`, `plan_retrain`, `plan_hotfix` and `plan_probes` return arguments for the verbs that follow, and write
  nothing.
- `latest`, `champion`, `list_versions`, `card`, `quarantine`, `standings`, `list_withdrawals`, `answers_given`,
  `contradictions`, `keys`, `verify` and `run_lm_eval` read and return, and write nothing.
- `open_withdrawals`, `withdraw`, `lift` and `confirm_blocks` append to the register of withdrawals, and `certify`
  does beside its artifact.
- `issue_key`, `rotate_key`, `revoke_key`, `stop_serving`, `resume_serving`, `judge_correction`, `decide_hotfix`,
  `erase` and `forget_answers` write a person's decision to the database, and `chain_answers` what makes changes of
  answers and ratings visible.
- `publish_index` changes which index the gateways cite from.
- `gc` says what nothing needs any more, and removes it when it is told to; `copy_home` says what the object store lacks
  of a home, and copies it when it is told to.
- `export_subject` writes what is stored of a person to a file.
- `queue_sheet` puts answers into MLflow's review queues and returns where they are.
- `validate` writes a validation and returns the ref that it was given; `compare_bases` writes an evaluation of each
  base, `compare_care` one without each part of a recipe's care, and both return the table.
- `promote`, `deploy`, `restore` and `roll_back` change which version serves, `bar` and `unbar` which may; `compare` and
  `register` write to the ledger beside their artifact, and `register` to the model registry as well.

In the order of the loop: `sources` → `validation` → `quarantine` → `corpus` → `drift` → `planning` → `classifying` →
`examples` → `training`, `preparing`, `evaluation`, `measuring`, `harness`, `sampling`, `ratings`, `estimating` and
`judging` → `rollout` → `feedback` and `rated_pairs` → `examples`. `withdrawing`, `hotfixes`, `given`, `probing` and
`certifying` follow what publishers take back; `indexing` makes the index that answers are cited from; `tracing` answers
questions about all of it, `verification` says whether it can be trusted, and `sweeping` removes what it does not need.
"""

from medpipe.steps.audit import chain_answers
from medpipe.steps.bars import bar, unbar
from medpipe.steps.certifying import certify, plan_probes
from medpipe.steps.classifying import classify_facts
from medpipe.steps.comparing_bases import compare_bases
from medpipe.steps.comparing_care import compare_care
from medpipe.steps.corpus import build_corpus, latest
from medpipe.steps.corrections import contradictions, judge_correction
from medpipe.steps.drift import detect_drift
from medpipe.steps.erasure import erase
from medpipe.steps.estimating import estimate_ratings
from medpipe.steps.evaluation import evaluate
from medpipe.steps.examples import build_examples, card
from medpipe.steps.feedback import build_pairs, collect_feedback
from medpipe.steps.given import answers_given
from medpipe.steps.harness import run_lm_eval
from medpipe.steps.home import copy_home
from medpipe.steps.hotfixes import decide_hotfix, plan_hotfix
from medpipe.steps.identity_keys import issue_key, keys, revoke_key, rotate_key
from medpipe.steps.indexing import build_index, publish_index
from medpipe.steps.judging import compare, freeze_anchor
from medpipe.steps.measuring import measure
from medpipe.steps.planning import plan_retrain
from medpipe.steps.planning_pulls import plan_pulls
from medpipe.steps.preferences import build_preferences
from medpipe.steps.preparing import prepare_base
from medpipe.steps.probing import probe_withdrawals
from medpipe.steps.quarantine import discard, quarantine, release
from medpipe.steps.rated_pairs import build_rated_pairs
from medpipe.steps.ratings import queue_sheet, take_ratings
from medpipe.steps.rollout import champion, deploy, promote, restore, roll_back
from medpipe.steps.sampling import sample_answers
from medpipe.steps.sources import pull
from medpipe.steps.standings import standings
from medpipe.steps.stopping import resume_serving, stop_serving
from medpipe.steps.subjects import export_subject, forget_answers
from medpipe.steps.sweeping import gc
from medpipe.steps.tracing import trace
from medpipe.steps.training import register, train
from medpipe.steps.validation import validate
from medpipe.steps.verification import verify
from medpipe.steps.versions import list_versions
from medpipe.steps.withdrawing import confirm_blocks, lift, list_withdrawals, open_withdrawals, withdraw

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
        standings,
        build_index,
        publish_index,
        classify_facts,
        build_examples,
        card,
        detect_drift,
        trace,
        champion,
        plan_retrain,
        train,
        prepare_base,
        freeze_anchor,
        evaluate,
        measure,
        run_lm_eval,
        compare_bases,
        compare_care,
        sample_answers,
        queue_sheet,
        take_ratings,
        estimate_ratings,
        compare,
        register,
        promote,
        deploy,
        restore,
        roll_back,
        bar,
        unbar,
        list_versions,
        collect_feedback,
        build_pairs,
        build_preferences,
        build_rated_pairs,
        open_withdrawals,
        withdraw,
        lift,
        confirm_blocks,
        list_withdrawals,
        answers_given,
        plan_hotfix,
        decide_hotfix,
        plan_probes,
        probe_withdrawals,
        certify,
        contradictions,
        judge_correction,
        issue_key,
        rotate_key,
        revoke_key,
        keys,
        stop_serving,
        resume_serving,
        erase,
        export_subject,
        forget_answers,
        chain_answers,
        gc,
        copy_home,
        verify,
    )
}
"""Every verb by name: the CLI and the plugin's `step()` look verbs up here."""

__all__ = [*VERBS, "VERBS"]
