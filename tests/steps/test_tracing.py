"""trace: forward from documents to what carries them, and back from a model to what it was taught."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe import errors, record_index, records, steps
from medpipe.core.knowledge import lineage
from medpipe.core.manifests import TraceManifest, TraceOutcome
from medpipe.core.refs import ref
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.ports import Ports
from medpipe.steps import tracing
from medpipe.steps.artifact import manifest
from tests.manifests import put, put_prepared


def example(*named: tuple[str, int]) -> Example:
    return Example(
        question="q",
        answer="a",
        source="s",
        document_ids=tuple(id for id, _ in named),
        document_revisions=tuple(revision for _, revision in named),
        document_digests=tuple(f"digest of {id} at {revision}" for id, revision in named),
    )


def put_examples(ports: Ports, name: str, examples: list[Example]) -> str:
    def fill(folder: Path) -> None:
        records.write(folder / "train.jsonl", examples)
        records.write_rows(folder / "documents.jsonl", lineage.shares(lineage.entries_of(enumerate(examples))))

    return put(ports.store, ref("examples", name), fill)


def put_pairs(ports: Ports, name: str, pairs: list[PreferencePair]) -> str:
    return put(ports.store, ref("pairs", name), lambda folder: records.write(folder / "train.jsonl", pairs))


class World:
    """One document in two revisions, in two sets of examples; a chain of adapters, and one of another root."""

    def __init__(self, ports: Ports) -> None:
        self.first = put_examples(
            ports, "first", [example(("pmid:1", 1)), example(("pmid:2", 1)), example(("pmid:1", 1), ("mplus:3", 1))]
        )
        self.second = put_examples(ports, "second", [example(("pmid:1", 2)), example(("pmid:10", 1))])
        pair = PreferencePair(
            question="q", chosen="c", rejected="r", answer_id="1", identity="i", document_ids=("pmid:2",)
        )
        self.pairs = put_pairs(ports, "one", [pair])
        self.one = put(ports.store, ref("adapter", 1), data=self.first, start_from="base")
        self.two = put(ports.store, ref("adapter", 2), data=self.pairs, start_from=self.one)
        self.other = put(ports.store, ref("adapter", 3), data=self.second, start_from="base")
        self.v1, self.v2, self.v3 = (
            put(ports.store, f"version/medqa-v{number}", adapter=adapter)
            for number, adapter in enumerate((self.one, self.two, self.other), start=1)
        )


@pytest.fixture
def world(ports: Ports) -> World:
    return World(ports)


def outcome(ports: Ports, target: str) -> TraceOutcome:
    return manifest(ports, target, TraceManifest).outcome


def rows(ports: Ports, target: str) -> list[dict[str, Any]]:
    return list(records.read_rows(ports.store.folder(target) / "found.jsonl"))


def test_forward_finds_every_example_with_its_revision_and_what_learned_from_it(ports: Ports, world: World) -> None:
    traced = steps.trace(("pmid:1",), ports=ports)
    found = outcome(ports, traced)
    assert found.examples == tuple(sorted([world.first, world.second]))
    assert found.adapters == tuple(sorted([world.one, world.two, world.other])), "two went on from one"
    assert found.versions == (world.v1, world.v2, world.v3)
    assert sorted((row["data"], row["row"], row["revision"], row["digest"]) for row in rows(ports, traced)) == sorted(
        [
            (world.first, 0, 1, "digest of pmid:1 at 1"),
            (world.first, 2, 1, "digest of pmid:1 at 1"),
            (world.second, 0, 2, "digest of pmid:1 at 2"),
        ]
    )


def test_forward_finds_preference_pairs_too(ports: Ports, world: World) -> None:
    found = outcome(ports, steps.trace(("pmid:2",), forward=True, ports=ports))
    assert (found.examples, found.pairs) == ((world.first,), (world.pairs,))
    assert found.versions == (world.v1, world.v2)


def test_a_document_that_nothing_was_taught_is_nowhere(ports: Ports, world: World) -> None:
    traced = steps.trace(("pmid:0", "pmid:11", "a", "z"), ports=ports)
    reached = outcome(ports, traced)
    assert (*reached.examples, *reached.pairs, *reached.adapters, *reached.versions) == ()
    assert rows(ports, traced) == []


def test_back_from_a_version_names_the_documents_of_its_whole_chain(ports: Ports, world: World) -> None:
    traced = steps.trace((world.v2,), back=True, ports=ports)
    found = outcome(ports, traced)
    assert (found.adapters, found.examples, found.pairs) == (
        tuple(sorted([world.one, world.two])),
        (world.first,),
        (world.pairs,),
    )
    assert {(row["data"], row["id"], row["revision"], row["examples"]) for row in rows(ports, traced)} == {
        (world.first, "mplus:3", 1, 1),
        (world.first, "pmid:1", 1, 2),
        (world.first, "pmid:2", 1, 1),
        (world.pairs, "pmid:2", 0, 1),
    }


def test_back_from_an_adapter_and_from_examples_is_the_default_for_refs(ports: Ports, world: World) -> None:
    for start in (world.other, world.second):
        traced = steps.trace((start,), ports=ports)
        assert [(row["id"], row["digest"]) for row in rows(ports, traced)] == [
            ("pmid:1", "digest of pmid:1 at 2"),
            ("pmid:10", "digest of pmid:10 at 1"),
        ]


def test_back_from_one_example_names_its_documents(ports: Ports, world: World) -> None:
    traced = steps.trace((f"{world.first}#2",), ports=ports)
    assert [(row["id"], row["revision"]) for row in rows(ports, traced)] == [("mplus:3", 1), ("pmid:1", 1)]
    assert outcome(ports, traced).examples == (world.first,)


def test_forward_from_examples_and_adapters_finds_what_learned_from_them(ports: Ports, world: World) -> None:
    assert outcome(ports, steps.trace((world.pairs,), forward=True, ports=ports)).versions == (world.v2,)
    assert outcome(ports, steps.trace((world.one,), forward=True, ports=ports)).versions == (world.v1, world.v2)


def test_copies_into_which_an_adapter_was_merged_are_traced_both_ways(ports: Ports, world: World) -> None:
    merged = put_prepared(ports.store, 1, adapter=world.two)
    rounded = put_prepared(ports.store, 2, base=merged, rounding="int8")
    alone = put_prepared(ports.store, 3)
    forward = outcome(ports, steps.trace(("pmid:1",), ports=ports))
    assert forward.prepared == tuple(sorted([merged, rounded]))
    assert outcome(ports, steps.trace((world.other,), forward=True, ports=ports)).prepared == ()
    back = steps.trace((rounded,), ports=ports)
    assert (outcome(ports, back).direction, outcome(ports, back).adapters) == ("back", (world.one, world.two))
    assert {row["id"] for row in rows(ports, back)} == {"pmid:1", "pmid:2", "mplus:3"}
    assert outcome(ports, steps.trace((alone,), ports=ports)).rows == 0, "the base alone was taught no document"
    assert outcome(ports, steps.trace((merged,), forward=True, ports=ports)).versions == (world.v2,)


@pytest.mark.parametrize(
    ("of", "wish", "says"),
    [
        ((), {}, "name documents"),
        (("pmid:1",), {"back": True}, "only a --forward"),
        (("pmid:1",), {"forward": True, "back": True}, "either"),
        (("pmid:1", "version/x"), {}, "once for each"),
        (("version/never",), {}, "version/never"),
        (("examples/0123456789abcdef",), {}, "0123456789abcdef"),
    ],
)
def test_what_cannot_be_traced_is_refused_by_name(ports: Ports, of: tuple[str, ...], wish: Any, says: str) -> None:
    with pytest.raises(errors.MedpipeError, match=says):
        steps.trace(of, **wish, ports=ports)


@pytest.mark.parametrize("place", ["3", "-1", "x"])
def test_an_example_that_is_not_there_is_refused_by_name(ports: Ports, world: World, place: str) -> None:
    with pytest.raises(errors.MedpipeError, match="is not an example"):
        steps.trace((f"{world.first}#{place}",), ports=ports)


def test_the_same_question_is_answered_anew_when_something_was_made_since(ports: Ports, world: World) -> None:
    before = steps.trace(("pmid:10",), ports=ports)
    assert steps.trace(("pmid:10",), ports=ports) == before
    put_examples(ports, "third", [example(("pmid:10", 3))])
    after = steps.trace(("pmid:10",), ports=ports)
    assert len(rows(ports, after)) == len(rows(ports, before)) + 1


ids = st.text(st.characters(codec="utf-8", exclude_characters="/\n"), min_size=1, max_size=4)


@given(st.lists(st.tuples(ids, st.integers(1, 3)), max_size=12), ids)
def test_the_index_finds_exactly_the_rows_of_a_document(tmp_path_factory, named, absent):
    index = Path(tmp_path_factory.mktemp("index")) / "documents.jsonl"
    made = list(lineage.shares(lineage.entries_of(enumerate(example(one) for one in named))))
    records.write_rows(index, made)
    for id in {id for id, _ in named} | {absent}:
        assert list(record_index.lookup(index, id)) == [row for row in made if row["id"] == id]
    assert json.loads(json.dumps(made)) == made


def test_what_a_trace_reached_is_shown_with_its_first_rows(ports: Ports, world: World, monkeypatch: Any) -> None:
    shown: list[tuple[float, str]] = []
    monkeypatch.setattr(type(ports), "progress", property(lambda self: lambda share, text: shown.append((share, text))))
    many = put_examples(ports, "many", [example((f"pmid:{number}", 1)) for number in range(100, 112)])
    traced = steps.trace((many,), back=True, ports=ports)
    ((share, text),) = shown
    lines = text.splitlines()
    assert share == 1.0
    assert lines[:6] == [
        f"traced back from {many}: 12 rows in {traced}",
        f"  examples  {many}",
        "  pairs     none",
        "  adapters  none",
        "  versions  none",
        "  prepared  none",
    ]
    assert lines[6] == f"  data {many} id pmid:100 revision 1 digest digest of pmid:100 at 1 role taught examples 1"
    assert (len(lines), lines[-1]) == (17, "  …")
    forward = steps.trace(("pmid:1",), ports=ports)
    assert shown[1][1].splitlines()[0] == f"traced forward from pmid:1: 3 rows in {forward}"
    assert not shown[1][1].endswith("…")


def test_the_inputs_of_a_trace_are_the_question_and_everything_that_exists(ports: Ports, world: World) -> None:
    stored = manifest(ports, steps.trace(("pmid:2", "pmid:1"), ports=ports), TraceManifest)
    assert (stored.verb, stored.inputs.of, stored.inputs.forward) == ("trace", ("pmid:1", "pmid:2"), True)
    assert stored.inputs.made == {
        "examples": tuple(sorted((world.first, world.second))),
        "pairs": (world.pairs,),
        "adapter": tuple(sorted((world.one, world.two, world.other))),
        "version": (world.v1, world.v2, world.v3),
        "prepared": (),
    }
    assert stored.outcome.direction == "forward"
    assert (stored.outcome.documents, stored.outcome.refs, stored.outcome.rows) == (("pmid:1", "pmid:2"), (), 5)
    back = manifest(ports, steps.trace((world.v1,), ports=ports), TraceManifest)
    assert (back.inputs.forward, back.outcome.direction) == (False, "back")
    assert (back.outcome.documents, back.outcome.refs, back.outcome.rows) == ((), (world.v1,), 3)
    assert back.outcome.versions == (world.v1,)


def test_versions_that_carry_documents_or_learned_from_refs(ports: Ports, world: World) -> None:
    assert tracing.versions_carrying((), ports=ports) == ()
    assert tracing.versions_carrying(("pmid:10",), ports=ports) == (world.v3,)
    assert tracing.versions_carrying((world.v1,), ports=ports) == (world.v1, world.v2)
    assert not list(ports.store.refs(TraceManifest)), "a rollback asks, and leaves no artifact"


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ("corpus/0123456789abcdef", "starts from documents, examples, pairs, adapter, version, prepared, and not"),
        ("version/medqa-v1#1", "version/medqa-v1#1: only examples and pairs have rows"),
        ("examples/short", "'examples/short' is not a ref"),
    ],
)
def test_other_refs_and_rows_of_models_are_refused(ports: Ports, world: World, of: str, says: str) -> None:
    with pytest.raises(errors.UsageError, match=says):
        steps.trace((of,), ports=ports)


def test_a_row_number_without_end_is_not_an_example(ports: Ports, world: World) -> None:
    with pytest.raises(errors.NotFound, match="is not an example: rows are counted from 0"):
        steps.trace((f"{world.first}#{'9' * 5000}",), ports=ports)


def test_a_row_of_preference_pairs_names_its_documents(ports: Ports, world: World) -> None:
    assert [row["id"] for row in rows(ports, steps.trace((f"{world.pairs}#0",), ports=ports))] == ["pmid:2"]
