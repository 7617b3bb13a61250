"""From PubMed's files through pull, validate, build_corpus and build_examples: what may be taught, and what may not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Status
from medpipe.core.corpus.standing import standing
from medpipe.core.manifests import ExamplesManifest
from medpipe.core.teaching.example import Example
from medpipe.ports import Source
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import table_version
from medpipe.wiring import Wiring
from tests import fakes

EVER = (date(2000, 1, 1), date(2100, 1, 1))


class Ports(fakes.FakePorts):
    """Fakes, but PubMed is read from a folder as it is read in production."""

    def source(self, name: str) -> Source:
        return Wiring.source(self, name)


def record(
    pmid: int,
    title: str,
    answer: str = "",
    *,
    links: Sequence[tuple[str, int]] = (),
    types: Sequence[str] = ("Journal Article",),
    mesh: Sequence[str] = (),
    journal: str = "Inv J",
    year: int = 2026,
) -> str:
    """An invented article. `answer`: its conclusion."""
    linked = "".join(
        f'<CommentsCorrections RefType="{kind}"><PMID Version="1">{target}</PMID></CommentsCorrections>'
        for kind, target in links
    )
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="1">{pmid}</PMID><Article><Journal><JournalIssue><PubDate>'
        f"<Year>{year}</Year></PubDate></JournalIssue><ISOAbbreviation>{journal}</ISOAbbreviation></Journal><ArticleTitle>"
        f'{title}</ArticleTitle><Abstract><AbstractText Label="CONCLUSION" NlmCategory="CONCLUSIONS">'
        f"{answer or f'Brivolin {pmid} helps.'}</AbstractText></Abstract><Language>eng</Language><PublicationTypeList>"
        f"{''.join(f'<PublicationType>{name}</PublicationType>' for name in types)}</PublicationTypeList></Article>"
        f"<CommentsCorrectionsList>{linked}</CommentsCorrectionsList><MeshHeadingList>"
        f"{''.join(f'<MeshHeading><DescriptorName>{name}</DescriptorName></MeshHeading>' for name in mesh)}"
        "</MeshHeadingList></MedlineCitation></PubmedArticle>"
    )


def posted(folder: Path, number: int, *articles: str) -> Path:
    folder.mkdir(exist_ok=True)
    body = f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>"
    (folder / f"pubmed26n{number:04}.xml").write_text(body, encoding="utf-8")
    return folder


def ports_over(home: Path, folder: Path) -> Ports:
    return Ports(Settings(home=home, pubmed_url=folder.resolve().as_uri()))


def corpus_of(ports: Ports, *files: str, previous: str | None = None) -> str:
    """Pull the files one after the other, each into a corpus over the one before; all at once without names."""
    for file in files or ("",):
        pulled = steps.pull("pubmed", *EVER, file=file, ports=ports)
        previous = steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), previous, ports=ports)
    return str(previous)


def held(ports: Ports, corpus: str) -> dict[str, str]:
    """Document → what it counts as."""
    every = ports.corpus.read(table_version(ports, corpus), tuple(Status))
    return {document.id: str(standing(document).status) for document in every}


def taught(ports: Ports, corpus: str, recipe: str = "tiny-sft") -> tuple[dict[str, str], dict[str, int]]:
    """Return document → the answer that it teaches, and what was left out by reason."""
    built = steps.build_examples(corpus, recipe, ports=ports)
    examples = records.read(ports.store.folder(built) / "train.jsonl", Example)
    found = {id: example.answer for example in examples for id in example.document_ids}
    return found, manifest(ports, built, ExamplesManifest).outcome.drops


def document(ports: Ports, corpus: str, id: str) -> Document:
    every = ports.corpus.read(table_version(ports, corpus), tuple(Status))
    return next(one for one in every if one.id == id)


def test_titles_that_say_retracted_without_nlms_link_are_on_hold_and_not_taught(tmp_path: Path) -> None:
    question = "Does quellamine lower fever?"
    titles = [f"RETRACTED: {question}", f"{question} [Withdrawn]", f"Retraction: {question}", "Is morvane safe?"]
    folder = posted(tmp_path / "files", 1, *(record(number, title) for number, title in enumerate(titles, start=1)))
    ports = ports_over(tmp_path / "home", folder)
    corpus = corpus_of(ports)
    assert held(ports, corpus) == {f"pmid:{number}": "on hold" for number in (1, 2, 3)} | {"pmid:4": "current"}
    assert document(ports, corpus, "pmid:1").title == question
    examples, drops = taught(ports, corpus)
    assert (set(examples), drops["document is on hold"]) == ({"pmid:4"}, 3)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_notice_holds_an_article_that_does_not_say_so_yet_whichever_comes_first(
    tmp_path: Path, order: tuple[int, int]
) -> None:
    folder = posted(tmp_path / "files", order[0], record(1, "Is brivolin safe?"))
    posted(folder, order[1], record(9, "Retraction: Is brivolin safe?", links=[("RetractionOf", 1)]))
    ports = ports_over(tmp_path / "home", folder)
    corpus = corpus_of(ports, "pubmed26n0001.xml", "pubmed26n0002.xml")
    assert held(ports, corpus) == {"pmid:1": "on hold", "pmid:9": "notice"}
    assert taught(ports, corpus)[0] == {}


def test_of_a_preprint_and_its_article_the_article_teaches(tmp_path: Path) -> None:
    question = "Does ordalin shorten colds?"
    preprint = record(1, question, "Ordalin shortens colds.", links=[("UpdateIn", 2)], types=["Preprint"])
    article = record(2, question, "Ordalin does not shorten colds.", links=[("UpdateOf", 1)])
    ports = ports_over(tmp_path / "home", posted(tmp_path / "files", 1, preprint, article))
    corpus = corpus_of(ports)
    assert held(ports, corpus) == {"pmid:1": "superseded", "pmid:2": "current"}
    examples, drops = taught(ports, corpus)
    assert examples == {"pmid:2": "Ordalin does not shorten colds."}
    assert drops["document is superseded"] == 1


def test_errata_comments_protocols_and_studies_of_animals_are_left_out_and_counted(tmp_path: Path) -> None:
    articles = (
        record(1, "Correction: is ordalin safe?", types=["Published Erratum"], links=[("ErratumFor", 2)]),
        record(2, "What is the right dose of ordalin?", links=[("ErratumIn", 1)]),
        record(3, "Does zinc improve growth in broilers?", mesh=["Animals", "Chickens"]),
        record(4, "Will tessaline help? A study protocol", types=["Clinical Trial Protocol"]),
        record(5, "Comment on: is brivolin useless?", types=["Letter", "Comment"], links=[("CommentOn", 2)]),
        record(6, "Does morvane help in gout?", mesh=["Animals", "Humans"]),
    )
    ports = ports_over(tmp_path / "home", posted(tmp_path / "files", 1, *articles))
    examples, drops = taught(ports, corpus_of(ports))
    assert set(examples) == {"pmid:6"}
    reasons = {reason: count for reason, count in drops.items() if reason.startswith("article")}
    assert reasons == {
        "article is of the type published erratum": 1,
        "article is of the type comment": 1,
        "article is of the type clinical trial protocol": 1,
        "article about animals only": 1,
        "article has a risk: erratum": 1,
    }
