"""Everything that the verbs need from outside, as small Protocols.

Backends implement them. The fakes of the tests pass the same contract tests as the backends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel

from medpipe.core.corpus.document import Document
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.gates import Plan
from medpipe.core.manifests import AnyManifest, Inputs, Manifest
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
        """Yield every document revised in [start, end), or only those in `ids`, in the order of their revisions.

        A withdrawal arrives as a Document with status DELETED or RETRACTED. Raises SourceError, which names the
        file and the record, when a published file cannot be read whole.
        """


class PostedFile(NamedTuple):
    """A file that a source publishes, and the day on which it was posted."""

    name: str
    day: date


@runtime_checkable
class SourceOfFiles(Source, Protocol):
    """A source whose files can be pulled one by one, so that a thousand files become a thousand tasks."""

    def files(self, start: date, end: date) -> Sequence[PostedFile]:
        """Return the files posted in [start, end), in the order in which they apply."""

    def pull(self, start: date, end: date, ids: Sequence[str] = (), file: str = "") -> Iterator[Document]:
        """As `Source.pull`. With a `file` name, only that file is read."""


class Draft(Protocol):
    """An artifact that is being written. None of it can be read until the `with` block ends without an error."""

    path: Path
    """The private folder to fill."""

    def conclude(self, outcome: BaseModel) -> None:
        """Set the outcome that the manifest will have. Call it once, with the outcome model of the ref's kind."""


class ArtifactStore(Protocol):
    """Content-addressed folders, each with a manifest that is written last.

    Every method raises UsageError for a string that is not a ref, and Damaged for a manifest that cannot be read.
    """

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Its class is that of the ref's kind."""

    def folder(self, ref: str) -> Path:
        """Return the whole artifact's folder on this machine. Raises NotFound when there is no manifest."""

    def write(self, ref: str, verb: str, inputs: Inputs) -> AbstractContextManager[Draft]:
        """Yield a private folder to fill. On leaving, it is moved into place; the manifest is written last."""

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """Yield the manifest of every whole artifact of a kind, oldest first."""


class Counts(NamedTuple):
    """How many documents a version of the corpus has."""

    by_status: Mapping[str, int]
    """Status → number of documents; only statuses that occur."""
    cut_off: date | None
    """The latest publication date of a current document; None without current documents."""


class CorpusTable(Protocol):
    """The current revision of every document, versioned. A merge costs what it brings, however large the table is."""

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the table and return the table's version.

        Idempotent: the same `token` again returns the version that it made. Commutative: an older revision never
        replaces a newer one, and retractions and deletions stay, in whatever order revisions come. A merge that is
        interrupted changes nothing. Raises LookupError when there is no version `previous`.
        """

    def read(self, version: int, statuses: Sequence[str] = ("current",)) -> Iterator[Document]:
        """Yield the documents with one of the statuses, by id. Raises LookupError when there is no such version."""

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Map document ids to content digests without reading texts. Raises LookupError without the version."""

    def counts(self, version: int) -> Counts:
        """Count documents without reading their texts. Raises LookupError when there is no such version."""

    def compact(self, version: int) -> int:
        """Return a version with the same documents that is cheaper to read. Older versions stay readable."""


class Validation(NamedTuple):
    """The judgement of one batch. `accepted` is False when the whole batch must stop."""

    accepted: bool
    reasons: tuple[str, ...]
    rejected: Mapping[int, tuple[str, ...]]
    """Row number, from 0, → why the row is quarantined."""
    report: str
    """Path of the Data Docs page of this run."""
    remarks: tuple[str, ...] = ()
    """What people should know although it stops nothing."""


class Delivery(NamedTuple):
    """Measures of a delivery as a whole, by name (`core.corpus.measures.DELIVERY`), and the end of its window."""

    measures: Mapping[str, float] = {}
    end: date | None = None


