"""A base is known by every file that can change an answer, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import base_models


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.model", "chat_template.jinja", "merges.txt"):
        (tmp_path / "base" / name).write_text(name, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["tokenizer.model", "chat_template.jinja", "merges.txt", "pytorch_model.bin", "modeling_own.py"]
)
def test_another_tokenizer_chat_template_or_code_makes_another_base(models: Path, name: str) -> None:
    before = base_models.digest("base", models)
    (models / "base" / name).write_text("other", encoding="utf-8")
    assert base_models.digest("base", models) != before


def test_a_page_about_the_model_changes_nothing(models: Path) -> None:
    before = base_models.digest("base", models)
    (models / "base" / "README.md").write_text("read me", encoding="utf-8")
    (models / "base" / ".gitattributes").write_text("* text", encoding="utf-8")
    assert base_models.digest("base", models) == before
