from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.drift import Drift, Thresholds, detect

KNOWN = {f"mplus:{number}": "digest" for number in range(100)}


def look(current: dict[str, str], retracted: tuple[str, ...] = (), pairs: int = 0) -> Drift:
    return detect(KNOWN, current, retracted, pairs, Thresholds())


def test_nothing_new_holds_and_says_so() -> None:
    found = look(KNOWN)
    assert found.verdict == "hold"
    assert "new documents 0" in found.reasons[0]


def test_enough_new_documents_ask_for_a_retrain_with_their_interval() -> None:
    found = look(KNOWN | {f"pmid:{number}": "digest" for number in range(10)})
    assert (found.verdict, found.method) == ("retrain", "sft")
    assert found.reasons == ("new documents: 10 of 110 (9.1%, 95 % interval 5.0% to 15.9%)",)


def test_changed_documents_count_as_news() -> None:
    found = look(KNOWN | {f"mplus:{number}": "changed" for number in range(10)})
    assert found.verdict == "retrain"
    assert found.reasons[0].startswith("changed documents: 10 of 100")


def test_a_handful_of_news_in_a_large_corpus_waits() -> None:
    large = {f"mplus:{number}": "digest" for number in range(10_000)}
    found = detect(large, large | {f"pmid:{number}": "d" for number in range(20)}, (), 0, Thresholds())
    assert found.verdict == "hold"


def test_one_taught_document_that_was_retracted_is_enough_and_is_named() -> None:
    rest = {id: digest for id, digest in KNOWN.items() if id != "mplus:7"}
    found = look(rest, retracted=("mplus:7", "pmid:never-taught"))
    assert (found.verdict, found.method, found.withdrawn) == ("retrain", "sft", ("mplus:7",))


def test_a_retracted_document_that_was_never_taught_changes_nothing() -> None:
    assert look(KNOWN, retracted=("pmid:5",)).verdict == "hold"


def test_feedback_alone_asks_for_dpo_and_with_news_for_sft_first() -> None:
    assert look(KNOWN, pairs=20).method == "dpo"
    assert look(KNOWN, pairs=19).verdict == "hold"
    both = look(KNOWN | {f"pmid:{number}": "d" for number in range(10)}, pairs=20)
    assert (both.verdict, both.method, len(both.reasons)) == ("retrain", "sft", 2)


def test_without_a_champion_any_document_asks_for_a_first_training() -> None:
    assert detect(None, {"mplus:1": "d"}, (), 0, Thresholds()).verdict == "retrain"
    assert detect(None, {}, (), 0, Thresholds()).verdict == "hold"


@given(st.integers(0, 500), st.integers(1, 500))
def test_every_interval_holds_its_share(news: int, known: int) -> None:
    before = {f"a:{number}": "d" for number in range(known)}
    for signal in detect(before, before | {f"b:{n}": "d" for n in range(news)}, (), 0, Thresholds()).signals:
        assert 0 <= signal.low <= signal.share + 1e-12 <= signal.high + 2e-12 <= 1 + 3e-12


def test_the_interval_is_wilsons() -> None:
    # 10 of 100: R's prop.test(10, 100, correct = FALSE) gives 0.0552 to 0.1744
    signal = look(KNOWN | {f"mplus:{number}": "changed" for number in range(10)}).signals[1]
    assert (signal.low, signal.high) == (pytest.approx(0.05523, abs=1e-4), pytest.approx(0.17437, abs=1e-4))
