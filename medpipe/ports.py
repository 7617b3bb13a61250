"""The interfaces of everything outside the verbs, as small Protocols.

Backends implement them. Backends and fakes pass the same contract tests (tests/contract).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from pydantic import BaseModel

from medpipe.core.chain import Head
from medpipe.core.contract import ServingContract
from medpipe.core.corpus.document import Document
from medpipe.core.judging.benchmark import Benchmark
from medpipe.core.judging.plan import Plan
from medpipe.core.knowledge import drift
from medpipe.core.knowledge.withdrawal_policy import WithdrawalPolicy
from medpipe.core.knowledge.withdrawals import WithdrawalEvent
from medpipe.core.manifests import AnyManifest, Inputs, Manifest
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.harm import Harm
from medpipe.core.safety.redaction import Redaction as Redaction
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.feedback import FeedbackItem as FeedbackItem
from medpipe.core.teaching.feedback_policy import FeedbackPolicy
from medpipe.core.teaching.identities import IssuedKey, Key, Role
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


class Signer(Protocol):
    """Signatures of adapters: who made the weights, where a digest says only that they did not change."""

    def sign(self, folder: Path) -> None:
        """Sign the files of an adapter that is finished. Does nothing where there is no private key."""

    def check(self, ref: str, folder: Path, content: str) -> None:
        """Raise Damaged unless the adapter's files are signed. Does nothing where there is no public key.

        `content`: digest of what the manifest says, for a check that is made once.
        """


class ArtifactStore(Protocol):
    """Content-addressed folders, each with a manifest that is written last.

    Every method raises UsageError for a string that is not a ref, and Damaged for a manifest that cannot be read.
    """

    def find(self, ref: str) -> Manifest | None:
        """Return the manifest of a whole artifact, or None. Its class is that of the ref's kind."""

    def folder(self, ref: str) -> Path:
        """Return the whole artifact's folder on this machine.

        Raises NotFound when there is no manifest, and Damaged when a file is not as its verb wrote it.
        """

    def write(self, ref: str, verb: str, inputs: Inputs) -> AbstractContextManager[Draft]:
        """Yield a private folder to fill. On leaving, it is moved into place; the manifest is written last."""

    def manifests(self, kind: type[AnyManifest]) -> Iterator[AnyManifest]:
        """Yield the manifest of every whole artifact of a kind, oldest first."""

    def refs(self, kind: type[Manifest]) -> Iterator[str]:
        """Yield the ref of every artifact of a kind that has a manifest, readable or not, sorted."""


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

    def content(self, version: int) -> str:
        """Return the digest of all documents of a version (`core.corpus.contents`), without reading them."""

    def reread(self, version: int) -> str:
        """Return the digest as `content` does, after reading each document: an edited text gives another one."""

    def holding(self, content: str, expected: int) -> int | None:
        """Return a version that holds exactly the documents with this digest; None where the table has none.

        `expected`: the version that held them. After a table was restored from a backup, it may hold others. Cheap:
        what the commits recorded is read, and no document.
        """

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
    """Generates greedily, with the weights of a base at one precision."""

    @property
    def name(self) -> str:
        """The program that generates: `vllm` or `transformers`."""

    @property
    def precision(self) -> str:
        """The number format of the weights (`core.contract.Precision`)."""

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


class Heads(Protocol):
    """Digests of the entries of hash chains, kept where a login of the database cannot change them."""

    def keep(self, chain: str, head: Head) -> None:
        """Keep the head of an entry that is committed. `chain`: the name of the table."""

    def kept(self, chain: str) -> Iterator[Head]:
        """Yield the heads of a chain. Raises Damaged where they cannot be read."""


class Entry(NamedTuple):
    """One entry of the ledger: an event, its version and its reasons. Entries are never changed or removed."""

    sequence: int
    at: datetime
    event: str
    """`compared`, `registered`, `promoted`, `held`, `deployed`, `restored`, `rolled-back`, `barred` or `unbarred`."""
    version: str
    decision: str
    reasons: tuple[str, ...]
    evidence: str = ""
    """Content digest of the manifest that the entry is about (`Manifest.content`); empty where it is about none."""


