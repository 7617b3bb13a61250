"""The manual points at things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medpipe.settings import Settings
from medpipe.steps import VERBS
from tests.places import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Headings as links name them: lower case, spaces as hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", _without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_or_heading_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", _without_code(page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in _anchors(target), f"{page.name}: {link}"


def test_every_path_of_the_annotated_tree_exists() -> None:
    tree = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert tree
    parents: list[tuple[int, Path]] = [(-1, ROOT)]
    seen = 0
    for line in tree[1].splitlines():
        indent = len(line) - len(line.lstrip())
        while parents[-1][0] >= indent:
            parents.pop()
        path = parents[-1][1] / line.split()[0]
        assert path.exists(), line
        parents.append((indent, path))
        seen += 1
    assert seen > 15


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_and_verb_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("medpipe", "plugins", "serving", "tests")
        for path in (ROOT / folder).rglob("*.py")
    )
    settings = {f"MEDPIPE_{field.upper()}" for field in Settings.model_fields}
    for name in re.findall(r"\bMEDPIPE_[A-Z][A-Z_]*[A-Z]\b", text):
        assert name in settings or f'"{name}"' in code, f"{page.name}: {name}"
    for verb in re.findall(r"medpipe ([a-z][a-z-]+) --", text) + re.findall(r"`medpipe ([a-z][a-z-]+)`", text):
        assert verb.replace("-", "_") in VERBS, f"{page.name}: medpipe {verb}"
