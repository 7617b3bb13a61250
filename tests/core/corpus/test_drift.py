"""Drift: which signals call for a retrain, by which method, and what is reported of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medpipe.core.corpus.drift import Drift, Signal, Thresholds, detect

TAUGHT = {f"mplus:{number}": "digest" for number in range(100)}


def drift(
    current: dict[str, str],
    retracted: tuple[str, ...] = (),
    pairs: int = 0,
    taught: dict[str, str] | None = TAUGHT,
    **thresholds: float,
) -> Drift:
    return detect(taught, current, retracted, pairs, Thresholds(**thresholds))


def new(count: int) -> dict[str, str]:
    """The taught documents and `count` more."""
    return TAUGHT | {f"pmid:{number}": "digest" for number in range(count)}


def changed(count: int) -> dict[str, str]:
    """The taught documents, `count` of them with another digest."""
    return TAUGHT | {f"mplus:{number}": "changed" for number in range(count)}


def signal(result: Drift, name: str) -> Signal:
    (named,) = [signal for signal in result.signals if signal.name == name]
    return named


def over(result: Drift) -> list[str]:
    return [signal.name for signal in result.signals if signal.over]


def test_without_news_the_verdict_is_hold_and_the_reason_lists_every_signal() -> None:
    result = drift(TAUGHT)
    assert (result.verdict, result.method, result.withdrawn) == ("hold", "sft", ())
    assert result.reasons == (
        "no signal is over its threshold: new documents 0; changed documents 0; taught documents retracted 0; "
        "taught documents gone 0; unused preference pairs 0",
    )


def test_enough_new_documents_call_for_a_retrain_with_their_interval() -> None:
    result = drift(new(10))
    assert (result.verdict, result.method) == ("retrain", "sft")
    assert result.reasons == ("new documents: 10 of 110 (9.1%, 95 % interval 5.0% to 15.9%)",)
    assert over(result) == ["new documents"]


def test_changed_documents_count_as_news() -> None:
    result = drift(changed(10))
    assert result.verdict == "retrain"
    assert result.reasons == ("changed documents: 10 of 100 (10.0%, 95 % interval 5.5% to 17.4%)",)
    assert over(result) == ["changed documents"]


def test_new_and_changed_documents_are_news_together() -> None:
    some = changed(3) | {f"pmid:{number}": "digest" for number in range(2)}
    assert over(drift(some)) == ["new documents", "changed documents"]
    assert over(drift(changed(3))) == []


def test_a_single_document_of_one_kind_is_reported_beside_many_of_the_other() -> None:
    assert over(drift(changed(4) | {"pmid:1": "digest"})) == ["new documents", "changed documents"]
    assert over(drift(changed(1) | {f"pmid:{number}": "digest" for number in range(4)})) == [
        "new documents",
        "changed documents",
    ]


@pytest.mark.parametrize(("count", "verdict"), [(4, "hold"), (5, "retrain")])
def test_news_needs_the_least_number_of_documents(count: int, verdict: str) -> None:
    assert drift(new(count)).verdict == verdict
    assert drift(new(count), documents=count + 1).verdict == "hold"


@pytest.mark.parametrize(("share", "verdict"), [(0.0501, "retrain"), (0.0502, "hold")])
def test_news_needs_an_interval_wholly_above_the_share(share: float, verdict: str) -> None:
    assert signal(drift(new(10)), "new documents").low == pytest.approx(0.05013, abs=1e-5)
    assert drift(new(10), share=share).verdict == verdict


@pytest.mark.parametrize(("taught", "verdict"), [(340, "retrain"), (590, "hold")])
def test_by_default_more_than_one_document_in_a_hundred_must_surely_be_news(taught: int, verdict: str) -> None:
    # ten new documents: of 350, the interval begins at 1.6 %; of 600, at 0.9 %
    known = {f"mplus:{number}": "digest" for number in range(taught)}
    result = drift(known | {f"pmid:{number}": "digest" for number in range(10)}, taught=known)
    assert result.verdict == verdict


def test_an_interval_that_only_touches_the_share_is_not_above_it() -> None:
    low = detect(TAUGHT, changed(10), (), 0, Thresholds()).signals[1].low
    assert drift(changed(10), share=low).verdict == "hold"


def test_a_handful_of_news_in_a_large_corpus_is_under_the_threshold() -> None:
    large = {f"mplus:{number}": "digest" for number in range(10_000)}
    more = large | {f"pmid:{number}": "digest" for number in range(20)}
    assert drift(more, taught=large).verdict == "hold"


def test_one_taught_document_that_was_retracted_is_enough_and_is_named() -> None:
    rest = {id: digest for id, digest in TAUGHT.items() if id != "mplus:7"}
    result = drift(rest, retracted=("mplus:7", "pmid:never-taught"))
    assert (result.verdict, result.method, result.withdrawn) == ("retrain", "sft", ("mplus:7",))
    assert over(result) == ["taught documents retracted"]
    assert result.reasons == ("taught documents retracted: 1 of 100 (1.0%, 95 % interval 0.2% to 5.4%)",)


def test_withdrawn_documents_are_listed_in_order_and_counted_against_their_threshold() -> None:
    result = drift(TAUGHT, retracted=("mplus:9", "mplus:10"), withdrawn=3)
    assert result.withdrawn == ("mplus:10", "mplus:9")
    assert result.verdict == "hold"
    assert drift(TAUGHT, retracted=("mplus:9", "mplus:10"), withdrawn=2).verdict == "retrain"


def test_a_retracted_document_that_was_never_taught_changes_nothing() -> None:
    result = drift(TAUGHT, retracted=("pmid:5",))
    assert (result.verdict, result.withdrawn) == ("hold", ())


def test_documents_that_are_gone_are_counted_and_never_call_for_a_retrain() -> None:
    result = drift({id: digest for id, digest in TAUGHT.items() if id > "mplus:5"})
    gone = signal(result, "taught documents gone")
    assert (gone.count, gone.total, gone.over) == (46, 100, False)
    assert result.verdict == "hold"


@pytest.mark.parametrize(("pairs", "verdict", "method"), [(19, "hold", "sft"), (20, "retrain", "dpo")])
def test_enough_unused_pairs_alone_call_for_dpo(pairs: int, verdict: str, method: str) -> None:
    result = drift(TAUGHT, pairs=pairs)
    assert (result.verdict, result.method) == (verdict, method)
    assert signal(result, "unused preference pairs").count == pairs


def test_the_number_of_pairs_is_a_threshold_of_its_own() -> None:
    assert detect(TAUGHT, TAUGHT, (), 3, Thresholds(pairs=3)).verdict == "retrain"
    assert detect(TAUGHT, TAUGHT, (), 2, Thresholds(pairs=3)).verdict == "hold"


def test_unused_pairs_are_reported_without_a_share() -> None:
    assert drift(TAUGHT, pairs=20).reasons == ("unused preference pairs: 20",)


def test_news_and_pairs_together_call_for_sft_first() -> None:
    result = drift(new(10), pairs=20)
    assert (result.verdict, result.method, len(result.reasons)) == ("retrain", "sft", 2)


def test_without_a_champion_any_document_calls_for_a_first_training() -> None:
    result = drift({"mplus:1": "digest"}, taught=None)
    assert (result.verdict, result.method) == ("retrain", "sft")
    assert result.reasons == ("no champion yet: everything is new",)
    assert drift({}, taught=None).verdict == "hold"


def test_without_a_champion_pairs_and_retractions_change_nothing() -> None:
    result = drift({"mplus:1": "digest"}, retracted=("mplus:1",), pairs=99, taught=None)
    assert (result.method, result.withdrawn) == ("sft", ())
    assert drift({}, pairs=99, taught=None).verdict == "hold"


@given(st.integers(0, 500), st.integers(1, 500))
def test_every_interval_holds_its_share_and_lies_in_0_to_1(news: int, known: int) -> None:
    taught = {f"a:{number}": "digest" for number in range(known)}
    result = drift(taught | {f"b:{number}": "digest" for number in range(news)}, taught=taught)
    for part in result.signals:
        assert 0 <= part.low <= part.share + 1e-12 <= part.high + 2e-12 <= 1 + 3e-12


def test_the_interval_is_wilsons() -> None:
    # 10 of 100: R's prop.test(10, 100, correct = FALSE) gives 0.0552 to 0.1744
    part = signal(drift(changed(10)), "changed documents")
    assert (part.low, part.high) == (pytest.approx(0.05523, abs=1e-4), pytest.approx(0.17437, abs=1e-4))


def test_a_share_of_nothing_is_unknown() -> None:
    part = signal(drift({}, taught=None), "new documents")
    assert (part.count, part.total, part.share, part.low, part.high) == (0, 0, 0.0, 0.0, 1.0)


def test_an_unknown_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="dokuments"):
        Thresholds(dokuments=5)
