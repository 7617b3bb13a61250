"""The interfaces of everything outside the verbs, as small Protocols.

Backends implement them. Backends and fakes pass the same contract tests (tests/contract).
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
from medpipe.core.judging.plan import Plan
from medpipe.core.knowledge.withdrawals import WithdrawalEvent
from medpipe.core.manifests import AnyManifest, Inputs, Manifest
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.redaction import Redaction as Redaction
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.feedback import FeedbackItem as FeedbackItem
from medpipe.core.teaching.recipe import Recipe

Progress = Callable[[float, str], None]
"""A callback for progress: the share that is done, from 0 to 1, and a short text."""


class Source(Protocol):
    """One publisher of documents."""

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        """Yield the documents revised in [start, end), or only those in `ids`, in the order of their revisions.

        A withdrawal arrives as a Document with status DELETED or RETRACTED. Raises SourceError, which names the
        file and the record, when what was published cannot be read whole.
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
        """Yield documents as `Source.pull` does; where `file` is a name, only those of that file."""


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
    """The number of documents of a version of the corpus."""

    by_status: Mapping[str, int]
    """Status → number of documents; only statuses that occur."""
    cut_off: date | None
    """The latest date on which a current document was published; None without current documents."""


class CorpusTable(Protocol):
    """The current revision of every document, in versions. The cost of a merge depends on the pull, not on the corpus.

    Every method raises NotFound for a version that does not exist.
    """

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        """Fold revisions into the table, and return the new version.

        `previous`: a version that must exist; None for a new table. `token`: names this merge; the same token again
        returns the version that it made. Merges commute: an older revision never replaces a newer one, and retractions
        and deletions stay, in whatever order they come. A merge is stored whole or not at all. Raises Unavailable
        when other writers win every attempt.
        """

    def read(self, version: int, statuses: Sequence[str] = ("current",)) -> Iterator[Document]:
        """Yield the documents with one of the statuses, by id. Memory does not hold all of them."""

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        """Return document id → content digest, without reading texts."""

    def counts(self, version: int) -> Counts:
        """Return the counts of a version, without reading the corpus."""

    def compact(self, version: int) -> int:
        """Return a version with the same documents that is cheaper to read, or `version` itself. All stay readable."""


class Validation(NamedTuple):
    """The outcome of a validation."""

    accepted: bool
    """False when the whole batch must stop."""
    reasons: tuple[str, ...]
    """Why the batch must stop."""
    rejected: Mapping[int, tuple[str, ...]]
    """Row index → why this row is quarantined."""
    report: str
    """Path of the Data Docs page of this run."""
    remarks: tuple[str, ...] = ()
    """Observations that stop nothing."""


class Delivery(NamedTuple):
    """Measures of a whole delivery by name (`core.corpus.measures.DELIVERY`), and the end of its window."""

    measures: Mapping[str, float] = {}
    end: date | None = None


class Validator(Protocol):
    """Checks rows against a suite of expectations."""

    def validate(
        self, rows: Sequence[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = ...
    ) -> Validation:
        """Apply `expectations/{suite}.json` to the rows. `name` labels the run in Data Docs.

        Raises NotFound without that suite, and ConfigError for one that cannot work.
        """


class Redactor(Protocol):
    """Removes protected health information from texts. docs/data-quality.md measures what it misses."""

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        """Return one redaction per text, in order.

        `language`: an ISO 639-1 code; any code but en, es and fr is treated as en. A second redaction changes nothing.
        Nothing is logged, and nothing is looked up on a network.
        """


class NearDuplicates(Protocol):
    """Groups texts that are almost the same."""

    def clusters(self, texts: Sequence[str], threshold: float) -> list[int]:
        """Return for each text the index of the first text of its cluster. A text without a twin is its own cluster.

        Two texts are twins when the Jaccard similarity of their sets of three-word shingles, without case and
        punctuation, is at least `threshold`, in (0, 1]. A twin of a twin is in the same cluster. Hashing finds the
        twins: a few pairs just at the threshold are missed, and no pair below it is ever joined. The same texts
        give the same clusters on every machine and in every order.
        """


class Languages(Protocol):
    """Identifies the language of a text."""

    def guess(self, text: str) -> tuple[str, float]:
        """Return an ISO 639-1 code and a confidence from 0 to 1; `("", 0.0)` for a text without letters.

        Short texts have a low confidence.
        """


class Trainer(Protocol):
    """Trains LoRA adapters."""

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        """Train an adapter into `out` (adapter_model.safetensors, adapter_config.json) and return its metrics.

        `data`: folder with `train.jsonl`; Examples for SFT, PreferencePairs for DPO. `start_from`: folder of the
        adapter to go on from; DPO uses it as the reference too. `work`: folder for checkpoints; a killed run that is
        started again with the same `work` ends in the same weights.
        """


class Generator(Protocol):
    """Generates greedily, with the weights and the precision that are served."""

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        max_new_tokens: int,
        progress: Progress,
    ) -> list[str]:
        """Return one completion per prompt, in order, up to `core.prompt.STOP`.

        `base`: name of the base model. `adapter`: folder of the adapter; None for the base alone. `adapter_name`: its
        name in the engine. `max_new_tokens`: the longest completion.
        """


