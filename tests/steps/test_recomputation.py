"""verify against somebody who can write every file, the ledger and its heads: what was decided is computed anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from medpipe import code_digest, records, steps
from medpipe.backends.heads_file import HeadsFile
from medpipe.backends.sql import chain, database
from medpipe.core.chain import START, Head, digest
from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import MANIFESTS, Manifest, manifest_type
from medpipe.steps import verification
from medpipe.steps.evaluation import SCORES, means
from tests import fakes
from tests.steps.test_verification import faults, ports, sql, trusted, version_of

pytestmark = pytest.mark.integration

__all__ = ["ports", "trusted"]


def stored(ports: fakes.FakePorts) -> Iterator[Manifest]:
    for kind in MANIFESTS.values():
        yield from ports.store.manifests(kind)


def write(ports: fakes.FakePorts, manifest: Manifest) -> None:
    file = ports.settings.home / "artifacts" / manifest.ref / "manifest.json"
    file.write_text(manifest.sealed().model_dump_json(indent=1))


def forge(ports: fakes.FakePorts, ref: str, part: str, **changes: Any) -> None:
    """Change the inputs or the outcome of an artifact, and then everything that shows it."""
    manifest = ports.store.find(ref)
    assert manifest is not None
    write(ports, manifest.model_copy(update={part: getattr(manifest, part).model_copy(update=changes)}))
    cover(ports)


def cover(ports: fakes.FakePorts) -> None:
    """Make every digest, seal, entry of the ledger and head fit what the files hold now."""
    changed = True
    while changed:
        every = {manifest.ref: manifest for manifest in stored(ports)}
        contents, changed = {ref: manifest.content() for ref, manifest in every.items()}, False
        for ref, manifest in every.items():
            folder = ports.settings.home / "artifacts" / ref
            digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest.digests}
            made_of = {name: contents.get(name, content) for name, content in manifest.made_of.items()}
            if (digests, made_of) != (manifest.digests, manifest.made_of):
                write(ports, manifest.model_copy(update={"digests": digests, "made_of": made_of}))
                changed = True
    sql(ports)
    rewrite_the_ledger(ports, contents)


def rewrite_the_ledger(ports: fakes.FakePorts, contents: dict[str, str]) -> None:
    table, previous, heads = database.ledger, START, list[Head]()
    file = ports.settings.home / "heads.jsonl"
    others = [line for line in file.read_text().splitlines() if json.loads(line)["chain"] != "ledger"]
    file.write_text("\n".join(others) + "\n")
    with ports.database.begin() as connection:
        for link in list(chain.links(connection, table)):
            texts = {**link.texts, "previous": previous}
            if texts["event"] == "registered":
                texts["evidence"] = contents[texts["version"]]
            values = {"previous": previous, "digest": digest(texts), "evidence": texts.get("evidence")}
            connection.execute(sa.update(table).where(table.c.sequence == link.sequence).values(values))
            previous = values["digest"]
            heads.append(Head(link.sequence, previous))
    for head in heads:
        HeadsFile(file).keep("ledger", head)


def flipped(ports: fakes.FakePorts) -> str:
    """The held challenger's decision becomes a pass, and so does its version."""
    version = version_of(ports, 2)
    forge(ports, version.outcome.decision, "outcome", outcome=Outcome.PASS)
    forge(ports, version.ref, "outcome", outcome=Outcome.PASS)
    return f"{version.outcome.decision}: does not follow from its scores, which give fail: "


def kinder_reason(ports: fakes.FakePorts) -> str:
    decision = version_of(ports, 2).outcome.decision
    forge(ports, decision, "outcome", reasons=("a small thing",))
    return f"{decision}: does not follow from its scores"


def other_code(ports: fakes.FakePorts) -> str:
    """Another decision, which other code is said to have made: a remark alone would do."""
    decision = version_of(ports, 2).outcome.decision
    forge(ports, decision, "outcome", outcome=Outcome.PASS)
    forge(ports, decision, "inputs", code="0123456789abcdef")
    return f"{decision}: has other inputs than its ref says"


def kinder_gates(ports: fakes.FakePorts) -> str:
    """The plan of gates.yaml was less strict when this was judged, they say."""
    version = version_of(ports, 2)
    inputs = ports.store.find(version.outcome.decision).inputs  # type: ignore[union-attr]
    plans: Any = inputs.model_dump()["gates"]
    plans["plans"] = {name: gates[-1:] for name, gates in plans["plans"].items()}
    forge(ports, version.outcome.decision, "inputs", gates=plans)
    return f"{version.outcome.decision}: has other inputs than its ref says"


