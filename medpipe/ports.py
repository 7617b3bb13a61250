"""What the verbs need from outside, as small Protocols. Backends implement them; fakes pass the same contract tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from medpipe.core.corpus.document import Document
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.gates import Plan
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.redaction import Redaction as Redaction
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.feedback import FeedbackItem as FeedbackItem
from medpipe.core.teaching.recipe import Recipe

Progress = Callable[[float, str], None]
"""Called with a share in 0..1 and a short text."""


class Source(Protocol):
    """One publisher of documents."""

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """Every document revised in [start, end), or only those in `ids`, in the order of their revisions.

        A withdrawal arrives as a Document with status DELETED or RETRACTED. Raises SourceError, which
        names the file and the record, when what was published cannot be read whole.
        """


class PostedFile(NamedTuple):
    """A file that a source publishes, and the day that it was posted."""

    name: str
    day: date


@runtime_checkable
class SourceOfFiles(Source, Protocol):
    """A source whose files can be pulled one by one: a thousand files are then a thousand tasks."""

    def files(self, start: date, end: date) -> Sequence[PostedFile]:
        """The files posted in [start, end), in the order in which they apply."""

    def pull(self, start: date, end: date, ids: Sequence[str] = (), file: str = "") -> Iterator[Document]:
        """As `Source.pull`, but only of the file with this name, where one is given."""


class Manifest(NamedTuple):
    """What an artifact is: written last, so it exists if and only if the artifact is whole."""

    ref: str
    verb: str
    inputs: Mapping[str, Any]
    facts: Mapping[str, Any]


class Draft(Protocol):
    """An artifact being written. Nothing of it can be read until the `with` block ends without error."""

    path: Path
    facts: dict[str, Any]


class ArtifactStore(Protocol):
    """Content-addressed folders."""

    def find(self, ref: str) -> Manifest | None: ...
    def folder(self, ref: str) -> Path:
        """The whole artifact's folder on this machine; raises LookupError when there is no manifest."""

    def write(self, ref: str, verb: str, inputs: Mapping[str, Any]) -> AbstractContextManager[Draft]:
        """A private folder to fill; on leaving, it is moved into place and the manifest is written last."""

    def manifests(self, kind: str) -> Iterator[Manifest]:
        """Every whole artifact of a kind, oldest first."""


class Counts(NamedTuple):
    """How many documents a version of the corpus has."""

    by_status: Mapping[str, int]
    """Only statuses that occur."""
    cut_off: date | None
    """The youngest date on which a current document was published; None without current documents."""


class CorpusTable(Protocol):
    """The current revision of every document, versioned. A merge costs what it brings, not what is there."""

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the table and return its version.

        Idempotent (the same `token` again returns the version that it made) and commutative (an older
        revision never replaces a newer one; retractions and deletions stick, in whatever order they come).
        Whole or not at all. Raises LookupError when there is no version `previous`.
        """

    def read(self, version: int, statuses: Sequence[str] = ("current",)) -> Iterator[Document]:
        """The documents with one of the statuses, by id, as a stream; raises LookupError for no such version."""

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Document id → content digest, without reading texts; raises LookupError for no such version."""

    def counts(self, version: int) -> Counts:
        """Without reading the corpus; raises LookupError for no such version."""

    def compact(self, version: int) -> int:
        """A version with the same documents that is cheaper to read, or `version` itself. Older ones stay readable."""


class Validation(NamedTuple):
    """`accepted` is False when the whole batch must stop. `rejected` maps row index to reasons."""

    accepted: bool
    reasons: tuple[str, ...]
    rejected: Mapping[int, tuple[str, ...]]
    report: str
    """Path of the Data Docs page of this run."""
    remarks: tuple[str, ...] = ()
    """What people should know although it stops nothing."""


class Delivery(NamedTuple):
    """Measures of a delivery as a whole, by name (`core.corpus.measures.DELIVERY`), and the end of its window."""

    measures: Mapping[str, float] = {}
    end: date | None = None


