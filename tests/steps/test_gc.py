"""gc removes what nothing needs, nothing else, and verify knows what went."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe import errors, steps
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.manifests import (
    MANIFESTS,
    CorpusManifest,
    DriftManifest,
    SweepManifest,
    TraceManifest,
    VersionManifest,
)
from medpipe.core.retention import RetentionPolicy
from medpipe.core.teaching.curve import CURVE
from medpipe.ports import Pruned
from medpipe.settings import Settings
from medpipe.steps import sweeping, unerased, verification
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from tests import fakes
from tests.core.test_retention import FIELDS
from tests.manifests import inputs, outcome
from tests.steps.conftest import DAY_3, DAY_4, RETRACTED, publish, topic
from tests.steps.test_ring import first_champion, refresh, retrain, second_corpus
from tests.steps.test_verification import faults

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a champion, a held challenger, two measurements of drift and a trace."""
    ports = fakes.ports(Settings(home=tmp_path_factory.mktemp("worked")))
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    version, _ = retrain(ports, second, "tiny-sft-no-replay")
    assert steps.promote(version, ports=ports) == champion
    for corpus in (first, second):
        steps.detect_drift(corpus, champion, ports=ports)
    for _ in range(2):
        steps.trace((RETRACTED,), ports=ports)
        steps.trace((version,), back=True, ports=ports)
    ports.database.dispose()
    return ports.settings.home


@pytest.fixture
def ports(worked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fakes.FakePorts]:
    """A copy of that home, a thousand days later."""
    yield from _copied(worked, tmp_path / "home", monkeypatch, days=1000)


def _copied(
    worked: Path, home: Path, patched: pytest.MonkeyPatch, days: float, policy: RetentionPolicy | None = None
) -> Iterator[fakes.FakePorts]:
    ports = fakes.ports(Settings(home=shutil.copytree(worked, home)))
    patched.setattr(ports.withdrawals, "now", lambda: datetime.now(UTC) + timedelta(days=days))
    if policy:
        patched.setattr(fakes.FakePorts, "retention_policy", policy)
    yield ports
    ports.database.dispose()


def versions(ports: fakes.FakePorts) -> tuple[VersionManifest, VersionManifest]:
    """The champion and the held one."""
    champion, held = sorted(ports.store.manifests(VersionManifest), key=lambda version: version.outcome.number)
    return champion, held


def stored(ports: fakes.FakePorts) -> set[str]:
    return {ref for kind in MANIFESTS.values() for ref in ports.store.refs(kind)}


def reached(ports: fakes.FakePorts, ref: str) -> set[str]:
    """Everything that a version was made of, through every manifest."""
    seen, waiting = set[str](), [ref]
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            found = ports.store.find(name)
            assert found is not None, name
            waiting += found.named()
    return seen


def test_without_apply_the_same_is_listed_and_nothing_is_removed(ports):
    before, entries = stored(ports), len(ports.ledger.entries(None))
    listed = steps.gc(ports=ports)
    assert (listed.applied, listed.sweep) == (False, None)
    assert stored(ports) == before
    assert len(ports.ledger.entries(None)) == entries
    done = steps.gc(apply=True, ports=ports)
    assert (done.stripped, done.removed, done.kept) == (listed.stripped, listed.removed, listed.kept)
    assert "would be freed" in listed.remarks[-1]


def test_after_gc_verify_is_clean_and_the_champion_still_deploys_and_traces(ports):
    champion, _ = versions(ports)
    done = steps.gc(apply=True, ports=ports)
    assert done.removed["drift"].number == 1
    assert faults(ports) == ""
    assert steps.verify(ports=ports).swept == sum(room.number for room in done.stripped.values())
    for ref in reached(ports, champion.ref):
        ports.store.folder(ref)
    assert steps.deploy(ports=ports)
    traced = manifest(ports, steps.trace((RETRACTED,), ports=ports), TraceManifest).outcome
    assert champion.ref in traced.versions


def test_the_registrys_copies_of_weights_go_with_the_weights_and_no_others(ports):
    champion, held = versions(ports)
    adapters = (champion.outcome.adapter, held.outcome.adapter)
    assert steps.gc(ports=ports).removed["copies"].number == 1
    assert len(list(ports.registry.copies(adapters))) == 2, "nothing was removed"
    assert steps.gc(apply=True, ports=ports).removed["copies"].bytes == 1000
    assert [copy.adapter for copy in ports.registry.copies(adapters)] == [champion.outcome.adapter]
    assert "copies" not in steps.gc(ports=ports).removed


