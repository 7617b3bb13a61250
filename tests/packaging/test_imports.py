"""The import rules hold, and the contracts that say so fail when a rule is broken."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

pytestmark = pytest.mark.integration

HEAVY = (
    "airflow",
    "bitsandbytes",
    "datasets",
    "deltalake",
    "fastapi",
    "great_expectations",
    "lxml",
    "mlflow",
    "pandas",
    "peft",
    "pyarrow",
    "requests",
    "sqlalchemy",
    "torch",
    "transformers",
    "trl",
    "vllm",
)


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("medpipe", "serving"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "statement",
    ["import medpipe.cli", "import medpipe.steps, medpipe.ports", "from medpipe.cli import parser; parser()"],
)
def test_the_command_line_loads_none_of_the_heavy_stack(statement: str) -> None:
    assert not _loaded_by(statement) & set(HEAVY)


def test_a_heavy_import_would_have_been_seen() -> None:
    assert "sqlalchemy" in _loaded_by("import medpipe.cli, sqlalchemy")


def test_every_import_contract_holds() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("planted_in", "statement", "contract"),
    [
        ("medpipe/core/refs.py", "from medpipe import ports", "Imports point one way"),
        ("medpipe/ports/routes.py", "from medpipe import wiring", "Imports point one way"),
        ("medpipe/backends/artifacts/folder.py", "from medpipe import steps", "Imports point one way"),
        ("medpipe/cli.py", "import serving", "Imports point one way"),
        ("medpipe/vllm_protocol.py", "from medpipe.backends import vllm_engine", "Imports point one way"),
        (
            "medpipe/backends/vllm_engine.py",
            "from medpipe.backends import artifacts",
            "Backends never import each other",
        ),
        (
            "medpipe/sources/pubmed/markup.py",
            "from medpipe.sources.medlineplus import topics",
            "Publishers share transport and nothing else",
        ),
        (
            "medpipe/core/safety/phi.py",
            "from medpipe.core.judging import gates",
            "The rooms of core build on each other",
        ),
        ("medpipe/core/refs.py", "def late():\n    import torch", "core, ports and steps load no tool"),
        ("medpipe/steps/sources.py", "import mlflow", "core, ports and steps load no tool"),
        ("medpipe/records.py", "import great_expectations", "core, ports and steps load no tool"),
        ("medpipe/backends/vllm_engine.py", "import vllm", "No module imports vLLM"),
        (
            "medpipe/backends/artifacts/folder.py",
            "from medpipe.settings import Settings",
            "Settings are read at the edge",
        ),
        ("medpipe/wiring.py", "from medpipe import sandbox", "The system does not know its sandbox"),
    ],
    ids=lambda value: str(value).replace("/", "."),
)
def test_a_forbidden_import_breaks_its_contract(copy: Path, planted_in: str, statement: str, contract: str) -> None:
    assert (copy / planted_in).is_file()
    with (copy / planted_in).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{statement}\n")
    done = _lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), done.stdout


def _foreign_to_dags(text: str) -> set[str]:
    """What a DAG file imports beyond Airflow's public interface, the plugin, the verbs and plain Python."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    allowed = ("airflow.sdk", "airflow.providers", "medpipe_airflow", "medpipe.steps")
    return {
        name
        for name in found
        if not any(name == each or name.startswith(f"{each}.") for each in allowed)
        and name.partition(".")[0] not in sys.stdlib_module_names
    }


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.stem)
def test_a_dag_file_holds_no_logic_of_its_own_to_import(path: Path) -> None:
    assert _foreign_to_dags(path.read_text(encoding="utf-8")) == set()


def test_a_dag_that_reached_past_the_verbs_would_have_been_seen() -> None:
    text = "from airflow.sdk import dag\nimport json\ndef f():\n    from medpipe.core import gates\n    import pandas"
    assert _foreign_to_dags(text) == {"medpipe.core", "pandas"}