class Validator(Protocol):
    def validate(
        self, rows: Sequence[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = ...
    ) -> Validation:
        """Apply `expectations/{suite}.json` to the rows; `name` labels the run in Data Docs."""


class Redactor(Protocol):
    """Takes protected health information out of texts. What it misses is measured in docs/data-quality.md."""

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """One redaction a text, in order; `language` is an ISO 639-1 code (others than en, es, fr are read as en).

        Redacting twice changes nothing more. Nothing is logged and nothing is looked up on a network.
        """


class NearDuplicates(Protocol):
    """Finds texts that are almost the same."""

    def clusters(self, texts: Sequence[str], threshold: float) -> list[int]:
        """For each text the index of the first text of its cluster; a text without a twin is its own cluster.

        Two texts are twins when the Jaccard similarity of their sets of three-word shingles, case and
        punctuation aside, is at least `threshold` (0..1]; clusters are closed under that (a twin's twin
        belongs too). Twins are looked for by hashing: of those just at the threshold a few are missed, and
        no pair below it is ever joined. The same texts give the same clusters on every machine, and in
        another order the same clusters of the same texts.
        """


class Languages(Protocol):
    """Tells what language a text is in."""

    def guess(self, text: str) -> tuple[str, float]:
        """(ISO 639-1 code, confidence 0..1); ("", 0.0) for a text without letters. Short texts are guesses."""


class Trainer(Protocol):
    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train an adapter into `out` (adapter_model.safetensors, adapter_config.json) and return its metrics.

        `data` is a folder with `train.jsonl`: Examples for SFT, PreferencePairs for DPO. `start_from` is
        the adapter to go on from; for DPO it is the reference as well. `work` keeps checkpoints: a killed
        run that is started again with the same `work` ends in the same weights.
        """


class Generator(Protocol):
    """Generates greedily with the artifact that will be served, as it will be served."""

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        max_new_tokens: int,
        progress: Progress,
    ) -> list[str]:
        """One completion per prompt, in order, up to `core.prompt.STOP`."""


class Engine(Protocol):
    """The inference server's LoRA surface. Names are unique and never reused."""

    def load(self, name: str, folder: Path) -> None: ...
    def unload(self, name: str) -> None: ...
    def loaded(self) -> frozenset[str]: ...
    def ask(self, name: str, prompts: Sequence[str], max_new_tokens: int) -> list[str]: ...


class Registered(NamedTuple):
    number: int
    page: str


class Registry(Protocol):
    """The model registry that operators look at (MLflow). The ledger decides; the registry shows."""

    def register(self, adapter: Path, facts: Mapping[str, Any], metrics: Mapping[str, float]) -> Registered: ...
    def tag(self, number: int, tags: Mapping[str, str]) -> None: ...
    def set_champion(self, number: int) -> None: ...
    def champion(self) -> int | None: ...


class Entry(NamedTuple):
    """One line of the ledger: who looked at what, and what was decided. Never changed, never removed."""

    sequence: int
    at: datetime
    event: str
    """compared, registered, promoted, deployed, restored, rolled-back."""
    version: str
    decision: str
    reasons: tuple[str, ...]


class Ledger(Protocol):
    """Append-only history, and the champion as a compare-and-swap cell."""

    def champion(self) -> str | None:
        """The champion's VersionRef."""

    def swap_champion(
        self, expected: str | None, new: str, decision: str, reasons: Sequence[str], event: str = "promoted"
    ) -> bool:
        """Make `new` champion if the champion is still `expected`, and append it; False when it is not."""

    def append(self, event: str, version: str, decision: str, reasons: Sequence[str]) -> None: ...
    def entries(self, limit: int = 100) -> list[Entry]:
        """Newest first."""


class Route(NamedTuple):
    version: str
    adapter_name: str
    generation: int


class Routes(Protocol):
    """Which adapter the gateways ask. Deploy switches it; gateways follow and acknowledge."""

    def current(self) -> Route | None: ...
    def switch(self, expected: Route | None, version: str, adapter_name: str) -> Route | None:
        """Compare-and-swap; None when somebody else switched first."""

    def settled(self, generation: int) -> bool:
        """True when every live gateway follows `generation` or a later one and has no older request in flight."""

    def retired(self) -> frozenset[str]:
        """Adapter names that were routed once and are not now: what a deployment may unload."""

    def claim(self, adapter_name: str) -> bool:
        """Take a name for one loading, for ever; False when it was taken before."""

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """A gateway says which generation it follows and which is the oldest that it still answers for."""

    def leave(self, gateway: str) -> None:
        """A gateway stops: nobody need wait for it."""


class FeedbackStore(Protocol):
    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Feedback given in [start, end) with the answer that it is about, oldest first."""


class AnswerLog(Protocol):
    """What the gateways keep of each answer, and what people say of it."""

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Keep one served answer."""

    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Keep one identity's opinion of an answer, in place of its earlier one. LookupError: no such answer."""


class Ports(Protocol):
    """Everything outside, made on first use by `medpipe.wiring`."""

    @property
    def model_name(self) -> str: ...
    @property
    def store(self) -> ArtifactStore: ...
    @property
    def corpus(self) -> CorpusTable: ...
    @property
    def validator(self) -> Validator: ...
    @property
    def redactor(self) -> Redactor: ...
    @property
    def near_duplicates(self) -> NearDuplicates: ...
    @property
    def languages(self) -> Languages: ...
    @property
    def trainer(self) -> Trainer: ...
    @property
    def generator(self) -> Generator: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def feedback(self) -> FeedbackStore: ...
    @property
    def guardrails(self) -> Guardrails:
        """The guardrail policy, compiled and held to its own examples."""

    @property
    def progress(self) -> Progress: ...
    def source(self, name: str) -> Source: ...
    def recipe(self, name: str) -> Recipe: ...
    def base_digest(self, base: str) -> str:
        """What tells one base model from another that has the same name."""

    def benchmark(self, name: str) -> Benchmark: ...
    def benchmarks(self) -> Sequence[Benchmark]:
        """Every benchmark there is, by name."""

    def suite(self, name: str) -> str:
        """The text of `expectations/{name}.json`: validations are keyed by it."""

    def safety(self) -> Sequence[Example]:
        """Refusals that every knowledge recipe may teach; never a benchmark's questions."""

    def plan(self) -> Plan:
        """gates.yaml: the predetermined change control plan."""

    def workspace(self, ref: str) -> Path:
        """A private folder for the unfinished work of one artifact, kept until it is whole."""