def test_a_copy_of_weights_that_this_home_does_not_know_stays(ports):
    ports.registry.register(ports.settings.home, {"adapter": "adapter/00000000000000aa"}, {}, {})
    steps.gc(apply=True, ports=ports)
    assert len(list(ports.registry.copies(["adapter/00000000000000aa"]))) == 1


def test_versions_of_the_table_stay_that_the_champion_was_taught_from_and_that_a_run_may_look_up(ports, monkeypatch):
    asked = []
    monkeypatch.setattr(DeltaCorpus, "prune", lambda table, keep, apply: asked.append((keep, apply)) or Pruned(2, 3000))
    corpora = [each.ref for each in sorted(ports.store.manifests(CorpusManifest), key=lambda each: each.created_ns)]
    for day in range(2):
        publish(ports, [topic(98 + day, DAY_3)])
        corpora.append(refresh(ports, DAY_3, DAY_4 + timedelta(days=day), corpora[-1]))
    assert steps.gc(ports=ports).removed["table"] == sweeping.Room(number=2, bytes=3000)
    steps.gc(apply=True, ports=ports)
    taught, asked_from, idle, newest = (table_version(ports, corpus) for corpus in corpora)
    keep = {taught, asked_from, newest}
    assert asked == [(keep, False), (keep, True)]
    assert idle not in keep

    def registered(state: State, evidence: str) -> frozenset[int]:
        """What is kept after another entry of the register."""
        said = {"document": "mplus:1", "at": ports.withdrawals.now(), "reason": "a test", "by": "medpipe"}
        ports.withdrawals.append(WithdrawalEvent(state=state, evidence=evidence, **said))
        steps.gc(ports=ports)
        return asked[-1][0]

    assert registered(State.OPENED, corpora[2]) == keep | {idle}, "the corpus that says why it is withdrawn stays"
    assert registered(State.LIFTED, corpora[3]) == keep


def test_what_a_lift_by_a_person_rests_on_stays_also_where_it_is_several_artifacts(ports):
    traces = [found.ref for found in ports.store.manifests(TraceManifest)]
    lifted = {"document": "mplus:1", "state": State.LIFTED, "at": ports.withdrawals.now(), "reason": "a test"}
    ports.withdrawals.append(WithdrawalEvent(evidence=" ".join(["pmid:1", *traces]), by="Dr. A", **lifted))
    steps.gc(apply=True, ports=ports)
    assert all(map(ports.store.folder, traces))


def test_of_a_held_version_weights_go_and_manifests_with_what_it_was_taught_stay(ports):
    _, held = versions(ports)
    before = manifest(ports, steps.trace((held.ref,), back=True, ports=ports), TraceManifest).outcome
    steps.gc(apply=True, ports=ports)
    assert ports.store.find(held.outcome.adapter) is not None
    with pytest.raises(errors.NotFound, match=r"removed by `medpipe gc`.*run its verb again"):
        ports.store.folder(held.outcome.adapter)
    assert manifest(ports, steps.trace((held.ref,), back=True, ports=ports), TraceManifest).outcome == before


def test_what_was_removed_is_made_again_by_its_verb(ports):
    champion, held = versions(ports)
    made_with = ports.store.find(held.outcome.evaluation).inputs
    steps.gc(apply=True, ports=ports)
    adapter = steps.train("tiny-sft-no-replay", _examples_again(ports, held), champion.ref, ports=ports)
    assert adapter == held.outcome.adapter
    assert ports.store.swept(adapter) is None
    again = steps.evaluate(adapter, "tiny-sft-no-replay", made_with.examples, anchor=made_with.anchor, ports=ports)
    assert again == held.outcome.evaluation
    assert ports.store.folder(again)
    assert faults(ports) == ""


