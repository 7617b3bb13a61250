"""Configuration files: what a mistake ends in, and that no name leaves its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from medpipe import configuration
from medpipe.core.judging.plan import Plan
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.recipe import Recipe
from medpipe.errors import ConfigError, NotFound, UsageError
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.places import ROOT

SHIPPED = ROOT / "medpipe"
RECIPE = (SHIPPED / "recipes" / "tiny-sft.yaml").read_text(encoding="utf-8")

OUTSIDE = (
    "../secrets",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "data/safety",
    ".hidden",
    "..",
    ".",
    "",
    "tiny-sft\n",
    "tiny-sft\0",
    "tiny sft",
    "x" * 101,
    "\\\\host\\share",
    "~root",
    "-rf",
)


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    for name in ("recipes", "benchmarks", "expectations"):
        (tmp_path / name).mkdir()
    for path in (SHIPPED / "benchmarks").glob("*.yaml"):
        (tmp_path / "benchmarks" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "recipes" / "data").mkdir()
    return Wiring(
        Settings(
            home=tmp_path,
            recipes=tmp_path / "recipes",
            benchmarks=tmp_path / "benchmarks",
            expectations=tmp_path / "expectations",
        )
    )


def recipe(wiring: Wiring, text: str | bytes, name: str = "tiny-sft") -> Recipe:
    content = text if isinstance(text, bytes) else text.encode()
    (wiring.settings.recipes / f"{name}.yaml").write_bytes(content)
    return wiring.recipe(name)


def changed(old: str, new: str) -> str:
    assert old in RECIPE
    return RECIPE.replace(old, new, 1)


MISTAKES = {
    "unknown key": (
        changed("  phrasings: 3", "  phrasing: 3"),
        r"data\.phrasing: unknown key; did you mean 'phrasings'",
    ),
    "unknown key at the top": (
        RECIPE + "\nlearning_rate: 1\n",
        r"learning_rate: unknown key.*known keys: attn_impl.*, base, ",
    ),
    "unknown method": (changed("method: sft", "method: orpo"), r"method: .*'sft', 'dpo' or 'kto'.*'orpo'"),
    "empty block": (
        changed("data:\n", "data:\ndata_:\n"),
        r"data: is empty",
    ),
    "text for a block": (
        "name: tiny-sft\ndata: all\n",
        r"data: must be a mapping of keys to values; it is a text, 'all'",
    ),
    "wrong type": (changed("seed: 17", "seed: soon"), r"seed: .*valid integer.*'soon'"),
    "out of range": (
        changed("heldout_share: 0.45", "heldout_share: 3"),
        r"data\.heldout_share: .*less than 1; it is 3",
    ),
    "union": (changed("target_modules: all-linear", "target_modules: 7"), r"lora\.target_modules: .*; it is 7"),
    "rule of the recipe": (changed("languages: [en]", "languages: [de]"), r"data\.languages: no phrasings in de"),
    "misspelt source": (
        changed("{mplus: 1.0, pmid: 1.0}", "{mplsu: 1.0}"),
        r"data\.sources\.mplsu: no source has the prefix 'mplsu'; there are: .*mplus",
    ),
    "misspelt source to redact": (
        changed("  phrasings: 3", "  redact: [meddialogue]"),
        r"data\.redact\[0\]: no source has the prefix 'meddialogue'",
    ),
    "share below 0": (
        changed("{mplus: 1.0, pmid: 1.0}", "{mplus: -1.0}"),
        r"data\.sources\.mplus: .*greater than or equal to 0",
    ),
    "base outside its folder": (
        changed("base: medpipe-sandbox/tiny-llama", "base: ../../etc"),
        r"base: '../../etc' is neither a hub id",
    ),
    "missing": (changed("base: medpipe-sandbox/tiny-llama\n", ""), r"base: is missing: add it"),
    "twice at the top": (RECIPE + "\nseed: 18\n", r"line \d+: the key 'seed' occurs twice"),
    "twice inside": (changed("  r: 16", "  r: 16\n  r: 8"), r"line \d+: the key 'r' occurs twice.*first in line"),
    "another name": (changed("name: tiny-sft", "name: small"), r"name: is 'small' and must be the file's name"),
    "unknown benchmark": (RECIPE.replace("red-team", "red-tem"), r"benchmarks: there is no 'red-tem'.*red-team"),
    "not YAML": ("name: [tiny", r"line \d+: .*correct the YAML"),
    "a control character": ("name: a\x01b", r"is not YAML"),
    "a list": ("- name: tiny-sft\n", r"must be a mapping of keys to values; it is a list"),
    "a text": ("tiny", r"must be a mapping of keys to values; it is a text"),
    "only comments": ("# nothing yet\n", r"must be a mapping of keys to values; it is empty"),
    "nothing": ("", r"is empty"),
    "not UTF-8": ("name: tiny-sft # é".encode("latin-1"), r"byte \d+ is not UTF-8"),
    "a date that does not exist": ("name: tiny-sft\ndata: {cut_off: 2026-13-45}\n", r"value that cannot be read"),
    "nested too deeply": ("a: " + "[" * 5000, r"cannot be read"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_recipe_names_file_field_and_remedy(wiring: Wiring, mistake: str) -> None:
    text, message = MISTAKES[mistake]
    with pytest.raises(ConfigError, match=rf"tiny-sft\.yaml.*{message}"):
        recipe(wiring, text)


def test_a_folder_in_the_place_of_a_recipe_is_refused(wiring: Wiring) -> None:
    (wiring.settings.recipes / "tiny-sft.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"tiny-sft\.yaml is a folder"):
        wiring.recipe("tiny-sft")


@pytest.mark.parametrize("written", ["5e-5", "5E-5", "0.00005", "5.0e-5", "+5e-05", ".5e-4"])
def test_a_number_in_scientific_notation_is_a_number(wiring: Wiring, written: str) -> None:
    assert (
        recipe(wiring, changed("learning_rate: 0.0005", f"learning_rate: {written}")).trainer["learning_rate"] == 5e-5
    )


@pytest.mark.parametrize("written", ["'5e-5'", "5e", "e5", "5e-5x", "v5e-5"])
def test_a_text_that_looks_like_a_number_stays_a_text(tmp_path: Path, written: str) -> None:
    (tmp_path / "x.yaml").write_text(f"value: {written}")
    assert isinstance(configuration.yaml_values(tmp_path / "x.yaml")["value"], str)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/**/*.yaml")), ids=lambda path: path.name)
def test_the_shipped_files_mean_what_the_plain_loader_reads(path: Path) -> None:
    assert configuration.yaml_values(path) == yaml.safe_load(path.read_text(encoding="utf-8"))


def test_a_merge_key_may_be_overridden(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n")
    assert configuration.yaml_values(tmp_path / "x.yaml")["b"] == {"x": 3, "y": 2}


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_content_is_read_or_refused_as_configuration(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="surrogatepass"))
    for read in (configuration.yaml_values, configuration.json_text, lambda path: configuration.load(path, Recipe)):
        message = "any.yaml was read"
        try:
            read(path)
        except ConfigError as error:
            message = str(error)
        assert "any.yaml" in message


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["recipe", "benchmark", "suite"])
def test_a_name_cannot_leave_its_folder(wiring: Wiring, monkeypatch: pytest.MonkeyPatch, kind: str, name: str) -> None:
    def refuse(path: Path, *arguments: object, **options: object) -> bool:
        raise AssertionError(f"the file system was asked for {path}")

    for look in ("exists", "is_file", "read_text", "open", "stat", "resolve", "glob"):
        monkeypatch.setattr(Path, look, refuse)
    with pytest.raises(UsageError, match=f"cannot be the name of a {kind}"):
        getattr(wiring, kind)(name)


@pytest.mark.parametrize("kind", ["recipe", "benchmark", "suite"])
def test_a_name_without_a_file_lists_the_names_that_there_are(wiring: Wiring, kind: str) -> None:
    (wiring.settings.recipes / "other.yaml").write_text(RECIPE)
    with pytest.raises(NotFound, match=f"no {kind} 'nothing' in .*; there are: "):
        getattr(wiring, kind)("nothing")


def test_a_link_out_of_the_folder_is_not_read(wiring: Wiring, tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text(RECIPE)
    (wiring.settings.recipes / "tiny-sft.yaml").symlink_to(tmp_path / "secrets.yaml")
    with pytest.raises(NotFound, match="is a link out of"):
        wiring.recipe("tiny-sft")


def test_a_link_inside_the_folder_is_read(wiring: Wiring) -> None:
    (wiring.settings.recipes / "..data").mkdir()  # as Kubernetes mounts a ConfigMap
    (wiring.settings.recipes / "..data" / "tiny-sft.yaml").write_text(RECIPE)
    (wiring.settings.recipes / "tiny-sft.yaml").symlink_to(Path("..data") / "tiny-sft.yaml")
    assert wiring.recipe("tiny-sft").name == "tiny-sft"


def test_a_benchmark_with_an_unknown_scorer_or_another_name_is_refused(wiring: Wiring) -> None:
    file = wiring.settings.benchmarks / "unseen.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("scorer: slot", "scorer: rouge"))
    with pytest.raises(ConfigError, match=r"unseen\.yaml: scorer: no scorer 'rouge'; there are: slot"):
        wiring.benchmark("unseen")
    file.write_text(text.replace("name: unseen", "name: seen"))
    with pytest.raises(ConfigError, match=r"unseen\.yaml: name: is 'seen'"):
        wiring.benchmarks()


def test_a_benchmark_with_a_category_that_no_policy_has_is_refused_before_anything_is_asked(wiring: Wiring) -> None:
    file = wiring.settings.benchmarks / "omission.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("category: self-harm", "category: selfharm"))
    with pytest.raises(ConfigError, match=r"harm\.yaml has no category 'selfharm'; it has self-harm"):
        wiring.benchmark("omission")


def test_a_benchmark_that_asks_another_one_asks_its_questions(wiring: Wiring) -> None:
    names = ("red-team", "red-team-unscreened", "red-team-model")
    screened, unscreened, both = (wiring.benchmark(name).questions for name in names)
    assert both == screened + unscreened
    file = wiring.settings.benchmarks / "red-team-model.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("red-team-unscreened]", "red-tem]"))
    with pytest.raises(NotFound, match="no benchmark 'red-tem'"):
        wiring.benchmark("red-team-model")


def test_the_promotion_plan_is_not_a_benchmark(wiring: Wiring) -> None:
    with pytest.raises(NotFound, match="'gates' is the promotion plan"):
        wiring.benchmark("gates")


def test_a_mistake_in_the_promotion_plan_names_the_gate(wiring: Wiring) -> None:
    file = wiring.settings.benchmarks / "gates.yaml"
    file.write_text("plans:\n  first:\n  - {kind: gained, benchmark: x, minimun: 0.1, min_samples: 3}\n")
    with pytest.raises(
        ConfigError, match=r"gates\.yaml: plans\.first\[0\]\.minimun: unknown key; did you mean 'minimum'"
    ):
        wiring.plan()
    gate = "{kind: absent, benchmark: withdrawal, upper: 0.3, min_samples: 3}"
    file.write_text(f"plans:\n  first:\n  - {gate}\n")
    with pytest.raises(ConfigError, match=r"gates\.yaml: plans\.first\[0\]: there is no benchmark 'withdrawal'; there"):
        wiring.plan()
    file.write_text(f"plans:\n  first: [{gate}]\n  hotfix: [{gate}]\n  first: [{gate}]\n")
    with pytest.raises(ConfigError, match=r"gates\.yaml, line 4: the key 'first' occurs twice in one mapping"):
        wiring.plan()
    file.write_text("plans:\n  first: []\n")
    with pytest.raises(ConfigError, match=r"gates\.yaml: .*plan without gates"):
        wiring.plan()


def test_a_mistake_in_a_list_of_examples_names_the_entry(wiring: Wiring) -> None:
    file = wiring.settings.recipes / "data" / "safety.yaml"
    file.write_text("- {question: a, answer: b, document_ids: [], source: s}\n- {question: a}\n")
    with pytest.raises(ConfigError, match=r"safety\.yaml: \[1\]\.answer: is missing"):
        wiring.safety()
    file.write_text("question: a\n")
    with pytest.raises(ConfigError, match=r"safety\.yaml: .*tuple"):
        wiring.safety()
    file.write_text("- {question: a, answer: b, document_ids: [], source: s}\n")
    assert wiring.safety() == (Example(question="a", answer="b", document_ids=(), source="s"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "must be an object"),
        ("", "is empty"),
        ('{"a": {"b": 1, "b": 2}}', "the key 'b' occurs twice"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_a_mistake_in_a_suite_names_the_file(wiring: Wiring, text: str, message: str) -> None:
    (wiring.settings.expectations / "documents.json").write_text(text)
    with pytest.raises(ConfigError, match=rf"documents\.json.*{message}"):
        wiring.suite("documents")


def test_the_text_of_a_suite_is_unchanged(wiring: Wiring) -> None:
    text = json.dumps({"expectations": []}, indent=3) + "\n"
    (wiring.settings.expectations / "documents.json").write_text(text)
    assert wiring.suite("documents") == text


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    class Small(BaseModel):
        first: int
        second: int

    (tmp_path / "x.yaml").write_text("first: a\nsecond: b\n")
    with pytest.raises(ConfigError, match=r"first: .*; second: "):
        configuration.load(tmp_path / "x.yaml", Small)


def test_the_shipped_promotion_plan_is_read() -> None:
    assert configuration.load(SHIPPED / "benchmarks" / "gates.yaml", Plan) == Wiring(Settings()).plan()