def forgotten_looks(ports: fakes.FakePorts) -> str:
    """A decision that counts no earlier look is judged at a higher level."""
    decision = version_of(ports, 2).outcome.decision
    looks = ports.store.find(decision).inputs.looks  # type: ignore[union-attr]
    assert any(looks.values()), "there is nothing to forget"
    forge(ports, decision, "inputs", looks=dict.fromkeys(looks, ()))
    return f"{decision}: leaves out evaluation/"


def higher_mean(ports: fakes.FakePorts) -> str:
    evaluation = version_of(ports, 2).outcome.evaluation
    metrics = ports.store.find(evaluation).outcome.metrics  # type: ignore[union-attr]
    name = sorted(metrics)[0]
    changed = metrics | {name: metrics[name].model_copy(update={"value": 0.123})}
    forge(ports, evaluation, "outcome", metrics=changed)
    return f"{evaluation}: has another mean for {name} than its scores give"


def rescore(ports: fakes.FakePorts, change: Callable[[Evaluation], Evaluation]) -> str:
    """Change the scores of the held challenger, and its means with them."""
    evaluation = version_of(ports, 2).outcome.evaluation
    file: Path = ports.store.folder(evaluation) / SCORES
    whole = change(records.read_value(file, Evaluation))
    whole = whole.model_copy(update={"metrics": means(whole.scores)})
    file.write_text(whole.model_dump_json(), encoding="utf-8")
    forge(ports, evaluation, "outcome", metrics=whole.metrics)
    return str(evaluation)


def better_scores(ports: fakes.FakePorts) -> str:
    """All wrong answers about older knowledge earn a point."""

    def change(whole: Evaluation) -> Evaluation:
        right = tuple(score.model_copy(update={"value": 1.0}) for score in whole.scores["old-knowledge"])
        return whole.model_copy(update={"scores": whole.scores | {"old-knowledge": right}})

    return f"{rescore(ports, change)}: has the score 1.0 for "


def dropped_answers(ports: fakes.FakePorts) -> str:
    """What it answered wrong was never asked."""

    def change(whole: Evaluation) -> Evaluation:
        right = tuple(score for score in whole.scores["old-knowledge"] if score.value)
        return whole.model_copy(update={"scores": whole.scores | {"old-knowledge": right}})

    return f"{rescore(ports, change)}: has the score None for "


FORGERIES = [
    flipped,
    kinder_reason,
    other_code,
    kinder_gates,
    forgotten_looks,
    higher_mean,
    better_scores,
    dropped_answers,
]


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_that_fits_every_digest_is_found_by_computing_anew(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, forgery: Callable[[fakes.FakePorts], str]
) -> None:
    expected = forgery(ports)
    assert f"\n- {expected}" in faults(ports)
    monkeypatch.setattr(verification, "_recomputed", lambda *_: verification.Recomputed([], ()))
    assert faults(ports) == "", "the forgery is whole: nothing but computing anew can find it"


def test_a_decision_of_other_code_is_a_remark_if_todays_code_decides_otherwise(
    ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_digest, "of", lambda verb, source="": "0123456789abcdef")
    assert steps.verify(ports=ports).remarks == ()
    decision, _, says = flipped(ports).partition(": ")
    (remark,) = steps.verify(ports=ports).remarks
    assert remark.startswith(f"{decision} was made by other code and {says}")


def test_scores_of_other_scorers_are_not_computed_anew(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = better_scores(ports)
    assert expected in faults(ports)
    monkeypatch.setattr("medpipe.steps.rescoring.scorers_digest", lambda: "other scorers")
    assert expected not in faults(ports)


def test_an_evaluation_that_was_made_again_later_does_not_make_its_decision_false(ports: fakes.FakePorts) -> None:
    version = version_of(ports, 2)
    evaluation = ports.store.find(version.outcome.evaluation)
    assert evaluation is not None and manifest_type(evaluation.ref) is type(evaluation)
    later = max(manifest.created_ns for manifest in stored(ports)) + 1
    write(ports, evaluation.model_copy(update={"created_ns": later}))
    assert faults(ports) == ""
