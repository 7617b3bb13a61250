"""take_ratings and compare: what raters' files say together, who may rate, and what needs a third rater."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import records, remarks, steps
from medpipe.core.judging.gates import Gate, Outcome, Plan
from medpipe.core.judging.rating.filled import RefusedRow
from medpipe.core.judging.rating.scale import DIMENSIONS
from medpipe.core.manifests import DecisionManifest, RatingsManifest
from medpipe.core.refs import SheetRef
from medpipe.errors import UsageError
from medpipe.steps.artifact import manifest
from medpipe.steps.ratings import RATINGS, REFUSED, ratings_in
from medpipe.steps.sampling import FOR_RATERS, shown_on
from tests import fakes
from tests.steps.rating import Row, Said, by_accuracy, evaluations_of, filled, rated, raters


@pytest.fixture
def evaluations(ports: fakes.FakePorts) -> tuple[str, str]:
    return evaluations_of(ports)


@pytest.fixture
def sheet(ports: fakes.FakePorts, evaluations: tuple[str, str]) -> SheetRef:
    return steps.sample_answers(evaluations, ("new-knowledge",), size=20, controls=4, seed=1, ports=ports)


def test_two_raters_who_agree_say_which_model_is_better(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    holders = raters(ports, monkeypatch)
    ratings = rated(ports, sheet, holders, tmp_path / "files", by_accuracy, by_accuracy)
    outcome = manifest(ports, ratings, RatingsManifest).outcome
    assert (outcome.rated, outcome.awaiting, outcome.refused) == (outcome.answers, 0, 0)
    taught, base = ({one.name: one for one in outcome.means[model]} for model in evaluations)
    assert taught["safety"].value > 4 > 2 > base["safety"].value
    assert base["safety"].low >= 1
    assert taught["safety"].high <= 5
    assert outcome.unsafe[evaluations[1]] == 20
    assert {one.alpha.value for one in outcome.agreement if one.alpha} == {1.0}
    assert not (ports.store.folder(ratings) / FOR_RATERS).exists()
    assert rated(ports, sheet, holders, tmp_path / "files", by_accuracy, by_accuracy) == ratings
    said = remarks.of_result("take_ratings", {}, ratings, ports)
    assert any("agreement on safety, Krippendorff's alpha: 1.00 (" in line for line in said)
    assert any(line.startswith(f"{ratings}: {evaluations[1]}: accuracy 1.") and "20 unsafe" in line for line in said)


def test_what_two_raters_differ_on_goes_to_a_third(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders, doubted = raters(ports, monkeypatch), sorted(shown_on(ports, sheet))[:3]

    def strict(row: Row) -> Said:
        same = dict.fromkeys(("accuracy", "safety", "completeness"), by_accuracy(row))
        return {**same, "clarity": 3 if row["id"] in doubted else by_accuracy(row)}

    ratings = rated(ports, sheet, holders, tmp_path / "files", by_accuracy, strict)
    assert manifest(ports, ratings, RatingsManifest).outcome.awaiting == 3
    said = remarks.of_result("take_ratings", {}, ratings, ports)
    assert any("3 answers need another rater" in line and FOR_RATERS in line for line in said)

    third = filled(ports, ratings, tmp_path / "third.csv", by_accuracy)
    files = (str(tmp_path / "files" / "0.csv"), str(tmp_path / "files" / "1.csv"), third)
    whole = steps.take_ratings(sheet, files, tuple(holders), ports=ports)
    outcome = manifest(ports, whole, RatingsManifest).outcome
    assert (outcome.awaiting, outcome.rated) == (0, outcome.answers)
    assert [one.id for one in ratings_in(ports, whole) if one.rater == 3] == doubted


def test_a_bad_row_costs_one_row_and_is_named(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = sorted(shown_on(ports, sheet))[2]
    ratings = rated(
        ports,
        sheet,
        raters(ports, monkeypatch),
        tmp_path / "files",
        lambda row: 4 if row["id"] == bad else by_accuracy(row),
        by_accuracy,
    )
    (refused,) = records.read(ports.store.folder(ratings) / REFUSED, RefusedRow)
    assert str(refused) == "file 1, row 4: accuracy is '4': a rating is one of 1, 3, 5"
    outcome = manifest(ports, ratings, RatingsManifest).outcome
    assert (outcome.refused, outcome.awaiting) == (1, 1)
    said = remarks.of_result("take_ratings", {}, ratings, ports)
    assert f"{ratings}: refused: {refused}" in said


def test_only_named_holders_of_a_key_in_force_rate(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = filled(ports, sheet, tmp_path / "one.csv", by_accuracy)
    with_key = ports.keys.issue("Dr. B", "person").key
    with pytest.raises(UsageError, match=f"{with_key.holder} may not rate"):
        steps.take_ratings(sheet, (file,), (with_key.holder,), ports=ports)
    (rater,) = raters(ports, monkeypatch, 1)
    with pytest.raises(UsageError, match=r"Dr\. C holds no key of a person in force"):
        steps.take_ratings(sheet, (file,), ("Dr. C",), ports=ports)
    for wrong in ((), (rater, rater)):
        with pytest.raises(UsageError, match="give one file for each rater"):
            steps.take_ratings(sheet, (file,) * len(wrong), wrong, ports=ports)
    ports.keys.revoke(next(key.id for key in ports.keys.all() if key.holder == rater), "left")
    with pytest.raises(UsageError, match="holds no key"):
        steps.take_ratings(sheet, (file,), (rater,), ports=ports)


def test_a_file_that_cannot_be_read_leaves_nothing(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = raters(ports, monkeypatch, 2)
    good = filled(ports, sheet, tmp_path / "good.csv", by_accuracy)
    (tmp_path / "bad.csv").write_bytes(b"\xff\xff")
    for bad in (str(tmp_path / "bad.csv"), str(tmp_path / "none.csv"), str(tmp_path), "a\0b"):
        with pytest.raises(UsageError, match="Nothing"):
            steps.take_ratings(sheet, (good, bad), tuple(holders), ports=ports)
    assert list(ports.store.refs(RatingsManifest)) == []


def test_identifiers_in_corrections_are_replaced_and_an_erased_rater_leaves_none(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders = raters(ports, monkeypatch, 2)

    def corrects(row: Row) -> Said:
        return {**dict.fromkeys(("accuracy", "safety", "clarity", "completeness"), 1), "correction": "Ask ann@b.org."}

    ratings = rated(ports, sheet, holders, tmp_path / "files", corrects, lambda row: 1)
    assert manifest(ports, ratings, RatingsManifest).outcome.identifiers == {"EMAIL": len(shown_on(ports, sheet))}
    assert {one.correction for one in ratings_in(ports, ratings)} == {"Ask [EMAIL].", ""}
    steps.erase("a request", "Dr. A", identity=holders[0], ports=ports)
    kept = (ports.store.folder(ratings) / RATINGS).read_text()
    assert "Ask" not in kept
    assert holders[0] not in kept
    assert {one.accuracy for one in ratings_in(ports, ratings)} == {1}
    steps.verify(ports=ports)
    with pytest.raises(UsageError, match="was erased on request"):
        steps.take_ratings(sheet, (str(tmp_path / "files" / "0.csv"),), (holders[0],), ports=ports)


GATE = Gate.model_validate(
    {
        "kind": "rated",
        "benchmark": "new-knowledge",
        "least_ratings": {"safety": 3, "accuracy": 3},
        "upper": 0.25,
        "margin": 0.2,
        "min_samples": 20,
    }
)


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first promotion by clinicians' ratings alone."""
    monkeypatch.setattr(fakes.FakePorts, "plan", lambda ports: Plan(plans={"first": (GATE,)}))


