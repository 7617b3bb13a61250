"""The page at `/` and the list of endpoints at `/docs`: files of the package, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.page import FILES, TYPES
from tests.serving.conftest import Gateway

PAGES = ("/", "/docs")
LANGUAGES = ("en", "fr", "es")
ASSETS = sorted(path.name for path in FILES.iterdir())


def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((FILES / f"{language}.json").read_text(encoding="utf-8"))
    return texts


@pytest.mark.parametrize("path", [*PAGES, *(f"/page/{name}" for name in ASSETS)])
def test_a_page_and_its_files_are_served_without_a_key_and_load_nothing_from_elsewhere(
    path: str, gateway: Gateway
) -> None:
    response = gateway.client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == TYPES[Path(path).suffix or ".html"]
    policy = dict(part.split(maxsplit=1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {source for sources in policy.values() for source in sources.split()} <= {"'none'", "'self'", "'script'"}
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", [name for name in ASSETS if not name.endswith(".png")])
def test_no_file_of_the_page_names_another_host(name: str) -> None:
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", (FILES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ["/page/ask.html.bak", "/page/..%2Fapp.py", "/page/%2e%2e/app.py", "/redoc"])
def test_nothing_else_of_the_package_is_served(path: str, gateway: Gateway) -> None:
    assert gateway.client.get(path).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_texts_with_the_same_places_for_values(language: str) -> None:
    english, other = _texts("en"), _texts(language)
    assert other.keys() == english.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", other[key])) == set(re.findall(r"\{\w+\}", text)), key
        assert bool(other[key].strip()) or key in {"disclaimer_meaning", "crisis_numbers", "poison_numbers"}, key


def test_every_text_that_the_page_asks_for_is_there_and_every_text_is_asked_for() -> None:
    code = "".join((FILES / name).read_text(encoding="utf-8") for name in ASSETS if name.endswith((".js", ".html")))
    asked = set(re.findall(r'data-text="(\w+)"', code))
    english = _texts("en")
    assert asked <= english.keys()
    assert {key for key in english if not re.search(rf"\b{key}\b", code) and not key.startswith("source_")} == set()


@pytest.mark.parametrize("anonymous", [True, False])
def test_the_page_knows_whether_a_key_is_needed_and_how_long_a_question_may_be(
    anonymous: bool, gateway: Gateway
) -> None:
    settings = gateway.settings.model_copy(update={"anonymous": anonymous})
    with TestClient(create_app(settings)) as client:
        said = client.get("/page/settings").json()
    assert said == {"needs_key": not anonymous, "question": 2000, "correction": 4000}
