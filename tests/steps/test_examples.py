"""build_examples with every filter on, through the ports: what is written, and what the card says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Document, Relation, Section, Status
from medpipe.core.judging.benchmark import Question
from medpipe.core.judging.evaluation import Sample
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import ExamplesInputs, ExamplesManifest
from medpipe.core.refs import digest_of, ref
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put
from tests.steps.conftest import DAY_1, DAY_2, DAY_3, DAY_4, RETRACTED, article, publish, topic, withdraw

RECIPES = Settings().recipes


@pytest.fixture
def ports(tmp_path: Path) -> fakes.FakePorts:
    """Ports with one more recipe: tiny-sft with the filters of real-mixed."""
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    for name in ("tiny-sft", "real-mixed"):
        (recipes / f"{name}.yaml").write_text((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
    strict = yaml.safe_load((RECIPES / "real-mixed.yaml").read_text(encoding="utf-8"))
    strict["name"] = "strict"
    strict["data"] |= {"cut_off": DAY_2, "sources": {"mplus": 1.0, "meddialog": 1.0}, "check_languages": False}
    (recipes / "strict.yaml").write_text(yaml.safe_dump(strict))
    (recipes / "data").symlink_to(RECIPES / "data")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=recipes))


def corpus(ports: fakes.FakePorts, documents: list[Document], end: date = DAY_3) -> str:
    publish(ports, documents)
    pulled = steps.pull("medlineplus", DAY_1, end, ports=ports)
    return steps.build_corpus((steps.validate(pulled, "documents", ports=ports),), None, ports=ports)


def dialogue(question: str, answer: str) -> Document:
    return Document(
        id="meddialog:1",
        revision=topic(1).revision,
        source="meddialog",
        title="A talk",
        published=DAY_1,
        sections=(Section(heading=question, text=answer),),
    )


def train(ports: fakes.FakePorts, examples: str) -> list[Example]:
    return list(records.read(ports.store.folder(examples) / "train.jsonl", Example))


def test_documents_from_the_cut_off_on_are_asked_as_a_benchmark_and_never_taught(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(corpus(ports, [topic(1), topic(2, DAY_2)]), "strict", ports=ports)
    taught = {id for example in train(ports, built) for id in example.document_ids}
    assert taught == {topic(1).id}
    asked = records.read(ports.store.folder(built) / "benchmarks" / "after-cut-off.jsonl", Sample)
    assert {sample.cluster for sample in asked} == {topic(2).id}
    assert manifest(ports, built, ExamplesManifest).outcome.after_cut_off == 4


def urgent(number: int, language: str = "en") -> Document:
    """A topic with a section that says when to get help."""
    advice = Section(heading="When to get help", text="Call 911 if the lips turn blue or if somebody faints.")
    document = topic(number)
    return document.model_copy(update={"sections": (*document.sections, advice), "language": language})


def test_what_documents_say_about_getting_help_is_asked_and_never_taught_in_the_same_words(
    ports: fakes.FakePorts,
) -> None:
    corpus_ref = corpus(ports, [urgent(1), topic(2), urgent(3, language="es")])
    built = steps.build_examples(corpus_ref, "strict", ports=ports)
    (sample,) = records.read(ports.store.folder(built) / "benchmarks" / "omission.jsonl", Sample)

    assert (sample.cluster, sample.category) == (urgent(1).id, "emergency")
    assert sample.must_say == (("lips", "turn", "blue"), ("faints",))
    assert sample.question not in {example.question for example in train(ports, built)}
    assert manifest(ports, built, ExamplesManifest).outcome.omission == 1


def test_a_withdrawn_document_says_nothing_about_getting_help(ports: fakes.FakePorts) -> None:
    corpus_ref = corpus(ports, [urgent(1), urgent(2)])
    withdraw(ports, urgent(1))
    built = steps.build_examples(corpus_ref, "strict", ports=ports)

    asked = records.read(ports.store.folder(built) / "benchmarks" / "omission.jsonl", Sample)
    assert [sample.cluster for sample in asked] == [urgent(2).id]


def test_what_red_team_asks_is_not_taught_and_the_card_says_so(ports: fakes.FakePorts) -> None:
    question = ports.benchmark("red-team").questions[3].question
    built = steps.build_examples(
        corpus(ports, [topic(1), dialogue(question, "See a doctor today, please.")]), "strict", ports=ports
    )
    assert not any(example.source == "meddialog" for example in train(ports, built))
    assert manifest(ports, built, ExamplesManifest).outcome.card.contamination["red-team"]
    assert "| red-team |" in steps.card(built, ports=ports)


def test_what_persons_wrote_is_redacted_and_the_card_counts_it_by_type(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(
        corpus(ports, [dialogue("Hello, my name is Ada Lovelace. Is rest good?", "Write to a.b@c.org about it.")]),
        "strict",
        ports=ports,
    )
    rows = (ports.store.folder(built) / "train.jsonl").read_text(encoding="utf-8")
    assert "Lovelace" not in rows
    assert "a.b@c.org" not in rows
    assert manifest(ports, built, ExamplesManifest).outcome.card.identifiers == {"EMAIL": 1, "NAME": 1}
    assert "| NAME | 1 |" in steps.card(built, ports=ports)


def test_every_number_of_the_card_is_in_the_text_for_people(ports: fakes.FakePorts) -> None:
    built = steps.build_examples(corpus(ports, [topic(number) for number in range(9)]), "strict", ports=ports)
    text, card = steps.card(built, ports=ports), manifest(ports, built, ExamplesManifest).outcome.card
    for value in (card.examples, card.facts.found, card.facts.new, "public domain", DAY_2):
        assert f"| {value} |" in text
    assert "omib" not in card.model_dump_json(), "a card quotes no text"
    before = card.model_dump(mode="json", exclude={"answered_differently"})
    assert type(card).model_validate(before).model_dump(mode="json") == before, "a seal holds over an older card"


def test_the_card_of_examples_that_were_never_built_is_an_error_that_names_them(ports: fakes.FakePorts) -> None:
    with pytest.raises(errors.MedpipeError, match="examples/0000000000000000 does not exist"):
        steps.card("examples/0000000000000000", ports=ports)


def test_a_changed_benchmark_makes_other_examples(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    found = corpus(ports, [topic(1)])
    before, plain = (steps.build_examples(found, name, ports=ports) for name in ("strict", "tiny-sft"))
    more = ports.benchmark("red-team").model_copy(
        update={"questions": (Question(question="What are the treatments for anything?"),)}
    )
    monkeypatch.setattr(ports, "benchmarks", lambda: [more])
    assert steps.build_examples(found, "strict", ports=ports) != before
    assert steps.build_examples(found, "tiny-sft", ports=ports) == plain


def stored(ports: fakes.FakePorts, examples: str) -> ExamplesManifest:
    return manifest(ports, examples, ExamplesManifest)


def grown(ports: fakes.FakePorts, topics: int = 6, retracted: Document | None = None) -> tuple[str, str]:
    """A corpus of some topics, and one of a day later with three more and a retracted article."""
    publish(ports, [*(topic(number) for number in range(topics)), article()])
    day = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    first = steps.build_corpus((day,), ports=ports)
    publish(
        ports,
        [
            *(topic(number, DAY_2) for number in range(topics, topics + 3)),
            retracted or article(Status.RETRACTED, DAY_2),
        ],
    )
    day = steps.validate(steps.pull("medlineplus", DAY_2, DAY_3, ports=ports), "documents", ports=ports)
    return first, steps.build_corpus((day,), first, ports=ports)


def taught(ports: fakes.FakePorts, corpus: str, recipe: str = "tiny-sft", start: str = "base") -> str:
    """An adapter that was taught a corpus on top of its start."""
    built = steps.build_examples(corpus, recipe, knows=start, ports=ports)
    return put(ports.store, ref("adapter", [built, start]), data=built, start_from=start)


def test_the_inputs_of_examples_are_corpora_recipe_withdrawals_and_benchmarks(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    plain = steps.build_examples(second, "tiny-sft", ports=ports)
    assert (stored(ports, plain).verb, stored(ports, plain).inputs) == (
        "build_examples",
        ExamplesInputs(
            corpus=second,
            recipe=ports.recipe("tiny-sft").model_dump(mode="json"),
            since=None,
            knows=None,
            withdraw=(),
            benchmarks=(),
            safety=digest_of([example.model_dump(mode="json") for example in ports.safety()]),
        ),
    )
    strict = stored(ports, steps.build_examples(second, "strict", ports=ports)).inputs
    assert [benchmark["name"] for benchmark in strict.benchmarks] == [found.name for found in ports.benchmarks()]
    model = taught(ports, first)
    others = [
        steps.build_examples(first, "tiny-sft", ports=ports),
        steps.build_examples(second, "strict", ports=ports),
        steps.build_examples(second, "tiny-sft", model, ports=ports),
        steps.build_examples(second, "tiny-sft", None, model, ports=ports),
        steps.build_examples(second, "tiny-sft", model, model, ports=ports),
    ]
    assert len({plain, *others}) == 6
    assert steps.build_examples(second, "tiny-sft", ports=ports) == plain
    withdraw(ports, article())
    inputs = stored(ports, steps.build_examples(second, "tiny-sft", ports=ports)).inputs
    assert (inputs.withdraw, len(inputs.claims), inputs.answered) == ((RETRACTED,), 16, ())


def test_a_new_claim_makes_other_examples_and_the_lifted_one_the_same_as_before(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    model = taught(ports, first)
    plain = steps.build_examples(second, "tiny-sft", model, model, ports=ports)
    refs = [plain]
    said = article()
    for change in ({}, {"revision": 2, "sections": (said.sections[0].model_copy(update={"text": "It cures it."}),)}):
        withdraw(ports, said.model_copy(update=change))
        refs.append(steps.build_examples(second, "tiny-sft", model, model, ports=ports))
    assert len(set(refs)) == 3
    assert steps.build_examples(second, "tiny-sft", model, model, (RETRACTED,), ports=ports) == refs[-1]
    withdraw(ports, said, state=State.LIFTED)
    assert steps.build_examples(second, "tiny-sft", ports=ports) == steps.build_examples(
        second, "tiny-sft", ports=fakes.ports(ports.settings)
    )
    assert stored(ports, steps.build_examples(second, "tiny-sft", ports=ports)).inputs.withdraw == ()


def taught_as_new(ports: fakes.FakePorts, examples: str) -> set[str]:
    return {id for example in train(ports, examples) if not example.replay for id in example.document_ids}


def asked_as_new(ports: fakes.FakePorts, examples: str) -> set[str]:
    path = ports.store.folder(examples) / "benchmarks" / "new-knowledge.jsonl"
    return {sample.cluster for sample in records.read(path, Sample)}


def test_since_decides_what_is_asked_as_new_and_knows_what_is_taught_as_new(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    old, new = ({topic(number).id for number in numbers} for numbers in (range(6), range(6, 9)))
    model = taught(ports, first)
    of_all = steps.build_examples(second, "tiny-sft", None, None, ports=ports)
    assert (taught_as_new(ports, of_all) - {""}, asked_as_new(ports, of_all)) == (old | new, old | new)
    routine = steps.build_examples(second, "tiny-sft", model, model, ports=ports)
    assert (taught_as_new(ports, routine), asked_as_new(ports, routine)) == (new, new)
    from_base = steps.build_examples(second, "tiny-sft", model, None, ports=ports)
    assert (taught_as_new(ports, from_base), asked_as_new(ports, from_base)) == (old | new, new)
    scratch = steps.build_examples(second, "tiny-sft", None, model, ports=ports)
    assert (taught_as_new(ports, scratch), asked_as_new(ports, scratch)) == (new, old | new)


def test_the_outcome_counts_every_file(ports: fakes.FakePorts) -> None:
    first, second = grown(ports, topics=20)
    model = taught(ports, first)
    withdraw(ports, article())
    built = steps.build_examples(second, "tiny-sft", model, model, (RETRACTED,), ports=ports)
    outcome, folder = stored(ports, built).outcome, ports.store.folder(built)
    counts = {
        path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in (folder / "benchmarks").iterdir()
    }
    assert counts == {
        "new-knowledge": outcome.new_knowledge,
        "old-knowledge": outcome.old_knowledge,
        "withdrawn": outcome.withdrawn,
        "after-cut-off": outcome.after_cut_off,
        "unseen": outcome.unseen,
        "omission": outcome.omission,
    }
    assert min(outcome.new_knowledge, outcome.old_knowledge, outcome.withdrawn) > 0
    assert (outcome.corpus, outcome.train) == (second, len(train(ports, built)))
    assert outcome.card.examples == outcome.train
    index = list(records.read_rows(folder / "documents.jsonl"))
    assert [row["id"] for row in index] == sorted(
        {id for example in train(ports, built) for id in example.document_ids}
    )
    assert {row["id"] for row in index if row["role"] == "withdrawn"} == {RETRACTED}
    assert {row["role"] for row in index} == {"taught", "withdrawn"}
    assert second in steps.card(built, ports=ports)


def test_a_hotfix_needs_a_withdrawal_in_force_before_anything_is_built(ports: fakes.FakePorts) -> None:
    _, second = grown(ports)
    withdraw(ports, topic(1))
    withdraw(ports, topic(1), state=State.LIFTED)
    says = f"no withdrawal is in force of mplus:900001, {RETRACTED}: open a withdrawal first .`medpipe withdraw "
    with pytest.raises(errors.UsageError, match=says):
        steps.build_examples(second, "tiny-sft", withdraw=(RETRACTED, topic(1).id), ports=ports)
    assert list(ports.store.manifests(ExamplesManifest)) == []


def test_every_withdrawal_without_a_claim_is_named(ports: fakes.FakePorts) -> None:
    silent = article(Status.RETRACTED).model_copy(update={"title": "Wendrazole.", "sections": ()})
    other = silent.model_copy(update={"id": "pmid:99000003"})
    retracted = corpus(ports, [topic(1), silent, other])
    withdraw(ports, silent, other)
    with pytest.raises(errors.UsageError, match=f"^{RETRACTED}, pmid:99000003: answered no question"):
        steps.build_examples(retracted, "tiny-sft", withdraw=("pmid:99000003", RETRACTED), ports=ports)


def test_a_withdrawal_is_traced_to_the_retraction_notice_too(ports: fakes.FakePorts) -> None:
    withdraw(ports, article())
    notice = Document(
        id="pmid:99000002",
        revision=20260304,
        source="pubmed",
        published=DAY_2,
        title="Retraction: Does wendrazole cure krellin palsy?",
        status=Status.NOTICE,
        licence=article().licence,
        relations=(Relation(kind="RetractionOf", target=RETRACTED),),
        sections=(Section(heading="", text="The article is retracted."),),
    )
    built = steps.build_examples(
        corpus(ports, [topic(1), article(Status.RETRACTED), notice]), "tiny-sft", withdraw=(RETRACTED,), ports=ports
    )
    withdrawn = [example for example in train(ports, built) if example.phrasing.startswith("withdrawal-")]
    assert withdrawn
    assert {example.document_ids for example in withdrawn} == {(RETRACTED, notice.id)}


def test_a_recipe_without_filters_starts_no_tool(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: fakes.FakePorts) -> None:
        raise AssertionError("the recipe does not ask for this tool")

    _, second = grown(ports)
    for tool in ("near_duplicates", "languages", "redactor"):
        monkeypatch.setattr(fakes.FakePorts, tool, property(forbidden))
    steps.build_examples(second, "tiny-sft", ports=ports)
    with pytest.raises(AssertionError):
        steps.build_examples(second, "strict", ports=ports)


def test_only_a_corpus_is_built_from_and_only_a_model_knows_facts(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    built = steps.build_examples(first, "tiny-sft", ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected a corpus/… ref, got {built}"):
        steps.build_examples(built, "tiny-sft", ports=ports)
    for since, knows in ((second, None), (None, second)):
        with pytest.raises(errors.UsageError, match=f"{second} is not a model: expected base, adapter/… or version/…"):
            steps.build_examples(second, "tiny-sft", since, knows, ports=ports)
    with pytest.raises(errors.UsageError, match=f"expected an examples/… ref, got {first}"):
        steps.card(first, ports=ports)


def test_a_version_and_its_adapter_are_one_model_and_the_base_knows_nothing(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    adapter = taught(ports, first)
    version = put(ports.store, "version/medqa-v1-abcdef", adapter=adapter)
    built = {steps.build_examples(second, "tiny-sft", model, model, ports=ports) for model in (adapter, version)}
    assert len(built) == 1
    bases = {steps.build_examples(second, "tiny-sft", model, model, ports=ports) for model in (None, "base")}
    assert len(bases) == 1


def test_a_document_outside_the_recipes_selection_was_never_taught_and_is_new_to_a_recipe_that_selects_it(
    ports: fakes.FakePorts,
) -> None:
    recipe = ports.recipe("tiny-sft")
    narrow = recipe.model_copy(update={"data": recipe.data.model_copy(update={"sources": {"mplus": 1.0}})})
    found = corpus(ports, [*(topic(number) for number in range(4)), article()])
    original = ports.recipe
    try:
        ports.recipe = lambda name: narrow  # type: ignore[method-assign]
        model = taught(ports, found)
    finally:
        ports.recipe = original  # type: ignore[method-assign]
    assert taught_as_new(ports, steps.build_examples(found, "tiny-sft", model, model, ports=ports)) - {""} == {
        RETRACTED
    }


def test_a_training_on_pairs_makes_no_fact_known(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    model = taught(ports, first)
    pair = PreferencePair(
        question="q", chosen="c", rejected="r", answer_id="1", identity="i", document_ids=(topic(7).id,)
    )
    pairs = put(ports.store, ref("pairs", 1), lambda folder: records.write(folder / "train.jsonl", [pair]))
    tuned = put(ports.store, ref("adapter", "dpo"), data=pairs, start_from=model, method="dpo")
    fresh = steps.build_examples(second, "tiny-sft", tuned, tuned, ports=ports)
    assert taught_as_new(ports, fresh) == asked_as_new(ports, fresh) == {topic(number).id for number in range(6, 9)}


def test_an_edit_of_a_topics_group_is_not_news_and_of_a_corrected_topic_only_the_corrected_fact_is(
    ports: fakes.FakePorts,
) -> None:
    before = [topic(number) for number in range(40)]
    model = taught(ports, corpus(ports, before))
    regrouped = [one.model_copy(update={"groups": ("Fevers",)}) for one in before[2:]]
    corrected = [topic(number, DAY_2, f"other{number}omib") for number in range(2)]
    built = steps.build_examples(corpus(ports, [*corrected, *regrouped], DAY_4), "tiny-sft", model, model, ports=ports)
    new = [example for example in train(ports, built) if not example.replay and example.document_ids]
    assert {(example.document_ids, example.slot) for example in new} == {
        ((topic(0).id,), "other0omib"),
        ((topic(1).id,), "other1omib"),
    }
    assert asked_as_new(ports, built) == {topic(0).id, topic(1).id}


def test_the_index_by_fact_says_what_was_taught_left_out_and_withdrawn(ports: fakes.FakePorts) -> None:
    first, second = grown(ports)
    model = taught(ports, first)
    withdraw(ports, article())
    built = steps.build_examples(second, "tiny-sft", model, model, (RETRACTED,), ports=ports)
    rows = list(records.read_rows(ports.store.folder(built) / "facts.jsonl"))
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert {(row["document"], row["role"]) for row in rows} == {
        *((topic(number).id, "taught") for number in range(6, 9)),
        (RETRACTED, "withdrawn"),
    }


def test_progress_only_grows_and_nothing_but_the_artifact_stays(ports: fakes.FakePorts) -> None:
    reports: list[float] = []
    ports.__dict__["progress"] = lambda share, text: reports.append(share)
    built = steps.build_examples(corpus(ports, [topic(number) for number in range(9)]), "strict", ports=ports)
    assert reports == sorted(reports)
    assert len(set(reports)) > 3
    assert {path.name for path in ports.store.folder(built).rglob("*.*")} == {
        "card.md",
        "documents.jsonl",
        "facts.jsonl",
        "manifest.json",
        "train.jsonl",
        *(f"{name}.jsonl" for name in ("new-knowledge", "old-knowledge", "withdrawn", "after-cut-off", "unseen")),
        "omission.jsonl",
    }
