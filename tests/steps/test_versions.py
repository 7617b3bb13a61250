"""list_versions: where each version stands and why, who decided, what held it, and what it carries."""

from __future__ import annotations

import pytest

from medpipe import steps
from medpipe.core.judging.gates import GateResult, Outcome
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.refs import ref
from medpipe.steps.versions import ListedVersion
from tests import fakes
from tests.steps.versions import promoted, version, withdraw

LOST = GateResult(name="not_worse old-knowledge", outcome=Outcome.FAIL, reason="it lost")
FEW = GateResult(name="gained new-knowledge", outcome=Outcome.INCONCLUSIVE, reason="too few")
KEPT = GateResult(name="absent withdrawn", outcome=Outcome.PASS, reason="none")


def listed(ports: fakes.FakePorts) -> dict[str, ListedVersion]:
    return {row.version: row for row in steps.list_versions(ports=ports).versions}


def test_without_a_version_the_list_is_empty(ports: fakes.FakePorts) -> None:
    assert steps.list_versions(ports=ports).versions == ()


def test_a_version_that_nobody_tried_to_promote_is_judged_and_names_the_gates_it_did_not_pass(
    ports: fakes.FakePorts,
) -> None:
    first, _ = version(ports, 1, said=Outcome.FAIL, gates=(LOST, FEW, KEPT))
    (row,) = steps.list_versions(ports=ports).versions
    assert (row.version, row.standing, row.since, row.promoted) == (first, "judged", None, None)
    assert row.gates == {"not_worse old-knowledge": "fail", "gained new-knowledge": "inconclusive"}
    steps.promote(first, ports=ports)
    held = listed(ports)[first]
    assert (held.standing, held.kind, held.reasons, held.by) == ("held", "fail", ("reason 1",), "")
    assert held.since is not None


def test_the_champion_the_one_that_it_replaced_and_the_one_that_was_rolled_back(ports: fakes.FakePorts) -> None:
    first = promoted(ports)
    second = promoted(ports, 2, incumbent=first)
    third = promoted(ports, 3, incumbent=second)
    assert [row.version for row in steps.list_versions(ports=ports).versions] == [third, second, first]
    assert [row.standing for row in listed(ports).values()] == ["champion", "replaced", "replaced"]
    before = listed(ports)
    steps.roll_back("worse for users", "Dr. A", ports=ports)
    after = listed(ports)
    assert [row.standing for row in after.values()] == ["barred", "champion", "replaced"]
    assert (after[third].by, after[third].reasons) == ("Dr. A", ("worse for users",))
    assert after[third].promoted == before[third].promoted, "it was champion, and when"
    assert after[second].promoted > before[second].promoted, "it became champion again"


def test_a_bar_says_by_whom_and_why_and_a_lifted_one_leaves_the_standing_before(ports: fakes.FakePorts) -> None:
    first, _ = version(ports, 1)
    steps.bar(first, "wrong drug", "Dr. A", ports=ports)
    steps.promote(first, ports=ports)
    row = listed(ports)[first]
    assert (row.standing, row.by, row.reasons) == ("barred", "Dr. A", ("wrong drug",))
    steps.unbar(first, "the drug was right", "Dr. B", ports=ports)
    row = listed(ports)[first]
    assert (row.standing, row.kind, row.by) == ("held", "barred", "")


@pytest.mark.parametrize(("role", "carried"), [("taught", ("pmid:9",)), ("withdrawn", ())])
def test_what_a_version_or_the_one_before_it_was_taught_and_is_withdrawn_is_named(
    ports: fakes.FakePorts, role: str, carried: tuple[str, ...]
) -> None:
    first, _ = version(ports, 1, documents=("pmid:8", "pmid:9"), role=role)
    second, _ = version(ports, 2, incumbent=first, start_from=ref("adapter", 1))
    third, _ = version(ports, 3, incumbent=first)
    withdraw(ports, "pmid:9")
    rows = listed(ports)
    assert [rows[name].withdrawn for name in (first, second, third)] == [carried, carried, ()]
    withdraw(ports, "pmid:9", State.LIFTED)
    assert {row.withdrawn for row in listed(ports).values()} == {()}
