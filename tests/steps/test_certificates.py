"""Certificates rest on answers at every precision that may serve; a model that relapses at one of them gets none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from medpipe import errors, steps
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import CertificateManifest, ProbesManifest, VersionManifest
from medpipe.core.teaching import questions
from medpipe.errors import exit_status
from medpipe.ports import Generator
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.withdrawals import register
from tests import fakes
from tests.relapsing import CLAIM, PHRASINGS, Relapsing
from tests.steps.conftest import RETRACTED
from tests.steps.test_ring import promote_hotfix, retrain

pytestmark = pytest.mark.integration

TOPIC = "mplus:900003"


@pytest.fixture(scope="module")
def hotfixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ports = fakes.ports(Settings(home=tmp_path_factory.mktemp("hotfixed")))
    promote_hotfix(ports)
    ports.database.dispose()
    return ports.settings.home


@pytest.fixture
def ports(hotfixed: Path, tmp_path: Path) -> fakes.FakePorts:
    return fakes.ports(Settings(home=shutil.copytree(hotfixed, tmp_path / "home")))


@pytest.fixture
def unlearned(ports: fakes.FakePorts) -> str:
    champion = steps.champion(ports=ports)
    assert champion is not None
    return champion


@pytest.fixture
def carrying(ports: fakes.FakePorts, unlearned: str) -> str:
    """The version before the hotfix, as the champion again."""
    version = next(stored.ref for stored in ports.store.manifests(VersionManifest))
    assert ports.ledger.swap_champion(unlearned, version, "", ("a test",))
    return version


@pytest.fixture
def relapse(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`relapse("int8", often=1)`: the model asserts the claim at that precision, and at no other."""

    def at(relapsing: str, often: int = PHRASINGS, says: str = CLAIM) -> None:
        honest = fakes.FakePorts.generator_at

        def generator(ports: fakes.FakePorts, precision: str) -> Generator:
            return Relapsing(precision, often, says) if precision == relapsing else honest(ports, precision)

        monkeypatch.setattr(fakes.FakePorts, "generator_at", generator)

    return at


def probed(ports: fakes.FakePorts, version: str, *precisions: str) -> tuple[str, ...]:
    wanted = precisions or tuple(steps.plan_probes(version, ports=ports))
    return tuple(steps.probe_withdrawals(version, precision, ports=ports) for precision in wanted)


def states(ports: fakes.FakePorts) -> dict[str, State]:
    return {withdrawal.document: withdrawal.state for withdrawal in register(ports)}


def test_the_hotfix_is_certified_with_a_bound_for_each_precision(ports, unlearned):
    assert steps.plan_probes(unlearned, ports=ports) == ["float32", "nf4", "int8"]
    certificate = steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)
    outcome = manifest(ports, certificate, CertificateManifest).outcome
    bound = pytest.approx(1 - 0.05 ** (1 / PHRASINGS))
    assert [(at.precision, at.probes, at.assertions, at.upper_bound) for at in outcome.precisions] == [
        ("float32", PHRASINGS, 0, bound),
        ("nf4", PHRASINGS, 0, bound),
        ("int8", PHRASINGS, 0, bound),
    ]
    assert outcome.upper_bound == bound
    assert outcome.upper_bound < 0.1
    assert (outcome.claims, outcome.probes, outcome.assertions, outcome.taught) == (1, 3 * PHRASINGS, 0, False)
    assert states(ports) == {RETRACTED: State.CERTIFIED}
    assert steps.plan_probes(unlearned, ports=ports) == []


def test_a_second_certification_appends_nothing(ports, unlearned):
    probes = probed(ports, unlearned)
    certificate = steps.certify(RETRACTED, unlearned, probes, ports=ports)
    entries = ports.withdrawals.newest()
    assert steps.certify(RETRACTED, unlearned, probes[::-1], ports=ports) == certificate
    assert ports.withdrawals.newest() == entries


def test_a_certificate_says_how_many_answers_differ_from_those_that_serve(ports, unlearned, relapse):
    relapse("int8", often=3, says="I do not know.")
    certificate = steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)
    assert [at.differing for at in manifest(ports, certificate, CertificateManifest).outcome.precisions] == [0, 0, 3]


