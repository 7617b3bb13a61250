"""The manual names only links, paths, commands, settings and terms that exist in the repository."""

from __future__ import annotations

import argparse
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

from medpipe import __version__, cli
from medpipe.settings import Settings
from tests.places import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").glob("*.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)
CODE_FOLDERS = ("medpipe", "plugins", "serving", "dags", "tests", "bench")
BASES = (ROOT, ROOT / "medpipe", ROOT / "medpipe" / "core")
"""Folders from which a page may name a path."""


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=_name)
every_present_page = pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=_name)
"""The changelog may name commands and settings of earlier versions."""


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


# --- links ---------------------------------------------------------------------------------------------------------


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them: lower case, hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", _without_code(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken_links(text: str, page: Path) -> list[str]:
    """Return the relative links of a page that lead to no file, or to no heading of that file."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _without_code(text)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in _anchors(_text(target))):
            broken.append(link)
    return broken


@every_page
def test_every_link_to_a_file_or_heading_leads_somewhere(page: Path) -> None:
    assert _broken_links(_text(page), page) == []


def test_a_link_to_a_missing_file_or_heading_is_reported() -> None:
    text = "[a](docs/index.md) [b](docs/nowhere.md) [c](GLOSSARY.md#nothing) [d](https://example.org/x)"
    assert _broken_links(text, ROOT / "README.md") == ["docs/nowhere.md", "GLOSSARY.md#nothing"]


def _unlisted(folder: Path) -> list[str]:
    """Return the pages and folders of pages that the folder's own index.md does not link."""
    index = _text(folder / "index.md")
    pages = [page.name for page in folder.glob("*.md") if page.name != "index.md"]
    pages += [f"{page.parent.name}/index.md" for page in folder.glob("*/index.md")]
    return [page for page in pages if f"({page})" not in index]


@pytest.mark.parametrize("folder", [ROOT / "docs", ROOT / "docs" / "recipes"], ids=_name)
def test_every_page_of_the_manual_is_listed_in_the_index_of_its_folder(folder: Path) -> None:
    assert _unlisted(folder) == []


