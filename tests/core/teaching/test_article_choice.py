"""A recipe chooses articles; by default it leaves out what states no finding about people."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from medpipe.core.corpus.document import Document, Relation
from medpipe.core.teaching.article_choice import ArticleChoice


def article(id: str = "pmid:1", **fields: object) -> Document:
    values = {"revision": 1, "source": "pubmed", "title": "Does it help?", "published": date(2026, 3, 3), **fields}
    return Document(id=id, **values)


def link(kind: str) -> tuple[Relation, ...]:
    return (Relation(kind=kind, target="pmid:9"),)


PLAIN = article(types=("Journal Article",), mesh=("Humans", "Animals", "Gout"), journal="J Moor Flu")


@pytest.mark.parametrize(
    ("left_out", "reason"),
    [
        (article(types=("Published Erratum",)), "article is of the type published erratum"),
        (article(types=("Letter", "Comment")), "article is of the type comment"),
        (article(types=("Editorial",)), "article is of the type editorial"),
        (article(types=("Clinical Trial Protocol",)), "article is of the type clinical trial protocol"),
        (article(relations=link("ErratumFor")), "article is of the type erratum"),
        (article(relations=link("CommentOn")), "article is of the type comment"),
        (article(title="Will it help? A study protocol"), "article is a protocol"),
        (article(title="Will it help: protocol for a randomised trial"), "article is a protocol"),
        (article(title="Ordalin for colds (Protocol)"), "article is a protocol"),
        (article(mesh=("Animals", "Chickens")), "article about animals only"),
        (article(journal="Am. J. Vet. Res."), "article about animals only"),
        (article("pubmedqa:1", mesh=("Animals", "Rats")), "article about animals only"),
        (article(relations=link("ErratumIn")), "article has a risk: erratum"),
    ],
)
def test_the_default_leaves_out(left_out: Document, reason: str) -> None:
    assert ArticleChoice().objection(left_out) == reason


@pytest.mark.parametrize(
    "kept",
    [
        PLAIN,
        article(),
        article(types=("Preprint",)),
        article(title="Does a weaning protocol help?"),
        article(title="Does the DASH protocol for hypertension help?"),
        article("mplus:1", mesh=("Animals",), source="medlineplus", title="Pets"),
        article("medqa:1", types=("train",)),
    ],
)
def test_the_default_keeps(kept: Document) -> None:
    assert ArticleChoice().objection(kept) == ""


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"types": ("Randomized Controlled Trial",)}, "article of another type"),
        ({"types": ("journal article",)}, ""),
        ({"without_types": ("Journal Article",)}, "article is of the type journal article"),
        ({"mesh": ("Asthma",)}, "article on another subject"),
        ({"mesh": ("Asthma", "GOUT")}, ""),
        ({"without_mesh": ("Gout",)}, "article on a subject that the recipe leaves out"),
        ({"journals": ("J Other",)}, "article in another journal"),
        ({"journals": ("j moor flu",)}, ""),
        ({"without_journals": ("J Moor Flu",)}, "article in another journal"),
        ({"published_from": date(2026, 3, 4)}, "article is too old"),
        ({"published_from": date(2026, 3, 3)}, ""),
    ],
)
def test_a_recipe_chooses_by_type_subject_journal_and_day(choice: dict[str, object], reason: str) -> None:
    assert ArticleChoice(**choice).objection(PLAIN) == reason


def test_a_recipe_may_take_what_the_default_leaves_out_and_refuse_risks() -> None:
    everything = ArticleChoice(without_types=(), protocols=True, humans=False, risks=("erratum", "preprint"))
    for one in (article(types=("Comment",), relations=link("CommentOn")), article(relations=link("ErratumIn"))):
        assert everything.objection(one) == ""
    assert ArticleChoice(risks=()).objection(article(types=("Preprint",))) == "article has a risk: preprint"


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        ArticleChoice(withot_types=("Comment",))
