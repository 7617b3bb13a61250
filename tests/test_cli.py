"""The command line: verbs from the shell, what it prints where, and how it ends."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medpipe import cli, records
from medpipe.core.corpus.document import Document
from medpipe.errors import ConfigError, NotFound, UsageError
from medpipe.steps import VERBS
from tests.places import ROOT
from tests.steps.conftest import topic

WINDOW = ("--start", "2026-03-03", "--end", "2026-03-04")


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


def replace_verb(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the verb `champion` raise an error."""

    def champion(*, ports: object) -> None:
        raise error

    monkeypatch.setitem(VERBS, "champion", champion)


def test_every_verb_is_a_command_with_help(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as stopped:
            cli.main([verb.replace("_", "-"), "--help"])
        assert stopped.value.code == 0
        assert "usage:" in capsys.readouterr().out


def test_the_last_line_is_the_ref_and_refs_chain(home, capsys):
    status, pulled, _ = run(capsys, "pull", "--source", "medlineplus", *WINDOW)
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
    _, pulled, _ = run(capsys, "pull", "--source", "medlineplus", *WINDOW)
    status, _, err = run(capsys, "build-corpus", "--pulls", pulled)
    assert status == 65
    assert err.startswith(f"medpipe build-corpus: {pulled} has not passed")
    assert err.count("\n") == 1


def test_a_ref_that_was_never_validated_is_named(home, capsys):
    status, _, err = run(capsys, "build-corpus", "--pulls", "documents/0123456789abcdef")
    assert status == 65
    assert err.startswith("medpipe build-corpus: documents/0123456789abcdef has not passed")


def test_a_ref_that_does_not_exist_is_named(home, capsys):
    status, _, err = run(capsys, "card", "--examples", "examples/0123456789abcdef")
    assert status == 2
    assert err.startswith("medpipe card: examples/0123456789abcdef does not exist")


def test_a_value_of_the_wrong_type_names_the_argument(home, capsys):
    status, _, err = run(capsys, "pull", "--source", "medlineplus", "--start", "soon", "--end", "2026-03-04")
    assert status == 2
    assert "start='soon'" in err


def test_a_ref_of_another_kind_is_refused_with_the_kind_that_is_expected(home, capsys):
    status, _, err = run(capsys, "card", "--examples", "corpus/0123456789abcdef")
    assert status == 2
    assert "examples=corpus/0123456789abcdef is a ref of another kind; expected examples/…" in err


def test_a_string_that_is_not_a_ref_is_refused_with_what_is_expected(home, capsys):
    status, _, err = run(capsys, "train", "--recipe", "tiny-sft", "--data", "examples/12")
    assert status == 2
    assert "data='examples/12' is not a ref; expected examples/… or pairs/…" in err


def test_a_ref_followed_by_a_newline_is_not_a_ref(home, capsys):
    assert run(capsys, "card", "--examples", "examples/0123456789abcdef\n")[0] == 2


def test_an_unknown_recipe_lists_the_recipes(home, capsys):
    status, _, err = run(capsys, "plan-retrain", "--recipe", "huge-sft", "--champion", "none")
    assert status == 2
    assert "there is no recipe 'huge-sft'" in err
    assert "tiny-sft" in err


def test_none_is_the_absence_of_a_required_value_that_may_be_absent(home, capsys):
    assert run(capsys, "restore", "--version", "none", "--reason", "a test")[:2] == (0, "none")
    status, _, err = run(capsys, "roll-back", "--reason", "none", "--by", "Dr. A")
    assert status == 2
    assert "--reason" in err


def test_an_unknown_verb_or_parameter_is_named_with_what_there_is():
    with pytest.raises(NotFound, match=r"no verb 'teach'; there are: plan_pulls, pull"):
        cli.call("teach", {})
    with pytest.raises(UsageError, match=r"latest has no parameter 'kin'; it has: kind"):
        cli.call("latest", {"kin": "corpus"})


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
    assert status == 2
    assert "'of'" in err


def test_counts_and_quarantined_rows_are_remarked_on_standard_error(home, capsys):
    blank = topic(3).model_copy(update={"title": ""})
    records.write(home / "sources" / "medlineplus.jsonl", [topic(1), topic(2), blank])
    _, pulled, err = run(capsys, "pull", "--source", "medlineplus", *WINDOW)
    assert err == f"{pulled}: documents 3, bad records 0\n"
    _, _, err = run(capsys, "validate", "--data", pulled, "--suite", "documents")
    assert err == f"{pulled}: 3 rows, 1 quarantined (`medpipe quarantine` lists them)\n"


@pytest.mark.parametrize("position", ["before", "after"])
def test_quiet_shows_errors_only_and_verbose_shows_details(home, capsys, monkeypatch, position):
    def pull(source: str, *, ports: object) -> None:
        log = logging.getLogger("medpipe.sources.test")
        log.debug("a detail")
        log.info("a remark")
        log.warning("a retry")
        if source == "broken":
            raise ConfigError("a fault")

    monkeypatch.setitem(VERBS, "pull", pull)

    def shown(option: str, source: str = "medlineplus") -> str:
        words = ["pull", "--source", source]
        return run(capsys, *([option, *words] if position == "before" else [*words, option]))[2]

    assert shown("--quiet") == ""
    assert shown("--quiet", "broken") == "medpipe pull: a fault\n"
    assert shown("--verbose") == "debug: a detail\na remark\nwarning: a retry\n"
    assert run(capsys, "pull", "--source", "x")[2] == "a remark\nwarning: a retry\n"


def test_logging_is_as_it_was_after_a_command(home, capsys):
    logger = logging.getLogger("medpipe")
    before = (logger.level, list(logger.handlers))
    run(capsys, "--verbose", "champion")
    assert (logger.level, logger.handlers) == before


def test_importing_the_command_line_leaves_logging_alone():
    code = "import logging, medpipe.cli; print(logging.getLogger('medpipe').handlers, logging.root.handlers)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "[] []\n"


def test_an_unexpected_error_is_one_line_with_its_place_and_without_its_message(home, capsys, monkeypatch):
    replace_verb(monkeypatch, KeyError("my private question"))
    status, out, err = run(capsys, "champion")
    assert (status, out) == (70, "")
    assert err.startswith("medpipe champion: unexpected KeyError in test_cli.py, line ")
    assert "--verbose" in err
    assert err.count("\n") == 1
    assert "private" not in err


def test_verbose_shows_the_traceback_of_an_unexpected_error_before_the_line(home, capsys, monkeypatch):
    replace_verb(monkeypatch, KeyError("place"))
    status, _, err = run(capsys, "champion", "--verbose")
    assert status == 70
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("medpipe champion: unexpected KeyError")


def test_an_expected_error_has_no_traceback_under_verbose(home, capsys, monkeypatch):
    replace_verb(monkeypatch, ConfigError("correct the file"))
    assert run(capsys, "champion", "--verbose")[2] == "medpipe champion: correct the file\n"


def test_an_interrupted_command_says_so_in_one_line(home, capsys, monkeypatch):
    replace_verb(monkeypatch, KeyboardInterrupt())
    status, _, err = run(capsys, "champion")
    assert status == 130
    assert err.startswith("medpipe champion: interrupted")
    assert err.count("\n") == 1


def test_a_reader_that_went_away_ends_the_command_quietly(home):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "medpipe.cli", "champion"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_model_as_value_is_printed_as_json():
    assert cli._shown(topic(1)) == topic(1).model_dump_json()
    assert Document.model_validate_json(cli._shown(topic(1))) == topic(1)
    assert cli._shown([{"a": "b"}]) == '[{"a": "b"}]'


def test_a_wrong_setting_ends_in_one_line(home, capsys, monkeypatch):
    monkeypatch.setenv("MEDPIPE_THREADS", "many")
    status, _, err = run(capsys, "champion")
    assert status == 2
    assert err.count("\n") == 1
    assert "MEDPIPE_THREADS" in err


def test_an_error_names_the_command_once_and_as_it_is_typed(home, capsys):
    status, _, err = run(capsys, "collect-feedback", "--end", "x")
    assert status == 2
    assert err.startswith("medpipe collect-feedback: end='x': Input should be a valid datetime")
