"""Artifacts, as all verbs use them: refs, typed manifests, validations and the rows that may be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medpipe import code_digest, errors, records, steps
from medpipe.core.manifests import (
    CorpusManifest,
    DocumentsInputs,
    DocumentsManifest,
    DocumentsOutcome,
    ValidationInputs,
    ValidationManifest,
    ValidationOutcome,
)
from medpipe.core.refs import ref
from medpipe.steps import artifact
from tests import fakes
from tests.manifests import CORPUS, DOCUMENTS, inputs, put
from tests.steps.conftest import DAY_1, DAY_2, publish, topic

CHANGES: dict[str, Any] = {"source": "pubmed", "start": DAY_2, "end": DAY_1, "ids": ("pmid:1",), "file": "a.xml"}


def test_kind_verb_code_and_every_input_are_part_of_a_ref(monkeypatch: pytest.MonkeyPatch) -> None:
    window = DocumentsInputs(source="medlineplus", start=DAY_1, end=DAY_2)
    refs = [
        artifact.target_ref("documents", "pull", window),
        artifact.target_ref("documents", "fetch", window),
        artifact.target_ref("corpus", "pull", window),
        *(
            artifact.target_ref("documents", "pull", window.model_copy(update={name: value}))
            for name, value in CHANGES.items()
        ),
    ]
    monkeypatch.setattr(code_digest, "of", lambda verb, source="": "other code")
    refs.append(artifact.target_ref("documents", "pull", window))
    assert len(set(refs)) == len(refs)


def test_an_artifact_is_made_once_and_its_verb_inputs_and_outcome_are_kept(ports: fakes.FakePorts) -> None:
    folders: list[Path] = []

    def fill(folder: Path) -> DocumentsOutcome:
        folders.append(folder)
        return DocumentsOutcome(documents=7)

    refs = {artifact.once(ports, "documents", "pull", inputs("documents"), fill) for _ in range(2)}
    assert (len(folders), len(refs)) == (1, 1)
    stored = artifact.manifest(ports, refs.pop(), DocumentsManifest)
    assert (stored.verb, stored.inputs, stored.outcome.documents) == ("pull", inputs("documents"), 7)


def test_a_manifest_of_another_kind_or_none_is_refused_by_name(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match=f"expected a corpus/… ref, got {DOCUMENTS}"):
        artifact.manifest(ports, DOCUMENTS, CorpusManifest)
    with pytest.raises(errors.NotFound, match=f"{CORPUS} does not exist or was never finished"):
        artifact.manifest(ports, CORPUS, CorpusManifest)
    with pytest.raises(errors.UsageError, match="'corpus' is not a ref"):
        artifact.manifest(ports, "corpus", CorpusManifest)
    artifact.check_kind(CORPUS, CorpusManifest)


def validation(ports: fakes.FakePorts, accepted: bool, compared_with: str = "", text: str | None = None) -> str:
    """A validation of DOCUMENTS, by the suite's present text unless another is given."""
    judged = ValidationInputs(
        data=DOCUMENTS,
        suite="documents",
        expectations=ports.suite("documents") if text is None else text,
        compared_with=compared_with,
    )
    target = artifact.target_ref("validation", "validate", judged)
    with ports.store.write(target, "validate", judged) as draft:
        draft.conclude(ValidationOutcome(rows=1, accepted=accepted))
    return target


def chosen(ports: fakes.FakePorts) -> str | None:
    found = artifact.validation_of(ports, DOCUMENTS, "documents")
    return None if found is None else found.ref


def test_the_validation_of_a_batch_is_one_that_accepted_it_if_there_is_one(ports: fakes.FakePorts) -> None:
    assert chosen(ports) is None
    validation(ports, True, text="an earlier text of the suite")
    assert chosen(ports) is None
    first = validation(ports, False, "documents/0000000000000001")
    assert chosen(ports) == first
    second = validation(ports, False, "documents/0000000000000002")
    assert chosen(ports) == second, "of those that stopped it, the newest"
    alone = validation(ports, False)
    assert chosen(ports) == alone, "of those that stopped it, the one without a comparison"
    accepted = validation(ports, True, "documents/0000000000000003")
    assert chosen(ports) == accepted
    validation(ports, True, "documents/0000000000000004")
    assert chosen(ports) == accepted, "of those that accepted it, the oldest"


def test_a_validation_without_a_comparison_that_accepted_a_batch_comes_first(ports: fakes.FakePorts) -> None:
    validation(ports, True, "documents/0000000000000001")
    alone = validation(ports, True)
    assert chosen(ports) == alone == artifact.validation_ref(ports, DOCUMENTS, "documents")


def test_rows_of_a_batch_that_was_stopped_or_never_validated_cannot_be_read(ports: fakes.FakePorts) -> None:
    put(ports.store, DOCUMENTS, lambda folder: records.write_rows(folder / "documents.jsonl", [{"n": 1}, {"n": 2}]))
    says = f"{DOCUMENTS} has not passed the suite 'documents': run `medpipe validate --data {DOCUMENTS} --suite"
    with pytest.raises(errors.NotValidated, match=says):
        artifact.accepted_rows(ports, DOCUMENTS, "documents")
    validation(ports, False)
    with pytest.raises(errors.NotValidated, match=says):
        artifact.accepted_rows(ports, DOCUMENTS, "documents")
    validation(ports, True, "documents/0000000000000001")
    assert list(artifact.accepted_rows(ports, DOCUMENTS, "documents")) == [{"n": 1}, {"n": 2}]


def test_a_suite_reads_only_its_own_kind_of_data(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.UsageError, match="no suite 'document'; there are documents, examples, feedback, pairs"):
        artifact.rows_file(ports, DOCUMENTS, "document")
    for read in (artifact.rows_file, artifact.accepted_rows):
        with pytest.raises(errors.UsageError, match=f"the suite 'examples' validates examples/… refs, got {DOCUMENTS}"):
            read(ports, DOCUMENTS, "examples")


def test_the_rows_of_each_kind_of_data_have_a_file() -> None:
    assert artifact.ROWS == {
        "documents": "documents.jsonl",
        "examples": "train.jsonl",
        "pairs": "train.jsonl",
        "feedback": "feedback.jsonl",
    }


def test_only_releases_let_quarantined_rows_through(ports: fakes.FakePorts) -> None:
    publish(ports, [topic(n).model_copy(update={"title": ""} if n in (1, 2) else {}) for n in range(6)])
    data = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    steps.discard(data, "documents", "a placeholder", "Dr Calder", rows=(1,), ports=ports)
    assert artifact.release_refs(ports, data, "documents") == ()
    assert len(list(artifact.accepted_rows(ports, data, "documents"))) == 4
    released = steps.release(data, "documents", "checked", "Dr Calder", rows=(2,), ports=ports)
    assert artifact.release_refs(ports, data, "documents") == (released,)
    rows = [row["id"] for row in artifact.accepted_rows(ports, data, "documents")]
    assert rows == [topic(n).id for n in (0, 2, 3, 4, 5)]
    refs = [review.ref for review in artifact.reviews(ports, data, "documents")]
    assert len(refs) == 2 and refs == sorted(refs)
    assert [found.ref for found in ports.store.manifests(ValidationManifest)] == [
        artifact.validation_ref(ports, data, "documents")
    ]
    assert ref("documents", 1) != data