class Validator(Protocol):
    """Applies a suite of expectations to a batch."""

    def validate(
        self, rows: Sequence[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = ...
    ) -> Validation:
        """Apply `expectations/{suite}.json` to the rows. `name` labels the run in Data Docs."""


class Redactor(Protocol):
    """Replaces protected health information in texts. docs/data-quality.md gives its measured misses."""

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """Return one redaction for each text, in order.

        `language`: an ISO 639-1 code. Languages other than en, es and fr are treated as en. Redacting a redacted
        text changes nothing. Nothing is logged and nothing is sent over a network.
        """


class NearDuplicates(Protocol):
    """Finds texts that are almost the same."""

    def clusters(self, texts: Sequence[str], threshold: float) -> list[int]:
        """Return for each text the index of the first text of its cluster. A text without a twin is its own cluster.

        Two texts are twins when the Jaccard similarity of their sets of three-word shingles, without case and
        punctuation, is at least `threshold` (0..1]. A twin's twin belongs to the same cluster. Twins are found by
        hashing: a few pairs just at the threshold are missed, and no pair below it is joined. The same texts give
        the same clusters on every machine and in every order.
        """


class Languages(Protocol):
    """Detects the language of a text."""

    def guess(self, text: str) -> tuple[str, float]:
        """Return (ISO 639-1 code, confidence 0..1), or ("", 0.0) for a text without letters."""


class Trainer(Protocol):
    """Trains LoRA adapters."""

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train an adapter into `out` (adapter_model.safetensors, adapter_config.json) and return its metrics.

        `data`: a folder with `train.jsonl`, Examples for SFT and PreferencePairs for DPO. `start_from`: the adapter
        that training continues (None: the base); for DPO it is the reference model as well. `work`: a folder for
        checkpoints. A killed run that is started again with the same `work` ends in the same weights. `progress` is
        called with a share in 0..1 and a short text.
        """


class Generator(Protocol):
    """Generates greedily with the adapter that will be served, in the way in which it will be served."""

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        max_new_tokens: int,
        progress: Progress,
    ) -> list[str]:
        """Return one completion for each prompt, in order, up to `core.prompt.STOP`. `adapter` None asks the base."""


class Engine(Protocol):
    """The inference server's LoRA adapters. Names are unique and never reused. Methods raise EngineError."""

    def load(self, name: str, folder: Path) -> None:
        """Load the adapter in `folder` under a name that was never used."""

    def unload(self, name: str) -> None:
        """Unload an adapter. Requests in flight are answered."""

    def loaded(self) -> frozenset[str]:
        """Return the names of the loaded adapters."""

    def ask(self, name: str, prompts: Sequence[str], max_new_tokens: int) -> list[str]:
        """Return one completion for each prompt, in order."""


class Registered(NamedTuple):
    """A version in the registry: its number, from 1, and the address of its page (empty without pages)."""

    number: int
    page: str


class Registry(Protocol):
    """The model registry that operators look at (MLflow). It shows; the ledger decides."""

    def register(self, adapter: Path, provenance: Mapping[str, Any], metrics: Mapping[str, float], /) -> Registered:
        """Add a version with its weights. The same `provenance` again returns the version that it made before."""

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""

    def set_champion(self, number: int) -> None:
        """Move the alias `champion` to a version."""

    def champion(self) -> int | None:
        """Return the number of the version that has the alias `champion`."""


class Entry(NamedTuple):
    """One line of the ledger: what was decided about which version, and why. Never changed, never removed."""

    sequence: int
    at: datetime
    event: str
    """compared, registered, held, promoted, deployed, restored or rolled-back."""
    version: str
    decision: str
    reasons: tuple[str, ...]


class Ledger(Protocol):
    """Every comparison, promotion and deployment, append-only; and the champion, changed by compare-and-swap."""

    def champion(self) -> str | None:
        """Return the champion's VersionRef, or None before the first promotion."""

    def swap_champion(
        self, expected: str | None, new: str, decision: str, reasons: Sequence[str], event: str = "promoted"
    ) -> bool:
        """Make `new` champion if the champion is still `expected`, and append an entry. Return False if it is not."""

    def append(self, event: str, version: str, decision: str, reasons: Sequence[str]) -> None:
        """Add an entry with the next sequence number and the present time."""

    def entries(self, limit: int = 100) -> list[Entry]:
        """Return the newest `limit` entries, newest first."""


class Route(NamedTuple):
    """The version that gateways ask, and its adapter's name in the engine. Each switch raises `generation` by 1."""

    version: str
    adapter_name: str
    generation: int


class Routes(Protocol):
    """Which adapter the gateways ask. Deployments switch the route; gateways follow and acknowledge."""

    def current(self) -> Route | None:
        """Return the route in force, or None before the first deployment."""

    def switch(self, expected: Route | None, version: str, adapter_name: str) -> Route | None:
        """Switch the route if it is still `expected`, and return the new one. Return None if it is not."""

    def settled(self, generation: int) -> bool:
        """Return whether every live gateway follows `generation` or a later one and has no older request in flight."""

    def retired(self) -> frozenset[str]:
        """Return adapter names that were routed earlier and are not routed now. A deployment may unload them."""

    def claim(self, adapter_name: str) -> bool:
        """Reserve a name for ever. Return False if it was reserved before."""

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """Record which generation a gateway follows, and the oldest generation that it has requests in flight for."""

    def leave(self, gateway: str) -> None:
        """Record that a gateway has stopped, so that no deployment waits for it."""


class FeedbackStore(Protocol):
    """Reads feedback."""

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield the feedback given in [start, end), oldest first, each with the answer that it is about."""


class AnswerLog(Protocol):
    """Served answers and their ratings, as gateways write them."""

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Keep one served answer. `refused`: a guardrail answered."""

    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Keep one identity's opinion of an answer, instead of an earlier one. LookupError: no such answer."""


class Ports(Protocol):
    """All ports. `medpipe.wiring` makes each on first use."""

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
        """The guardrail policy, compiled and checked against its own examples."""

    @property
    def progress(self) -> Progress: ...
    def source(self, name: str) -> Source:
        """Return the source of that name. Raises UsageError for an unknown name."""

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name. Raises UsageError for an unknown name."""

    def base_digest(self, base: str) -> str:
        """Return a digest of a base model's files: two models may have one name."""

    def benchmark(self, name: str) -> Benchmark:
        """Return the benchmark of that name. Raises UsageError for an unknown name."""

    def benchmarks(self) -> Sequence[Benchmark]:
        """Return every benchmark, ordered by name."""

    def suite(self, name: str) -> str:
        """Return the text of `expectations/{name}.json`, which is part of a validation's ref."""

    def safety(self) -> Sequence[Example]:
        """Return refusals that every SFT recipe may teach. None is a question of a benchmark."""

    def plan(self) -> Plan:
        """Return gates.yaml, the predetermined change control plan."""

    def workspace(self, ref: str) -> Path:
        """Return a private folder for the unfinished work of one artifact; the verb removes it when it is done."""
