"""The sources' contract for the curated sets: on invented files as published, and on real slices.

The real MedQuAD is one of the cases of `test_sources`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from medpipe.core.corpus.document import Document
from medpipe.core.corpus.merge import newer
from medpipe.core.triage.labels import LABELS
from medpipe.settings import Settings
from medpipe.sources.curated.sets import SETS
from medpipe.sources.curated.source import CuratedSource
from medpipe.wiring import Wiring
from tests.places import DATA, ROOT
from tests.sources.curated import samples

EVER = (date(1990, 1, 1), date(2100, 1, 1))
SHIPPED = ROOT / "medpipe" / "recipes" / "data" / "triage.yaml"


class Case(NamedTuple):
    source: CuratedSource
    documents: int
    sections: int = 0


def _real(name: str, folder: str, tmp: Path) -> CuratedSource:
    """The set from the recorded data beside the checkout, under the folder's name that a source looks for."""
    if not (DATA / folder).is_dir():
        pytest.skip(f"no recorded data ({folder}) beside the checkout")
    (tmp / name).symlink_to((DATA / folder).resolve(), target_is_directory=True)
    return CuratedSource(tmp, name)


CASES: dict[str, Callable[[Path], Case]] = {
    "real-medquad-without-answers": lambda tmp: Case(_real("medquad", "medquad_noanswer", tmp), 0),
    "real-pubmedqa": lambda tmp: Case(_real("pubmedqa", "pubmedqa", tmp), 500, 1000),
    "real-frenchmedmcqa": lambda tmp: Case(_real("frenchmedmcqa", "frenchmedmcqa", tmp), 2482, 2482),
    "real-ultramedical": lambda tmp: Case(_real("ultramedical", "ultramedical_examples", tmp), 40, 40),
    "real-mediqa": lambda tmp: Case(_real("mediqa", "mediqa2019", tmp), 283, 283),
    **{
        f"written-{name}": lambda tmp, name=name: Case(CuratedSource(samples.write(name, tmp), name), -1)
        for name in SETS
    },
    "shipped-triage": lambda tmp: Case(CuratedSource(tmp, "triage", shipped=SHIPPED), -1),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    case = CASES[request.param](tmp_path)
    assert isinstance(case, Case)
    return case


def _state(documents: list[Document]) -> dict[str, Document]:
    state = dict[str, Document]()
    for document in documents:
        state[document.id] = newer(state.get(document.id), document)
    return state


def test_a_pull_gives_whole_documents_that_carry_source_and_licence(case: Case) -> None:
    documents = list(case.source.pull(*EVER))
    assert len(documents) == case.documents or (case.documents < 0 and documents)
    assert case.sections in (0, sum(len(document.sections) for document in documents))
    assert len({document.id for document in documents}) == len(documents)
    for document in documents:
        assert re.fullmatch(r"[a-z][a-z0-9-]*:\S+", document.id)
        assert document.id.partition(":")[0] == document.source
        assert document.licence and document.title and document.language in ("en", "fr", "es")
        assert document.url.startswith("http") or document.source == "triage"
        assert not re.search("/ency/|/druginfo/", document.url)
        assert Document.model_validate_json(document.model_dump_json()) == document
        assert document.sections and all(section.text and section.heading for section in document.sections)


def test_every_right_answer_is_one_of_the_choices(case: Case) -> None:
    for document in case.source.pull(*EVER):
        for section in document.sections:
            lettered = [f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJ", section.choices, strict=False)]
            named = section.text.splitlines()[0]
            # Options may hold "; " themselves, so the right ones are taken off the text from its beginning.
            for option in lettered:
                if named.startswith(option):
                    named = named.removeprefix(option).removeprefix("; ")
            assert not section.choices or named == "" or named in section.choices


def test_the_same_pull_gives_the_same_documents(case: Case) -> None:
    assert list(case.source.pull(*EVER)) == list(case.source.pull(*EVER))


def test_documents_come_in_the_order_of_their_revisions(case: Case) -> None:
    revisions = [document.revision for document in case.source.pull(*EVER)]
    assert revisions == sorted(revisions)


def test_a_scoped_pull_gives_the_asked_ids_and_no_others(case: Case) -> None:
    full = {document.id: document for document in case.source.pull(*EVER)}
    some = sorted(full)[:: max(1, len(full) // 3)][:3]
    if some:
        bare = [some[0].partition(":")[2], *some[1:]]
        assert {document.id: document for document in case.source.pull(*EVER, ids=bare)} == {
            name: full[name] for name in some
        }


def test_a_window_changes_nothing_because_a_set_has_no_dates(case: Case) -> None:
    whole = [document.id for document in case.source.pull(*EVER)]
    assert [document.id for document in case.source.pull(date(1980, 1, 1), date(1980, 1, 2))] == whole


def test_documents_merge_to_the_same_state_in_any_order(case: Case) -> None:
    documents = list(case.source.pull(*EVER))
    assert _state(documents) == _state(documents[::-1]) == _state(documents + documents)


def test_the_real_medquad_is_read_and_two_documents_are_without_a_focus_as_published(tmp_path: Path) -> None:
    documents = list(_real("medquad", "medquad", tmp_path).pull(*EVER))
    assert len({document.id for document in documents}) == len(documents) == 3183
    assert [document.id for document in documents if not document.title] == [
        "medquad:9_CDC_QA/0000199",
        "medquad:9_CDC_QA/0000424",
    ]


def test_removed_answers_are_dropped_and_counted(tmp_path: Path) -> None:
    source = _real("medquad", "medquad_noanswer", tmp_path)
    assert list(source.pull(*EVER)) == []
    assert source.drops["questions without an answer were dropped"] > 3199


def test_every_set_is_a_source_by_its_own_name_and_curated_means_medquad(tmp_path: Path) -> None:
    for name in SETS:
        samples.write(name, tmp_path)
    wiring = Wiring(Settings(home=tmp_path / "home", curated=tmp_path))
    for name in SETS:
        assert {document.source for document in wiring.source(name).pull(*EVER)} == {name}
    assert {document.source for document in wiring.source("curated").pull(*EVER)} == {"medquad"}


def test_triage_without_a_folder_is_the_shipped_file(tmp_path: Path) -> None:
    documents = list(Wiring(Settings(home=tmp_path)).source("triage").pull(*EVER))
    assert {document.sections[0].choices for document in documents} == {LABELS}
    assert {document.licence for document in documents} == {"Apache-2.0"}
