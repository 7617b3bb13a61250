"""What a model carries: revisions with their roles, and facts, through a chain of trainings."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.document import Document, Section
from medpipe.core.knowledge import carried, lineage
from medpipe.core.knowledge.carried import Carried, KnownFact, Role
from medpipe.core.teaching import examples
from medpipe.core.teaching.data import Data
from medpipe.core.teaching.facts import decompose
from medpipe.core.teaching.hygiene import Hygiene
from medpipe.core.teaching.recipe import Recipe
from tests import fakes
from tests.building import in_order


def row(id: str, revision: int, digest: str = "d", **role: str) -> dict[str, object]:
    return {"id": id, "revision": revision, "digest": digest, **role}


def test_a_revision_that_was_taught_and_later_withdrawn_is_carried_with_both_roles() -> None:
    taught, withdrawn = [row("pmid:1", 1)], [row("pmid:1", 1, role="withdrawn"), row("pmid:2", 1)]
    assert list(carried.documents([withdrawn, taught])) == [
        Carried("pmid:1", 1, "d", Role.TAUGHT),
        Carried("pmid:1", 1, "d", Role.WITHDRAWN),
        Carried("pmid:2", 1, "d", Role.TAUGHT),
    ]


revisions = st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.sampled_from("xy"), st.sampled_from(list(Role)[:2]))


@given(st.lists(st.lists(revisions, max_size=6), max_size=5))
def test_what_a_chain_carries_is_the_union_of_what_its_trainings_carry(trainings: list[list[tuple]]) -> None:
    indexes = [[row(id, number, digest, role=role) for id, number, digest, role in sorted(one)] for one in trainings]
    assert list(carried.documents(indexes)) == sorted({Carried(*one) for training in trainings for one in training})


def test_the_newest_taught_revision_of_a_document_is_its_digest_and_a_withdrawn_one_is_not() -> None:
    rows = [
        row("a", 1, "old"),
        row("a", 3, "newest"),
        row("a", 4, "gone", role="withdrawn"),
        row("b", 1, role="taught"),
    ]
    assert carried.newest(carried.documents([rows])) == {"a": "newest", "b": "d"}
    assert carried.newest(carried.documents([[row("c", 1, role="withdrawn")]])) == {}


def test_a_document_is_asserted_until_a_later_training_withdraws_it() -> None:
    taught, withdrawn = [row("a", 1), row("b", 1)], [row("a", 2, role="withdrawn"), row("c", 1, role="withdrawn")]
    roles = carried.roles([withdrawn, taught])
    assert roles == {"a": (Role.WITHDRAWN, Role.TAUGHT), "c": (Role.WITHDRAWN,), "b": (Role.TAUGHT,)}
    assert carried.still_asserted(roles) == {"a": False, "b": True}
    assert carried.only_withdrawn(roles) == {"c"}
    again = carried.still_asserted(carried.roles([taught, withdrawn]))
    assert again == {"a": True, "b": True}, "taught again after its withdrawal"


def test_a_training_that_taught_one_revision_and_withdrew_another_withdrew_the_document() -> None:
    for rows in ([row("a", 1), row("a", 2, role="withdrawn")], [row("a", 1, role="withdrawn"), row("a", 2)]):
        assert carried.roles([rows]) == {"a": (Role.WITHDRAWN,)}


def page(number: int, said: str, days: int = 0, title: str = "") -> Document:
    return Document(
        id=f"mplus:{number}",
        revision=20260303,
        source="medlineplus",
        title=title or f"Ill{number}",
        published=date(2026, 3, 3 + days),
        sections=(Section(heading="Treatment", text=said),),
    )


def rows_of(documents: list[Document], known: dict[str, str] | None = None, **data: object) -> list[dict]:
    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=Data(**data))
    hygiene = Hygiene(clusters=fakes.PairwiseDuplicates().clusters)
    prepared = examples.prepare(in_order(documents), recipe, hygiene=hygiene)
    built = examples.build(prepared, recipe, known, hygiene)
    corpus = prepared.corpus(hygiene)
    return list(carried.fact_rows(corpus, prepared.chosen, built.origins, known))


def test_a_fact_that_was_merged_into_its_twin_counts_as_taught() -> None:
    long = "It is treated with rest and water and sleep for ten whole days in a quiet room without light"
    twins = [page(1, f"{long}.", title="Ill"), page(2, f"{long} .", days=1, title="Ill")]
    rows = rows_of(twins, near_duplicates=0.8)
    assert [(one["document"], one["role"]) for one in rows] == [("mplus:1", "taught"), ("mplus:2", "taught")]


def test_a_fact_that_a_filter_dropped_is_left_out_and_one_that_was_known_has_no_row() -> None:
    documents = [page(1, "Ill1 is treated with rest."), page(2, "Ã¼ broken text Ã¼ that nobody can read at all.")]
    rows = rows_of(documents, quality=True)
    assert {one["document"]: one["role"] for one in rows} == {"mplus:1": "taught", "mplus:2": "left-out"}
    known = {fact.id: fact.says for fact in decompose(documents[0], Data())[0]}
    assert [one["document"] for one in rows_of(documents, known, quality=True)] == ["mplus:2"]


def test_what_is_for_validation_is_neither_carried_nor_known() -> None:
    documents = [page(number, f"Ill{number} is treated with drug{number}.") for number in range(20)]
    roles = {one["document"]: one["role"] for one in rows_of(documents, validation_share=0.3)}
    assert set(roles.values()) == {"taught", "left-out"}

    recipe = Recipe(name="r", summary="", method="sft", base="tiny", trainer={}, data=Data(validation_share=0.3))
    prepared = examples.prepare(in_order(documents), recipe)
    built = examples.build(prepared, recipe)
    shares = list(lineage.shares(lineage.entries_of_training(built.origins, prepared.corpus(Hygiene()))))
    wanted = {id: "validation" if role == "left-out" else "taught" for id, role in roles.items()}
    assert {share["id"]: share["role"] for share in shares if share["id"] in wanted} == wanted
    newest_first = [[row("a", 1, role="validation")], [row("a", 1)], [row("b", 1, role="validation")]]
    assert carried.still_asserted(carried.roles(newest_first)) == {"a": True}


def fact(id: str, says: str, role: str) -> dict[str, str]:
    return {"id": id, "says": says, "role": role, "topic": "ill"}


def test_the_newest_training_decides_what_a_model_knows_of_a_fact() -> None:
    older = [fact("a", "1", "taught"), fact("b", "1", "taught"), fact("c", "1", "taught"), fact("d", "1", "left-out")]
    newer = [fact("a", "2", "taught"), fact("b", "", "withdrawn"), fact("c", "1", "left-out")]
    facts = carried.facts([newer, older])
    assert facts["a"] == KnownFact("2", Role.TAUGHT, "ill")
    assert carried.taught(facts) == {"a": "2", "c": "1"}
    assert carried.taught(carried.facts([older, newer]))["b"] == "1"


def test_a_fact_that_was_withdrawn_and_then_left_out_is_not_known_though_it_was_taught_once() -> None:
    taught, withdrawn = [fact("a", "1", "taught")], [fact("a", "", "withdrawn")]
    left_out = [fact("a", "1", "left-out")]
    assert carried.taught(carried.facts([left_out, withdrawn, taught])) == {}
    assert carried.taught(carried.facts([left_out, taught])) == {"a": "1"}


def test_the_index_by_fact_is_sorted_where_one_documents_id_begins_with_anothers() -> None:
    names = ("1", "1!", "1#2", "1#2#3", "10", "2")
    documents = [
        page(number, f"Ill{number} is treated with rest{number}.").model_copy(update={"id": f"mplus:{name}"})
        for number, name in enumerate(names)
    ]
    rows = rows_of(documents)
    ids, named = [one["id"] for one in rows], [one["document"] for one in rows]
    assert ids == sorted(ids)
    assert sorted(named) == [f"mplus:{name}" for name in sorted(names)]
    assert named != sorted(named), "the order of facts is another one than that of documents"
