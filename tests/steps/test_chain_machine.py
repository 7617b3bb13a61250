"""Promotions, rollbacks, withdrawals and kills in any order, two at once: the ledger explains what serves."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from medpipe import steps
from medpipe.core import naming
from medpipe.core.judging.gates import GateResult, Outcome
from medpipe.core.knowledge.withdrawals import State
from medpipe.core.manifests import VersionManifest
from medpipe.errors import MedpipeError
from medpipe.ports import Entry
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest
from tests.steps.traps import Killed, TrappedPorts, kill
from tests.steps.versions import forget, version, withdraw

pytestmark = pytest.mark.integration

DOCUMENTS = ("pmid:1", "pmid:2")
OUTCOMES = st.sampled_from([Outcome.PASS, Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE])
VERBS = st.sampled_from(["promote", "promote", "deploy", "deploy", "roll_back", "roll_back", "restore", "bar", "unbar"])
TAUGHT = st.sets(st.sampled_from(DOCUMENTS), max_size=1)
PICKS = st.integers(0, 9)
CALLS = st.integers(0, 40)
ABSENT = GateResult(name="absent withdrawn", outcome=Outcome.PASS, reason="")


class Known(NamedTuple):
    """What the machine knows of a version by itself, without asking the code that it tests."""

    carries: frozenset[str]
    asked: frozenset[str]
    """Withdrawn documents whose claims it was asked when it was judged."""


class Chain(RuleBasedStateMachine):
    """The verbs that change what serves, in any order."""

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="medpipe-chain-"))
        self.ports = TrappedPorts(Settings(home=self.home))
        self.known: dict[str, Known] = {}
        self.withdrawn: dict[str, State] = {}
        self.seen = 0
        self.requests = 0

    def teardown(self) -> None:
        if hasattr(self, "home"):
            self.ports.database.dispose()
            shutil.rmtree(self.home)

    # What happens outside the verbs.

    @rule(
        said=OUTCOMES,
        documents=TAUGHT,
        goes_on=st.booleans(),
        asked=st.booleans(),
        broken=st.integers(0, 7).map(lambda number: number == 0),
    )
    def register(self, said: Outcome, documents: set[str], goes_on: bool, asked: bool, broken: bool) -> None:
        """A challenger that was judged against the champion."""
        champion, number = self.ports.ledger.champion(), len(self.known) + 1
        start = manifest(self.ports, champion, VersionManifest).outcome.adapter if champion and goes_on else "base"
        new, _ = version(
            self.ports,
            number,
            said,
            gates=(ABSENT,) if asked else (),
            documents=tuple(sorted(documents)) or ("pmid:9",),
            start_from=start,
            incumbent=champion or "base",
        )
        inherited = self.known[champion].carries if champion and goes_on else frozenset()
        in_force = frozenset(document for document, state in self.withdrawn.items() if state is not State.LIFTED)
        self.known[new] = Known(inherited | documents, in_force if asked else frozenset())
        if broken:
            forget(self.ports, number)

    @rule(documents=TAUGHT, goes_on=st.booleans(), meanwhile=TAUGHT)
    def retrain(self, documents: set[str], goes_on: bool, meanwhile: set[str]) -> None:
        """A version that passed every gate, and its rollout. From the base and without documents, it is a hotfix.

        `meanwhile`: documents that are withdrawn after the judgement and before the promotion.
        """
        self.register(Outcome.PASS, documents, goes_on, asked=True, broken=False)
        for document in meanwhile:
            self.withdrawal(document, State.OPENED)
        self.rollout(0)

    @rule(document=st.sampled_from(DOCUMENTS), state=st.sampled_from([State.OPENED, State.BLOCKED, State.LIFTED]))
    def withdrawal(self, document: str, state: State) -> None:
        before = self.withdrawn.get(document, State.LIFTED)
        withdraw(self.ports, document, state, claim=f"claim {len(self.withdrawn)} {self.requests}")
        if state is State.OPENED:
            self.requests += 1  # its next claim is another one
            self.withdrawn[document] = State.OPENED
            for name, known in self.known.items():
                self.known[name] = known._replace(asked=known.asked - {document})
        elif before is not State.LIFTED:
            self.withdrawn[document] = state

    @rule(hours=st.integers(-100, 100))
    def the_clock_jumps(self, hours: int) -> None:
        self.ports.skew += timedelta(hours=hours)

    @rule()
    def the_engine_restarts(self) -> None:
        (self.home / "engine.json").write_text("{}")

    @rule(name=st.sampled_from(["medqa-v99-ffffff", naming.timed("eval-01", "abc", 1.0)]))
    def a_killed_process_leaves_an_adapter(self, name: str) -> None:
        file = self.home / "engine.json"
        table = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps(table | {name: "left"}))

    # The verbs.

    def prepared(self, verb: str, pick: int) -> Callable[[], Any] | None:
        """Return a call of the verb with arguments of its own; None when there is nothing to call it with."""
        names = sorted(self.known)
        if verb == "deploy":
            return lambda: steps.deploy(ports=self.ports)
        if verb == "roll_back":
            self.requests += 1
            reason, documents = f"request {self.requests}", (DOCUMENTS[pick],) if pick < len(DOCUMENTS) else ()
            return lambda: steps.roll_back(reason, "Dr. A", documents, ports=self.ports)
        if not names:
            return None
        newest = names[-1 - pick % min(len(names), 3)]
        function: Any = getattr(steps, verb)
        arguments = {"promote": (), "restore": ("a reason",)}.get(verb, ("a reason", "Dr. A"))
        return lambda: function(newest, *arguments, ports=self.ports)

    def ended(self, verb: str, call: Callable[[], Any]) -> bool:
        """Run a verb, and look at what it promised. Returns False when it refused or was killed."""
        try:
            result = call()
        except MedpipeError:
            return False
        except Killed:
            return False
        finally:
            self.ports.trap.disarm()
        if verb in ("promote", "deploy", "roll_back", "restore"):
            assert result == self.ports.ledger.champion(), f"{verb} returned {result}"
        if verb in ("deploy", "roll_back", "restore"):
            self.check_what_serves()
        return True

    @precondition(lambda self: self.known)
    @rule(pick=PICKS)
    def rollout(self, pick: int) -> None:
        """The tasks of the DAG rollout."""
        promote, restore = self.prepared("promote", pick), self.prepared("restore", pick)
        assert promote and restore
        if not (self.ended("promote", promote) and self.ended("deploy", lambda: steps.deploy(ports=self.ports))):
            self.ended("restore", restore)

    @rule(verb=VERBS, pick=PICKS)
    def run(self, verb: str, pick: int) -> None:
        call = self.prepared(verb, pick)
        if call:
            self.ended(verb, call)

    @rule(verb=VERBS, pick=PICKS, at=CALLS, after=st.booleans(), again=st.booleans())
    def run_is_killed(self, verb: str, pick: int, at: int, after: bool, again: bool) -> None:
        """A verb is killed at any call of a port; mostly it is run again."""
        call = self.prepared(verb, pick)
        if not call:
            return
        before = len(self.changes())
        self.ports.trap.set(at, kill, after)
        self.ended(verb, call)
        if again:
            self.ended(verb, call)
            assert len(self.changes()) <= before + 1, f"{verb} changed the champion twice"

    @rule(verb=VERBS, pick=PICKS, other=VERBS, other_pick=PICKS, at=CALLS)
    def two_run_at_once(self, verb: str, pick: int, other: str, other_pick: int, at: int) -> None:
        """A whole verb runs between two calls of another one."""
        call, inner = self.prepared(verb, pick), self.prepared(other, other_pick)
        if call and inner:
            self.ports.trap.set(at, lambda: self.inside(inner))
            self.ended(verb, call)

    def inside(self, call: Callable[[], Any]) -> None:
        with suppress(MedpipeError):
            call()

    # What must hold.

    def entries(self) -> list[Entry]:
        return self.ports.ledger.entries(None)[::-1]

    def changes(self) -> list[Entry]:
        return [entry for entry in self.entries() if entry.event in ("promoted", "rolled-back")]

    def check_what_serves(self) -> None:
        champion, route = self.ports.ledger.champion(), self.ports.routes.current()
        if champion is None:
            return
        registered = manifest(self.ports, champion, VersionManifest).outcome
        assert route is not None and route.version == champion
        table = json.loads((self.home / "engine.json").read_text())
        assert table == {route.adapter_name: str(self.ports.store.folder(registered.adapter))}
        assert self.ports.registry.champion() == registered.number

    @invariant()
    def the_ledger_explains_the_champion(self) -> None:
        changes = self.changes()
        assert self.ports.ledger.champion() == (changes[-1].version if changes else None)

    @invariant()
    def whatever_a_rollback_leaves_is_barred(self) -> None:
        entries = self.entries()
        for before, entry in pairwise(entries):
            if entry.event == "rolled-back":
                left = [change.version for change in self.changes() if change.sequence < entry.sequence][-1]
                assert (before.event, before.version) == ("barred", left)

    @invariant()
    def a_barred_version_never_becomes_champion_and_bars_are_written_once(self) -> None:
        barred = set[str]()
        for entry in self.entries():
            if entry.event in ("barred", "unbarred"):
                assert (entry.version in barred) is (entry.event == "unbarred")
                (barred.add if entry.event == "barred" else barred.discard)(entry.version)
                assert entry.by and entry.reasons, "who, and why"
            if entry.event in ("promoted", "rolled-back"):
                assert entry.version not in barred, f"{entry.version} is barred"
        assert self.ports.ledger.champion() not in barred

    @invariant()
    def no_promotion_or_rollback_brings_a_withdrawn_claim_back(self) -> None:
        changes = self.changes()
        for entry in changes[self.seen :]:
            known = self.known[entry.version]
            for document in known.carries & set(self.withdrawn):
                state = self.withdrawn[document]
                if entry.event == "promoted":
                    assert state is State.LIFTED or document in known.asked, f"{entry.version} asserts {document}"
                else:
                    assert state is not State.OPENED, f"{entry.version} brought {document} back unblocked"
        self.seen = len(changes)

    @invariant()
    def every_event_is_written_once(self) -> None:
        once = [entry for entry in self.entries() if entry.event in ("held", "deployed")]
        counted = Counter((entry.event, entry.version, entry.reasons[0]) for entry in once)
        assert not [event for event, count in counted.items() if count > 1]

    @invariant()
    def only_a_version_that_was_champion_is_ever_routed(self) -> None:
        route = self.ports.routes.current()
        assert route is None or route.version in {entry.version for entry in self.changes()}


class LongRun(Chain):
    """The same machine, with the number of examples that a release needs."""


def _examples(number: int) -> settings:
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=number, stateful_step_count=25, deadline=None, suppress_health_check=checks)


Chain.TestCase.settings, LongRun.TestCase.settings = _examples(15), _examples(60)
TestChain = Chain.TestCase
TestLongRun = pytest.mark.slow(LongRun.TestCase)
