"""detect_drift: measured from what the champion's weights carry, whatever corpus is newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medpipe import errors, records, steps
from medpipe.core.corpus.document import Status
from medpipe.core.judging.gates import Outcome
from medpipe.core.knowledge.drift import Drift
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import DriftManifest, VersionManifest
from medpipe.core.refs import ref
from medpipe.core.teaching.blanking import blank
from medpipe.steps.artifact import manifest
from medpipe.steps.unlearned import asserted_withdrawals
from tests import fakes
from tests.manifests import inputs, outcome, put
from tests.steps.conftest import DAY_2, DAY_3, OLD, RETRACTED, article, publish, topic
from tests.steps.conftest import withdraw as opened
from tests.steps.test_planning import grown, held, held_fresh_start, held_on_pairs, pairs_of, tuned, withdraw
from tests.steps.test_ring import first_champion, refresh, retrain, second_corpus

pytestmark = pytest.mark.integration


def drift(ports: fakes.FakePorts, corpus: str, champion: str | None, pairs: str | None = None, **more: Any) -> Drift:
    return manifest(ports, steps.detect_drift(corpus, champion, pairs, ports=ports, **more), DriftManifest).outcome


def count(found: Drift, name: str) -> int:
    return next(signal.count for signal in found.signals if signal.name == name)


def test_new_and_changed_facts_are_counted_and_edits_of_metadata_are_not(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    edited = [topic(number).model_copy(update={"groups": ("Fevers",)}) for number in range(5, 40)]
    corpus = grown(ports, first, [topic(1, DAY_2, "otheromib"), topic(60, DAY_2), *edited])
    found = drift(ports, corpus, champion)
    assert (count(found, "new facts"), count(found, "changed facts"), found.verdict) == (2, 1, "hold")


def test_a_document_that_teaches_nothing_is_not_news_for_ever(ports: fakes.FakePorts) -> None:
    silent = [article().model_copy(update={"id": f"pmid:{number}", "title": "Wendrazole."}) for number in range(40)]
    publish(ports, [*(topic(number) for number in OLD), *silent])
    corpus = refresh(ports, DAY_2.replace(day=3), DAY_2)
    champion, _ = retrain(ports, corpus)
    steps.promote(champion, ports=ports)
    assert count(drift(ports, corpus, champion), "new facts") == 0


def test_a_routine_promotion_does_not_erase_the_signal_of_a_retraction(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    assert drift(ports, second, champion).withdrawn == (RETRACTED,)
    promoted, _ = retrain(ports, second)
    assert steps.promote(promoted, ports=ports) == promoted
    found = drift(ports, second, promoted)
    assert (found.verdict, found.withdrawn) == ("retrain", (RETRACTED,))


def test_a_hotfix_ends_the_signal_and_a_rollback_before_it_brings_the_signal_back(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    opened(ports, article())
    hotfix, _ = retrain(ports, second, documents=(RETRACTED,), withdraw=(RETRACTED,))
    assert drift(ports, second, hotfix).withdrawn == ()
    for state in (State.UNLEARNED, State.CERTIFIED):
        withdraw(ports, RETRACTED, state)
        assert drift(ports, second, champion).withdrawn == (RETRACTED,), state


def test_a_hotfix_on_top_of_the_champion_is_open_until_the_register_says_unlearned(ports: fakes.FakePorts) -> None:
    first, _ = first_champion(ports)
    second = second_corpus(ports, first)
    opened(ports, article())
    on_top, _ = retrain(ports, second, documents=(RETRACTED,), withdraw=(RETRACTED,), start_from="champion")
    assert asserted_withdrawals(ports, second, on_top) == (RETRACTED,)
    withdraw(ports, RETRACTED, State.UNLEARNED)
    assert asserted_withdrawals(ports, second, on_top) == ()


def test_a_withdrawal_counts_without_a_retraction_in_the_corpus_and_ends_when_it_is_lifted(
    ports: fakes.FakePorts,
) -> None:
    first, champion = first_champion(ports)
    taken_down = topic(3).id
    withdraw(ports, taken_down)
    withdraw(ports, "pmid:never-taught")
    assert drift(ports, first, champion).withdrawn == (taken_down,)
    withdraw(ports, taken_down, State.LIFTED)
    assert drift(ports, first, champion).withdrawn == ()


def test_facts_of_a_withdrawn_document_are_not_news_and_are_when_it_is_lifted(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    corpus = grown(ports, first, [topic(60, DAY_2)])
    withdraw(ports, topic(60).id)
    assert count(drift(ports, corpus, champion), "new facts") == 0
    withdraw(ports, topic(60).id, State.LIFTED)
    assert count(drift(ports, corpus, champion), "new facts") == 2


def test_a_version_that_learned_pairs_only_does_not_claim_the_newest_corpus(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    start = manifest(ports, champion, VersionManifest).outcome.adapter
    pairs = pairs_of(ports, "used", *(str(number) for number in range(25)))
    tuned = put(ports.store, ref("adapter", "dpo"), data=pairs, start_from=start, method="dpo", recipe="tiny-dpo")
    by_preference = put(ports.store, "version/medqa-v9-abcdef", adapter=tuned, parent=champion, corpus=second)
    assert count(drift(ports, second, by_preference), "new facts") == count(drift(ports, second, champion), "new facts")
    assert count(drift(ports, second, by_preference), "new facts") == 24


def test_only_pairs_that_no_training_of_the_line_has_used_count(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    start = manifest(ports, champion, VersionManifest).outcome.adapter
    used, more = pairs_of(ports, "used", "1", "2"), pairs_of(ports, "more", *(str(number) for number in range(1, 25)))
    tuned = put(ports.store, ref("adapter", "dpo"), data=used, start_from=start, method="dpo", recipe="tiny-dpo")
    version = put(ports.store, "version/medqa-v9-abcdef", adapter=tuned, parent=champion)
    assert count(drift(ports, first, version, used), "unused preference pairs") == 0
    found = drift(ports, first, version, more)
    assert (count(found, "unused preference pairs"), found.method) == (22, "dpo")
    assert count(drift(ports, first, None, used), "unused preference pairs") == 2


def blank_one(ports: fakes.FakePorts, pairs: str) -> None:
    """The first pair is erased."""
    first, *rest = records.read_rows(ports.store.folder(pairs) / "train.jsonl")
    file = ports.settings.home / "blanked"
    records.write_rows(file, [blank(first, "pairs"), *rest])
    ports.store.blank(pairs, {"train.jsonl": file}, lambda after: None)


def test_erased_pairs_that_the_champion_learned_call_for_the_retrain_that_plan_retrain_then_plans(
    ports: fakes.FakePorts,
) -> None:
    first, parent = first_champion(ports)
    used, newer = pairs_of(ports, "used", "1", "2"), pairs_of(ports, "newer", "2", "3")
    champion = tuned(ports, used, parent)
    news = grown(ports, first, [topic(60, DAY_2)])
    before = steps.detect_drift(first, champion, newer, ports=ports)
    assert count(drift(ports, first, champion, newer), "erased pairs that it learned") == 0

    blank_one(ports, used)

    assert steps.detect_drift(first, champion, newer, ports=ports) != before, "it is measured again"
    for corpus, method in ((first, "dpo"), (news, "sft")):
        found = drift(ports, corpus, champion, newer)
        assert (count(found, "erased pairs that it learned"), found.verdict, found.method) == (1, "retrain", method)
        plan = steps.plan_retrain(champion, f"tiny-{method}", corpus=corpus, pairs=newer, ports=ports)
        assert (plan.start, plan.gates) == (parent, "relearn")
    left = drift(ports, first, champion, used)
    assert left.reasons[0] == f"a person must roll back to {parent}: it has nothing to learn"
    assert count(drift(ports, first, parent, newer), "erased pairs that it learned") == 0, "as a rollback does"


def test_a_retrain_after_an_erasure_that_was_held_is_not_asked_for_again(ports: fakes.FakePorts) -> None:
    first, parent = first_champion(ports)
    used, newer = pairs_of(ports, "used", "1", "2"), pairs_of(ports, "newer", "2", "3")
    champion = tuned(ports, used, parent)
    blank_one(ports, used)
    candidate = held_on_pairs(ports, newer, parent)
    found = drift(ports, first, champion, newer, dpo_recipe="tiny-dpo")
    assert found.verdict == "hold" and found.reasons[0].startswith(f"{candidate} learned the same and was held on ")


def test_days_of_the_same_held_news_are_one_training_and_one_fresh_start(ports: fakes.FakePorts) -> None:
    champion, second, candidate = held(ports)
    assert drift(ports, second, champion, recipe="tiny-sft-no-replay").verdict == "retrain", "from the base, once"
    held_fresh_start(ports, second, champion)
    found = drift(ports, second, champion, recipe="tiny-sft-no-replay")
    assert (found.verdict, found.reasons[0].startswith(f"{candidate} learned the same and was held")) == ("hold", True)
    assert drift(ports, second, champion, recipe="tiny-sft").verdict == "retrain", "another recipe may pass"
    publish(ports, [topic(number, DAY_3) for number in range(70, 80)])
    more = refresh(ports, DAY_3, DAY_3.replace(day=DAY_3.day + 1), second)
    assert drift(ports, more, champion, recipe="tiny-sft-no-replay").verdict == "retrain"


def test_one_changed_fact_is_learned_within_the_promised_days(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    corpus = grown(ports, first, [topic(1, DAY_2, "otheromib")])
    waiting = ports.drift_policy().stale_days
    changed = datetime(DAY_2.year, DAY_2.month, DAY_2.day, 6, tzinfo=UTC)
    assert drift(ports, corpus, champion, at=changed + timedelta(days=waiting - 1)).verdict == "hold"
    assert drift(ports, corpus, champion, at=changed + timedelta(days=waiting)).verdict == "retrain"


def test_ratings_of_the_champion_are_counted_in_their_window_only(ports: fakes.FakePorts) -> None:
    _, champion = first_champion(ports)
    corpus = second_corpus(ports, manifest(ports, champion, VersionManifest).outcome.corpus)
    known = f"How is {topic(1).focus} treated?"
    for number in range(60):
        question, rating = ("What is a cold?", "down") if number < 50 else (known, "up")
        for version in (champion, "version/another"):
            answer = f"{version} {number}"
            ports.answers.record(answer, "user", question, "Dust.", version, "a", refused=False)
            ports.answers.rate(answer, "user", rating, None)
    now = datetime.now(UTC) + timedelta(minutes=1)
    found = drift(ports, corpus, champion, at=now)
    assert count(found, "answers rated down") == count(found, "rated questions about topics never taught") == 50
    assert count(drift(ports, corpus, champion, at=now + timedelta(days=30)), "answers rated down") == 0


def test_a_measurement_is_made_again_when_a_withdrawal_or_a_held_version_came_since(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    before = steps.detect_drift(first, champion, ports=ports)
    assert steps.detect_drift(first, champion, ports=ports) == before
    withdraw(ports, topic(3).id)
    assert steps.detect_drift(first, champion, ports=ports) != before


def test_a_time_without_a_zone_and_one_without_a_past_are_refused(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    with pytest.raises(errors.UsageError, match="has no time zone"):
        steps.detect_drift(first, champion, at=datetime(2026, 3, 4), ports=ports)  # noqa: DTZ001 (the case)
    with pytest.raises(errors.UsageError, match="no 14 days before it"):
        steps.detect_drift(first, champion, at=datetime.min.replace(tzinfo=UTC), ports=ports)


def test_refs_of_another_kind_are_refused_by_name(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    for arguments, kind, wrong in (((champion, None), "corpus", champion), ((first, champion, first), "pairs", first)):
        with pytest.raises(errors.UsageError, match=f"expected a {kind}/… ref, got {wrong}"):
            steps.detect_drift(*arguments, ports=ports)
    with pytest.raises(errors.UsageError, match=f"{first} is not a model"):
        steps.detect_drift(first, first, ports=ports)


def test_an_article_that_is_retracted_before_anybody_learned_it_is_no_signal(ports: fakes.FakePorts) -> None:
    publish(ports, [*(topic(number) for number in OLD), article(Status.RETRACTED)])
    corpus = refresh(ports, DAY_2.replace(day=3), DAY_2)
    champion, _ = retrain(ports, corpus)
    assert drift(ports, corpus, champion).withdrawn == ()


def failed_hotfix(ports: fakes.FakePorts, corpus: str, champion: str, document: str) -> str:
    """A version that learned the corpus from the base with a document withdrawn, and was held."""
    opened(ports, article())
    built = steps.build_examples(corpus, "tiny-sft", champion, None, (document,), ports=ports)
    recipe = ports.recipe("tiny-sft")
    adapter, parts = ref("adapter", "hotfix"), {"data": built, "start_from": "base"}
    text = {"recipe": recipe.model_dump(mode="json"), "base": ports.base_digest(recipe.base)}
    with ports.store.write(adapter, "a test", inputs("adapter", **parts, **text)) as draft:
        draft.conclude(outcome("adapter", **parts))
    return put(
        ports.store, "version/medqa-v8-abcdef", adapter=adapter, incumbent=champion, outcome=Outcome.FAIL, parent="base"
    )


def test_a_hotfix_that_was_held_is_not_asked_for_again_and_another_withdrawal_is(ports: fakes.FakePorts) -> None:
    first, champion = first_champion(ports)
    second = second_corpus(ports, first)
    hotfix = failed_hotfix(ports, second, champion, RETRACTED)
    found = drift(ports, second, champion)
    assert (found.verdict, found.withdrawn) == ("hold", (RETRACTED,))
    assert found.reasons[0].startswith(f"{hotfix} learned the same and was held on ")
    withdraw(ports, topic(3).id)
    assert drift(ports, second, champion).verdict == "retrain"