def test_a_page_that_no_index_lists_is_reported(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for name in ("index.md", "page.md", "more/index.md"):
        (tmp_path / name).write_text("[a page](page.md)" if name == "index.md" else "")
    assert _unlisted(tmp_path) == ["more/index.md"]


def _listed_decisions(text: str) -> list[int]:
    """Return the numbers in the decisions' table of contents."""
    rows = "\n".join(re.findall(r"^\| .+ \|$", text, re.MULTILINE))
    return sorted(int(shown) for shown, linked in re.findall(r"\[(\d+)\]\(#(\d+)-", rows) if shown == linked)


def test_the_contents_of_the_decisions_list_each_of_them_once() -> None:
    text = _text(ROOT / "docs" / "decisions.md")
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert _listed_decisions(text) == numbers


def test_a_decision_that_is_listed_twice_or_under_another_number_is_reported() -> None:
    assert _listed_decisions("| a | [1](#1-b) · [2](#2-c) |\n| d | [2](#2-c) · [3](#4-e) |") == [1, 2, 2]


# --- the README's tree ---------------------------------------------------------------------------------------------


def _tree_paths(text: str) -> Iterator[Path]:
    """Yield the path that each line of the README's annotated tree names."""
    tree = re.search(r"```text\n(.*?)```", text, re.DOTALL)
    assert tree, "README.md has no annotated tree"
    parents: list[tuple[int, Path]] = [(-1, ROOT)]
    for line in tree[1].splitlines():
        indent = len(line) - len(line.lstrip())
        while parents[-1][0] >= indent:
            parents.pop()
        path = parents[-1][1] / line.split()[0]
        parents.append((indent, path))
        yield path


def _folders_with_tracked_files() -> set[Path]:
    """Return the folders at the top, inside `medpipe/` and inside `medpipe/core/` that hold published files."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout: no list of published files")
    folders = {folder for name in listed.stdout.split("\0") for folder in Path(name).parents if name}
    return {
        ROOT / folder
        for folder in folders
        if (len(folder.parts) == 1 and not folder.name.startswith("."))
        or (folder.parts[:1] == ("medpipe",) and len(folder.parts) == 2)
        or (folder.parts[:2] == ("medpipe", "core") and len(folder.parts) == 3)
    }


def test_every_path_of_the_annotated_tree_exists() -> None:
    paths = list(_tree_paths(_text(ROOT / "README.md")))
    missing = [path.relative_to(ROOT).as_posix() for path in paths if not path.exists()]
    assert missing == []
    assert len(paths) > 15


def test_the_annotated_tree_names_every_folder_of_the_first_levels() -> None:
    named = set(_tree_paths(_text(ROOT / "README.md")))
    assert sorted(_folders_with_tracked_files() - named) == []


def test_a_tree_line_without_its_folder_is_reported() -> None:
    paths = list(_tree_paths("```text\nmedpipe/\n  core/    pure\n  cellar/  nothing\n```"))
    assert [path.name for path in paths if not path.exists()] == ["cellar"]


# --- paths ---------------------------------------------------------------------------------------------------------

_PATH = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.\w+)?|[\w-]+\.(?:py|yaml|yml|md|toml|json))(?:: ?[^`]*)?`")
"""A folder or file in code quotes, with an optional name after a colon: `core/`, `steps/corpus.py: latest`."""

NOT_IN_THE_REPOSITORY = re.compile(
    r"^(var|dist|\.venv|\.venv-engine|\.secrets|artifacts|corpus/<|data_docs|downloads|models|/)"
)
"""State, environments and addresses: they exist only after a run."""


def _missing_paths(text: str) -> list[str]:
    names = {match[1] for match in _PATH.finditer(_without_code(text)) if not NOT_IN_THE_REPOSITORY.match(match[1])}
    return sorted(name for name in names if not any((base / name).exists() for base in BASES))


@pytest.mark.parametrize(
    "name", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/decisions.md", "docs/systems.md"]
)
def test_every_path_that_a_page_for_developers_names_exists(name: str) -> None:
    assert _missing_paths(_text(ROOT / name)) == []


def test_a_path_that_does_not_exist_is_reported() -> None:
    assert _missing_paths("`core/prompt.py`, `steps/nothing.py: latest` and `dags/`") == ["steps/nothing.py"]


_NAMES = re.compile(r"`((?:[\w-]+/)*[\w-]+\.py): ?([^`]+)`")
"""A module in code quotes with names after it: `steps/corpus.py: build_corpus, latest`."""


def _missing_names(text: str) -> list[str]:
    """Return the names of a page that their module does not define."""
    missing = []
    for path, names in _NAMES.findall(text):
        module = next(base / path for base in BASES if (base / path).exists())
        defined = set(re.findall(r"^\s*(?:(?:async )?def|class) (\w+)|^(\w+)(?::.*)? = ", _text(module), re.MULTILINE))
        known = {name for pair in defined for name in pair}
        missing += [f"{path}: {name}" for name in names.split(", ") if name not in known]
    return missing


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_function_that_a_page_for_developers_names_is_in_its_module(name: str) -> None:
    assert _missing_names(_text(ROOT / name)) == []


def test_a_function_that_its_module_does_not_define_is_reported() -> None:
    text = "`steps/sources.py: pull, push` and `plugins/medpipe_airflow/assets.py: PAIRS`"
    assert _missing_names(text) == ["steps/sources.py: push"]


# --- import contracts ---------------------------------------------------------------------------------------------


def _contracts() -> configparser.ConfigParser:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    return contracts


def test_the_architecture_names_every_import_contract() -> None:
    page, contracts = _text(ROOT / "docs" / "architecture.md"), _contracts()
    names = [contracts[part]["name"] for part in contracts.sections() if "name" in contracts[part]]
    assert len(names) > 5
    assert [name for name in names if f"| {name} |" not in page] == []


def test_the_architecture_lists_the_rooms_of_core_in_the_order_of_their_contract() -> None:
    layers = _contracts()["importlinter:contract:rooms-of-core"]["layers"].split()
    listed = re.findall(r"^\| \d \| `core/(\w+)/` \|", _text(ROOT / "docs" / "architecture.md"), re.MULTILINE)
    assert len(listed) == 6
    assert listed == [layer for layer in layers if layer in listed]


# --- commands ------------------------------------------------------------------------------------------------------


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", _text(ROOT / "Makefile"), re.MULTILINE))


def _unknown_targets(text: str) -> set[str]:
    """Return the `make` targets in a text's code quotes and console lines that the Makefile does not have."""
    named = re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", text)
    return set(named) - _make_targets()


@cache
def _commands() -> Mapping[str, argparse.ArgumentParser]:
    """Return the parser of each verb."""
    for action in cli.parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the command line has no verbs")


_COMMAND = re.compile(r"\bmedpipe ([a-z][a-z-]*)((?: [^`\n|;)]*)?)")
SHELL = ("", "console", "sh", "bash")
"""Languages of code blocks that hold commands."""
_OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]*")
_BARE = re.compile(r" +(\w\S*)")
"""A word right after the verb."""