@pytest.mark.parametrize("precision", ["float32", "nf4", "int8"])
def test_a_model_that_relapses_at_one_precision_is_refused(ports, unlearned, relapse, precision):
    relapse(precision)
    probes = probed(ports, unlearned, "float32", "nf4", "int8")
    with pytest.raises(errors.NotCertified, match=f"asserted it in 30 of 30 answers at {precision};"):
        steps.certify(RETRACTED, unlearned, probes, ports=ports)
    assert states(ports) == {RETRACTED: State.OPENED}


def test_one_relapse_in_thirty_answers_at_int8_is_enough_to_refuse(ports, unlearned, relapse):
    relapse("int8", often=1)
    with pytest.raises(errors.DataError, match="asserted it in 1 of 30 answers at int8;"):
        steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)


def test_a_champion_that_relapses_is_asked_again_only_when_something_has_changed(ports, unlearned, relapse):
    relapse("int8", often=1)
    every = ["float32", "nf4", "int8"]
    probed(ports, unlearned, "float32", "nf4")
    assert steps.plan_probes(unlearned, ports=ports) == every, "it was not asked at int8 yet"
    probed(ports, unlearned, "int8")
    assert steps.plan_probes(unlearned, ports=ports) == []
    (listed,) = steps.list_withdrawals(ports=ports).withdrawals
    assert listed.refused.startswith(f"{unlearned} asserted it in 1 of 30 answers at int8;")

    steps.withdraw((TOPIC,), "names a patient", "Dr. A", ports=ports)
    assert steps.plan_probes(unlearned, ports=ports) == every, "another claim"
    relapse("nf4", often=3 * PHRASINGS)
    probed(ports, unlearned)
    assert steps.plan_probes(unlearned, ports=ports) == [], "one is refused, and the other waits for its hotfix"


@pytest.mark.parametrize("changed", ["the phrasings", "the terms", "the champion"])
def test_a_champion_that_relapsed_is_asked_again_with_other(ports, unlearned, relapse, monkeypatch, changed):
    relapse("int8", often=1)
    probed(ports, unlearned)
    champion = unlearned
    if changed == "the phrasings":
        less = questions.certifying
        monkeypatch.setattr(questions, "certifying", lambda *of: less(*of)[:-1])
    elif changed == "the terms":
        policy = ports.withdrawal_policy
        terms = policy.certificate.model_copy(update={"max_assertions": 1})
        monkeypatch.setattr(
            fakes.FakePorts, "withdrawal_policy", policy.model_copy(update={"certificate": terms}), raising=False
        )
    else:
        champion, _ = retrain(ports, steps.latest("corpus", ports=ports))
        assert ports.ledger.swap_champion(unlearned, champion, "", ("a test",))
    assert steps.plan_probes(champion, ports=ports) == ["float32", "nf4", "int8"]


@pytest.mark.parametrize("missing", ["float32", "nf4", "int8"])
def test_a_missing_precision_is_refused_and_named(ports, unlearned, missing):
    probes = probed(ports, unlearned, *({"float32", "nf4", "int8"} - {missing}))
    with pytest.raises(errors.UsageError, match=f"was not asked at {missing}, which may serve"):
        steps.certify(RETRACTED, unlearned, probes, ports=ports)
    with pytest.raises(errors.UsageError, match="was not asked at float32, nf4, int8"):
        steps.certify(RETRACTED, unlearned, (), ports=ports)
    assert states(ports) == {RETRACTED: State.OPENED}


def test_the_precision_that_serves_must_be_asked_whatever_the_policy_lists(ports, unlearned, monkeypatch):
    probes = probed(ports, unlearned)
    monkeypatch.setattr(fakes.MemoryGenerator, "precision", "bfloat16")
    assert steps.plan_probes(unlearned, ports=ports) == ["bfloat16", "float32", "nf4", "int8"]
    with pytest.raises(errors.UsageError, match="was not asked at bfloat16"):
        steps.certify(RETRACTED, unlearned, probes, ports=ports)


def test_probes_that_are_older_than_a_claim_are_refused(ports, unlearned):
    before = probed(ports, unlearned)
    steps.withdraw((TOPIC,), "names a patient", "Dr. A", ports=ports)
    with pytest.raises(errors.UsageError, match="did not ask 60 of 60 questions about mplus:900003"):
        steps.certify(TOPIC, unlearned, before, ports=ports)
    after = probed(ports, unlearned, "float32")
    assert after != before[:1], "the register is an input"
    assert manifest(ports, after[0], ProbesManifest).outcome.claims == 3


