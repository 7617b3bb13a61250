"""Preferences that published sets state, beside those of users: build_preferences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from medpipe import records, steps
from medpipe.core.corpus.document import Document, Section, Status
from medpipe.core.manifests import PairsFromCorpus, PairsManifest
from medpipe.core.refs import CorpusRef, PairsRef, ref
from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching.example import PreferencePair
from medpipe.core.teaching.pairs import held_out
from medpipe.steps.artifact import manifest
from tests import fakes
from tests.manifests import put, remade
from tests.steps.conftest import DAY_1, DAY_2, publish, topic


def preference(number: int, chosen: str = "A virus.", status: Status = Status.CURRENT) -> Document:
    return Document(
        id=f"mediqa:{number}-0123abcd",
        revision=20260303 + (status is not Status.CURRENT),
        source="mediqa",
        title=f"Illness {number}",
        published=date(2019, 8, 1),
        licence="MIT",
        status=status,
        url="https://example.org/mediqa",
        sections=(Section(heading=f"What causes illness {number}?", text=chosen, rejected="Dust."),),
    )


def corpus_of(ports: fakes.FakePorts, documents: list[Document], previous: CorpusRef | None = None) -> CorpusRef:
    publish(ports, documents)
    start, end = (DAY_1, DAY_2) if previous is None else (DAY_2, date(2026, 3, 5))
    pulled = steps.pull("medlineplus", start, end, ports=ports)
    steps.validate(pulled, "documents", ports=ports)
    return steps.build_corpus((pulled,), previous, ports=ports)


def rows(ports: fakes.FakePorts, pairs: PairsRef | None, name: str) -> list[PreferencePair]:
    assert pairs is not None
    return list(records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair))


def test_every_stated_preference_is_taught_or_held_out_and_never_both(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, [topic(1), *(preference(number) for number in range(20))])
    pairs = steps.build_preferences(corpus, ports=ports)
    taught, asked = rows(ports, pairs, "train"), rows(ports, pairs, "heldout")
    assert len(taught) + len(asked) == 20 and taught and asked
    assert not {pair.question for pair in taught} & {pair.question for pair in asked}
    steps.validate(pairs, "pairs", ports=ports)
    assert steps.build_preferences(corpus, ports=ports) == pairs


def test_a_corpus_without_preferences_gives_no_pairs(ports: fakes.FakePorts) -> None:
    assert steps.build_preferences(corpus_of(ports, [topic(1)]), ports=ports) is None


def test_what_users_preferred_stays_and_what_sets_state_is_brought_up_to_date(ports: fakes.FakePorts) -> None:
    first = corpus_of(ports, [preference(number) for number in range(10)])
    earlier = steps.build_preferences(first, ports=ports)
    assert earlier is not None
    users = PreferencePair(
        question="What is it?", chosen="A fever.", rejected="A drink.", answer_id="ans-1", identity="user-a"
    )

    def add(folder: Path) -> None:
        with (folder / "train.jsonl").open("a", encoding="utf-8") as file:
            file.write(users.model_dump_json() + "\n")

    remade(ports.store, earlier, add)
    gone = [preference(number, status=Status.RETRACTED) for number in range(5)]
    later = steps.build_preferences(corpus_of(ports, gone, first), earlier, ports=ports)
    found = [*rows(ports, later, "train"), *rows(ports, later, "heldout")]
    assert users in found
    assert {pair.document_ids[0] for pair in found if pair.document_ids} == {
        f"mediqa:{number}-0123abcd" for number in range(5, 10)
    }


def test_pairs_of_a_set_that_people_wrote_lose_what_identifies_them(ports: fakes.FakePorts) -> None:
    answer = "Write to ann.lee@example.org."
    letter = preference(1, answer).model_copy(
        update={"id": "ultramedical-preference:1-0123abcd", "source": "ultramedical-preference"}
    )
    pairs = steps.build_preferences(corpus_of(ports, [letter, preference(2, answer)]), ports=ports)
    found = {pair.document_ids[0]: pair.chosen for name in ("train", "heldout") for pair in rows(ports, pairs, name)}
    assert found["mediqa:2-0123abcd"] == answer
    assert "ann.lee" not in found["ultramedical-preference:1-0123abcd"]


def test_the_inputs_of_preferences_are_corpus_previous_length_and_share(ports: fakes.FakePorts) -> None:
    corpus = corpus_of(ports, [preference(number) for number in range(3)])
    first = steps.build_preferences(corpus, ports=ports)
    assert first is not None
    stored = manifest(ports, first, PairsManifest)
    assert (stored.verb, stored.inputs) == (
        "build_preferences",
        PairsFromCorpus(
            corpus=corpus, previous=None, max_answer_chars=4000, heldout=0.3, guardrails=ports.guardrails.digest
        ),
    )
    on_top = steps.build_preferences(corpus, first, ports=ports)
    short = steps.build_preferences(corpus, None, 9, ports=ports)
    assert len({first, on_top, short}) == 3


def test_pairs_that_are_left_out_are_counted_once(ports: fakes.FakePorts) -> None:
    documents = [preference(number, "A virus." if number else "Dust. " * 3) for number in range(20)]
    pairs = steps.build_preferences(corpus_of(ports, documents), max_answer_chars=10, ports=ports)
    assert pairs is not None
    outcome = manifest(ports, pairs, PairsManifest).outcome
    assert (outcome.train + outcome.heldout, outcome.drops) == (19, {"too-long": 1})
    assert (outcome.train, outcome.heldout) == (len(rows(ports, pairs, "train")), len(rows(ports, pairs, "heldout")))
    assert outcome.identifiers == {}


def test_users_pairs_come_first_on_both_sides(ports: fakes.FakePorts) -> None:
    users = [
        PreferencePair(question=f"q{side}", chosen="c", rejected="r", answer_id=side, identity="user-a")
        for side in ("train", "heldout")
    ]

    def fill(folder: Path) -> None:
        for pair in users:
            records.write(folder / f"{pair.answer_id}.jsonl", [pair])

    earlier = PairsRef(put(ports.store, ref("pairs", "users"), fill))
    pairs = steps.build_preferences(corpus_of(ports, [preference(n) for n in range(20)]), earlier, ports=ports)
    for pair in users:
        assert rows(ports, pairs, pair.answer_id)[0] == pair
        assert len(rows(ports, pairs, pair.answer_id)) > 1


def test_identifiers_are_replaced_in_question_and_in_both_answers(ports: fakes.FakePorts) -> None:
    letter = Document(
        id="ultramedical-preference:1-0123abcd",
        revision=20260303,
        source="ultramedical-preference",
        title="A letter",
        published=date(2019, 8, 1),
        sections=(
            Section(
                heading="my name is Ada Lovelace. What helps?", text="Write to a@x.org.", rejected="Write to b@x.org."
            ),
        ),
    )
    pairs = steps.build_preferences(corpus_of(ports, [letter]), ports=ports)
    (pair,) = [*rows(ports, pairs, "train"), *rows(ports, pairs, "heldout")]
    assert (pair.question, pair.chosen, pair.rejected) == (
        "my name is [NAME]. What helps?",
        "Write to [EMAIL].",
        "Write to [EMAIL].",
    )


def test_texts_are_redacted_as_english(ports: fakes.FakePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    languages: set[str] = set()
    redact = fakes.EmailRedactor.redact

    def recorded(self: fakes.EmailRedactor, texts: Sequence[str], language: str) -> list[Redaction]:
        languages.add(language)
        return redact(self, texts, language)

    monkeypatch.setattr(fakes.EmailRedactor, "redact", recorded)
    letter = preference(1).model_copy(update={"id": "ultramedical-preference:1", "source": "ultramedical-preference"})
    steps.build_preferences(corpus_of(ports, [letter]), ports=ports)
    assert languages == {"en"}


def test_the_pairs_of_an_older_corpus_are_those_that_it_had(ports: fakes.FakePorts) -> None:
    first = corpus_of(ports, [preference(number) for number in range(4)])
    corpus_of(ports, [preference(number, status=Status.RETRACTED) for number in range(4)], first)
    pairs = steps.build_preferences(first, ports=ports)
    assert len([*rows(ports, pairs, "train"), *rows(ports, pairs, "heldout")]) == 4


def test_the_questions_that_are_held_out_are_those_of_users_pairs(ports: fakes.FakePorts) -> None:
    pairs = steps.build_preferences(corpus_of(ports, [preference(number) for number in range(20)]), ports=ports)
    asked, taught = rows(ports, pairs, "heldout"), rows(ports, pairs, "train")
    assert asked and all(held_out(pair.question, 0.3) for pair in asked)
    assert taught and not any(held_out(pair.question, 0.3) for pair in taught)