def _code(text: str) -> str:
    """Return the code of a page: blocks in fences or by indentation, and code quotes, each on a line."""
    fenced = [code for kind, code in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL) if kind in SHELL]
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    indented = re.findall(r"^    (.+)$", prose, re.MULTILINE)
    quoted = re.findall(r"`([^`\n]+)`", prose)
    code = "\n".join([*fenced, *indented, *quoted]).replace("\\\n", " ")
    inner = re.findall(r"\$\(([^()]*)\)", code)  # $(medpipe …) within a command is a command of its own
    return "\n".join([re.sub(r"\$\([^()]*\)", "VALUE", code), *inner])


def _false_commands(text: str) -> list[str]:
    """Return the verbs, options and bare words of a page's `medpipe` commands that the command line does not take."""
    false = []
    for verb, rest in _COMMAND.findall(_code(text)):
        if verb not in _commands():
            false.append(verb)
            continue
        command = _commands()[verb]
        known = command._option_string_actions
        false += [f"{verb} {option}" for option in _OPTION.findall(rest) if option not in known]
        if (bare := _BARE.match(rest)) and not command._get_positional_actions():
            false.append(f"{verb} {bare[1]}")
    return false


@every_present_page
def test_every_make_target_that_a_page_names_is_in_the_makefile(page: Path) -> None:
    assert _unknown_targets(_text(page)) == set()


@every_present_page
def test_every_medpipe_command_of_a_page_has_its_verb_and_options(page: Path) -> None:
    assert _false_commands(_text(page)) == []


def test_the_readme_shows_commands_to_check() -> None:
    verbs = {verb for verb, _ in _COMMAND.findall(_code(_text(ROOT / "README.md")))}
    assert {"pull", "validate", "build-corpus", "trace"} <= verbs


def test_a_command_that_does_not_exist_is_reported() -> None:
    text = """Run `make bread` or `make demo`.

```console
$ make tea
$ data=$(medpipe pull --source medlineplus --since 2026-03-03)
$ medpipe vanish
$ medpipe pull medlineplus --start 2026-03-03
```

    medpipe trace pmid:1 --sideways --of "$(medpipe latest --sort corpus)"
"""
    assert _unknown_targets(text) == {"bread", "tea"}
    false = ["latest --sort", "pull --since", "pull medlineplus", "trace --sideways", "vanish"]
    assert sorted(_false_commands(text)) == false


@every_page
def test_every_module_that_a_page_starts_exists(page: Path) -> None:
    for module in re.findall(r"python -m ((?:medpipe|serving|bench)[\w.]*)", _text(page)):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


# --- settings ------------------------------------------------------------------------------------------------------


