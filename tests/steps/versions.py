"""Versions that are registered by hand, and withdrawals: for tests of which version serves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from medpipe import records, steps
from medpipe.core.judging.evaluation import Evaluation, Sample, Score
from medpipe.core.judging.gates import GateResult, Outcome
from medpipe.core.knowledge.lineage import entries_of, shares
from medpipe.core.knowledge.withdrawals import State, WithdrawalEvent
from medpipe.core.refs import ref
from medpipe.core.teaching.claim import Claim
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.samples import withdrawn_samples
from medpipe.steps.withdrawals import claims_in_force
from tests import fakes
from tests.manifests import put, remade

QUESTIONS = tuple(f"What treats illness {letter}?" for letter in "abcdefg")
ANSWERS = {question: f"Drug {question[-2]}." for question in QUESTIONS}


def samples(
    ports: fakes.FakePorts,
    number: int,
    documents: tuple[str, ...] = (),
    role: Literal["taught", "withdrawn"] = "taught",
) -> str:
    """Examples with seven samples: four of new knowledge, three of old; `documents` or one of its own are in them."""

    def fill(folder: Path) -> None:
        every = [
            Sample(id=question[-2], question=question, target=answer, slot=answer[:-1])
            for question, answer in ANSWERS.items()
        ]
        records.write(folder / "benchmarks" / "new-knowledge.jsonl", every[:4])
        records.write(folder / "benchmarks" / "old-knowledge.jsonl", every[4:])
        taught = Example(question="q", answer="a", source="s", document_ids=documents or (f"pmid:{number}",), role=role)
        records.write(folder / "train.jsonl", [taught])
        records.write_rows(folder / "documents.jsonl", shares(entries_of([(0, taught)])))

    return put(ports.store, ref("examples", number), fill)


def evaluated(ports: fakes.FakePorts, number: int, wrong: str = "") -> str:
    """An evaluation in which the samples named in `wrong` earned half a point, and every claim in force was asked."""
    claims = claims_in_force(ports)

    def fill(folder: Path) -> None:
        scores = {
            "new-knowledge": tuple(Score(sample_id=id, value=0.5 if id in wrong else 1.0, answer="") for id in "abcd"),
            "old-knowledge": tuple(Score(sample_id=id, value=0.5 if id in wrong else 1.0, answer="") for id in "efg"),
            "withdrawn": tuple(Score(sample_id=one.id, value=0.0, answer="") for one in withdrawn_samples(claims)),
        }
        asked = tuple(sorted({claim.document for claim in claims}))
        whole = Evaluation(model="", examples="", metrics={}, scores=scores, claims=asked)
        (folder / "evaluation.json").write_text(whole.model_dump_json())

    return put(ports.store, ref("evaluation", number), fill)


def version(
    ports: fakes.FakePorts,
    number: int,
    said: Outcome = Outcome.PASS,
    wrong: str = "",
    gates: tuple[GateResult, ...] = (),
    documents: tuple[str, ...] = (),
    start_from: str = "base",
    plan: str = "",
    method: str = "sft",
    role: Literal["taught", "withdrawn"] = "taught",
    data: str = "",
    **changes: Any,
) -> tuple[str, str]:
    """A registered version and the decision about it. `data`: what its adapter learned from; empty: the examples."""

    def weights(folder: Path) -> None:
        (folder / fakes.WEIGHTS).write_text(json.dumps(ANSWERS))

    examples = samples(ports, number, documents, role)
    plan = plan or ("first" if changes.get("incumbent", "base") == "base" else "news")
    reasons = (f"reason {number}",)
    decision = put(ports.store, ref("decision", number), outcome=said, reasons=reasons, gates=gates, plan=plan)
    target = put(
        ports.store,
        f"version/medqa-v{number}-abcdef",
        adapter=put(
            ports.store, ref("adapter", number), weights, data=data or examples, start_from=start_from, method=method
        ),
        examples=examples,
        evaluation=evaluated(ports, number, wrong),
        decision=decision,
        outcome=said,
        number=number,
        name=f"medqa-v{number}-abcdef",
        **changes,
    )
    return target, decision


def history(ports: fakes.FakePorts) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (entry.event, entry.version, entry.decision, entry.reasons)
        for entry in reversed(ports.ledger.entries())
        if entry.event != "deployed"
    ]


def barred(ports: fakes.FakePorts) -> dict[str, str]:
    """Each barred version with who barred it, and why."""
    return {version: f"{entry.by}: {entry.reasons[0]}" for version, entry in ports.ledger.barred().items()}


def tags(ports: fakes.FakePorts) -> Any:
    file = ports.settings.home / "registry.json"
    return json.loads(file.read_text())["tags"] if file.exists() else {}


def withdraw(ports: fakes.FakePorts, document: str, state: State = State.OPENED, claim: str = "") -> None:
    """An entry of the register of withdrawals, made at this moment."""
    said = Claim(
        document=document,
        revision=1,
        source="pubmed",
        question_type="treatment",
        focus="gout",
        answer=claim or "It helps.",
    )
    claims = (said,) if state is State.OPENED else ()
    event = WithdrawalEvent(document=document, state=state, at=datetime.now(UTC), reason="retracted", claims=claims)
    ports.withdrawals.append(event)


def asked(ports: fakes.FakePorts, number: int, outcome: Outcome = Outcome.PASS) -> str:
    """A version whose decision has the gate that asks withdrawn claims."""
    gate = GateResult(name="absent withdrawn", outcome=outcome, reason="")
    return version(ports, number, gates=(gate,))[0]


def promoted(ports: fakes.FakePorts, number: int = 1, **changes: Any) -> str:
    first, _ = version(ports, number, **changes)
    assert steps.promote(first, ports=ports) == first
    return first


def forget(ports: fakes.FakePorts, number: int) -> None:
    """Exchange the weights of a version for others that know nothing."""
    others = json.dumps(dict.fromkeys(QUESTIONS, "Rest."))
    remade(ports.store, ref("adapter", number), lambda folder: (folder / fakes.WEIGHTS).write_text(others))


def served(ports: fakes.FakePorts) -> str:
    route = ports.routes.current()
    assert route is not None and route.adapter_name in ports.engine.loaded()
    return route.version