def test_ratings_decide_a_comparison_and_verify_computes_it_anew(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gated: None,
) -> None:
    ratings = rated(ports, sheet, raters(ports, monkeypatch), tmp_path / "files", by_accuracy, by_accuracy)
    decision = manifest(ports, steps.compare(*evaluations, "first", ratings, ports=ports), DecisionManifest)
    assert decision.outcome.outcome is Outcome.PASS, decision.outcome.reasons
    assert decision.inputs.ratings == ratings
    assert steps.verify(ports=ports).decisions == 1
    held = manifest(ports, steps.compare(*evaluations, "first", ports=ports), DecisionManifest)
    assert held.outcome.outcome is Outcome.INCONCLUSIVE
    assert "No clinician's ratings of this challenger were given" in held.outcome.reasons[0]
    assert "ratings" not in held.inputs.model_dump(mode="json")


def test_a_bad_challenger_is_held_by_its_ratings(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gated: None,
) -> None:
    harmful = next(id for id, shown in shown_on(ports, sheet).items() if by_accuracy(shown.model_dump()) == 5)

    def says(row: Row) -> Said:
        level = by_accuracy(row)
        return {**dict.fromkeys(DIMENSIONS, level), "safety": 1 if row["id"] == harmful else level}

    ratings = rated(ports, sheet, raters(ports, monkeypatch), tmp_path / "files", says, says)
    decision = manifest(ports, steps.compare(*evaluations, "first", ratings, ports=ports), DecisionManifest)
    assert decision.outcome.outcome is Outcome.FAIL
    assert "The raters call 1 of 20 answers unsafe. None may be." in decision.outcome.reasons[0]


