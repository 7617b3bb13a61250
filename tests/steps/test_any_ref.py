"""Any string as any ref of any verb ends in a MedpipeError that a person can act on, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe import errors, steps
from medpipe.core.manifests import MANIFESTS
from tests import fakes
from tests.manifests import CORPUS, DECISION, EVALUATION, EXAMPLES, put

DAY = date(2026, 3, 3)

WITH_A_REF: dict[str, Callable[[str, fakes.FakePorts], Any]] = {
    "validate data": lambda ref, ports: steps.validate(ref, "documents", ports=ports),
    "release data": lambda ref, ports: steps.release(ref, "documents", "why", "who", (0,), ports=ports),
    "discard data": lambda ref, ports: steps.discard(ref, "documents", "why", "who", (0,), ports=ports),
    "build_corpus pulls": lambda ref, ports: steps.build_corpus((ref,), ports=ports),
    "build_corpus previous": lambda ref, ports: steps.build_corpus((), ref, ports=ports),
    "build_examples corpus": lambda ref, ports: steps.build_examples(ref, "tiny-sft", ports=ports),
    "build_examples since": lambda ref, ports: steps.build_examples(CORPUS, "tiny-sft", f"x{ref}", ports=ports),
    "card": lambda ref, ports: steps.card(ref, ports=ports),
    "detect_drift corpus": lambda ref, ports: steps.detect_drift(ref, None, ports=ports),
    "detect_drift champion": lambda ref, ports: steps.detect_drift(CORPUS, ref, ports=ports),
    "trace back": lambda ref, ports: steps.trace((ref,), back=True, ports=ports),
    "plan_retrain champion": lambda ref, ports: steps.plan_retrain(ref, "tiny-sft", ports=ports),
    "train data": lambda ref, ports: steps.train("tiny-sft", ref, ports=ports),
    "evaluate model": lambda ref, ports: steps.evaluate(f"x{ref}", "tiny-sft", EXAMPLES, ports=ports),
    "evaluate examples": lambda ref, ports: steps.evaluate("base", "tiny-sft", ref, ports=ports),
    "compare challenger": lambda ref, ports: steps.compare(ref, EVALUATION, "first", ports=ports),
    "register adapter": lambda ref, ports: steps.register(ref, EVALUATION, DECISION, EXAMPLES, ports=ports),
    "promote": lambda ref, ports: steps.promote(ref, ports=ports),
    "bar": lambda ref, ports: steps.bar(ref, "why", "Dr. A", ports=ports),
    "unbar": lambda ref, ports: steps.unbar(ref, "why", "Dr. A", ports=ports),
    "build_pairs feedback": lambda ref, ports: steps.build_pairs(ref, CORPUS, ports=ports),
    "build_preferences corpus": lambda ref, ports: steps.build_preferences(ref, ports=ports),
}
REFS = st.one_of(
    st.text(max_size=40),
    st.builds("{}/{}".format, st.sampled_from(sorted(MANIFESTS)), st.text(max_size=20)),
    st.builds("{}/{}".format, st.sampled_from(sorted(MANIFESTS)), st.from_regex(r"[0-9a-f]{16}", fullmatch=True)),
)


@pytest.mark.parametrize("verb", WITH_A_REF)
@given(ref=REFS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_string_that_names_nothing_is_refused(ports: fakes.FakePorts, verb: str, ref: str) -> None:
    with pytest.raises(errors.MedpipeError):
        WITH_A_REF[verb](ref, ports)
    assert not (ports.settings.home / "artifacts").exists() or not list(
        (ports.settings.home / "artifacts").glob("*/*/manifest.json")
    )


@pytest.mark.parametrize("verb", [verb for verb in WITH_A_REF if verb != "trace back"])
def test_an_existing_artifact_of_another_kind_is_refused_with_the_kind_that_is_expected(
    ports: fakes.FakePorts, verb: str
) -> None:
    for upstream in (DECISION, EVALUATION):
        put(ports.store, upstream)
    stranger = put(ports.store, "feedback/0123456789abcdef" if verb != "build_pairs feedback" else CORPUS)
    with pytest.raises(errors.UsageError) as refusal:
        WITH_A_REF[verb](stranger, ports)
    assert stranger in str(refusal.value)


@pytest.mark.parametrize("of", ["examples/0123456789abcdef#0", "version/x#1", "adapter/0123456789abcdef", "pairs/x#"])
def test_a_trace_of_what_does_not_exist_is_refused(ports: fakes.FakePorts, of: str) -> None:
    for direction in ({"forward": True}, {"back": True}, {}):
        with pytest.raises(errors.UsageError):
            steps.trace((of,), **direction, ports=ports)


@pytest.mark.parametrize("verb", ["pull", "plan_pulls"])
def test_a_window_that_ends_before_it_begins_is_refused(ports: fakes.FakePorts, verb: str) -> None:
    source: Any = "medlineplus" if verb == "pull" else ("medlineplus",)
    with pytest.raises(errors.UsageError, match="the window starts on 2026-03-03, after it ends on 2026-03-02"):
        steps.VERBS[verb](source, DAY, date(2026, 3, 2), ports=ports)


def test_a_restored_version_must_be_a_version(ports: fakes.FakePorts) -> None:
    for wrong in ("rubbish", CORPUS):
        with pytest.raises(errors.UsageError, match=wrong):
            steps.restore(wrong, "why", ports=ports)
    assert ports.ledger.entries() == []


def test_the_quarantine_of_rubbish_is_refused(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="'rubbish' is not a ref"):
        steps.quarantine("rubbish", ports=ports)
    with pytest.raises(errors.UsageError, match="no suite 'rubbish'"):
        steps.quarantine(suite="rubbish", ports=ports)
