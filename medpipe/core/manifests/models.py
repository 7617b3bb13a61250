"""Manifests of models: examples, pairs, adapters, evaluations, decisions, versions and traces."""

from __future__ import annotations

from typing import ClassVar, Literal

from medpipe.core.contract import ServingContract
from medpipe.core.judging.evaluation import Metric
from medpipe.core.judging.gates import Decision
from medpipe.core.judging.gates import Outcome as Judgement
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot, Value
from medpipe.core.refs import BASE
from medpipe.core.teaching.card_values import Card


class ExamplesInputs(Inputs):
    """`since`: the incumbent's adapter. `knows`: the adapter that the training starts from. None: the base."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"claims", "answered"})
    corpus: str
    recipe: Snapshot
    since: str | None
    knows: str | None
    withdraw: tuple[str, ...]
    """Sorted ids of the documents whose withdrawal was in force."""
    benchmarks: tuple[Snapshot, ...]
    """Benchmarks that the examples were decontaminated against; empty without decontamination."""
    claims: str = ""
    """Digest of what the withdrawn documents had claimed; "" for nothing."""
    answered: tuple[str, ...] = ()
    """Those that the start of the training was taught as withdrawn, and never as true."""
    safety: str = ""
    """Digest of the refusals that the recipe may teach."""


class ExamplesOutcome(Outcome):
    """How many examples and samples there are, and the dataset card."""

    corpus: str
    train: int
    """Rows of train.jsonl."""
    new_knowledge: int = 0
    """Samples of this benchmark; the other benchmarks likewise."""
    old_knowledge: int = 0
    withdrawn: int = 0
    after_cut_off: int = 0
    unseen: int = 0
    drops: dict[str, int] = {}
    """Reason → number of facts or examples that were left out."""
    card: Card | None = None
    """None only for examples that no recipe made, such as those that `make bench` writes."""


class ExamplesManifest(Manifest):
    """Examples to teach and samples to ask, made by `build_examples`."""

    kind: ClassVar[str] = "examples"
    inputs: ExamplesInputs
    outcome: ExamplesOutcome


class PairsFromFeedback(Inputs):
    """The inputs of `build_pairs`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released", "claims", "erased", "reviewed"})
    feedback: str
    corpus: str
    """Corrections that contradict one of its documents wait for a person."""
    sets: str | None
    """The pairs whose pairs from published sets were kept."""
    policy: Snapshot
    """policies/feedback.yaml."""
    guardrails: str
    """Digest of the guardrail policy: refused questions and unsafe corrections never teach."""
    claims: str = ""
    """Digest of the withdrawn claims in force: they never teach."""
    erased: str = ""
    """Digest of what was erased."""
    reviewed: str = ""
    """Digest of people's decisions about corrections."""
    released: tuple[str, ...] = ()
    """Reviews that released quarantined feedback."""


class PairsFromCorpus(Inputs):
    """The inputs of `build_preferences`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"claims", "erased"})
    corpus: str
    previous: str | None
    max_answer_chars: int
    heldout: float
    """Share of the questions that are only asked, 0..1."""
    guardrails: str
    """Digest of the guardrail policy: refused questions and unsafe answers never teach."""
    claims: str = ""
    """Digest of the withdrawn claims in force: they never teach."""
    erased: str = ""
    """Digest of what was erased."""


class PairsOutcome(Outcome):
    """The outcome of pairs."""

    train: int
    heldout: int
    waiting: int = 0
    """Corrections that contradict a document and wait for a person (`medpipe contradictions`)."""
    drops: dict[str, int] = {}
    """Reason → number of pairs that were left out."""
    identifiers: dict[str, int] = {}
    """Type of identifier → how many were taken out of the texts."""


class PairsManifest(Manifest):
    """Preference pairs for DPO, made by `build_pairs` or `build_preferences`."""

    kind: ClassVar[str] = "pairs"
    inputs: PairsFromFeedback | PairsFromCorpus
    outcome: PairsOutcome


class AdapterInputs(Inputs):
    """The inputs of `train`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released"})
    recipe: Snapshot
    base: str
    """Digest of the base model's files."""
    data: str
    start_from: str
    """`base` or the adapter that training continued."""
    released: tuple[str, ...] = ()
    """Reviews that released quarantined rows of the data."""


class AdapterOutcome(Outcome):
    """The outcome of `train`."""

    recipe: str
    method: Literal["sft", "dpo"]
    base: str
    base_digest: str
    data: str
    start_from: str
    examples: int
    """Rows that were taught: examples, or preference pairs."""
    metrics: dict[str, float]
    digest: str
    """SHA-256 of the weights and their configuration."""


class AdapterManifest(Manifest):
    """A LoRA adapter, made by `train`."""

    kind: ClassVar[str] = "adapter"
    inputs: AdapterInputs
    outcome: AdapterOutcome


class AnchorInputs(Inputs):
    """The inputs of `freeze_anchor`."""

    examples: str
    """What the first champion was taught."""
    heldout_share: float
    """Share of the documents that replay leaves out, 0..1."""