@cache
def _sources() -> str:
    files = [path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return "\n".join(map(_text, files))


def _unknown_settings(text: str) -> set[str]:
    settings = {f"MEDPIPE_{field.upper()}" for field in Settings.model_fields}
    named = set(re.findall(r"\bMEDPIPE_[A-Z][A-Z_]*[A-Z]\b", text)) - settings
    return {name for name in named if f'"{name}"' not in _sources()}


@every_present_page
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    assert _unknown_settings(_text(page)) == set()


def test_a_setting_that_does_not_exist_is_reported() -> None:
    assert _unknown_settings("MEDPIPE_HOME and MEDPIPE_" + "CELLAR") == {"MEDPIPE_" + "CELLAR"}


# --- glossary ------------------------------------------------------------------------------------------------------


def _terms(text: str) -> list[str]:
    return re.findall(r"^\| \*\*([^*]+)\*\*", text, re.MULTILINE)


def _unused(terms: list[str], texts: str) -> list[str]:
    """Return the terms that occur nowhere in the texts, whatever their case, number and spacing."""
    words = re.sub(r"[\s_-]+", " ", texts).lower()
    return [term for term in terms if re.sub(r"[\s_-]+", " ", term).lower() not in words]


def test_the_glossary_is_sorted_and_gives_each_word_once() -> None:
    terms = [term.lower() for term in _terms(_text(ROOT / "GLOSSARY.md"))]
    assert terms == sorted(set(terms))
    assert len(terms) > 30


def test_every_word_of_the_glossary_is_used_in_the_manual_or_the_code() -> None:
    pages = "\n".join(_text(page) for page in PAGES if page.name not in ("GLOSSARY.md", "CHANGELOG.md"))
    assert _unused(_terms(_text(ROOT / "GLOSSARY.md")), pages + _sources()) == []


def test_a_word_that_nothing_uses_is_reported() -> None:
    assert _unused(["Topic group", "Phlogiston"], "the topic\ngroups of MedlinePlus") == ["Phlogiston"]


# --- changelog, citation, workflows --------------------------------------------------------------------------------

GROUPS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def _changelog_faults(text: str) -> list[str]:
    """Return the headings that Keep a Changelog 1.1 does not allow (https://keepachangelog.com/en/1.1.0/).

    A heading without a blank line before it is a fault, too: Markdown makes it a part of the list above.
    """
    faults = [] if re.search(r"^## \[Unreleased\]$", text, re.MULTILINE) else ["no Unreleased section"]
    for heading in re.findall(r"^## (.+)$", text, re.MULTILINE):
        if not re.fullmatch(r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading):
            faults.append(heading)
    faults += [group for group in re.findall(r"^### (.+)$", text, re.MULTILINE) if group not in GROUPS]
    return faults + re.findall(r"(?<=[^\n]\n)(?:\*\*|#).+$", text, re.MULTILINE)


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = _text(ROOT / "CHANGELOG.md")
    assert _changelog_faults(text) == []
    assert f"## [{__version__}] - " in text


def test_a_changelog_of_another_form_is_reported() -> None:
    assert _changelog_faults("## 0.1.0 (soon)\n### News\n") == [
        *("no Unreleased section", "0.1.0 (soon)", "News", "### News"),
    ]
    assert _changelog_faults("## [Unreleased]\n\n- A line.\n**Access**\n") == ["**Access**"]


def test_the_citation_file_names_the_version_and_the_licence() -> None:
    citation = yaml.safe_load(_text(ROOT / "CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"
    assert f"[{__version__}] - {citation['date-released']}" in _text(ROOT / "CHANGELOG.md")


FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
SCHEMAS = [
    ("vendor.citation-file-format", ROOT / "CITATION.cff"),
    ("vendor.github-issue-config", ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"),
    *(("vendor.github-issue-forms", form) for form in FORMS),
    *(("vendor.github-workflows", flow) for flow in sorted((ROOT / ".github" / "workflows").glob("*.yml"))),
]


def _valid(schema: str, path: Path) -> bool:
    program = Path(sys.executable).with_name("check-jsonschema")
    line = [str(program), "--builtin-schema", schema, "--default-filetype", "yaml", str(path)]
    return subprocess.run(line, capture_output=True).returncode == 0


@pytest.mark.parametrize(("schema", "path"), SCHEMAS, ids=lambda value: getattr(value, "name", None))
def test_a_file_for_github_fits_its_published_schema(schema: str, path: Path) -> None:
    assert _valid(schema, path)


def test_a_workflow_that_does_not_fit_the_schema_is_reported(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yml"
    flow.write_text("on: push\njobs: {check: {steps: [{run: make check}]}}\n")
    assert not _valid("vendor.github-workflows", flow)


def _unpinned(text: str) -> list[str]:
    """Return the actions of a workflow that are not pinned to a major version."""
    return [used for used in re.findall(r"uses:\s*(\S+)", text) if not re.fullmatch(r"[\w./-]+@v\d+", used)]


@pytest.mark.parametrize("flow", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_major_version(flow: Path) -> None:
    text = _text(flow)
    assert "uses:" in text
    assert _unpinned(text) == []


def test_an_action_without_a_version_is_reported() -> None:
    assert _unpinned("uses: actions/checkout@main\nuses: actions/setup-python@v5") == ["actions/checkout@main"]
