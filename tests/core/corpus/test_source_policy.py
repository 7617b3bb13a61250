"""How many bad records a file may have: either limit is enough."""

from __future__ import annotations

import pytest

from medpipe.core.corpus.source_policy import SourcePolicies, SourcePolicy

POLICY = SourcePolicy(max_bad_records=5, max_bad_share=0.01, overlap_days=0, gap_days=3, files_a_run=500)


@pytest.mark.parametrize(
    ("bad", "records", "allowed"),
    [
        (0, 0, True),
        (1, 1, True),
        (5, 5, True),
        (6, 599, False),
        (6, 600, True),
        (300, 30_000, True),
        (301, 30_000, False),
    ],
)
def test_a_small_file_may_have_a_few_bad_records_and_a_large_one_a_share(bad: int, records: int, allowed: bool) -> None:
    assert POLICY.allows(bad, records) is allowed


def test_a_source_without_a_policy_of_its_own_has_the_default() -> None:
    strict = POLICY.model_copy(update={"max_bad_records": 0, "max_bad_share": 0.0})
    policies = SourcePolicies(default=POLICY, sources={"pubmed": strict})
    assert (policies.of("pubmed"), policies.of("medlineplus")) == (strict, POLICY)
