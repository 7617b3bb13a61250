"""One fact in several languages: the answers agree only if they are right in every one, or are the same label."""

from __future__ import annotations

import pytest

from medpipe.core.judging import languages
from medpipe.core.judging.evaluation import Sample, Score
from medpipe.core.judging.figures import figures
from medpipe.core.judging.scoring import SCORERS

SAID = {
    "en": "Velorin fever is treated with tazomib.",
    "es": "La fiebre velorin se trata con tazomib.",
    "fr": "La fièvre de Velorin se traite par tazomib.",
}
HEDGED = {language: text.replace("tazomib", "tazomib or velomab or rest") for language, text in SAID.items()}
WRONG = {language: text.replace("tazomib", "velomab") for language, text in SAID.items()}


def sample(document: str, language: str, number: int = 1, counterpart: str = "", kind: str = "treatment") -> Sample:
    return Sample(
        id=f"{document}#{kind[:4]}{language}-{number}",
        question=f"What treats velorin fever, in {language}?",
        target=SAID[language],
        slot="tazomib",
        cluster=document,
        slices=(f"language {language}", f"type {kind}"),
        counterpart=counterpart,
    )


def pair(number: int, *others: str) -> list[Sample]:
    """One topic in English and Spanish, two wordings of each; `others`: languages of documents that point at it."""
    english, spanish = f"mplus:{number}", f"mplus:{number + 500}"
    return [
        *(sample(english, "en", wording, spanish) for wording in (1, 2)),
        *(sample(spanish, "es", wording, english) for wording in (1, 2)),
        *(sample(f"{other}:{number}", other, 1, english) for other in others),
    ]


def scored(samples: list[Sample], *answers: dict[str, str]) -> list[Score]:
    """What a model earns that answers each sample by its language; wordings in turn."""
    told = languages.told(samples)
    return [
        Score(
            sample_id=each.id,
            value=SCORERS["slot"](each, answer),
            answer=answer,
            cluster=each.cluster,
            fact=told[each.id].fact,
            language=told[each.id].language,
        )
        for place, each in enumerate(samples)
        for answer in [answers[place % len(answers)][each.slices[0][-2:]]]
    ]


def shares(scores: list[Score]) -> tuple[float, float]:
    found = figures({"b": scores})["b"]
    agrees, partly = found["b agrees in every language"], found["b right in some languages only"]
    assert agrees.n == partly.n and agrees.clusters == partly.clusters
    return agrees.value, partly.value


def test_documents_that_are_counterparts_ask_one_fact_for_each_type_in_whatever_order() -> None:
    samples = [*pair(1), *(one.model_copy(update={"slices": (one.slices[0], "type causes")}) for one in pair(2))]
    told = languages.told(reversed(samples))
    assert {told[one.id].fact for one in samples} == {"mplus:1 treatment", "mplus:2 causes"}
    assert {(one.fact, one.language) for one in told.values()} == {
        (fact, language) for fact in ("mplus:1 treatment", "mplus:2 causes") for language in ("en", "es")
    }


def test_one_document_in_three_languages_and_documents_that_point_at_one_are_one_fact() -> None:
    abstracts = [sample("pmid:9", language, kind="finding") for language in ("en", "es", "fr")]
    assert {one.fact for one in languages.told(abstracts).values()} == {"pmid:9 finding"}
    told = languages.told(pair(1, "fr"))
    assert {(one.fact, one.language) for one in told.values()} == {
        ("fr:1 treatment", language) for language in ("en", "es", "fr")
    }


def test_what_no_other_language_asks_is_left_out() -> None:
    assert languages.told([sample("mplus:1", "en", counterpart="mplus:501")]) == {}
    assert languages.told([sample("mplus:1", "en"), sample("mplus:2", "es")]) == {}
    twins = [one.model_copy(update={"condition": "removed"}) for one in pair(1)]
    assert languages.told(twins) == {}
    cases = [one.model_copy(update={"id": f"triage-{place}"}) for place, one in enumerate(pair(1))]
    assert languages.told(cases) == {}


def test_two_facts_of_one_type_are_left_out_because_nothing_says_which_is_which() -> None:
    other = sample("mplus:1", "en", 1, "mplus:501").model_copy(update={"id": "mplus:1#other-1"})
    assert languages.told([*pair(1), other]) == {}


@pytest.mark.parametrize(
    ("answers", "agrees", "partly"),
    [
        (SAID, 1.0, 0.0),
        ({"en": SAID["en"], "es": WRONG["es"]}, 0.0, 1.0),
        ({"en": SAID["en"], "es": "No lo sé."}, 0.0, 1.0),
        (HEDGED, 0.0, 0.0),
        (WRONG, 0.0, 0.0),
        ({"en": "I do not know.", "es": "No lo sé."}, 0.0, 0.0),
    ],
    ids=["right", "right in one language", "silent in one", "hedges", "wrong", "silent"],
)
def test_answers_agree_if_they_are_right_in_every_language(
    answers: dict[str, str], agrees: float, partly: float
) -> None:
    samples = [one for number in range(8) for one in pair(number)]
    assert shares(scored(samples, answers)) == (agrees, partly)


def test_a_model_that_is_right_in_two_of_three_languages_does_not_agree() -> None:
    samples = [one for number in range(4) for one in pair(number, "fr")]
    assert shares(scored(samples, SAID)) == (1.0, 0.0)
    assert shares(scored(samples, SAID | {"fr": WRONG["fr"]})) == (0.0, 1.0)


def test_a_language_counts_as_right_if_its_wordings_earn_more_than_half() -> None:
    samples = pair(1)
    assert shares(scored(samples, SAID, WRONG)) == (0.0, 0.0), "one wording of two is right"


def label(case: int, language: str, answer: str, target: str = "immediate") -> Score:
    value = float(answer == target)
    return Score(
        sample_id=f"{case}-{language}",
        value=value,
        answer=answer,
        cluster=str(case),
        target=target,
        language=language,
        condition="plain",
    )


def test_labels_agree_if_they_are_the_same_also_where_they_are_wrong() -> None:
    same = [label(1, language, "delayed") for language in ("en", "es", "fr")]
    other = [label(2, "en", "immediate"), label(2, "es", "immediate"), label(2, "fr", "medium")]
    assert shares([*same, *other]) == (0.5, 0.5)
    assert shares([label(3, "en", "yes", "yes"), label(3, "es", "Sí", "yes")]) == (1.0, 1.0)


def test_the_figures_have_an_interval_over_documents() -> None:
    samples = [one for number in range(8) for one in pair(number)]
    found = figures({"b": scored(samples, SAID)})["b"]["b agrees in every language"]
    assert (found.value, found.n, found.clusters) == (1.0, 8, 8)
    assert 0.5 < found.low < found.high == 1.0


def test_a_benchmark_in_one_language_has_no_such_figure() -> None:
    alone = [Score(sample_id="a#1-1", value=1.0, answer="x", cluster="a")]
    assert "b agrees in every language" not in figures({"b": alone}).get("b", {})
