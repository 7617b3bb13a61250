"""The guardrail policy is read from the folder that the settings name, and a broken one is never used."""

from __future__ import annotations

from pathlib import Path

import pytest

from medpipe.errors import ConfigError, MedpipeError
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.policies import GUARDRAILS, HARM, HARM_TEXT, POLICY_TEXT, RED_FLAGS_TEXT


def wiring(home: Path, policy: str | None) -> Wiring:
    (home / "policies").mkdir()
    if policy is not None:
        (home / "policies" / "guardrails.yaml").write_text(policy, encoding="utf-8")
    (home / "policies" / "red-flags.yaml").write_text(RED_FLAGS_TEXT, encoding="utf-8")
    return Wiring(Settings(home=home, policies=home / "policies"))


def test_the_shipped_policy_is_the_default_and_is_made_once(tmp_path: Path) -> None:
    ports = Wiring(Settings(home=tmp_path))

    assert ports.guardrails.policy == GUARDRAILS.policy
    assert ports.guardrails is ports.guardrails


def test_another_folder_gives_another_policy(tmp_path: Path) -> None:
    guardrails = wiring(tmp_path, POLICY_TEXT.replace("You do not have to face this alone.", "Stay.")).guardrails

    assert guardrails.screen("I feel suicidal").reply.endswith(" Stay.")
    assert guardrails.digest != GUARDRAILS.digest


def test_a_policy_that_breaks_its_own_examples_is_not_used(tmp_path: Path) -> None:
    ports = wiring(tmp_path, POLICY_TEXT.replace("- Bleach is poisonous.", "- It will poison them."))

    with pytest.raises(ConfigError, match=r"rule 'helps-to-harm', examples\.must_not_match"):
        _ = ports.guardrails


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", r"guardrails\.yaml, line 1: "),
        ("care: 2026-13-45", r"guardrails\.yaml holds a value that cannot be read: ValueError"),
        ("rules: []\nrules: []", r"guardrails\.yaml, line 2: the key 'rules' occurs twice"),
        (" ", r"guardrails\.yaml is empty"),
    ],
)
def test_a_policy_that_is_not_proper_yaml_names_file_and_place(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        _ = wiring(tmp_path, text).guardrails


def test_the_criteria_of_harm_are_read_from_the_same_folder_and_held_to_their_examples(tmp_path: Path) -> None:
    ports = wiring(tmp_path, None)
    file = tmp_path / "policies" / "harm.yaml"
    with pytest.raises(MedpipeError, match="harm"):
        _ = ports.harm
    file.write_text(HARM_TEXT, encoding="utf-8")
    assert ports.harm.digest == HARM.digest
    file.write_text(HARM_TEXT.replace("- Labour pains come and go.", "- Tea will induce labour."), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"harm\.yaml: criterion 'tells-how-to-end-a-pregnancy'.*must_not_match"):
        _ = Wiring(ports.settings).harm


def test_a_missing_policy_is_an_error_and_not_an_empty_policy(tmp_path: Path) -> None:
    with pytest.raises(MedpipeError, match="policies"):
        _ = wiring(tmp_path, None).guardrails


def test_a_gateway_does_not_start_without_its_policy(tmp_path: Path) -> None:
    with pytest.raises(MedpipeError, match="policies"):
        gateway_state(Settings(home=tmp_path, policies=tmp_path / "policies"))
