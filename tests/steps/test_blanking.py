"""No byte of what a person asks to be erased stays in the store, and verify tells an erasure from tampering."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from medpipe import errors, records, steps
from medpipe.core.judging.evaluation import Evaluation, Score
from medpipe.core.manifests import EvaluationManifest, PairsManifest, ValidationManifest
from medpipe.core.refs import EvaluationRef, PairsRef, ref
from medpipe.core.teaching.example import PreferencePair
from medpipe.steps import carried
from medpipe.steps.artifact import manifest
from medpipe.steps.erasure import Erasure
from medpipe.steps.evaluation import means, scores_of
from medpipe.steps.samples import PREFERENCES
from tests import fakes
from tests.feedback import collected, every, holder, rate
from tests.manifests import ADAPTER, inputs, outcome, put
from tests.steps.test_feedback import corpus_of
from tests.steps.test_feedback import ports as ports
from tests.steps.test_verification import faults

QUESTION = "Why does my left ear hum since the ferry to Ostra?"
ANSWER = "Ears hum after ferries to Ostra."
CORRECTION = "Sea air hums in ears, said my neighbour of Ostra."
HELD_OUT = "Does the ferry to Ostra make the other ear hum?"
QUARANTINED = "I was quarantined on the ferry to Ostra."
SECRETS = ("Ostra", "ferry", "neighbour")
"""Words that nobody but Ann wrote."""


class Written:
    """What Ann wrote, wherever it is stored, beside what Bob wrote."""

    def __init__(self, ports: fakes.FakePorts) -> None:
        self.ports, self.corpus = ports, corpus_of(ports)
        self.ann, self.bob = holder(ports, "ann"), holder(ports, "bob")
        ports.answers.record("answer-1", self.ann, QUESTION, ANSWER, "version/a", "a", refused=False)
        rate(ports, self.ann, "answer-1", correction=CORRECTION)
        rate(ports, self.ann, "answer-2", correction=CORRECTION)
        rate(ports, self.bob, "answer-3")
        self.feedback = collected(ports)
        built = steps.build_pairs(self.feedback, self.corpus, ports=ports)
        self.pairs = PairsRef(str(built))
        steps.validate(self.pairs, "pairs", ports=ports)
        self.judging = put(ports.store, ref("pairs", "judging"), self._heldout)
        self.evaluation = EvaluationRef(self._evaluated())
        self.validation = self._quarantined()
        self.adapter = put(ports.store, ref("adapter", 1), data=self.pairs)
        unfinished = ports.workspace("work/0123456789abcdef") / "data" / "train.jsonl"
        unfinished.parent.mkdir()
        shutil.copy(ports.store.folder(self.pairs) / "train.jsonl", unfinished)
        checkpoint = unfinished.parent.parent / "checkpoints" / "checkpoint-1"
        checkpoint.mkdir(parents=True)
        (checkpoint / "weights").write_text(CORRECTION)

    def _heldout(self, folder: Path) -> None:
        pair = PreferencePair(
            question=HELD_OUT,
            chosen=CORRECTION,
            rejected=ANSWER,
            answer_id="answer-9",
            identity=self.ann,
            document_ids=("mplus:1",),
            document_revisions=(7,),
        )
        other = pair.model_copy(update={"question": "Bob's?", "chosen": "Yes.", "rejected": "No.", "answer_id": "a"})
        records.write(folder / "train.jsonl", [])
        records.write(folder / "heldout.jsonl", [pair, other.model_copy(update={"identity": self.bob})])

    def _evaluated(self) -> str:
        target = ref("evaluation", "preferences")
        texts = (("answer-9", CORRECTION), ("a", "Yes."))
        scores = {PREFERENCES: tuple(Score(sample_id=id, value=1.0, answer=text) for id, text in texts)}
        whole = Evaluation(model=ADAPTER, examples="", metrics=means(scores), scores=scores)
        with self.ports.store.write(target, "a test", inputs("evaluation", pairs=self.judging)) as draft:
            (draft.path / "evaluation.json").write_text(whole.model_dump_json())
            draft.conclude(outcome("evaluation", metrics=whole.metrics))
        return target

    def _quarantined(self) -> str:
        target = ref("validation", "quarantined")
        (row,) = [
            row for row in records.read_rows(self._file(self.feedback, "feedback.jsonl")) if row["question"] == QUESTION
        ]
        line = {"index": 0, "id": "answer-1", "source": "users", "reasons": [], "row": {**row, "answer": QUARANTINED}}
        with self.ports.store.write(
            target, "a test", inputs("validation", data=self.feedback, suite="feedback")
        ) as draft:
            records.write_rows(draft.path / "quarantine.jsonl", [line])
            draft.conclude(outcome("validation", rows=1, quarantined_rows=(0,)))
        return target

    def _file(self, ref: str, name: str) -> Path:
        return self.ports.store.folder(ref) / name

    def erased(self) -> Erasure:
        """Ann asks for it."""
        return steps.erase("Ann asked on 3 March", "Dr. A", identity=self.ann, ports=self.ports)

    def left(self) -> list[str]:
        """Every file below the home, the database's own too, that has a word of Ann's."""
        files = [file for file in self.ports.settings.home.rglob("*") if file.is_file()]
        return [str(file) for file in files if any(word.encode() in file.read_bytes() for word in SECRETS)]


@pytest.fixture
def written(ports: fakes.FakePorts) -> Written:
    written = Written(ports)
    assert len(written.left()) >= 7, "feedback, pairs, judging pairs, scores, quarantine, workspace and database"
    return written


def test_no_byte_of_what_was_erased_stays_in_any_file(written: Written) -> None:
    erasure = written.erased()

    assert written.left() == []
    assert erasure.collected == (written.feedback,)
    assert set(erasure.pairs) == {written.pairs, written.judging}
    assert erasure.adapters == (written.adapter,), "the judging pairs were never taught"


def test_the_rest_stays_and_verify_counts_what_was_erased(written: Written, ports: fakes.FakePorts) -> None:
    before = {
        kind: list(ports.store.manifests(kind)) for kind in (PairsManifest, EvaluationManifest, ValidationManifest)
    }
    written.erased()

    assert before == {kind: list(ports.store.manifests(kind)) for kind in before}, "manifests stay as they were"
    verified = steps.verify(ports=ports)
    assert verified.erased == 5
    assert "set MEDPIPE_SIGNING_KEY" in verified.remarks[0], "no gateway has made a key here"
    entry = ports.ledger.entries(1, ("erased",))[0]
    assert entry.reasons == ("Ann asked on 3 March", "by Dr. A")
    assert [pair.chosen for pair in every(ports, written.pairs) if not pair.erased] == ["Rest for a day."]
    assert {row["id"] for row in carried.document_rows(ports, written.judging)} <= {"mplus:1"}
    kept = scores_of(ports, written.evaluation).scores[PREFERENCES]
    assert [(score.value, score.answer) for score in kept] == [(1.0, ""), (1.0, "Yes.")]


def test_erased_pairs_are_not_trained_on_and_the_next_ones_are_built_without_them(
    written: Written, ports: fakes.FakePorts
) -> None:
    written.erased()
    with pytest.raises(errors.DataError, match=r"erased on request.*run `medpipe build-pairs` again"):
        steps.train("tiny-dpo", written.pairs, written.adapter, ports=ports)
    later = steps.build_pairs(written.feedback, written.corpus, written.pairs, ports=ports)
    assert [pair.identity for pair in every(ports, later)] == [written.bob]


def test_a_second_erasure_adds_to_the_first_and_the_same_one_again_changes_nothing(
    written: Written, ports: fakes.FakePorts
) -> None:
    written.erased()
    entries = len(ports.ledger.entries(None))
    assert written.erased() == Erasure(answers=0, feedback=0, collected=(), pairs=(), adapters=(), versions=())
    assert len(ports.ledger.entries(None)) == entries
    steps.erase("Bob asked", "Dr. A", identity=written.bob, ports=ports)
    assert all(pair.erased for pair in every(ports, written.pairs))
    assert faults(ports) == ""


def test_what_a_person_writes_after_an_erasure_is_kept_by_the_next_one(
    written: Written, ports: fakes.FakePorts
) -> None:
    written.erased()
    rate(ports, written.ann, "answer-7", correction="Drink water.")
    later = steps.build_pairs(collected(ports), written.corpus, written.pairs, ports=ports)
    steps.erase("Bob asked", "Dr. A", identity=written.bob, ports=ports)
    assert [pair.chosen for pair in every(ports, later) if not pair.erased] == ["Drink water."]


def test_pairs_that_a_worker_published_long_after_the_erasure_are_blanked_by_the_same_call_again(
    written: Written, ports: fakes.FakePorts
) -> None:
    """A worker that slept through its lease. Its texts were read when its collection was."""
    place = ports.store.folder(written.pairs)
    slept, built = ref("pairs", "slept"), ports.store.find(written.pairs)
    taught = (place / "train.jsonl").read_bytes()
    written.erased()
    with ports.store.write(slept, "build_pairs", built.inputs) as draft:
        (draft.path / "train.jsonl").write_bytes(taught)
        draft.conclude(built.outcome)
    assert written.erased().pairs == (slept,)
    assert written.left() == []


def test_an_erasure_that_was_killed_before_it_reached_any_artifact_is_named_by_verify(
    written: Written, ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("medpipe.steps.erasure.blank_artifacts", dying)
        written.erased()
    assert "erasures: an erasure did not reach every artifact: run `medpipe erase` again" in faults(ports)
    written.erased()
    assert (written.left(), faults(ports)) == ([], "")


@pytest.mark.parametrize("moment", range(12))
def test_an_erasure_that_was_killed_is_named_by_verify_and_finished_by_its_next_run(
    written: Written, ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    replace, calls = Path.replace, iter(range(1000))

    def dying(self: Path, target: Path) -> Path:
        if next(calls) == moment:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        try:
            written.erased()
        except KeyboardInterrupt:
            assert "run `medpipe erase` again" in faults(ports)
    written.erased()
    assert written.left() == []
    assert faults(ports) == ""


def removed(written: Written, home: Path) -> str:
    (home / written.pairs / "train.jsonl").unlink()
    return f"{written.pairs}: {written.pairs} is not what its verb made (train.jsonl is missing)"


def emptied(written: Written, home: Path) -> str:
    (home / written.pairs / "train.jsonl").write_text("")
    return f"{written.pairs}: {written.pairs} is not what its verb made (train.jsonl was changed)"


def blanked_by_hand(written: Written, home: Path) -> str:
    """Somebody who knows the format removes rows, and writes what an erasure writes."""
    store = written.ports.store
    empty = home / "empty"
    empty.write_text("")
    store.blank(written.pairs, {"train.jsonl": empty}, lambda after: None)
    return f"{written.pairs}: lacks texts, and the ledger has no erasure of it"


def for_another(written: Written, home: Path) -> str:
    file = home / written.pairs / "erased.json"
    file.write_text(json.dumps({"ref": written.judging, "files": {}}))
    return f"{written.pairs}: {written.pairs}/erased.json was not written by `medpipe erase`"


@pytest.mark.parametrize("tamper", [removed, emptied, blanked_by_hand, for_another])
def test_texts_that_are_gone_without_an_erasure_are_named(
    written: Written, ports: fakes.FakePorts, tamper: Callable[[Written, Path], str]
) -> None:
    assert f"\n- {tamper(written, ports.settings.home / 'artifacts')}" in faults(ports)


def test_a_copy_from_before_the_erasure_is_named_and_blanked_again(written: Written, ports: fakes.FakePorts) -> None:
    place = ports.settings.home / "artifacts" / written.pairs
    backup = shutil.copytree(place, ports.settings.home.parent / "backup")
    written.erased()
    shutil.rmtree(place)
    shutil.copytree(backup, place)
    assert f"\n- {written.pairs}: has texts that the ledger says were erased: run `medpipe erase` again" in faults(
        ports
    )
    written.erased()
    assert written.left() == []
    assert faults(ports) == ""


def test_an_edited_erased_json_or_a_file_from_before_it_is_named(written: Written, ports: fakes.FakePorts) -> None:
    place = ports.settings.home / "artifacts" / written.pairs
    before = (place / "train.jsonl").read_bytes()
    written.erased()
    (place / "train.jsonl").write_bytes(before)
    assert f"\n- {written.pairs}: has texts that the ledger says were erased" in faults(ports)
    written.erased()
    (place / "erased.json").write_text(
        (place / "erased.json").read_text().replace('"train.jsonl":["', '"train.jsonl":["0')
    )
    assert written.pairs in faults(ports)


def test_a_claim_of_a_withdrawn_document_that_quotes_an_erased_pair_is_reported(
    written: Written, ports: fakes.FakePorts
) -> None:
    pair = PreferencePair(
        question="Ann's?",
        chosen="Ann says so.",
        rejected="No.",
        answer_id="x",
        identity=written.ann,
        document_ids=("pmid:1",),
    )
    put(ports.store, ref("pairs", "quoted"), lambda folder: records.write(folder / "train.jsonl", [pair]))
    steps.withdraw(("pmid:1",), "a takedown", "Dr. A", ports=ports)
    assert written.erased().quoted == ("pmid:1",)


def test_manifests_name_what_was_erased_no_more_than_before(written: Written, ports: fakes.FakePorts) -> None:
    assert manifest(ports, written.pairs, PairsManifest).outcome.train == 3
    written.erased()
    assert len(every(ports, written.pairs)) == 3, "rows stay in their places"