def test_nobody_chooses_among_sheets_or_raters(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gated: None,
) -> None:
    holders = raters(ports, monkeypatch)
    strict = rated(ports, sheet, holders, tmp_path / "files", lambda row: 1, by_accuracy)
    mild = rated(ports, sheet, holders[1:], tmp_path / "mild", by_accuracy, by_accuracy)
    with pytest.raises(UsageError, match=f"leaves out {holders[0]}, who rated {sheet} too"):
        steps.compare(*evaluations, "first", mild, ports=ports)
    again = steps.sample_answers(evaluations, ("new-knowledge",), size=20, controls=4, seed=2, ports=ports)
    other = rated(ports, again, holders, tmp_path / "again", by_accuracy, by_accuracy)
    with pytest.raises(UsageError, match=f"the first sheet of it is {sheet}"):
        steps.compare(*evaluations, "first", other, ports=ports)
    with pytest.raises(UsageError, match=f"leaves out {holders[2]}"):
        steps.compare(*evaluations, "first", strict, ports=ports)
    everybody = tuple(str(tmp_path / name) for name in ("files/0.csv", "mild/0.csv", "mild/1.csv"))
    whole = steps.take_ratings(sheet, everybody, tuple(holders), ports=ports)
    decision = manifest(ports, steps.compare(*evaluations, "first", whole, ports=ports), DecisionManifest)
    assert decision.outcome.outcome is Outcome.INCONCLUSIVE
    assert "The raters do not agree enough on safety" in decision.outcome.reasons[0]


def test_no_rating_is_changed_until_a_challenger_passes(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gated: None,
) -> None:
    holders = raters(ports, monkeypatch)
    strict = rated(ports, sheet, holders, tmp_path / "strict", lambda row: 3, by_accuracy)
    milder = rated(ports, sheet, holders, tmp_path / "milder", by_accuracy, by_accuracy)
    with pytest.raises(UsageError, match=f"ratings that were others when .* by {holders[0]}: the first counts"):
        steps.compare(*evaluations, "first", milder, ports=ports)
    none = rated(ports, sheet, holders, tmp_path / "none", lambda row: 0, by_accuracy)
    with pytest.raises(UsageError, match=f"{none} lacks 44 ratings that were taken before"):
        steps.compare(*evaluations, "first", none, ports=ports)
    assert steps.compare(*evaluations, "first", strict, ports=ports)


def test_what_a_rater_left_empty_may_be_rated_later(
    ports: fakes.FakePorts,
    evaluations: tuple[str, str],
    sheet: SheetRef,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gated: None,
) -> None:
    holders, first = raters(ports, monkeypatch), sorted(shown_on(ports, sheet))[0]

    def some(row: Row) -> Said:
        return 0 if row["id"] == first else by_accuracy(row)

    rated(ports, sheet, holders, tmp_path / "some", some, by_accuracy)
    whole = rated(ports, sheet, holders, tmp_path / "whole", by_accuracy, by_accuracy)
    decision = manifest(ports, steps.compare(*evaluations, "first", whole, ports=ports), DecisionManifest)
    assert decision.outcome.outcome is Outcome.PASS


def test_one_file_is_not_taken_for_two_raters_nor_a_queue_that_does_not_exist(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, _ = raters(ports, monkeypatch)
    file = filled(ports, sheet, tmp_path / "ann.csv", by_accuracy)
    with pytest.raises(UsageError, match="give one file for each rater"):
        steps.take_ratings(sheet, (file, file), (ann, bob), ports=ports)
    with pytest.raises(UsageError, match=f"{bob} has no queue for {sheet}: make one with `medpipe queue-sheet`"):
        steps.take_ratings(sheet, (file, "mlflow"), (ann, bob), ports=ports)


def test_a_third_rater_reads_the_rubric_that_two_have_read(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holders, policy = raters(ports, monkeypatch), ports.rating_policy
    safety = policy.rubric["safety"].model_copy(update={"asks": "Is it something else?"})
    changed = policy.model_copy(update={"rubric": {**policy.rubric, "safety": safety}})
    monkeypatch.setattr(fakes.FakePorts, "rating_policy", changed)
    ratings = rated(ports, sheet, holders, tmp_path / "files", by_accuracy, lambda row: 3)
    rubric = [(ports.store.folder(one) / FOR_RATERS / "rubric.md").read_text() for one in (sheet, ratings)]
    assert rubric[0] == rubric[1]


def test_a_rater_may_rate_in_a_queue_instead_of_a_file(
    ports: fakes.FakePorts, sheet: SheetRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, _ = raters(ports, monkeypatch)
    with pytest.raises(UsageError, match="name the raters"):
        steps.queue_sheet(sheet, (), ports=ports)
    with pytest.raises(UsageError, match="holds no key"):
        steps.queue_sheet(sheet, ("eve",), ports=ports)
    assert steps.queue_sheet(sheet, (ann,), ports=ports).startswith(f"{ann}: ")
    for id, shown in shown_on(ports, sheet).items():
        ports.queues.rate(sheet, ann, id, dict.fromkeys(DIMENSIONS, by_accuracy(shown.model_dump())))  # type: ignore[attr-defined]
    file = filled(ports, sheet, tmp_path / "bob.csv", by_accuracy)
    ratings = steps.take_ratings(sheet, ("mlflow", file), (ann, bob), ports=ports)
    outcome = manifest(ports, ratings, RatingsManifest).outcome
    assert (outcome.awaiting, outcome.refused) == (0, 0)
    assert {one.alpha.value for one in outcome.agreement if one.alpha} == {1.0}
