"""`make bench-pubmedqa`: the recipe that it shortens, its tables, and the example of BLEU beside ROUGE."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import overlaps_example, pubmedqa, pubmedqa_table
from medpipe import configuration
from medpipe.core.judging.evaluation import Score
from medpipe.core.judging.measures import Estimate, Measure
from medpipe.core.teaching.recipe import Recipe
from medpipe.settings import Settings


def recipe(folder: Path) -> Recipe:
    return configuration.load_named(folder, pubmedqa.RECIPE, "recipe", Recipe)


def test_the_shortened_recipe_asks_for_no_less_care_than_the_shipped_one(tmp_path: Path) -> None:
    ours, shipped = recipe(pubmedqa.shortened(tmp_path / "recipes")), recipe(Settings.model_fields["recipes"].default)
    assert ours.data.kept_out == shipped.data.kept_out == ("pubmedqa",)
    assert ours.data.decontaminate and ours.data.clusters == shipped.data.clusters
    assert (ours.base, ours.template, ours.max_new_tokens) == (shipped.base, shipped.template, shipped.max_new_tokens)
    assert ours.data.unseen["pubmedqa"] > 0


def test_without_the_list_of_the_official_test_nothing_is_taught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "pubmedqa").mkdir(parents=True)
    monkeypatch.setattr("sys.argv", ["x", "--data", str(tmp_path / "data"), "--var", str(tmp_path / "var")])
    with pytest.raises(SystemExit):
        pubmedqa.main()
    assert "nothing says which questions its test has" in capsys.readouterr().err


def score(number: int, answer: str, target: str) -> Score:
    return Score(sample_id=str(number), value=0, answer=answer, target=target, cluster=str(number))


def test_decisions_are_compared_question_by_question_and_texts_are_left_out() -> None:
    before = [score(1, "no", "yes"), score(2, "yes", "yes"), score(3, "A long answer.", ""), score(4, "no", "maybe")]
    after = [score(1, "yes", "yes"), score(2, "yes", "yes"), score(3, "Another one.", ""), score(4, "no", "maybe")]
    measure = pubmedqa.decisions(before, after)
    assert measure.n == 3
    assert measure.before.value == pytest.approx(1 / 3)
    assert measure.after.value == pytest.approx(2 / 3)


def test_the_table_has_what_was_published_beside_what_was_measured() -> None:
    estimate = Estimate(value=0.2, low=0.1, high=0.3)
    measures = [
        Measure(benchmark="unseen", name=name, before=estimate, after=estimate, change=estimate, n=40, clusters=40)
        for name in ("rouge1", "perplexity", "decisions")
    ]
    table = pubmedqa_table.table(
        {
            "measures": [measure.model_dump() for measure in measures],
            "words": {"base": 12, "fine-tuned": 40, "right answers": 38},
            "training": {"rows": 400, "steps": 50},
            "seconds": {"train": 600, "evaluate: base": 100, "evaluate: fine-tuned": 140, "measure": 60},
        }
    )
    lines = table.splitlines()
    assert lines[2].startswith("| perplexity ↓ | 40 | 289.58 → 125.88 | 0.200 [0.100, 0.300] |")
    assert "| ROUGE-1 | 40 | 0.249 → 0.184 |" in table
    assert "| decisions right (yes, no, maybe) | 40 | – |" in table


def test_bleu_rises_and_rouge_falls_in_the_example_which_the_page_shows() -> None:
    short, long = (line.split(" | ") for line in overlaps_example.table().splitlines()[2:])
    bleu, rouge = 2, (4, 5)
    assert float(long[bleu]) > float(short[bleu])
    assert all(float(long[place].rstrip(" |")) < float(short[place].rstrip(" |")) for place in rouge)
    assert overlaps_example.table() in overlaps_example.PAGE.read_text(encoding="utf-8")
