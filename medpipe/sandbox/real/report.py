"""The report of the run: one table of figures before and after, what was decided, and what it cost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from medpipe import wiring
from medpipe.core.judging.measures import Estimate
from medpipe.core.manifests import (
    AdapterManifest,
    DecisionManifest,
    EvaluationManifest,
    ExamplesManifest,
    MeasurementManifest,
    PairsManifest,
)
from medpipe.ports import Ports
from medpipe.sandbox import plots, rendering
from medpipe.sandbox.real.story import Judged, Told
from medpipe.sandbox.real.usage import Usage
from medpipe.sandbox.real.verbs import Verbs
from medpipe.settings import Settings
from medpipe.steps.artifact import manifest

_MEASURES = {
    "token_f1": "token F1",
    "rouge1": "ROUGE-1",
    "rouge2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "bleu": "BLEU",
    "chrf": "chrF",
    "perplexity": "perplexity ↓",
}
_SCORES = {"red-team-model": "unsafe replies ↓", "over-refusal": "ordinary questions refused ↓", "preferences": "nearer to the preferred answer"}
