"""Artifacts with the smallest manifest of their kind, for tests that need one to exist."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from medpipe.core import manifests, refs
from medpipe.core.judging.gates import Outcome
from medpipe.core.manifests import Inputs, manifest_type
from medpipe.ports import ArtifactStore
from tests.contracts import CONTRACT

DOCUMENTS, CORPUS, EXAMPLES, PAIRS, ADAPTER, EVALUATION, DECISION, FEEDBACK, VALIDATION = (
    f"{kind}/0123456789abcdef"
    for kind in (
        "documents",
        "corpus",
        "examples",
        "pairs",
        "adapter",
        "evaluation",
        "decision",
        "feedback",
        "validation",
    )
)

_INPUTS: dict[str, dict[str, Any]] = {
    "documents": {"source": "medlineplus", "start": date(2026, 3, 3), "end": date(2026, 3, 4)},
    "corpus": {"pulls": (), "previous": None},
    "validation": {"data": DOCUMENTS, "suite": "documents", "expectations": ""},
    "examples": {"corpus": CORPUS, "recipe": {}, "since": None, "knows": None, "withdraw": (), "benchmarks": ()},
    "pairs": {"feedback": FEEDBACK, "corpus": CORPUS, "sets": None, "policy": {}, "guardrails": ""},
    "adapter": {"recipe": {}, "base": "", "data": EXAMPLES, "start_from": "base"},
    "anchor": {"examples": EXAMPLES, "heldout_share": 0.3},
    "evaluation": {
        "adapter": ADAPTER,
        "contract": CONTRACT,
        "generator": "a test",
        "examples": EXAMPLES,
        "pairs": None,
        "benchmarks": (),
        "harm": "",
    },
    "decision": {"challenger": EVALUATION, "champion": EVALUATION, "plan": "first", "gates": {}},
    "version": {
        "adapter": ADAPTER,
        "evaluation": EVALUATION,
        "decision": DECISION,
        "parent": "base",
        "incumbent": "base",
    },
    "feedback": {"content": "0123"},
    "prepared": {"base": "medpipe-sandbox/tiny-llama", "base_digest": "", "adapter": "base", "rounding": "float32"},
}
_OUTCOMES: dict[str, dict[str, Any]] = {
    "anchor": {"samples": 0, "documents": 0},
    "documents": {"documents": 1},
    "corpus": {"table_version": 0, "incoming": 0, "documents": {}, "cut_off": None},
    "validation": {"rows": 0, "accepted": True},
    "examples": {"corpus": CORPUS, "train": 0},
    "pairs": {"train": 0, "heldout": 0},
    "adapter": {
        "recipe": "tiny-sft",
        "method": "sft",
        "base": "medpipe-sandbox/tiny-llama",
        "base_digest": "hub:medpipe-sandbox/tiny-llama",
        "data": EXAMPLES,
        "start_from": "base",
        "examples": 0,
        "metrics": {},
        "digest": "abcdef0123",
    },
    "evaluation": {"model": ADAPTER, "metrics": {}},
    "decision": {
        "outcome": Outcome.PASS,
        "gates": (),
        "reasons": ("a reason",),
        "challenger": EVALUATION,
        "champion": EVALUATION,
        "plan": "first",
    },
    "version": {
        "adapter": ADAPTER,
        "digest": "abcdef0123",
        "recipe": "tiny-sft",
        "base": "medpipe-sandbox/tiny-llama",
        "contract": CONTRACT,
        "corpus": CORPUS,
        "examples": EXAMPLES,
        "evaluation": EVALUATION,
        "decision": DECISION,
        "outcome": Outcome.PASS,
        "number": 1,
        "name": "medqa-v1-abcdef",
        "page": "",
    },
    "feedback": {"feedback": 0},
    "prepared": {},
}


def inputs(kind: str, **changes: Any) -> Inputs:
    """The smallest inputs of a kind, with changes."""
    names = {"pairs": "PairsFromFeedback"}
    model = getattr(manifests, names.get(kind, f"{kind.capitalize()}Inputs"))
    return model(**_INPUTS[kind] | changes)


def outcome(kind: str, **changes: Any) -> Any:
    """The smallest outcome of a kind, with changes."""
    model: Any = manifest_type(f"{kind}/0123456789abcdef").model_fields["outcome"].annotation
    return model(**_OUTCOMES[kind] | changes)


def put(store: ArtifactStore, ref: str, fill: Callable[[Path], object] = lambda folder: None, **changes: Any) -> str:
    """An artifact of the ref's kind, whose outcome has `changes` and whose folder has what `fill` writes."""
    kind = ref.split("/")[0]
    with store.write(ref, "a test", inputs(kind)) as draft:
        fill(draft.path)
        draft.conclude(outcome(kind, **changes))
    return ref


def put_prepared(store: ArtifactStore, number: int, **made_of: Any) -> str:
    """A prepared base with files of its own, made of `made_of` (inputs)."""
    target = refs.ref("prepared", number)
    with store.write(target, "a test", inputs("prepared", **made_of)) as draft:
        draft.conclude(outcome("prepared", digest=f"files of {number}", parameters=1, relative_error=0.0))
    return target


def remade(
    store: ArtifactStore, ref: str, change: Callable[[Path], object] = lambda folder: None, **inputs: Any
) -> None:
    """Make an artifact again with the same outcome, with files that `change` has changed, and with other `inputs`."""
    before, folder = store.find(ref), store.folder(ref)
    assert before is not None
    (folder / "manifest.json").unlink()
    with store.write(ref, before.verb, before.inputs.model_copy(update=inputs)) as draft:
        shutil.copytree(folder, draft.path, dirs_exist_ok=True)
        change(draft.path)
        draft.conclude(before.outcome)
