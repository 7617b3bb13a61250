"""Quarantined rows are listed with their reasons, and a person's decision lets them through or keeps them out."""

from __future__ import annotations

import json

import pytest

from medpipe import errors, records, steps
from medpipe.cli import main
from medpipe.core.manifests import ReviewedRecord, ReviewInputs, ReviewManifest
from medpipe.core.refs import ref
from medpipe.steps.artifact import accepted_rows, manifest, validation_ref
from medpipe.steps.corpus import table_version
from medpipe.steps.quarantine import quarantine_lines
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, publish, topic

BLANK = (2, 5)
WHY = {"reason": "the title is on the page itself", "by": "Dr Calder"}


@pytest.fixture
def data(ports):
    """A validated delivery of eight topics, two without a title."""
    publish(ports, [topic(n).model_copy(update={"title": ""} if n in BLANK else {}) for n in range(8)])
    return steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)


def ids(ports, corpus):
    return {document.id for document in ports.corpus.read(table_version(ports, corpus))}


def test_what_waits_is_listed_with_delivery_row_id_source_and_reasons_but_never_the_text(ports, data):
    listed = steps.quarantine(ports=ports)
    first, second = listed.splitlines()
    assert first == f"{data} documents row 2 mplus:900002 (medlineplus): the title is blank"
    assert "row 5 mplus:900005" in second
    assert "treated" not in listed


def test_the_texts_are_shown_to_whoever_asks_for_them(ports, data):
    assert "is treated with" in steps.quarantine(data, texts=True, ports=ports)


def test_the_list_can_be_of_one_delivery_or_suite(ports, data):
    assert steps.quarantine(suite="feedback", ports=ports) == "No quarantined rows."
    assert steps.quarantine(ref("documents", "another"), ports=ports) == "No quarantined rows."
    assert len(steps.quarantine(data, "documents", ports=ports).splitlines()) == 2


def test_a_released_row_enters_the_next_corpus_which_has_another_ref(ports, data):
    before = steps.build_corpus((data,), ports=ports)
    steps.release(data, "documents", **WHY, ids=("mplus:900002",), ports=ports)
    after = steps.build_corpus((data,), ports=ports)
    assert after != before
    assert ids(ports, after) - ids(ports, before) == {"mplus:900002"}
    assert len(ids(ports, before)) == 6, "the corpus before the release is as it was"
    assert steps.build_corpus((data,), ports=ports) == after
    assert steps.quarantine(ports=ports).splitlines()[0].startswith(f"{data} documents row 5")


def test_a_release_says_who_decided_what_and_why_and_doing_it_again_changes_nothing(ports, data):
    made = steps.release(data, "documents", **WHY, rows=(2,), ports=ports)
    assert steps.release(data, "documents", **WHY, rows=(2,), ports=ports) == made
    review = manifest(ports, made, ReviewManifest)
    kept = review.inputs
    assert (kept.reason, kept.by, kept.rows) == (*WHY.values(), (2,))
    assert (kept.decision, kept.data) == ("release", data)
    assert review.outcome.records == (
        ReviewedRecord(row=2, id="mplus:900002", source="medlineplus", reasons=("the title is blank",)),
    )


def test_a_discarded_row_waits_no_longer_and_stays_out(ports, data):
    before = steps.build_corpus((data,), ports=ports)
    steps.discard(data, "documents", "a placeholder page", "Dr Calder", rows=BLANK, ports=ports)
    assert steps.quarantine(ports=ports) == "No quarantined rows."
    assert steps.build_corpus((data,), ports=ports) == before


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rows": (1,)}, "never quarantined in .*: row 1"),
        ({"rows": (99,)}, "never quarantined"),
        ({"ids": ("mplus:1",)}, "never quarantined in .*: mplus:1"),
        ({}, "^say which rows, by number"),
        ({"rows": (2,), "by": " "}, r"^say why \(reason\) and who decides \(by\)"),
        ({"rows": (2,), "reason": ""}, r"^say why \(reason\) and who decides \(by\)"),
    ],
)
def test_only_rows_that_wait_can_be_released_by_somebody_for_a_reason(ports, data, asked, said):
    with pytest.raises(errors.MedpipeError, match=said):
        steps.release(data, "documents", **{**WHY, **asked}, ports=ports)


def test_a_row_is_decided_once(ports, data):
    steps.discard(data, "documents", "a placeholder page", "Dr Calder", rows=(2,), ports=ports)
    with pytest.raises(errors.MedpipeError, match="decided already: discard by Dr Calder"):
        steps.release(data, "documents", **WHY, rows=(2, 5), ports=ports)


def test_nothing_is_released_from_what_was_never_validated_or_was_stopped_whole(ports):
    publish(ports, [topic(n).model_copy(update={"title": ""}) for n in range(3)])
    pulled = steps.pull("medlineplus", DAY_1, DAY_2, ports=ports)
    with pytest.raises(errors.MedpipeError, match="never validated"):
        steps.release(pulled, "documents", **WHY, rows=(0,), ports=ports)
    with pytest.raises(errors.BatchRejected):
        steps.validate(pulled, "documents", ports=ports)
    with pytest.raises(errors.MedpipeError, match="stopped whole"):
        steps.release(pulled, "documents", **WHY, rows=(0,), ports=ports)
    assert steps.quarantine(ports=ports) == "No quarantined rows."


