"""The digest of a verb's code: a change that can change what the verb makes changes it, and no other change does."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

import medpipe
from medpipe import code_digest, steps
from medpipe.steps import evaluation

pytestmark = pytest.mark.integration

PACKAGE = Path(medpipe.__file__).parent
SCORERS = "the scorers"
"""Stands for a verb: what decides what an answer earns."""


def digest(package: Path, verb: str, source: str = "") -> str:
    if verb == SCORERS:
        code_digest.of_modules.cache_clear()
        return code_digest.of_modules(*evaluation.SCORERS, package=package)
    code_digest.of.cache_clear()
    return code_digest.of(verb, source, package)


@cache
def unplanted(package: Path, verb: str) -> str:
    """The digest of a copy in which nothing is planted: each test leaves it so."""
    return digest(package, verb)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "sandbox")
    return shutil.copytree(PACKAGE, tmp_path_factory.mktemp("package") / "medpipe", ignore=ignored)


# Verb, file and text of a line in code that can change what the verb makes.
INSIDE = [
    ("train", "backends/trl/trainer.py", "disable_progress_bars()"),
    ("train", "core/prompt.py", 'STOP = "'),
    ("train", "steps/training.py", "refuse_other_base(ports, start, loaded_recipe)"),
    ("train", "core/teaching/weights.py", "class Lora"),
    ("train", "records.py", 'line + b"\\n"'),
    ("evaluate", "core/judging/scoring.py", "def overlap"),
    ("evaluate", "core/safety/guardrails.py", "class Guardrails"),
    ("evaluate", "backends/transformers_generator.py", "class TransformersGenerator"),
    ("evaluate", "core/text.py", "def words"),
    ("build_examples", "core/teaching/phrasings/es.py", "PHRASINGS"),
    ("build_examples", "backends/rensa_duplicates.py", "SEED ="),
    ("build_corpus", "core/corpus/merge.py", "def newer"),
    ("build_corpus", "backends/delta/rows.py", "def rows_of"),
    ("compare", "core/judging/gates.py", "def decide"),
    ("compare", "core/judging/statistics.py", "def paired_difference"),
    ("validate", "backends/gx/validator.py", "class GxValidator"),
    (SCORERS, "core/judging/scoring.py", "def overlap"),
    (SCORERS, "core/judging/asserting.py", "def asserts"),
    (SCORERS, "core/judging/denial.py", "_IGNORANCE ="),
    (SCORERS, "core/judging/entailment.py", "def verdict("),
    (SCORERS, "core/judging/opposites.py", "_MEDICINE ="),
    (SCORERS, "core/judging/opposites.py", "_PAIRS ="),
    (SCORERS, "core/judging/quantities.py", "_UNITS ="),
    (SCORERS, "core/safety/guardrails.py", "class Guardrails"),
    (SCORERS, "core/safety/harm.py", "class Harm"),
    (SCORERS, "core/safety/patterns.py", "def matches"),
    (SCORERS, "core/endings.py", "def roots"),
    (SCORERS, "core/text.py", "def words"),
]
OUTSIDE = [
    (SCORERS, "steps/evaluation.py", "def evaluate"),
    (SCORERS, "core/judging/gates.py", "def decide"),
    ("train", "core/judging/gates.py", "def decide"),
    ("train", "steps/planning.py", "def plan_retrain"),
    ("train", "core/teaching/facts.py", "def decompose"),
    ("train", "ports/trainer.py", "class Trainer"),
    ("evaluate", "backends/trl/trainer.py", "class TrlTrainer"),
    ("evaluate", "cli.py", "def call"),
    ("build_corpus", "core/teaching/facts.py", "def decompose"),
    ("compare", "backends/vllm_engine.py", "class VllmEngine"),
    ("build_examples", "steps/rollout.py", "def promote"),
]


def remarked(package: Path, file: str, line: str, verb: str) -> bool:
    """Whether the digest changes when a comment comes before the line that has a text."""
    path = package / file
    whole, before = path.read_text(encoding="utf-8"), unplanted(package, verb)
    rows = whole.splitlines(keepends=True)
    place = next(number for number, row in enumerate(rows) if line in row)
    indent = rows[place][: len(rows[place]) - len(rows[place].lstrip())]
    path.write_text("".join([*rows[:place], f"{indent}# a remark\n", *rows[place:]]))
    try:
        return digest(package, verb) != before
    finally:
        path.write_text(whole, encoding="utf-8")


def planted(package: Path, file: str, line: str, verb: str) -> bool:
    """Whether the digest changes when a name in that line does."""
    path = package / file
    whole, before = path.read_text(encoding="utf-8"), unplanted(package, verb)
    rows = whole.splitlines(keepends=True)
    place = next(number for number, row in enumerate(rows) if line in row)
    if rows[place].lstrip().startswith(("def ", "class ")):
        end = next(n for n in range(place, len(rows)) if rows[n].rstrip().endswith(":"))
        rows.insert(end + 1, "    planted = 1\n")
    elif "=" in rows[place]:
        rows[place] = rows[place].replace("=", "= 0 or", 1).replace("0 or {", "{} | {").replace("0 or(", "() + (")
    else:
        rows[place] = rows[place].replace(line, f"planted or {line}", 1)
    path.write_text("".join(rows), encoding="utf-8")
    try:
        return digest(package, verb) != before
    finally:
        path.write_text(whole, encoding="utf-8")


@pytest.mark.parametrize(("verb", "file", "line"), INSIDE)
def test_a_change_of_code_that_the_verb_runs_changes_its_refs(copy: Path, verb: str, file: str, line: str) -> None:
    assert planted(copy, file, line, verb)


@pytest.mark.parametrize(("verb", "file", "line"), OUTSIDE)
def test_a_change_of_other_code_leaves_its_refs_alone(copy: Path, verb: str, file: str, line: str) -> None:
    assert not planted(copy, file, line, verb)


@pytest.mark.parametrize(("verb", "file", "line"), [*INSIDE[1:4], *INSIDE[-6:]])
def test_a_comment_changes_no_ref(copy: Path, verb: str, file: str, line: str) -> None:
    assert not remarked(copy, file, line, verb)


def test_a_docstring_and_the_annotation_of_a_signature_change_no_ref(copy: Path) -> None:
    path = copy / "core" / "text.py"
    whole, before = path.read_text(encoding="utf-8"), digest(copy, "evaluate")
    path.write_text(whole.replace('"""Return', '"""Give').replace("-> ", "-> None | "), encoding="utf-8")
    try:
        assert digest(copy, "evaluate") == before
    finally:
        path.write_text(whole, encoding="utf-8")


def test_a_reader_of_another_publisher_changes_no_delivery(copy: Path) -> None:
    path = copy / "sources" / "pubmed" / "record.py"
    before = {source: digest(copy, "pull", source) for source in ("pubmed", "medlineplus")}
    whole = path.read_text(encoding="utf-8")
    path.write_text(f"{whole}\nplanted = 1\n", encoding="utf-8")
    try:
        assert digest(copy, "pull", "pubmed") != before["pubmed"]
        assert digest(copy, "pull", "medlineplus") == before["medlineplus"]
    finally:
        path.write_text(whole, encoding="utf-8")


@pytest.mark.slow
def test_another_version_of_a_library_that_matters_changes_the_refs_of_its_verbs_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verbs, before = (*code_digest._LIBRARIES, "compare"), digest(PACKAGE, "compare")
    monkeypatch.setattr(code_digest, "_version", lambda library: "0.0.1" if library == "trl" else "same")
    same = {verb: digest(PACKAGE, verb) for verb in verbs}
    monkeypatch.setattr(code_digest, "_version", lambda library: "0.0.2" if library == "trl" else "same")
    other = {verb: digest(PACKAGE, verb) for verb in verbs}
    code_digest.of.cache_clear()
    assert [verb for verb in same if same[verb] != other[verb]] == ["train"]
    assert before == same["compare"]


def test_every_module_behind_a_port_exists() -> None:
    for modules in code_digest._BEHIND_PORTS.values():
        for module in modules:
            assert (PACKAGE / f"{module.replace('.', '/')}.py").is_file()


def test_every_verb_reaches_its_own_function() -> None:
    package = code_digest._Package(PACKAGE)
    for verb in steps.VERBS:
        reached = {name for _, name, _ in package.reached([code_digest._Name("medpipe.steps", verb)])}
        assert verb in reached