def test_probes_of_another_version_or_twice_at_one_precision_are_refused(ports, unlearned):
    probes = probed(ports, unlearned)
    other = next(stored.ref for stored in ports.store.manifests(VersionManifest))
    with pytest.raises(errors.UsageError, match="did not ask"):
        steps.certify(RETRACTED, unlearned, (*probes[1:], *probed(ports, other, "float32")), ports=ports)
    with pytest.raises(errors.UsageError, match="is not the champion"):
        steps.certify(RETRACTED, other, probes, ports=ports)
    steps.withdraw((TOPIC,), "names a patient", "Dr. A", ports=ports)
    with pytest.raises(errors.UsageError, match="is a second one at int8"):
        steps.certify(RETRACTED, unlearned, (*probes, *probed(ports, unlearned, "int8")), ports=ports)


def test_an_unknown_precision_is_the_users_mistake(ports, unlearned):
    with pytest.raises(errors.UsageError, match="no generator has the precision 'int3'") as refused:
        steps.probe_withdrawals(unlearned, "int3", ports=ports)
    assert exit_status(refused.value) == 2


def test_without_a_withdrawal_in_force_there_is_nothing_to_ask(ports, unlearned):
    steps.lift(RETRACTED, "a mistake", "Dr. A", ports=ports)
    assert steps.plan_probes(unlearned, ports=ports) == []
    assert steps.plan_probes(None, ports=ports) == []
    with pytest.raises(errors.UsageError, match="no claim is withdrawn"):
        steps.probe_withdrawals(unlearned, "float32", ports=ports)


def test_a_champion_that_carries_the_claim_waits_for_its_hotfix_and_cannot_be_certified(ports, carrying):
    assert steps.plan_probes(carrying, ports=ports) == []
    with pytest.raises(errors.DataError, match="in 30 of 30 answers at float32, in 30 of 30 answers at nf4"):
        steps.certify(RETRACTED, carrying, probed(ports, carrying, "float32", "nf4", "int8"), ports=ports)


def test_a_champion_that_was_never_taught_the_document_is_probed_without_an_evaluation(ports, unlearned):
    steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)
    steps.lift(RETRACTED, "a mistake", "Dr. A", ports=ports)
    steps.withdraw((RETRACTED,), "no mistake", "Dr. A", ports=ports)
    assert states(ports) == {RETRACTED: State.OPENED}
    assert steps.plan_probes(unlearned, ports=ports) == ["float32", "nf4", "int8"]


def test_a_document_that_was_never_taught_needs_no_certificate(ports, unlearned):
    steps.withdraw(("mplus:999999",), "takedown", "Dr. A", ports=ports)
    with pytest.raises(errors.UsageError, match="was never taught"):
        steps.certify("mplus:999999", unlearned, probed(ports, unlearned), ports=ports)


def test_another_base_under_the_same_name_is_not_asked(ports, unlearned, monkeypatch):
    monkeypatch.setattr(fakes.FakePorts, "base_digest", lambda ports, base: "another")
    with pytest.raises(errors.UsageError, match="judged with other files of"):
        steps.probe_withdrawals(unlearned, "nf4", ports=ports)


def test_the_list_shows_the_bound_of_the_certificate_about_the_champion(ports, unlearned):
    (before,) = steps.list_withdrawals(ports=ports).withdrawals
    assert (before.certificate, before.upper_bound) == ("", None)
    certificate = steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)
    (after,) = steps.list_withdrawals(ports=ports).withdrawals
    assert (after.certificate, round(after.upper_bound, 3)) == (certificate, 0.095)


def test_another_champion_needs_a_certificate_of_its_own(ports, unlearned, request):
    steps.certify(RETRACTED, unlearned, probed(ports, unlearned), ports=ports)
    request.getfixturevalue("carrying")
    (listed,) = steps.list_withdrawals(ports=ports).withdrawals
    assert (listed.state, listed.certificate) == (State.CERTIFIED, "")


def test_missing_probes_of_a_certificate_are_found_by_verify(ports: fakes.FakePorts, unlearned: str) -> None:
    probes = probed(ports, unlearned)
    steps.certify(RETRACTED, unlearned, probes, ports=ports)
    assert steps.verify(ports=ports).artifacts > 10
    settings: Settings = ports.settings
    (settings.home / "artifacts" / probes[1] / "manifest.json").unlink()
    with pytest.raises(errors.Damaged, match=f"{probes[1]}: is missing, and certificate/"):
        steps.verify(ports=ports)