def test_weights_that_are_made_again_and_are_others_are_not_judged_by_what_the_earlier_ones_answered(ports):
    champion, held = versions(ports)
    trained, asked = ports.store.find(held.outcome.adapter), ports.store.find(held.outcome.evaluation)
    incumbent = ports.store.find(held.outcome.decision).outcome.champion
    steps.gc(apply=True, ports=ports)
    assert ports.store.swept(asked.ref), "answers stay as long as the weights that gave them, and no longer"
    with ports.store.write(trained.ref, "train", trained.inputs) as draft:
        (draft.path / fakes.WEIGHTS).write_text("{}")
        draft.conclude(trained.outcome.model_copy(update={"digest": "others"}))
    _examples_again(ports, held)
    again = steps.evaluate(
        trained.ref, "tiny-sft-no-replay", asked.inputs.examples, anchor=asked.inputs.anchor, ports=ports
    )
    assert again == asked.ref
    assert any(trained.ref in remark and "made again" in remark for remark in steps.verify(ports=ports).remarks)
    with pytest.raises(errors.UsageError, match="was made again"):
        steps.compare(again, incumbent, ports.store.find(held.outcome.decision).outcome.plan, ports=ports)
    with pytest.raises(errors.UsageError, match="was made again"):
        steps.register(
            trained.ref, again, held.outcome.decision, held.outcome.examples, champion.ref, champion.ref, ports=ports
        )


def test_weights_that_are_made_again_with_another_curve_time_and_mean_loss_are_the_same_weights(ports):
    _, held = versions(ports)
    trained, asked = ports.store.find(held.outcome.adapter), ports.store.find(held.outcome.evaluation)
    kept = shutil.copytree(ports.store.folder(trained.ref), ports.settings.home / "kept")
    steps.gc(apply=True, ports=ports)
    with ports.store.write(trained.ref, "train", trained.inputs) as draft:
        shutil.copytree(kept, draft.path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
        (draft.path / CURVE).write_text('{"step": 6, "loss": 1.5}\n')  # it was killed and went on
        draft.conclude(trained.outcome.model_copy(update={"metrics": {"loss": 0.25, "seconds": 7200.0}}))
    _examples_again(ports, held)
    made_with = asked.inputs
    again = steps.evaluate(trained.ref, "tiny-sft-no-replay", made_with.examples, anchor=made_with.anchor, ports=ports)
    decision = ports.store.find(held.outcome.decision)
    assert steps.compare(again, decision.outcome.champion, decision.outcome.plan, ports=ports)
    assert not any("made again" in remark for remark in steps.verify(ports=ports).remarks)
    (ports.store.folder(trained.ref) / CURVE).write_text("")
    assert f"{CURVE} was changed" in faults(ports), "a record that is edited is still noticed"


def test_what_is_made_again_keeps_its_place_in_the_order_and_is_young(ports):
    _, held = versions(ports)
    before = ports.store.find(held.outcome.evaluation)
    steps.gc(apply=True, ports=ports)
    with ports.store.write(before.ref, "evaluate", before.inputs) as draft:
        draft.conclude(before.outcome)
    after = ports.store.find(before.ref)
    assert (before.made_again_ns, after.created_ns) == (0, before.created_ns)
    assert after.made_again_ns > before.created_ns
    assert after.content() == before.model_copy(update={"digests": {}}).content()


def _examples_again(ports: fakes.FakePorts, held: VersionManifest) -> str:
    made = ports.store.find(held.outcome.examples).inputs
    examples = steps.build_examples(
        made.corpus,
        "tiny-sft-no-replay",
        held.outcome.incumbent,
        held.outcome.parent,
        start=held.outcome.parent,
        ports=ports,
    )
    assert examples == held.outcome.examples
    return steps.validate(examples, "examples", ports=ports)


def test_a_second_run_finds_nothing_to_do(ports):
    steps.gc(apply=True, ports=ports)
    again = steps.gc(apply=True, ports=ports)
    assert (again.sweep, again.stripped, again.removed) == (None, {}, {})


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(2, 400), min_size=len(FIELDS), max_size=len(FIELDS)), st.floats(0, 500))
def test_whatever_the_policy_and_the_age_all_that_the_champion_needs_resolves_and_verify_is_clean(
    worked, tmp_path, days, age
):
    policy = RetentionPolicy(**dict(zip(FIELDS, days, strict=True)))
    home = tmp_path / "example"
    shutil.rmtree(home, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patched:
        for ports in _copied(worked, home, patched, age, policy):
            steps.gc(apply=True, ports=ports)
            for ref in reached(ports, ports.ledger.champion()):
                ports.store.folder(ref)
            assert faults(ports) == ""


@pytest.mark.parametrize("method", ["strip", "remove", "append", "find"])
def test_a_run_that_is_killed_leaves_a_clean_state_and_the_next_one_finishes(ports, monkeypatch, method):
    class Killed(BaseException):
        pass

    place = ports.ledger if method == "append" else ports.store
    real, calls = getattr(place, method), []

    def once_and_no_more(*arguments, **options):
        calls.append(arguments)
        if len(calls) > {"append": 0, "find": len(stored(ports)) + 4}.get(method, 1):
            raise Killed
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(place, method, once_and_no_more)
        with pytest.raises(Killed):
            steps.gc(apply=True, ports=ports)
    wanted = steps.gc(ports=ports)
    assert wanted.stripped or wanted.removed
    steps.gc(apply=True, ports=ports)
    assert faults(ports) == ""
    assert steps.gc(ports=ports).removed == {}


def test_what_a_run_has_just_begun_to_use_stays(ports, monkeypatch):
    """A training that continues an adapter is published between the plan of gc and its first removal."""
    _, held = versions(ports)
    append = ports.ledger.append

    def while_another_run_publishes(*arguments, **options):
        append(*arguments, **options)
        monkeypatch.setattr("time.time_ns", lambda: int((ports.withdrawals.now().timestamp()) * 1e9))
        target = "adapter/00000000000000aa"
        with ports.store.write(target, "train", inputs("adapter", start_from=held.outcome.adapter)) as draft:
            draft.conclude(outcome("adapter", start_from=held.outcome.adapter))

    monkeypatch.setattr(ports.ledger, "append", while_another_run_publishes)
    steps.gc(apply=True, ports=ports)
    assert ports.store.folder(held.outcome.adapter)


@pytest.fixture
def nothing_computed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "_recomputed", lambda *_: verification.Recomputed([], ()))


