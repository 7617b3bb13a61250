"""A base is known by every file that can change an answer, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe import base_models
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, NotFound


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


# --- revisions -----------------------------------------------------------------------------------------------------


def put(models: Path, name: str, commit: str = "", *, text: str = "{}") -> Path:
    """Make the folder of a base; with a commit, as the hub's client leaves it after a download."""
    folder = models / name
    folder.mkdir(parents=True)
    for file in ("config.json", "model.safetensors"):
        (folder / file).write_text(text, encoding="utf-8")
        if commit:
            note = folder / ".cache" / "huggingface" / "download" / f"{file}.metadata"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{commit}\netag\n1712656091.123\n", encoding="utf-8")
    return folder


def test_a_revision_is_a_folder_of_its_own_and_another_base(tmp_path: Path) -> None:
    put(tmp_path, "org/model", text="without")
    first, second = (put(tmp_path, f"org/model@{name}", text=name) for name in ("v1", "v2"))
    assert base_models.locate("org/model@v1", tmp_path, offline=True) == str(first)
    assert base_models.locate("org/model@v2", tmp_path, offline=False) == str(second), "no hub is asked for it"
    names = ("org/model", "org/model@v1", "org/model@v2")
    assert len({base_models.digest(name, tmp_path) for name in names}) == 3


@pytest.mark.parametrize("here", ["org/model", "org/model@v1"])
def test_a_base_on_disk_under_another_revision_is_named_and_not_used(tmp_path: Path, here: str) -> None:
    put(tmp_path, here)
    with pytest.raises(NotFound, match=rf"'org/model@v2': no folder .*\(there is {here}, which is another revision"):
        base_models.locate("org/model@v2", tmp_path, offline=True)
    place = base_models.locate("org/model@v2", tmp_path, offline=False)
    assert base_models.pretrained(place) == {"pretrained_model_name_or_path": "org/model", "revision": "v2"}
    assert base_models.digest("org/model@v2", tmp_path) == "hub:org/model@v2"


def test_a_base_without_a_revision_is_asked_of_a_hub_as_it_is_there(tmp_path: Path) -> None:
    folder = str(put(tmp_path, "org/model"))
    assert base_models.pretrained(folder) == {"pretrained_model_name_or_path": folder}
    assert base_models.pretrained("org/other") == {"pretrained_model_name_or_path": "org/other"}


COMMIT, OTHER = "7e27bd9f95328f0f3b08261d1252705110c806f8", "12fd25f77366fa6b3b4b768ec3050bf629380bac"


@pytest.mark.parametrize("revision", [COMMIT, COMMIT[:7], "v1.0"])
def test_a_download_of_the_revision_in_its_folders_name_is_used(tmp_path: Path, revision: str) -> None:
    folder = put(tmp_path, f"org/model@{revision}", COMMIT)
    assert base_models.locate(f"org/model@{revision}", tmp_path, offline=True) == str(folder)


def test_a_download_of_another_commit_than_its_folder_says_is_refused(tmp_path: Path) -> None:
    put(tmp_path, f"org/model@{COMMIT}", OTHER)
    for ask in (lambda base: base_models.locate(base, tmp_path, True), lambda base: base_models.digest(base, tmp_path)):
        with pytest.raises(
            ConfigError, match=rf"the commit {OTHER}, and its name says {COMMIT}.*hf download org/model"
        ):
            ask(f"org/model@{COMMIT}")


def test_a_folder_of_two_commits_is_refused_under_a_tag_too(tmp_path: Path) -> None:
    folder = put(tmp_path, "org/model@v1.0", COMMIT)
    note = folder / ".cache" / "huggingface" / "download" / "config.json.metadata"
    note.write_text(f"{OTHER}\netag\n1.0\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"the commit {OTHER} and {COMMIT}, and its name says v1.0"):
        base_models.locate("org/model@v1.0", tmp_path, True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"base": "org/model@"}, "neither a hub id"),
        ({"base": "org/model@../v1"}, "neither a hub id"),
        ({"base": "org/model@v1@v2"}, "neither a hub id"),
        ({"base": "prepared/0123456789abcdef@v1"}, "prepared/0123456789abcdef has no revisions"),
        ({"base": "org/model", "revision": "v1"}, "remove `revision`, and write base: org/model@v1"),
    ],
)
def test_a_recipe_whose_base_cannot_be_one_revision_is_refused(fields: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recipe.model_validate({"name": "r", "summary": "", "method": "sft", "trainer": {}, **fields})


def test_a_recipe_names_its_base_with_the_revision() -> None:
    recipe = Recipe(name="r", summary="", method="sft", trainer={}, base=f"org/model@{COMMIT}")
    assert Recipe.model_validate(recipe.model_dump()).base == f"org/model@{COMMIT}"