class Engine(Protocol):
    """The adapters of the inference server. Names are unique and never reused.

    Every method raises EngineError when the server does not answer or refuses.
    """

    def load(self, name: str, folder: Path) -> None:
        """Load the adapter in `folder` under a name that was never used before."""

    def unload(self, name: str) -> None:
        """Unload an adapter, and return once the server no longer lists it. Does nothing for an unknown name."""

    def loaded(self) -> frozenset[str]:
        """Return the names of the loaded adapters, without the base."""

    def ask(self, name: str, prompts: Sequence[str], max_new_tokens: int) -> list[str]:
        """Return one greedy completion per prompt, in order. `name`: an adapter's or the base's."""


class Registered(NamedTuple):
    """A version in the model registry."""

    number: int
    page: str
    """Its page for people, or its address where the registry has no pages."""


class Registry(Protocol):
    """The model registry that operators look at (MLflow). The ledger decides which version serves.

    Every method raises Unavailable when the registry does not answer.
    """

    def register(self, adapter: Path, description: Mapping[str, Any], metrics: Mapping[str, float]) -> Registered:
        """Register the adapter in a folder. The same `description` again returns the version that it made before."""

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags on a version."""

    def set_champion(self, number: int) -> None:
        """Mark a version as the champion. The last writer wins, so the ledger must be asked first."""

    def champion(self) -> int | None:
        """Return the version that is marked as the champion; None without one."""


class Entry(NamedTuple):
    """One entry of the ledger: an event, its version and its reasons. Entries are never changed or removed."""

    sequence: int
    at: datetime
    event: str
    """`compared`, `registered`, `promoted`, `deployed`, `restored` or `rolled-back`."""
    version: str
    decision: str
    reasons: tuple[str, ...]


class Ledger(Protocol):
    """The append-only history of events, and the champion as a compare-and-swap cell."""

    def champion(self) -> str | None:
        """Return the champion's VersionRef; None before the first promotion."""

    def swap_champion(
        self, expected: str | None, new: str, decision: str, reasons: Sequence[str], event: str = "promoted"
    ) -> bool:
        """Make `new` the champion and append an entry. Returns False, without any change, when `expected` is not it."""

    def append(self, event: str, version: str, decision: str, reasons: Sequence[str]) -> None:
        """Append an entry."""

    def entries(self, limit: int = 100) -> list[Entry]:
        """Return the last `limit` entries, newest first."""


class WithdrawalRegister(Protocol):
    """The append-only register of withdrawn documents. `core.knowledge.withdrawals.fold` makes states of its entries.

    Every method raises Unavailable when the database does not answer.
    """

    def append(self, event: WithdrawalEvent) -> None:
        """Append an entry."""

    def events(self) -> Sequence[WithdrawalEvent]:
        """Return every entry, oldest first."""


class Route(NamedTuple):
    """The version and the adapter that gateways ask. Each switch makes the next generation, from 1 on."""

    version: str
    adapter_name: str
    generation: int


class Routes(Protocol):
    """The route table: which adapter the gateways ask. A deployment switches it; gateways follow and acknowledge."""

    def current(self) -> Route | None:
        """Return the route of the newest generation; None before the first deployment."""

    def switch(self, expected: Route | None, version: str, adapter_name: str) -> Route | None:
        """Make and return the next generation. Returns None, without any change, when `expected` is not current."""

    def settled(self, generation: int) -> bool:
        """Return whether every live gateway follows `generation` or a later one, with no older request in flight."""

    def retired(self) -> frozenset[str]:
        """Return the adapter names that were routed once and are not now: a deployment may unload them."""

    def claim(self, adapter_name: str) -> bool:
        """Reserve a name for one loading, for ever. Returns False when it was reserved before."""

    def heartbeat(self, gateway: str, generation: int, oldest_in_flight: int | None) -> None:
        """Store the generation that a gateway follows, and its oldest generation with a request in flight."""

    def leave(self, gateway: str) -> None:
        """Remove a gateway that stops: deployments do not wait for it."""


class FeedbackStore(Protocol):
    """The feedback that the gateways received."""

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield the feedback of the window [start, end), oldest first, without feedback on refusals."""


class AnswerLog(Protocol):
    """The record of served answers and of the feedback on them, as the gateways write it."""

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer."""

    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Store an identity's feedback on an answer; it replaces earlier feedback. Raises NotFound for no answer."""


class Ports(Protocol):
    """Everything outside. `medpipe.wiring` makes each part on first use."""

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
    def withdrawals(self) -> WithdrawalRegister: ...
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
        """Return the source of that name. Raises NotFound for an unknown name."""

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of that name. Raises NotFound or ConfigError."""

    def base_digest(self, base: str) -> str:
        """Return a digest that differs for two base models of the same name."""

    def benchmark(self, name: str) -> Benchmark:
        """Return the benchmark of that name. Raises NotFound or ConfigError."""

    def benchmarks(self) -> Sequence[Benchmark]:
        """Return every benchmark, sorted by name."""

    def suite(self, name: str) -> str:
        """Return the text of `expectations/{name}.json`. It is part of the key of a validation."""

    def safety(self) -> Sequence[Example]:
        """Return refusals that every knowledge recipe may teach. None of them is a question of a benchmark."""

    def plan(self) -> Plan:
        """Return the promotion plans of gates.yaml."""

    def workspace(self, ref: str) -> Path:
        """Return a private folder for the unfinished work of one artifact."""