@pytest.mark.usefixtures("nothing_computed_anew")
def test_files_that_were_stolen_under_the_same_cover_are_named(ports):
    champion, held = versions(ports)
    steps.gc(apply=True, ports=ports)
    home = ports.settings.home / "artifacts"
    ports.store.strip(champion.outcome.adapter, (fakes.WEIGHTS,))
    assert f"{champion.outcome.adapter}: lacks files, and no sweep in the ledger names them" in faults(ports)
    shutil.rmtree(home / held.outcome.adapter)
    assert f"{held.outcome.adapter}: is missing" in faults(ports)


@pytest.mark.usefixtures("nothing_computed_anew")
def test_a_sweep_that_the_ledger_does_not_have_covers_nothing(ports):
    sweep = steps.gc(apply=True, ports=ports).sweep
    shutil.rmtree(ports.settings.home / "artifacts" / sweep)
    told = faults(ports)
    assert f"{sweep}: is in the ledger, and not as it was written, or missing" in told
    assert "lacks files, and no sweep in the ledger names them" in told


def test_nothing_is_removed_while_a_manifest_cannot_be_read(ports):
    drift = next(ports.store.refs(DriftManifest))
    (ports.settings.home / "artifacts" / drift / "manifest.json").write_text("{")
    before = stored(ports)
    with pytest.raises(errors.Damaged, match=drift):
        steps.gc(apply=True, ports=ports)
    assert stored(ports) == before


def test_a_time_that_has_not_come_is_refused(ports):
    with pytest.raises(errors.UsageError, match="in the future"):
        steps.gc(at=ports.withdrawals.now() + timedelta(days=1), apply=True, ports=ports)
    with pytest.raises(errors.UsageError, match="time zone"):
        steps.gc(at=datetime(2026, 3, 4), ports=ports)  # noqa: DTZ001


def test_removals_that_take_long_let_others_publish_and_erase_in_between(ports, monkeypatch):
    taken, take = [], ports.leases.take
    monkeypatch.setattr(ports.leases, "take", lambda name, seconds: taken.append(name) or take(name, seconds))
    monkeypatch.setattr(sweeping, "_SECONDS", 0.0)
    sweep = steps.gc(apply=True, ports=ports).sweep
    assert taken.count(unerased.LEASE) == manifest(ports, sweep, SweepManifest).outcome.artifacts > 1
    assert steps.gc(ports=ports).removed == {}