class Ledger(Protocol):
    """The append-only history of events, and the champion as a compare-and-swap cell."""

    def champion(self) -> str | None:
        """Return the champion's VersionRef; None before the first promotion."""

    def swap_champion(
        self,
        expected: str | None,
        new: str,
        decision: str,
        reasons: Sequence[str],
        event: str = "promoted",
        bar: str = "",
    ) -> bool:
        """Make `new` the champion and append an entry.

        `bar`: why `expected` is barred in the same transaction; empty: it is not. Returns False, without any change,
        when `expected` is not the champion or `new` is barred.
        """

    def append(
        self, event: str, version: str, decision: str, reasons: Sequence[str], key: str = "", evidence: str = ""
    ) -> None:
        """Append an entry, exactly once where there is a `key`: with the key of an earlier entry, nothing is changed.

        `key`: names the effect, such as `registered version/…`. `evidence`: see `Entry`.
        """

    def bar(self, version: str, reason: str) -> bool:
        """Forbid `version` to become champion. Does nothing when it is barred; returns False for the champion."""

    def unbar(self, version: str, reason: str) -> None:
        """Lift the bar of `version`. Does nothing when it is not barred."""

    def barred(self) -> Mapping[str, str]:
        """Return each barred version with the reason."""

    def entries(self, limit: int | None = 100, events: Collection[str] = ()) -> list[Entry]:
        """Return the last `limit` entries (None: all), newest first. `events`: only entries of these; empty: of all."""

    def history(self) -> Iterator[Entry]:
        """Yield every entry, oldest first."""

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries: each change, loss, insertion or move, in a sentence."""


class WithdrawalRegister(Protocol):
    """The append-only register of withdrawn documents. `core.knowledge.withdrawals.fold` makes states of its entries.

    Every method raises Unavailable when the database does not answer.
    """

    def append(self, event: WithdrawalEvent) -> None:
        """Append an entry."""

    def events(self) -> Sequence[WithdrawalEvent]:
        """Return every entry, oldest first."""

    def now(self) -> datetime:
        """Return the present moment by the register's clock: the `at` of the next entry."""

    def newest(self) -> int:
        """Return the number of the newest entry, from 1 on; 0 for an empty register."""

    def enforce(self, gateway: str, sequence: int) -> None:
        """Store that a gateway blocks the claims of every entry up to number `sequence`."""

    def behind(self, sequence: int) -> Sequence[str]:
        """Return the live gateways that do not enforce the entry `sequence`, sorted. None: it is enforced everywhere.

        A gateway that never stored what it enforces is behind every entry.
        """

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the chain of entries, as `Ledger.faults` does."""


class Lease(NamedTuple):
    """The right to do some work until it expires or is taken over. `token` grows with each holder of the name."""

    name: str
    token: int


class Leases(Protocol):
    """Who does which work at the moment."""

    def take(self, name: str, seconds: float) -> Lease | None:
        """Take the lease of a name for some seconds; None while another holder's lasts."""

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Let a lease last for some seconds from now on. Returns False when somebody has taken over since.

        A lease that expired and that nobody took over is renewed.
        """

    def release(self, lease: Lease) -> None:
        """End a lease now. Does nothing when somebody has taken over."""


class Route(NamedTuple):
    """What gateways ask, and how. Each switch makes the next generation, from 1 on."""

    version: str
    adapter_name: str
    generation: int
    contract: ServingContract
    """The version's own: gateways know no other numbers."""


class Routes(Protocol):
    """The route table: which adapter the gateways ask. A deployment switches it; gateways follow and acknowledge."""

    def current(self) -> Route | None:
        """Return the route of the newest generation; None before the first deployment."""

    def switch(
        self,
        expected: Route | None,
        version: str,
        adapter_name: str,
        contract: ServingContract,
        only_champion: bool = False,
    ) -> Route | None:
        """Make and return the next generation. Returns None, without any change, when `expected` is not current.

        `only_champion`: returns None too when `version` is not the ledger's champion at that moment.
        """

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


class GivenAnswer(NamedTuple):
    """An answer that a gateway gave, with its question."""

    answer_id: str
    at: datetime
    identity: str
    """The pseudonym of who asked."""
    version: str
    question: str
    answer: str


