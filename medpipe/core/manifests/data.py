"""Manifests of data: deliveries, their validation and review, the corpus, drift and feedback."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import PlainSerializer

from medpipe.core.knowledge.drift import Drift
from medpipe.core.manifests.base import Inputs, Manifest, Outcome, Snapshot, Value

Moment = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""A time with its zone, written as Python's isoformat does (`…+00:00`; pydantic would write `…Z`)."""


class DocumentsInputs(Inputs):
    """A window [start, end) of one source: whole, or only `ids`, or only the publisher's `file`."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"file"})
    source: str
    start: date
    end: date
    ids: tuple[str, ...] = ()
    """Sorted document ids; empty for everything that the window has."""
    file: str = ""


class DocumentsOutcome(Outcome):
    """The outcome of `pull`."""

    documents: int
    """Rows of documents.jsonl."""


class DocumentsManifest(Manifest):
    """A delivery: documents that one source revised in one window, made by `pull`."""

    kind: ClassVar[str] = "documents"
    inputs: DocumentsInputs
    outcome: DocumentsOutcome


class ValidationInputs(Inputs):
    """`expectations` is the suite's text; `compared_with` is the earlier delivery of the same source, if any."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"compared_with"})
    data: str
    suite: str
    expectations: str
    compared_with: str = ""


class ValidationOutcome(Outcome):
    """Whether a batch may be read, and which of its rows may not."""

    rows: int
    accepted: bool
    reasons: tuple[str, ...] = ()
    """Why the batch was stopped."""
    remarks: tuple[str, ...] = ()
    """What people should know although it stops nothing."""
    quarantined_rows: tuple[int, ...] = ()
    """Row numbers, from 0, in ascending order."""
    report: str = ""
    """Path of the Data Docs page; empty for a batch without rows."""
    delivery: dict[str, float] = {}
    """Measures of the delivery as a whole (`core.corpus.measures.DELIVERY`)."""


class ValidationManifest(Manifest):
    """What a suite of expectations said of one batch, made by `validate`."""

    kind: ClassVar[str] = "validation"
    inputs: ValidationInputs
    outcome: ValidationOutcome


class ReviewInputs(Inputs):
    """A person's decision about quarantined `rows` (numbers from 0, ascending) of one batch."""

    validation: str
    data: str
    suite: str
    rows: tuple[int, ...]
    decision: Literal["release", "discard"]
    reason: str
    by: str


class ReviewedRecord(Value):
    """One row that was decided: its number, id and source, and why validation had quarantined it."""

    row: int
    id: str
    source: str
    reasons: tuple[str, ...]


class ReviewOutcome(Outcome):
    """The outcome of `release` and `discard`."""

    records: tuple[ReviewedRecord, ...]


class ReviewManifest(Manifest):
    """A decision of a person about quarantined rows, made by `release` or `discard` and never changed."""

    kind: ClassVar[str] = "review"
    inputs: ReviewInputs
    outcome: ReviewOutcome


class CorpusInputs(Inputs):
    """Sorted deliveries that were folded into `previous`, and the reviews that released rows of them."""

    written_when_set: ClassVar[frozenset[str]] = frozenset({"released"})
    pulls: tuple[str, ...]
    previous: str | None
    history: str = ""
    """Digest of what the deliveries and the previous corpus hold."""
    released: tuple[str, ...] = ()


class CorpusOutcome(Outcome):
    """The outcome of `build_corpus`."""

    table_version: int
    """The version of the corpus table that held the documents when the corpus was built."""
    content: str = ""
    """Digest of the documents (`core.corpus.contents`): a version of the table with another one is another corpus."""
    incoming: int
    """Rows of the pulls that were folded in."""
    documents: dict[str, int]
    """Status → number of documents."""
    cut_off: date | None
    """The latest publication date of a current document; None without current documents."""


class CorpusManifest(Manifest):
    """The current revision of every document, made by `build_corpus`."""

    kind: ClassVar[str] = "corpus"
    inputs: CorpusInputs
    outcome: CorpusOutcome


class DriftInputs(Inputs):
    """The inputs of `detect_drift`."""

    corpus: str
    champion: str | None
    pairs: str | None
    at: Moment | None
    recipe: Snapshot
    """The recipe whose facts are compared."""
    policy: Snapshot
    state: str
    """Digest of what else was read: withdrawals, versions that were held, and feedback."""


class DriftManifest(Manifest):
    """How far the corpus and the feedback are from what the champion knows, made by `detect_drift`."""

    kind: ClassVar[str] = "drift"
    inputs: DriftInputs
    outcome: Drift


class FeedbackInputs(Inputs):
    """What the store said: the same feedback of the same standing is the same artifact, whenever it is collected."""

    content: str
    """Digest of the rows."""


class FeedbackOutcome(Outcome):
    """The outcome of `collect_feedback`."""

    feedback: int
    """Rows of feedback.jsonl."""
    barred: dict[str, int] = {}
    """Why feedback never teaches → number of rows."""


class FeedbackManifest(Manifest):
    """All ratings and corrections up to a moment, made by `collect_feedback`."""

    kind: ClassVar[str] = "feedback"
    inputs: FeedbackInputs
    outcome: FeedbackOutcome
