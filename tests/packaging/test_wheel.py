"""The wheel works for people who have no checkout: each extra, installed into a fresh environment."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.places import ROOT

pytestmark = pytest.mark.integration

TOPIC = """<?xml version="1.0" encoding="UTF-8"?>
<health-topics total="1" date-generated="03/03/2026 02:30:23">
<health-topic id="900001" title="Corvane fever" url="https://medlineplus.gov/corvanefever.html"
 language="English" date-created="01/01/2020"><full-summary>&lt;h3&gt;What are the symptoms of corvane fever?&lt;/h3&gt;
&lt;p&gt;Corvane fever causes a rash and a headache.&lt;/p&gt;</full-summary></health-topic>
</health-topics>
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    line = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*line, "--wheel-dir", folder, ROOT], check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    return built


def test_the_wheel_is_named_differently_from_the_other_project_on_the_index(wheel: Path) -> None:
    assert wheel.name.startswith("medpipe_llm-")


def test_the_wheel_carries_everything_that_is_read_at_run_time(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    beside = {
        path.relative_to(ROOT).as_posix()
        for name in ("medpipe", "serving")
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    suites = {f"medpipe/expectations/{path.name}" for path in (ROOT / "expectations").glob("*.json")}
    assert len(beside) > 150
    assert len(suites) >= 4
    assert beside | suites <= carried
    assert any(name.endswith("entry_points.txt") for name in carried)


class Installed:
    """A fresh environment with nothing but what pip installed, used from a folder of its own."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder, self.wheel = folder, wheel
        self.bin = folder / "environment" / "bin"
        subprocess.run([sys.executable, "-m", "venv", self.bin.parent], check=True)
        (folder / "topics").mkdir()
        (folder / "topics" / "mplus_topics_2026-03-03.xml").write_text(TOPIC, encoding="utf-8")

    def install(self, *extras: str) -> None:
        named = f"{self.wheel}[{','.join(extras)}]" if extras else str(self.wheel)
        quickly = ["--quiet", "--no-compile"]  # most of what an extra brings is never imported here
        line = [self.bin / "python", "-m", "pip", "install", *quickly, "-c", ROOT / "constraints" / "project.txt"]
        subprocess.run([*line, named], check=True, capture_output=True)

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDPIPE_", "PYTHON"))}
        environment = kept | {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "MEDPIPE_MEDLINEPLUS_URL": str(self.folder / "topics"),
        }
        return subprocess.run(line, cwd=self.folder, env=environment, capture_output=True, text=True)

    def verb(self, *line: str) -> str:
        """The value of a verb that must succeed."""
        done = self.run("medpipe", *line)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """With no extra at first; the tests below add one after the other, in their order."""
    environment = Installed(tmp_path_factory.mktemp("elsewhere"), wheel)
    environment.install()
    return environment


@pytest.mark.slow
class TestAFreshEnvironment:
    """In this order: without extras, then `serve`, `orchestrate` and `train`."""

    PULL = ("pull", "--source", "medlineplus", "--start", "2026-03-03", "--end", "2026-03-04")

    def test_without_extras_shows_its_help_and_pulls_into_the_state_folder(self, installed: Installed) -> None:
        assert "build-corpus" in installed.run("medpipe", "--help").stdout
        documents = installed.verb(*self.PULL)
        assert (installed.folder / "state" / "medpipe" / "artifacts" / documents / "documents.jsonl").is_file()

    def test_writes_nothing_beside_its_own_code(self, installed: Installed) -> None:
        [packages] = installed.bin.parent.glob("lib/python*/site-packages")
        written = {path.suffix for path in (packages / "medpipe").rglob("*") if path.is_file()}
        assert written <= {".py", ".pyc", ".yaml", ".json", ".mako", ".html", ".typed"}
        assert not (packages / "var").exists()

    def test_without_extras_names_the_extra_that_a_verb_lacks(self, installed: Installed) -> None:
        documents = installed.verb(*self.PULL)
        done = installed.run("medpipe", "validate", "--data", documents, "--suite", "documents")
        assert done.returncode == 2
        assert "medpipe-llm[orchestrate]" in done.stderr
        assert "Traceback" not in done.stderr

    def test_with_serve_has_the_gateway(self, installed: Installed) -> None:
        installed.install("serve")
        done = installed.run("python", "-m", "serving", "--help")
        assert done.returncode == 0, done.stderr[-3000:]
        assert "--port" in done.stdout

    @pytest.mark.timeout(900)
    def test_with_orchestrate_builds_a_corpus_and_examples(self, installed: Installed) -> None:
        installed.install("orchestrate")
        documents = installed.verb(*self.PULL)
        assert installed.verb("validate", "--data", documents, "--suite", "documents") == documents
        corpus = installed.verb("build-corpus", "--pulls", documents)
        examples = installed.verb("build-examples", "--corpus", corpus, "--recipe", "tiny-sft")
        assert examples.startswith("examples/")

    @pytest.mark.timeout(900)
    def test_with_train_loads_the_training_stack(self, installed: Installed) -> None:
        installed.install("train")
        module = "medpipe.backends.trl.trainer, medpipe.backends.transformers_generator"
        done = installed.run("python", "-c", f"import {module}, torch, trl, peft, bitsandbytes; print('loaded')")
        assert done.stdout.strip().endswith("loaded"), done.stderr[-3000:]