class KeyStore(Protocol):
    """The issued keys. A secret is returned once, when its key is issued; only its digest is stored."""

    def issue(self, label: str, role: Role) -> IssuedKey:
        """Issue a key. Keys with the same label have the same holder."""

    def revoke(self, key: str, reason: str) -> Key:
        """Revoke a key by its id; the first revocation stays. Raises NotFound for no such key."""

    def all(self) -> Sequence[Key]:
        """Return every key, oldest first."""

    def holder(self, secret: str) -> Key | None:
        """Return the key with this secret, revoked or not; None for an unknown secret."""


class Tombstone(NamedTuple):
    """One entry of what was erased: an answer with its feedback, or everything of an identity up to a moment."""

    at: datetime
    answer_id: str
    """"" for an identity."""
    identity: str
    """"" for an answer."""
    reason: str
    by: str


class Erased(NamedTuple):
    """How many texts an erasure blanked or removed, and the answers that they were about."""

    answers: int
    feedback: int
    answer_ids: tuple[str, ...]


class CorrectionReview(NamedTuple):
    """A person's decision about a correction that contradicts a document."""

    correction: str
    """`core.teaching.contradiction.correction_id`."""
    decision: Literal["release", "discard"]
    reason: str
    by: str


class FeedbackStore(Protocol):
    """The answers that the gateways gave, the feedback that they received, and people's decisions about it."""

    def answers(self) -> Iterator[GivenAnswer]:
        """Yield every answer that was not a refusal, oldest first. Memory does not hold all of them."""

    def between(self, start: datetime, end: datetime) -> Iterator[FeedbackItem]:
        """Yield the feedback of the window [start, end), oldest first, without feedback on refusals.

        Memory does not hold all of it.
        """

    def erase(self, answer_id: str, identity: str, reason: str, by: str) -> Erased:
        """Blank the texts of an answer, or of all answers to an identity, remove the feedback, and append a tombstone.

        One of the two is "". Feedback on a blanked answer is removed whoever gave it. Raises NotFound, and changes
        nothing, when there is neither an answer nor feedback of that name.
        """

    def tombstones(self) -> Sequence[Tombstone]:
        """Return every erasure, oldest first."""

    def review(self, review: CorrectionReview) -> None:
        """Append a decision about a correction. The last one counts."""

    def reviews(self) -> Sequence[CorrectionReview]:
        """Return the last decision about every correction, sorted by correction."""


class AnswerLog(Protocol):
    """The record of served answers and of the feedback on them, as the gateways write it."""

    def record(
        self, answer_id: str, identity: str, question: str, answer: str, version: str, adapter_name: str, refused: bool
    ) -> None:
        """Store one served answer."""

    def rate(self, answer_id: str, identity: str, rating: str, correction: str | None) -> None:
        """Store an identity's feedback on an answer; it replaces earlier feedback. Raises NotFound for no answer."""

    def take_back(self, answer_id: str, identity: str) -> bool:
        """Remove an identity's feedback on an answer. Returns False when there was none."""


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
    def generator(self) -> Generator:
        """The generator that has the weights and the precision that are served."""

    def generator_at(self, precision: str) -> Generator:
        """Return a generator with this precision: the one that serves, if it has it.

        Raises UsageError for a precision that no generator has.
        """

    @property
    def engine(self) -> Engine: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def withdrawals(self) -> WithdrawalRegister: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def routes(self) -> Routes: ...
    @property
    def feedback(self) -> FeedbackStore: ...
    @property
    def keys(self) -> KeyStore: ...
    @property
    def feedback_policy(self) -> FeedbackPolicy:
        """The limits of what feedback may teach."""

    @property
    def guardrails(self) -> Guardrails:
        """The guardrail policy, compiled and checked against its own examples."""

    @property
    def withdrawal_policy(self) -> WithdrawalPolicy:
        """What follows by itself when a publisher takes a document back. Raises NotFound or ConfigError."""

    @property
    def harm(self) -> Harm:
        """The criteria for replies to high-risk questions, compiled and checked against their own examples."""

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

    def drift_policy(self) -> drift.Policy:
        """Return the thresholds of drift.yaml. Raises NotFound or ConfigError."""

    def workspace(self, ref: str) -> Path:
        """Return a private folder for the unfinished work of one artifact."""