class AnchorOutcome(Outcome):
    """How many frozen questions there are, and about how many documents (clusters)."""

    samples: int
    documents: int


class AnchorManifest(Manifest):
    """The frozen questions of the benchmark `anchor`, made by `freeze_anchor`."""

    kind: ClassVar[str] = "anchor"
    inputs: AnchorInputs
    outcome: AnchorOutcome


class EvaluationInputs(Inputs):
    """The inputs of `evaluate`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"anchor", "claims", "probes"})
    adapter: str
    """`base` or an adapter ref."""
    contract: ServingContract
    """How it was asked."""
    generator: str
    """The program that generated: `ports.Generator.name`."""
    examples: str
    pairs: str | None
    benchmarks: tuple[Snapshot, ...]
    harm: str
    """Digest of harm.yaml, which decides what counts as unsafe."""
    claims: tuple[str, ...] = ()
    """Sorted ids of the documents whose claims were withdrawn when the model was asked."""
    probes: str = ""
    """Digest of the questions about these claims; "" for none."""
    scorers: str = ""
    """Digest of the scorers' code."""
    anchor: str | None = None


class EvaluationOutcome(Outcome):
    """Means by benchmark. Every single score is in evaluation.json beside the manifest."""

    model: str
    metrics: dict[str, Metric]
    claims: tuple[str, ...] = ()
    """Sorted ids of the withdrawn documents whose claims were asked."""
    digests: dict[str, str] = {}
    """Benchmark → digest of its items and scorer. Evaluations with the same digest are looks at the same items."""


class EvaluationManifest(Manifest):
    """What one model scored on the benchmarks of a recipe, made by `evaluate`."""

    kind: ClassVar[str] = "evaluation"
    inputs: EvaluationInputs
    outcome: EvaluationOutcome


class EarlierLook(Value):
    """An earlier evaluation of a benchmark that the error budget counts."""

    evaluation: str
    passed: bool
    """The benchmark's gates passed with it, so its level was not spent."""


class DecisionInputs(Inputs):
    """The inputs of `compare`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"code"})
    challenger: str
    champion: str
    plan: str
    """Name of the promotion plan in gates.yaml."""
    gates: Snapshot
    looks: dict[str, tuple[EarlierLook, ...]] = {}
    """Benchmark → the earlier looks at it, oldest first."""
    champions: tuple[str, ...] = ()
    """Sorted evaluations of earlier champions, which the anchor compares with."""
    code: str = ""
    """Digest of the code that decides (`code_digest`): the ref can be checked after the code has changed."""


class DecisionOutcome(Decision):
    """The decision with the two evaluations and the promotion plan that it is about."""

    challenger: str
    champion: str
    plan: str


class DecisionManifest(Manifest):
    """Pass, fail or inconclusive, made by `compare`."""

    kind: ClassVar[str] = "decision"
    inputs: DecisionInputs
    outcome: DecisionOutcome


class VersionInputs(Inputs):
    """The inputs of `register`."""

    adapter: str
    evaluation: str
    decision: str
    parent: str
    incumbent: str


class Provenance(Outcome):
    """Everything that a version came from. The registry shows these fields to operators."""

    adapter: str
    digest: str
    recipe: str
    base: str
    contract: ServingContract
    """How it was asked when it was judged, and so how it is served."""
    corpus: str
    examples: str
    evaluation: str
    decision: str
    outcome: Judgement
    """What the decision said."""
    parent: str = BASE
    """`base` or the model that training started from."""
    incumbent: str = BASE
    """`base` or the version that it was judged against."""
    reason: str = ""
    """Why the retrain was asked for."""
    pairs: str | None = None
    """The preference pairs that it or the version before it learned from."""


class VersionOutcome(Provenance):
    """The outcome of `register`."""

    number: int
    """The registry's number of the version."""
    name: str
    page: str
    """Address of the version in the registry; empty if the registry has no pages."""


class VersionManifest(Manifest):
    """A judged adapter with a name, promoted or not, made by `register`."""

    kind: ClassVar[str] = "version"
    inputs: VersionInputs
    outcome: VersionOutcome


class TraceInputs(Inputs):
    """The inputs of `trace`."""

    of: tuple[str, ...]
    """Sorted document ids or refs."""
    forward: bool
    made: dict[str, tuple[str, ...]]
    """Kind → every ref that existed: a trace is made again when something was made since."""


class TraceOutcome(Outcome):
    """What the trace reached. found.jsonl has a row for each document revision (forward: each of its examples)."""

    direction: Literal["forward", "back"]
    documents: tuple[str, ...]
    """Document ids that it started from."""
    refs: tuple[str, ...]
    """Refs that it started from."""
    rows: int
    """Rows of found.jsonl."""
    examples: tuple[str, ...]
    pairs: tuple[str, ...]
    adapters: tuple[str, ...]
    versions: tuple[str, ...]


class TraceManifest(Manifest):
    """From documents to the models that carry them, or from a model to its documents, made by `trace`."""

    kind: ClassVar[str] = "trace"
    inputs: TraceInputs
    outcome: TraceOutcome
