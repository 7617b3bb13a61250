"""A letter in UltraMedical, with the name and telephone number of who wrote it, from its file to examples and pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from medpipe import records, steps
from medpipe.backends.presidio_redactor import PresidioRedactor
from medpipe.core.refs import CorpusRef
from medpipe.core.teaching.example import Example, PreferencePair
from medpipe.settings import Settings
from medpipe.sources.curated.source import CuratedSource
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, publish, topic

pytestmark = pytest.mark.integration
RECIPES = Settings().recipes
LETTER = "Hello doctor, my name is Oriel Fenwick, call me at (212) 555-0147. How is a dry cough treated?"
ADVICE = "Honey and rest help. Call me at (212) 555-0199 if it lasts."
SECRETS = ("Fenwick", "Oriel", "555-0147", "555-0199")
# One record without an origin (such as `ChatDoctor,1`): the whole set is taken for people's, not one part of it.
ROWS = {
    "ultramedical": [
        {"id": f"{name}", "conversations": [{"from": "human", "value": LETTER}, {"from": "gpt", "value": ADVICE}]}
        for name in ("ChatDoctor,1", "unknown")
    ],
    "ultramedical-preference": [
        {"prompt_id": name, "prompt": f"{LETTER} ({name})", "chosen": ADVICE, "rejected": f"Ignore it. {ADVICE}"}
        for name in ("ChatDoctor,2", "unknown2")
    ],
}


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> fakes.FakePorts:
    """Ports with the real redactor; the recipe `letters` redacts by default, the recipe `open` nothing."""
    monkeypatch.setattr(fakes.FakePorts, "redactor", PresidioRedactor())
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "data").symlink_to(RECIPES / "data")
    for name, said in (("letters", {}), ("open", {"redact": []})):
        recipe = yaml.safe_load((RECIPES / "tiny-sft.yaml").read_text(encoding="utf-8"))
        recipe["name"] = name
        recipe["data"] |= {"sources": {"mplus": 1.0, "ultramedical": 1.0}, **said}
        (tmp_path / "recipes" / f"{name}.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return fakes.ports(Settings(home=tmp_path / "home", recipes=tmp_path / "recipes"))


@pytest.fixture
def corpus(ports: fakes.FakePorts, tmp_path: Path) -> CorpusRef:
    letters = []
    for name, rows in ROWS.items():
        folder = tmp_path / "curated" / name
        folder.mkdir(parents=True)
        (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        letters += list(CuratedSource(tmp_path / "curated", name).pull(DAY_1, DAY_2))
    assert len(letters) == 4
    publish(ports, [topic(1), *(letter.model_copy(update={"revision": topic(1).revision}) for letter in letters)])
    pulled = steps.validate(steps.pull("medlineplus", DAY_1, DAY_2, ports=ports), "documents", ports=ports)
    return steps.build_corpus((pulled,), None, ports=ports)


def _examples(ports: fakes.FakePorts, corpus: CorpusRef, recipe: str) -> list[Example]:
    built = steps.build_examples(corpus, recipe, ports=ports)
    return list(records.read(ports.store.folder(built) / "train.jsonl", Example))


def test_a_letter_reaches_no_example_with_a_name_or_telephone_number(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    taught = [example for example in _examples(ports, corpus, "letters") if example.source == "ultramedical"]
    written = "".join(example.model_dump_json() for example in taught)
    assert taught and "[NAME]" in written and "[PHONE]" in written
    assert [secret for secret in SECRETS if secret in written] == []


def test_a_letter_reaches_no_preference_pair_with_a_name_or_telephone_number(
    ports: fakes.FakePorts, corpus: CorpusRef
) -> None:
    pairs = steps.build_preferences(corpus, ports=ports)
    assert pairs is not None
    found = [
        pair
        for name in ("train", "heldout")
        for pair in records.read(ports.store.folder(pairs) / f"{name}.jsonl", PreferencePair)
    ]
    written = "".join(pair.model_dump_json() for pair in found)
    assert len(found) == 2 and "[NAME]" in written and "[PHONE]" in written
    assert [secret for secret in SECRETS if secret in written] == []


def test_a_recipe_that_says_what_to_redact_is_obeyed(ports: fakes.FakePorts, corpus: CorpusRef) -> None:
    written = "".join(example.model_dump_json() for example in _examples(ports, corpus, "open"))
    assert "Fenwick" in written
