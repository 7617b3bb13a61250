"""The interfaces of everything outside the verbs, as small Protocols, with the values that they exchange.

Backends implement them. Backends and fakes pass the same contract tests (tests/contract). Import the names from here.
"""

from __future__ import annotations

from medpipe.core.safety.redaction import Redaction
from medpipe.core.teaching.feedback import FeedbackItem
from medpipe.ports.artifact_store import ArtifactStore, Draft
from medpipe.ports.audit import Audit
from medpipe.ports.corpus_table import CorpusTable, Counts, Pruned
from medpipe.ports.engine import Engine
from medpipe.ports.entailment import Entailment
from medpipe.ports.feedback import (
    AnswerLog,
    AnswerRecord,
    CorrectionReview,
    Erased,
    FeedbackStore,
    GivenAnswer,
    Rated,
    Served,
    Tombstone,
)
from medpipe.ports.generator import Generator
from medpipe.ports.harness import Choosing, Harness, Harnessed
from medpipe.ports.heads import Heads
from medpipe.ports.home_copy import HomeCopy, Part
from medpipe.ports.judge import Judge
from medpipe.ports.keys import KeyStore
from medpipe.ports.kill_switch import KillSwitch
from medpipe.ports.leases import Lease, Leases
from medpipe.ports.ledger import Entry, Ledger
from medpipe.ports.leftovers import Leftover, Leftovers
from medpipe.ports.likelihoods import Likelihood, Likelihoods
from medpipe.ports.overlaps import Overlap, Overlaps
from medpipe.ports.ports import Ports
from medpipe.ports.preparer import PreparedBase, Preparer
from medpipe.ports.progress import Progress
from medpipe.ports.queues import ReviewQueues
from medpipe.ports.registry import Curves, Registered, Registry, WeightsCopy
from medpipe.ports.routes import Route, Routes
from medpipe.ports.signer import Signer
from medpipe.ports.source_index import PublishedIndex, PublishedIndexes, SourceIndex, SourceIndexes
from medpipe.ports.sources import Source, SourceOfFiles
from medpipe.ports.texts import Embedder, Languages, NearDuplicates, Redactor
from medpipe.ports.trainer import Trainer
from medpipe.ports.validator import Delivery, Validation, Validator
from medpipe.ports.withdrawal_register import WithdrawalRegister
from medpipe.ports.workers import Workers

__all__ = [
    "AnswerLog",
    "AnswerRecord",
    "ArtifactStore",
    "Audit",
    "CorpusTable",
    "CorrectionReview",
    "Counts",
    "Delivery",
    "Draft",
    "Embedder",
    "Engine",
    "Entailment",
    "Entry",
    "Erased",
    "FeedbackItem",
    "FeedbackStore",
    "Choosing",
    "Generator",
    "Harness",
    "Harnessed",
    "GivenAnswer",
    "Heads",
    "HomeCopy",
    "Judge",
    "KeyStore",
    "KillSwitch",
    "Languages",
    "Lease",
    "Leases",
    "Ledger",
    "Leftover",
    "Leftovers",
    "Likelihood",
    "Likelihoods",
    "NearDuplicates",
    "Overlap",
    "Overlaps",
    "Part",
    "Ports",
    "PreparedBase",
    "Preparer",
    "Progress",
    "Pruned",
    "PublishedIndex",
    "PublishedIndexes",
    "Rated",
    "Redaction",
    "Redactor",
    "Curves",
    "Registered",
    "Registry",
    "Route",
    "ReviewQueues",
    "Routes",
    "Served",
    "Signer",
    "Source",
    "SourceIndex",
    "SourceIndexes",
    "SourceOfFiles",
    "Tombstone",
    "Trainer",
    "Validation",
    "Validator",
    "WeightsCopy",
    "WithdrawalRegister",
    "Workers",
]
