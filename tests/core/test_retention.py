"""What gc may remove: nothing that a root reaches, whatever the ages and the policy are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medpipe.core.retention import RECORDS, RetentionPolicy, Stored, retention

FIELDS = tuple(RetentionPolicy.model_fields)
KINDS = ("corpus", "decision", "drift", "evaluation", "examples", "pairs", "version")
REFS = [f"{kind}/{number:016x}" for kind in KINDS for number in range(3)]
SHORTEST = RetentionPolicy(**dict.fromkeys(FIELDS, 2))


def old(ref: str, *needs: str, names: tuple[str, ...] = (), days: float = 1000) -> Stored:
    return Stored(ref, days, frozenset(needs), frozenset({*needs, *names}))


def graph(*stored: Stored) -> dict[str, Stored]:
    return {each.ref: each for each in stored}


stores = st.builds(
    lambda rows: graph(*(Stored(ref, days, needs, needs | names) for ref, (days, needs, names) in rows.items())),
    st.dictionaries(
        st.sampled_from(REFS),
        st.tuples(
            st.floats(0, 500),
            st.frozensets(st.sampled_from(REFS), max_size=4),
            st.frozensets(st.sampled_from(REFS), max_size=4),
        ),
    ),
)
policies = st.builds(
    lambda days: RetentionPolicy(**dict(zip(FIELDS, days, strict=True))),
    st.lists(st.integers(2, 400), min_size=len(FIELDS), max_size=len(FIELDS)),
)


@given(stores, st.sets(st.sampled_from(REFS)), policies)
def test_everything_that_a_kept_artifact_needs_is_kept_whole(stored, needed, policy):
    decided = retention(stored, dict.fromkeys(needed, "a test"), policy)
    for ref in (*(needed & stored.keys()), *decided.whole):
        assert ref in decided.whole
        assert stored[ref].needs & stored.keys() <= decided.whole.keys()


@given(stores, st.sets(st.sampled_from(REFS)), policies)
def test_everything_that_a_remaining_manifest_names_has_its_manifest(stored, needed, policy):
    decided = retention(stored, dict.fromkeys(needed, "a test"), policy)
    for ref in (*decided.whole, *decided.stripped):
        assert not stored[ref].names & set(decided.removed)
    assert not {ref.split("/")[0] for ref in decided.removed} & (RECORDS | {"corpus"})
    assert sorted((*decided.whole, *decided.stripped, *decided.removed)) == sorted(stored)


@given(stores, policies)
def test_what_is_younger_than_its_days_is_kept_with_all_that_it_needs(stored, policy):
    decided = retention(stored, {}, policy)
    for ref, each in stored.items():
        days = policy.days(ref.split("/")[0])
        if days is None or each.days < days:
            assert ref in decided.whole


@given(stores, st.sets(st.sampled_from(REFS)), policies, st.floats(0, 500))
def test_nothing_comes_back_when_it_grows_older(stored, needed, policy, later):
    roots = dict.fromkeys(needed, "a test")
    aged = {ref: each._replace(days=each.days + later) for ref, each in stored.items()}
    assert retention(aged, roots, policy).whole.keys() <= retention(stored, roots, policy).whole.keys()


def test_an_old_adapter_of_the_champion_is_kept_and_the_same_without_a_champion_leaves_its_manifest():
    stored = graph(old("version/v1", REFS[12]), old(REFS[12]), old(REFS[15]))
    assert retention(stored, {"version/v1": "the champion"}, SHORTEST) == (
        {"version/v1": "the champion", REFS[12]: "the champion"},
        (),
        (REFS[15],),
    )
    assert retention(stored, {}, SHORTEST) == ({}, (REFS[12], "version/v1"), (REFS[15],))


@pytest.mark.parametrize("wrong", [{"drift": 1}, {"pairs": 0}, {"corpus": 2}, {"certificate": 30}, {"sweep": 30}])
def test_a_policy_that_removes_what_runs_still_need_or_what_is_never_removed_is_refused(wrong):
    with pytest.raises(ValidationError):
        RetentionPolicy(**SHORTEST.model_dump() | wrong)
