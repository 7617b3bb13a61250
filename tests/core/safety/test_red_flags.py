"""Red flags make an answer of triage more urgent, whatever the model said, and never less."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.red_flags import RedFlags
from medpipe.core.triage.labels import LABELS, label_of
from medpipe.errors import ConfigError
from tests.policies import GUARDRAILS, POLICY_TEXT, RED_FLAGS, RED_FLAGS_TEXT

SIGNS = {
    "en": "A man has crushing chest pain.",
    "fr": "Un homme a une douleur dans la poitrine.",
    "es": "Un hombre tiene un dolor en el pecho.",
    "es, without accents": "Se le torcio la boca hace una hora.",
}
HARMLESS = "A woman turned her ankle yesterday and walks on it."


@pytest.mark.parametrize("sign", SIGNS.values(), ids=SIGNS)
@pytest.mark.parametrize("answer", ["delayed", "Medium.", " DELAYED\n"])
def test_a_red_flag_makes_a_less_urgent_label_immediate_in_every_language(sign: str, answer: str) -> None:
    assert RED_FLAGS.override(sign, answer) == "immediate"


@pytest.mark.parametrize("answer", ["immediate", "It is delayed by traffic.", "", "A heart attack."])
def test_what_is_immediate_or_no_label_stays_as_it_is(answer: str) -> None:
    assert RED_FLAGS.override(SIGNS["en"], answer) == ""


def test_nothing_is_made_more_urgent_without_a_sign() -> None:
    assert [RED_FLAGS.override(HARMLESS, label) for label in LABELS] == ["", "", ""]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("No chest pain.", ""),
        ("She has no fever, no cough and no chest pain.", ""),
        ("No fever but chest pain.", "chest-pain"),
        ("He did not sleep. Chest pain since noon.", "chest-pain"),
        ("He did not eat and has chest pain.", "chest-pain"),
        ("There was no reason at all to expect this chest pain.", "chest-pain"),
        ("Pas de fièvre mais une douleur dans la poitrine.", "chest-pain"),
        ("Sin fiebre ni dolor en el pecho.", ""),
        ("No doubt he has chest pain.", "chest-pain"),
        ("Pas seulement une douleur dans la poitrine.", "chest-pain"),
        ("Sin duda tiene dolor en el pecho.", "chest-pain"),
        ("No breath, no pulse.", "vital-signs"),
        ("Not a smoker, not breathing.", "breathing"),
        ("Ne dort pas, ne respire plus.", "breathing"),
        ("No es normal, no respira.", "breathing"),
        ("No fever, cannot swallow.", "airway"),
        ("He never stopped breathing.", ""),
    ],
)
def test_a_denial_reaches_five_words_of_its_sentence_ends_at_a_turn_and_denies_no_denial(text: str, flag: str) -> None:
    assert RED_FLAGS.found(text) == flag


@pytest.mark.parametrize("text", ["Chest\npain since noon.", "**Chest** pain.", "CHEST PAIN"])
def test_neither_line_ends_nor_marks_nor_case_hide_a_sign(text: str) -> None:
    assert RED_FLAGS.found(text) == "chest-pain"


def test_the_span_of_a_sign_is_where_the_text_says_it() -> None:
    text = "Âgée de 58 ans, elle a une douleur dans la poitrine."
    assert [text[start:end] for start, end in RED_FLAGS.spans(text)] == ["douleur dans la poitrine"]


def test_the_guardrails_serve_immediate_and_their_digest_covers_the_flags() -> None:
    without = Guardrails.of(yaml.safe_load(POLICY_TEXT))
    assert GUARDRAILS.served(SIGNS["fr"], "delayed") == "immediate"
    assert GUARDRAILS.served(HARMLESS, "delayed") == "delayed"
    assert without.served(SIGNS["fr"], "delayed") == "delayed"
    assert without.digest != GUARDRAILS.digest


def _changed(**fields: Any) -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load(RED_FLAGS_TEXT)) | fields


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (_changed(denied=["He has chest pain."]), "denied: flag 'chest-pain' is found in 'He has chest pain.'"),
        (_changed(flags=2 * _changed()["flags"][:1]), "flag 'vital-signs': 2 flags have this id"),
        (_changed(denials=[]), "denials"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_with_its_place(policy: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        RedFlags.of(policy)


def test_a_sentence_that_a_flag_should_find_and_does_not_is_refused() -> None:
    policy = _changed()
    policy["flags"][0]["examples"]["must_match"].append("She feels well.")
    with pytest.raises(ConfigError, match=r"no pattern matches 'She feels well\.'"):
        RedFlags.of(policy)


@pytest.mark.parametrize("text", ["immediate", "Immediate.", " **delayed** "])
def test_a_label_is_read_in_whatever_case_and_punctuation(text: str) -> None:
    assert label_of(text) in LABELS


@pytest.mark.parametrize("text", ["", "urgent", "immediate or delayed", "not immediate"])
def test_a_text_with_other_words_is_no_label(text: str) -> None:
    assert label_of(text) is None
