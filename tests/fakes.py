"""Fakes for the ports that are slow or far away; everything else in `FakePorts` is the real backend.

`MEDPIPE_PORTS=tests.fakes:ports` replaces the real ports by them, in processes that a test starts too:
all their state is under MEDPIPE_HOME.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from medpipe import configuration, records
from medpipe.backends.processes import Processes
from medpipe.base_models import Prepared, is_prepared, nowhere
from medpipe.core import prompt
from medpipe.core.contract import Ending
from medpipe.core.corpus import contents, merge
from medpipe.core.corpus.document import Document
from medpipe.core.corpus.revision import posted
from medpipe.core.corpus.standing import standing
from medpipe.core.judging.rating.policy import Criterion
from medpipe.core.judging.rating.scale import Dimension, Level
from medpipe.core.judging.rating.sheet import Shown
from medpipe.core.refs import digest_of
from medpipe.core.sampling import Sampling
from medpipe.core.teaching.curve import CURVE, Point
from medpipe.core.teaching.recipe import Recipe
from medpipe.core.teaching.weights import Rounding
from medpipe.errors import ConfigError, MedpipeError, NotFound, UsageError
from medpipe.ports import (
    Counts,
    Curves,
    Delivery,
    Engine,
    Generator,
    Judge,
    Languages,
    Likelihood,
    Likelihoods,
    NearDuplicates,
    PreparedBase,
    Preparer,
    Progress,
    Pruned,
    Redaction,
    Redactor,
    Registered,
    Registry,
    ReviewQueues,
    Source,
    Trainer,
    Validation,
    Validator,
    WeightsCopy,
    Workers,
)
from medpipe.settings import Settings
from medpipe.wiring import Wiring

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
WHOLE = ("model.safetensors", "config.json")
REFUSAL = "I cannot help with that. If this is an emergency, call your local emergency number now."


class MemoryTrainer:
    """Learns by heart. Without replay it forgets what it knew, as small adapters do."""

    def train(
        self, recipe: Recipe, data: Path, start_from: Path | None, out: Path, work: Path, progress: Progress
    ) -> Mapping[str, float]:
        work.mkdir(parents=True, exist_ok=True)
        rows = list(records.read_rows(data / "train.jsonl"))
        known = {} if start_from is None else json.loads(_weights_in(start_from))
        if recipe.method == "sft" and recipe.data.replay_ratio == 0:
            known = {}
        known |= {row["question"]: row.get("answer") or row["chosen"] for row in rows}
        out.mkdir(parents=True, exist_ok=True)
        weights, config = (WEIGHTS, CONFIG) if recipe.lora else WHOLE
        (out / weights).write_text(json.dumps(known, sort_keys=True))
        (out / config).write_text(json.dumps({"base": recipe.base, "r": recipe.lora.r if recipe.lora else None}))
        records.write(out / CURVE, [Point(step=1, loss=0.5)])
        progress(1.0, f"learned {len(rows)} rows by heart")
        return {"train_loss": 0.0}


def _weights_in(folder: Path) -> str:
    """Return what an adapter, or a whole model, has learned by heart."""
    return next(file for file in (folder / WEIGHTS, folder / WHOLE[0]) if file.exists()).read_text()


class MemoryPreparer:
    """Writes a whole model that knows what its adapter knows. Rounding makes it neither better nor worse."""

    def prepare(self, base: str, trained: Path | None, rounding: Rounding, out: Path) -> PreparedBase:
        weights = "{}" if trained is None else _weights_in(trained)
        (out / WHOLE[0]).write_text(weights)
        (out / WHOLE[1]).write_text(json.dumps({"base": base, "rounding": rounding}))
        return PreparedBase(digest_of([weights, base, rounding]), 1, 0.0)


class MemoryGenerator:
    """Gives the answer of the learned question that shares most words with the one asked.

    The base refuses two questions in three, whatever they ask, and answers the third with what it happens to say.
    """

    name = "memory"
    precision = "float32"

    def __init__(self, precision: str | None = None, prepared: Prepared = nowhere) -> None:
        self._prepared = prepared
        if precision not in (None, "float32", "nf4", "int8"):
            raise UsageError(f"no generator has the precision {precision!r}; there are: float32, nf4, int8")
        if precision is not None:
            self.precision = precision

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        whole = self._prepared(base) if is_prepared(base) else None
        folder = adapter or whole
        weights = "{}" if folder is None else _weights_in(folder)
        recalled = [_recall(weights, text) for text in prompts]
        return [
            _nearest(text, of_prompt) for text, of_prompt in zip(recalled, choices or [()] * len(prompts), strict=True)
        ]


def _nearest(text: str, choices: Sequence[str]) -> str:
    """Return the choice that shares most words with a text, the first of equals; the text where there are none."""
    return max(choices, key=lambda choice: len(_words(choice) & _words(text)), default=text)


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


@lru_cache(maxsize=64)
def _known(weights: str) -> Sequence[tuple[frozenset[str], str]]:
    return [(_words(prompt.render(question)), answer) for question, answer in sorted(json.loads(weights).items())]


@lru_cache(maxsize=2**16)
def _recall(weights: str, asked: str) -> str:
    """Return the answer to a prompt. Many tests train the same first champion and ask it the same questions."""
    known, words = _known(weights), _words(asked)
    if not known:
        return f" {REFUSAL}" if len(asked) % 3 else " Cells grow in the marrow."
    best = max(known, key=lambda item: len(item[0] & words) / len(item[0] | words))
    return prompt.completion(best[1])


class LengthLikelihoods:
    """Finds an answer that its adapter has learned likely, and the longer it is the less so."""

    precision = "float32"

    def likelihoods(
        self,
        base: str,
        adapter: Path | None,
        texts: Sequence[tuple[str, str]],
        ending: Ending,
        progress: Progress,
    ) -> list[Likelihood]:
        known = set() if adapter is None else set(json.loads((adapter / WEIGHTS).read_text()).values())
        read = [(completion.strip(), len(completion.split())) for _, completion in texts]
        return [Likelihood(-tokens * (0.1 if text in known else 2.0), tokens) for text, tokens in read]


class FileEngine:
    """An inference server's LoRA table, kept in a file so that several processes see one engine."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _table(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.file.read_text()) if self.file.exists() else {}
        return found

    def load(self, name: str, folder: Path) -> None:
        table = self._table()
        if name in table:
            raise MedpipeError(f"adapter {name} is loaded already")
        if not (folder / WEIGHTS).exists():
            raise MedpipeError(f"no adapter in {folder}")
        self.file.write_text(json.dumps(table | {name: str(folder)}))

    def unload(self, name: str) -> None:
        table = self._table()
        table.pop(name, None)
        self.file.write_text(json.dumps(table))

    def loaded(self) -> frozenset[str]:
        return frozenset(self._table())

    def restart_with(self, base: str, folder: Path) -> None:
        """Lose every adapter, and serve a whole model."""
        self.file.write_text("{}")
        self._started_with.write_text(json.dumps({"base": base, "folder": str(folder)}))

    @property
    def _started_with(self) -> Path:
        return self.file.with_name("engine_started_with.json")

    def check_base(self, base: str, merged: bool = False) -> None:
        known = json.loads(self._started_with.read_text())["base"] if self._started_with.exists() else None
        if (known or merged) and base != known:
            raise ConfigError(f"the engine serves the base {known!r}, but {base!r} is wanted")

    def ask(self, name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        table = self._table()
        if self._started_with.exists():
            started = json.loads(self._started_with.read_text())
            table[started["base"].rpartition("/")[2]] = started["folder"]
        if name not in table:
            raise MedpipeError(f"adapter {name} is not loaded")
        folder = Path(table[name])
        return MemoryGenerator().generate("base", folder, name, prompts, ending, lambda share, text: None)


class FileRegistry:
    """Numbers versions in a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def _state(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"versions": [], "champion": None, "tags": {}}
        return json.loads(self.file.read_text()) if self.file.exists() else empty

    def register(
        self, adapter: Path, description: Mapping[str, Any], metrics: Mapping[str, float], curves: Curves
    ) -> Registered:
        state, described = self._state(), json.loads(json.dumps(dict(description), default=str))
        if described not in state["versions"]:
            state["versions"].append(described)
            self.file.write_text(json.dumps(state))
        return Registered(state["versions"].index(described) + 1, page="")

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        state = self._state()
        state["tags"].setdefault(str(number), {}).update(tags)
        self.file.write_text(json.dumps(state))

    def set_champion(self, number: int) -> None:
        self.file.write_text(json.dumps(self._state() | {"champion": number}))

    def champion(self) -> int | None:
        found: int | None = self._state()["champion"]
        return found

    def copies(self, adapters: Collection[str]) -> Iterator[WeightsCopy]:
        state = self._state()
        for number, described in enumerate(state["versions"], start=1):
            if described["adapter"] in adapters and "weights" not in state["tags"].get(str(number), {}):
                yield WeightsCopy(str(number), described["adapter"], 1000)

    def remove_copy(self, copy: WeightsCopy) -> None:
        self.tag(int(copy.run), {"weights": "removed"})


class BlankTitleValidator:
    """Quarantines rows with a blank title; stops a batch if more than half of it is quarantined."""

    def validate(
        self, rows: Iterable[Mapping[str, Any]], suite: str, name: str, delivery: Delivery = Delivery()
    ) -> Validation:
        blank = [suite == "documents" and not str(row["title"]).strip() for row in rows]
        bad = {index: ("the title is blank",) for index, is_blank in enumerate(blank) if is_blank}
        accepted = 2 * len(bad) <= len(blank)
        return Validation(accepted, () if accepted else (f"{len(bad)} of {len(blank)} rows are bad",), bad, "")


class EmailRedactor:
    """Knows e-mail addresses, and names after "my name is" and the like; nothing else."""

    PATTERNS = (
        ("EMAIL", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
        (
            "NAME",
            re.compile(
                r"(?<=my name is )[A-Z]\w+(?: [A-Z]\w+)*|(?<=je m'appelle )[A-Z]\w+(?: [A-Z]\w+)*"
                r"|(?<=me llamo )[A-Z]\w+(?: [A-Z]\w+)*"
            ),
        ),
    )

    def redact(self, texts: Sequence[str], language: str) -> list[Redaction]:
        return [self._redact(text) for text in texts]

    def _redact(self, text: str) -> Redaction:
        found = {}
        for kind, pattern in self.PATTERNS:
            text, count = pattern.subn(f"[{kind}]", text)
            if count:
                found[kind] = count
        return Redaction(text, found)


class PairwiseDuplicates:
    """Compares every text with every other."""

    def clusters(self, texts: Iterable[str], threshold: float) -> list[int]:
        shingles = [_shingles(text) for text in texts]
        first = list(range(len(shingles)))
        for later, mine in enumerate(shingles):
            for earlier in range(later):
                if _jaccard(mine, shingles[earlier]) >= threshold:
                    old, new = sorted((first[later], first[earlier]), reverse=True)
                    first = [new if other == old else other for other in first]
        return first


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return frozenset(tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2)))


def _jaccard(one: frozenset[Any], other: frozenset[Any]) -> float:
    return len(one & other) / len(one | other)


class StopwordLanguages:
    """Counts the commonest words of English, Spanish and French."""

    WORDS = {
        "en": frozenset("the of and is to in are with your for".split()),
        "es": frozenset("el la los las de y es en con su para que".split()),
        "fr": frozenset("le la les des et est dans avec votre pour que une".split()),
    }

    def guess(self, text: str) -> tuple[str, float]:
        words = re.findall(r"[^\W\d_]+", text.lower())
        if not words:
            return "", 0.0
        counts = {code: sum(word in known for word in words) for code, known in self.WORDS.items()}
        best = max(counts, key=lambda code: counts[code])
        return best, counts[best] / (sum(counts.values()) or 1)


class FileSource:
    """Documents that a test wrote to a file, by the date in their revision."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def pull(self, start: date, end: date, ids: Sequence[str] = ()) -> Iterator[Document]:
        for document in records.read(self.file, Document):
            day = posted(document.revision)
            if day is not None and start <= day < end and (not ids or document.id in ids):
                yield document


class MemoryCorpus:
    """Every version as a dictionary. The contract tests compare the real table with it."""

    def __init__(self) -> None:
        self.versions: list[dict[str, Document]] = [{}]
        self.tokens: dict[str, int] = {}
        self.pruned = set[int]()

    def merge(self, documents: Iterable[Document], previous: int | None, token: str) -> int:
        if previous is not None:
            self._at(previous)
        if token not in self.tokens:
            rows = self.versions[-1]
            changed = merge.folded(MemoryRows(rows), documents)
            self.versions.append({**rows, **{document.id: document for document in changed}})
            self.tokens[token] = len(self.versions) - 1
        return self.tokens[token]

    def read(
        self, version: int, statuses: Sequence[str] = ("current",), ids: Collection[str] | None = None
    ) -> Iterator[Document]:
        if version in self.pruned:
            raise NotFound(f"files of version {version} of the corpus table are gone")
        rows = self._here(version)
        wanted = rows.keys() if ids is None else rows.keys() & set(ids)
        return (rows[id] for id in sorted(wanted) if standing(rows[id]).status in statuses)

    def digests(self, version: int, statuses: Sequence[str] = ("current",)) -> Mapping[str, str]:
        return {document.id: document.digest for document in self.read(version, statuses)}

    def revisions(
        self,
        version: int,
        statuses: Sequence[str] = ("current",),
        ids: Collection[str] | None = None,
        prefix: str = "",
    ) -> Mapping[str, int]:
        return {one.id: one.revision for one in self.read(version, statuses, ids) if one.id.startswith(prefix)}

    def counts(self, version: int) -> Counts:
        rows = [(str(standing(document).status), document.published) for document in self._here(version).values()]
        current = (published for status, published in rows if status == "current")
        return Counts(Counter(status for status, _ in rows), max(current, default=None))

    def content(self, version: int) -> str:
        return contents.of((one.id, one.revision, one.digest) for one in self._here(version).values())

    def reread(self, version: int) -> str:
        self.read(version)
        return self.content(version)

    def holding(self, content: str, expected: int) -> int | None:
        candidates = (expected, *reversed(range(len(self.versions))))
        return next((at for at in candidates if at < len(self.versions) and self.content(at) == content), None)

    def compact(self, version: int) -> int:
        return version

    def prune(self, keep: Collection[int], apply: bool) -> Pruned:
        gone = set(range(len(self.versions) - 1)) - set(keep) - self.pruned
        if apply:
            self.pruned |= gone
        return Pruned(len(gone), sum(len(self.versions[version]) for version in gone))

    def _at(self, version: int) -> dict[str, Document]:
        if not 0 <= version < len(self.versions):
            raise NotFound(f"the corpus has no version {version}")
        return self.versions[version]

    def _here(self, version: int) -> dict[str, Document]:
        return {id: document for id, document in self._at(version).items() if not merge.awaited(document)}


class MemoryRows:
    """What a fold asks of a version of MemoryCorpus."""

    def __init__(self, rows: Mapping[str, Document]) -> None:
        self._rows = rows

    def rows(self, ids: Collection[str]) -> Mapping[str, merge.Row]:
        return {id: merge.row_of(self._rows[id]) for id in ids if id in self._rows}

    def documents(self, ids: Collection[str]) -> Iterable[Document]:
        return [self._rows[id] for id in ids]

    def holders(self, dois: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        wanted = frozenset(dois)
        return {id: one.dois for id, one in self._rows.items() if not wanted.isdisjoint(one.dois)}


class FileQueues:
    """Queues as folders of files that a rater fills in, one JSON object for each answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def offer(self, sheet: str, rater: str, answers: Sequence[Shown], rubric: Mapping[Dimension, Criterion]) -> str:
        place = self.folder / sheet.replace("/", "-") / rater
        place.mkdir(parents=True, exist_ok=True)
        for one in answers:
            file = place / f"{one.id}.json"
            if not file.exists():
                file.write_text(json.dumps({"id": one.id}))
        return str(place)

    def rate(self, sheet: str, rater: str, id: str, said: Mapping[str, Any]) -> None:
        """What a rater does on the page."""
        file = self.folder / sheet.replace("/", "-") / rater / f"{id}.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **said}))

    def said(self, sheet: str, rater: str) -> str:
        place = self.folder / sheet.replace("/", "-") / rater
        return "".join(f"{file.read_text()}\n" for file in sorted(place.glob("*.json")))


class WordJudge:
    """Rates an answer 5 that has a word of its question, else 1; always harsher on clarity."""

    name = "words"

    def rate(self, prompts: Sequence[str], progress: Progress) -> list[Level]:
        return [self._rated(prompt) for prompt in prompts]

    def _rated(self, prompt: str) -> Level:
        question, answer = (prompt.split(f"<{tag}>")[1].split(f"</{tag}>")[0] for tag in ("question", "answer"))
        shared = {word for word in _words(question) if len(word) > 6} & _words(answer)
        return (3 if "the clarity" in prompt else 5) if shared else 1


class FakePorts(Wiring):
    """The real wiring with fakes for hygiene, training, generation, the engine, the registry, GX and NLM."""

    @property
    def validator(self) -> Validator:  # type: ignore[override]
        return BlankTitleValidator()

    @property
    def redactor(self) -> Redactor:  # type: ignore[override]
        return EmailRedactor()

    @property
    def near_duplicates(self) -> NearDuplicates:  # type: ignore[override]
        return PairwiseDuplicates()

    @property
    def languages(self) -> Languages:  # type: ignore[override]
        return StopwordLanguages()

    @property
    def queues(self) -> ReviewQueues:  # type: ignore[override]
        return FileQueues(self.settings.home / "queues")

    @property
    def judge(self) -> Judge:  # type: ignore[override]
        return WordJudge()

    @property
    def workers(self) -> Workers:  # type: ignore[override]
        return Processes(self, ports, self.settings, self.settings.workers or 1)

    @property
    def trainer(self) -> Trainer:  # type: ignore[override]
        return MemoryTrainer()

    @property
    def generator(self) -> Generator:  # type: ignore[override]
        return MemoryGenerator(prepared=self._prepared)

    def generator_at(self, precision: str) -> Generator:
        if precision == self.generator.precision:
            return self.generator
        return MemoryGenerator(precision, self._prepared)

    @property
    def preparer(self) -> Preparer:  # type: ignore[override]
        return MemoryPreparer()

    def likelihoods_at(self, precision: str) -> Likelihoods:  # type: ignore[override]
        return LengthLikelihoods()

    @property
    def engine(self) -> Engine:  # type: ignore[override]
        return FileEngine(self.settings.home / "engine.json")

    @property
    def registry(self) -> Registry:  # type: ignore[override]
        return FileRegistry(self.settings.home / "registry.json")

    def suite(self, name: str) -> str:
        super().suite(name)  # refuses the name of a suite that does not exist
        return f"the rules of BlankTitleValidator for {name}"

    def source(self, name: str) -> Source:
        return FileSource(configuration.path_of(self.settings.home / "sources", name, "source", ".jsonl"))


def ports(settings: Settings) -> FakePorts:
    """Return the ports of MEDPIPE_PORTS=tests.fakes:ports."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return FakePorts(settings)
