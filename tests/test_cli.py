"""The command line: verbs from the shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import cli, records
from medpipe.steps import VERBS
from tests.steps.conftest import topic


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDPIPE_HOME", str(tmp_path))
    monkeypatch.setenv("MEDPIPE_PORTS", "tests.fakes:ports")
    records.write(tmp_path / "sources" / "medlineplus.jsonl", [topic(1), topic(2)])
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    return status, out.strip().splitlines()[-1] if out.strip() else "", err


def test_every_verb_is_a_command_with_help(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as stopped:
            cli.main([verb.replace("_", "-"), "--help"])
        assert stopped.value.code == 0
        assert "usage:" in capsys.readouterr().out


def test_the_last_line_is_the_ref_and_refs_chain(home, capsys):
    status, pulled, _ = run(capsys, "pull", "--source", "medlineplus", "--start", "2026-03-03", "--end", "2026-03-04")
    assert status == 0
    assert pulled.startswith("documents/")
    status, same, _ = run(capsys, "validate", "--data", pulled, "--suite", "documents")
    assert (status, same) == (0, pulled)
    status, corpus, _ = run(capsys, "build-corpus", "--pulls", pulled)
    assert status == 0
    assert corpus.startswith("corpus/")
    assert run(capsys, "latest", "--kind", "corpus")[1] == corpus


def test_a_look_that_finds_nothing_says_none(home, capsys):
    assert run(capsys, "champion")[:2] == (0, "none")


def test_expected_trouble_is_one_clear_line(home, capsys):
    status, _, err = run(capsys, "build-corpus", "--pulls", "documents/0123456789abcdef")
    assert status == 65
    assert err.startswith("medpipe build_corpus: documents/0123456789abcdef has not passed")
    assert "Traceback" not in err


def test_a_value_of_the_wrong_kind_names_the_argument(home, capsys):
    status, _, err = run(capsys, "pull", "--source", "medlineplus", "--start", "soon", "--end", "2026-03-04")
    assert status == 1
    assert "start" in err


def test_an_unknown_recipe_lists_the_recipes(home, capsys):
    status, _, err = run(capsys, "plan-retrain", "--recipe", "huge-sft", "--champion", "version/medqa-v1-aaaaaa")
    assert status == 1
    assert "tiny-sft" in err or "does not exist" in err


def test_documents_and_refs_are_traced_by_naming_them(home, capsys):
    status, traced, err = run(capsys, "trace", "pmid:1", "mplus:2", "--forward")
    assert (status, traced.split("/")[0]) == (0, "trace")
    assert "traced forward from mplus:2, pmid:1: 0 rows" in err
    assert run(capsys, "trace", "--forward", "--of", "pmid:1", "mplus:2")[1] == traced
    status, _, err = run(capsys, "trace", "version/medqa-v1-aaaaaa", "--back")
    assert status == 2
    assert "version/medqa-v1-aaaaaa does not exist" in err


def test_a_first_parameter_that_is_missing_is_named(home, capsys):
    status, _, err = run(capsys, "trace")
    assert status == 1
    assert "'of'" in err
