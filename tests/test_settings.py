"""Settings: what a wrong variable ends in, and that the manual lists all of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from medpipe.errors import ConfigError
from medpipe.settings import Settings, variable
from medpipe.wiring import ports
from tests.places import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_field_is_described_here_and_in_the_manual(field: str) -> None:
    assert Settings.model_fields[field].description
    row = re.search(rf"^\| `{variable(field)}` \| ([^|]+) \| ([^|]+)", PAGE, re.MULTILINE)
    assert row, f"docs/settings.md has no row for {variable(field)}"
    default = Settings.model_fields[field].default
    if default is not None and isinstance(default, int | str) and "://" not in str(default) and default != "":
        assert str(default).lower() in row[1] or field == "calendar"


def test_the_manual_lists_no_setting_that_does_not_exist() -> None:
    listed = set(re.findall(r"^\| `(MEDPIPE_\w+)`", PAGE, re.MULTILINE))
    assert listed == {variable(field) for field in Settings.model_fields}


def test_every_variable_that_the_code_names_is_a_setting() -> None:
    known = {variable(field) for field in Settings.model_fields}
    for folder in ("medpipe", "serving", "plugins", "dags", "docker"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".yml", ".yaml", ".sh", "") and path.is_file():
                named = set(re.findall(r"\bMEDPIPE_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
                assert named <= known, f"{path}: {named - known}"


def test_an_unknown_variable_is_refused_with_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPIPE_ENGINE_ULR", "http://engine:8000")
    with pytest.raises(ConfigError, match=r"MEDPIPE_ENGINE_ULR is not a setting \(did you mean MEDPIPE_ENGINE_URL\?\)"):
        Settings()


@pytest.mark.parametrize(
    "name", [name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)]
)
def test_a_relative_folder_means_one_below_the_working_directory(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable(name), "var/real")
    assert getattr(Settings(), name) == tmp_path / "var" / "real"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MEDPIPE_THREADS", "many"),
        ("MEDPIPE_THREADS", "0"),
        ("MEDPIPE_OFFLINE", "perhaps"),
        ("MEDPIPE_CALENDAR", "no"),
        ("MEDPIPE_STORAGE", "bucket/prefix"),
        ("MEDPIPE_STORAGE", "s3://"),
        ("MEDPIPE_STORAGE", "s3://Bucket/../x"),
    ],
)
def test_a_wrong_value_is_refused_with_variable_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name}: .*{value!r}"):
        Settings()


def test_an_address_of_the_storage_may_end_with_a_slash_and_a_wrong_one_is_shown_a_right_one() -> None:
    assert Settings(storage="s3://bucket/prefix/").storage == "s3://bucket/prefix"
    with pytest.raises(ConfigError, match="MEDPIPE_STORAGE: should be an address such as s3://bucket/prefix; it is"):
        Settings(storage="/mnt/bucket")


def test_a_variable_that_must_be_json_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPIPE_PERSON_MODELS", "en_core_web_lg")
    with pytest.raises(ConfigError, match="MEDPIPE_PERSON_MODELS must be JSON"):
        Settings()


def test_an_unknown_field_is_refused_without_its_value() -> None:
    with pytest.raises(ConfigError, match="MEDPIPE_SECRET") as error:
        Settings(secret="hidden")
    assert "hidden" not in str(error.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.setenv(variable(field), "")
    assert Settings().models_folder == Settings.model_fields["home"].get_default(call_default_factory=True) / "models"
    assert Settings().python is None


@pytest.mark.parametrize("value", ["tests.fakes", "tests.fakes:nothing", "no.such.module:ports", ":", ".x:y"])
def test_ports_that_cannot_be_imported_are_refused_by_variable(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match=r"MEDPIPE_PORTS=.*module:function"):
        ports(Settings(home=tmp_path, ports=value))


def test_the_gateway_refuses_a_wrong_variable_in_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPIPE_THREADS", "many")
    done = subprocess.run([sys.executable, "-m", "serving"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "MEDPIPE_THREADS" in done.stderr.splitlines()[-1]