def test_a_new_text_of_the_suite_asks_again(ports, data, monkeypatch):
    steps.release(data, "documents", **WHY, rows=(2,), ports=ports)
    monkeypatch.setattr(ports, "suite", lambda name: "stricter rules", raising=False)
    steps.validate(data, "documents", ports=ports)
    assert len(list(accepted_rows(ports, data, "documents"))) == 6
    assert len(steps.quarantine(ports=ports).splitlines()) == 2


def test_the_commands_list_and_release(ports, data, capsys, monkeypatch):
    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")
    monkeypatch.setenv("MEDPIPE_HOME", str(ports.settings.home))
    assert main(["quarantine"]) == 0
    assert "row 2 mplus:900002" in capsys.readouterr().out
    assert (
        main(
            [
                "release",
                "--data",
                data,
                "--suite",
                "documents",
                "--rows",
                "2",
                "5",
                "--reason",
                "checked",
                "--by",
                "Dr Calder",
            ]
        )
        == 0
    )
    made = capsys.readouterr().out.strip()
    assert made.startswith("review/") and len(manifest(ports, made, ReviewManifest).outcome.records) == 2
    assert main(["quarantine"]) == 0
    assert capsys.readouterr().out == "No quarantined rows.\n"


def test_rows_are_listed_with_all_their_reasons_under_the_name_that_they_have(tmp_path):
    rows = [
        {"id": "pmid:1", "source": "pubmed"},
        {"answer_id": "answer-1"},
        {"document_ids": ["pmid:1", "pmid:2"], "source": ""},
        {},
    ]
    records.write_rows(tmp_path / "rows.jsonl", rows)
    lines = list(quarantine_lines(tmp_path / "rows.jsonl", {3: ("a",), 0: ("b", "c"), 2: ("d",), 1: ("e",)}))
    assert [(line["index"], line["id"], line["source"], line["reasons"]) for line in lines] == [
        (0, "pmid:1", "pubmed", ["b", "c"]),
        (1, "answer-1", "users", ["e"]),
        (2, "pmid:1+pmid:2", "users", ["d"]),
        (3, "without id", "users", ["a"]),
    ]
    assert [line["row"] for line in lines] == rows


def test_texts_follow_their_line_as_json(ports, data):
    lines = steps.quarantine(data, texts=True, ports=ports).splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1])["id"] == "mplus:900002"
    assert lines[2].startswith(f"{data} documents row 5")


def test_a_decision_has_its_verb_validation_and_trimmed_words(ports, data):
    made = steps.release(data, "documents", " checked ", " Dr Calder ", (5,), ("mplus:900002",), ports=ports)
    review = manifest(ports, made, ReviewManifest)
    assert review.verb == "release"
    assert review.inputs == ReviewInputs(
        validation=validation_ref(ports, data, "documents"),
        data=data,
        suite="documents",
        rows=(2, 5),
        decision="release",
        reason="checked",
        by="Dr Calder",
    )
    with pytest.raises(
        errors.UsageError, match=rf"row 2, 5 of {data} was decided already: release by Dr Calder \({made}"
    ):
        steps.discard(data, "documents", **WHY, rows=(2, 5), ports=ports)


def test_rows_of_other_batches_stay_listed_when_one_is_decided(ports, data):
    publish(ports, [topic(n, DAY_2).model_copy(update={"title": ""} if n == 1 else {}) for n in range(4)])
    other = steps.validate(steps.pull("medlineplus", DAY_2, DAY_3, ports=ports), "documents", ports=ports)
    steps.discard(data, "documents", **WHY, rows=BLANK, ports=ports)
    assert steps.quarantine(ports=ports) == f"{other} documents row 1 mplus:900001 (medlineplus): the title is blank"
    assert steps.quarantine(data, ports=ports) == "No quarantined rows."


def test_errors_name_the_batch_the_suite_and_the_remedy(ports, data):
    with pytest.raises(errors.UsageError, match="no suite 'topics'; there are documents, examples, feedback, pairs"):
        steps.release(data, "topics", **WHY, rows=(2,), ports=ports)
    with pytest.raises(errors.NotFound, match=f"{data} was never validated by the suite 'examples'"):
        steps.release(data, "examples", **WHY, rows=(2,), ports=ports)
    with pytest.raises(errors.UsageError, match=f"never quarantined in {data}: row 0, 1; `medpipe quarantine`"):
        steps.release(data, "documents", **WHY, rows=(1, 0, 2), ports=ports)
    with pytest.raises(errors.UsageError, match=f"never quarantined in {data}: mplus:1, mplus:2; `medpipe quarantine`"):
        steps.release(data, "documents", **WHY, ids=("mplus:2", "mplus:900002", "mplus:1"), ports=ports)
