"""Red flags make an answer of triage more urgent, whatever the model said, and never less."""

from __future__ import annotations

import copy
import time
from collections import Counter
from typing import Any

import pytest
import yaml

from medpipe.core.safety.context import Context
from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.red_flags import RedFlagPolicy, RedFlags
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
@pytest.mark.parametrize("answer", ["delayed", "Medium.", " DELAYED\n", "Delayed. Stay home.", "Delayed\nStay home."])
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
        ("No breath, no pulse.", "breathing"),
        ("Not a smoker, not breathing.", "breathing"),
        ("Ne dort pas, ne respire plus.", "breathing"),
        ("No es normal, no respira.", "breathing"),
        ("No fever, cannot swallow.", "airway"),
        ("He never stopped breathing.", ""),
    ],
)
def test_a_denial_reaches_five_words_of_its_sentence_ends_at_a_turn_and_denies_no_denial(text: str, flag: str) -> None:
    assert RED_FLAGS.found(text) == flag


@pytest.mark.parametrize(
    "text",
    [
        "No relief, chest pain.",
        "No improvement, chest pain.",
        "Not only chest pain, also sweat.",
        "No change in the chest pain.",
        "No fever, chest pain since noon.",
        "No fever she has chest pain.",
        "No allergy except chest pain.",
        "Can't stop vomiting blood.",
        "Pas d'amélioration, douleur thoracique.",
        "Non seulement une douleur thoracique.",
        "Sin mejoría, dolor torácico.",
        "No solo dolor torácico.",
    ],
)
def test_a_comma_a_new_subject_and_words_that_only_look_like_a_denial_deny_nothing(text: str) -> None:
    assert RED_FLAGS.found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Denies fever, cough, chest pain.",
        "No fever, cough or chest pain.",
        "Chest pain? No.",
        "Chest pain was ruled out.",
        "Nie fièvre, toux, douleur thoracique.",
        "Pas de fièvre, de toux ou de douleur thoracique.",
        "Plus de douleur dans la poitrine.",
        "Niega fiebre, tos, dolor torácico.",
        "Her lips are not swollen.",
        "My father had a stroke in 2010.",
        "I had a seizure as a child.",
        "Antécédent d'embolie pulmonaire.",
        "Le dio un ataque epiléptico hace diez años.",
        "What are the symptoms of a stroke?",
        "What should I do if someone has a seizure?",
        "Si un jour mon bébé s'étouffe, que faire ?",
        "¿Cuáles son los síntomas de un ictus?",
    ],
)
def test_a_sign_that_is_denied_past_or_supposed_is_not_there(text: str) -> None:
    assert RED_FLAGS.found(text) == ""


def test_an_old_illness_does_not_hide_the_sign_of_today() -> None:
    assert RED_FLAGS.found("I had a stroke in 2010, now my face is drooping.") == "stroke"
    assert RED_FLAGS.found("Chest pain like the one ten years ago.") == "chest-pain"
    assert RED_FLAGS.found("What should I do, my husband isn't breathing?") == "breathing"


@pytest.mark.parametrize(
    "text", ["She is having a siezure.", "He colapsed.", "Elle a une doulleur, sa potrine : douleur dans la poirtine."]
)
def test_a_typing_error_in_a_listed_word_is_read_over(text: str) -> None:
    assert RED_FLAGS.found(text)


def test_another_word_that_differs_by_a_letter_is_not_read_as_a_sign() -> None:
    assert RED_FLAGS.found("She painted the wall and was stroking the cat.") == ""


@pytest.mark.parametrize("text", ["He is on chemotherapy.", "He has a fever."])
def test_signs_that_count_together_do_not_count_alone(text: str) -> None:
    assert RED_FLAGS.found(text) == ""
    assert RED_FLAGS.found("He is on chemotherapy and has a fever.") == "sepsis"


def test_the_time_to_read_a_text_grows_no_faster_than_its_length() -> None:
    def seconds(words: int) -> float:
        began = time.process_time()
        RED_FLAGS.found("sudden mal de " * words)
        return time.process_time() - began

    assert seconds(400) < 10 * max(seconds(100), 0.01)


def test_a_long_list_of_denials_is_not_read_anew_for_each_of_its_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    read, reaches = Counter[int](), Context._reaches

    def counted(self: Context, gap: str, behind: str) -> bool:
        read[denials] += 1
        return reaches(self, gap, behind)

    monkeypatch.setattr(Context, "_reaches", counted)
    for denials in (15, 60):
        assert RED_FLAGS.found("no chest pain, " * denials) == ""
    assert 0 < read[60] <= 5 * read[15], "the nearest denial decides"
    assert RED_FLAGS.found("no chest pain, " * 60 + "but sudden chest pain") == "chest-pain"


def test_time_grows_with_one_long_word_as_it_does_with_many_words() -> None:
    def seconds(letters: int) -> float:
        began = time.process_time()
        assert RED_FLAGS.found("a" * letters) == ""
        return time.process_time() - began

    assert seconds(8000) < 10 * max(seconds(2000), 0.01)


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


def _flag(pattern: str) -> dict[str, Any]:
    policy = _changed()
    policy["flags"][0]["patterns"].append(pattern)
    return policy


def _vital(**examples: list[str]) -> dict[str, Any]:
    policy = _changed()
    policy["vital_signs"]["examples"] |= examples
    return policy


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (_changed(denied=["He has chest pain."]), "denied: flag 'chest-pain' is found in 'He has chest pain.'"),
        (_changed(flags=2 * _changed()["flags"][:1]), "flag 'airway': 2 flags have this id"),
        (_changed(told=["He feels well."]), "told: no flag is found in 'He feels well.'"),
        (_changed(context=_changed()["context"] | {"denials": []}), "context, denials"),
        (_changed(context=_changed()["context"] | {"ends": ["but("]}), "context ends: not a regular expression"),
        (_changed(context=_changed()["context"] | {"now": ["mañana"]}), "context now: 'mañana' has an accent"),
        (_flag("altération de conscience"), "pattern 9: 'altération de' has an accent.*write 'alteration de'"),
        (_vital(must_match=["BP 120/80.", "HR 150."]), "no vital sign makes 'BP 120/80.' immediate"),
        (_vital(must_not_match=["BP 80/50.", "HR 80."]), "flag 'vital-signs' is found in 'BP 80/50.'"),
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


def test_signs_together_that_their_sentence_does_not_show_are_refused() -> None:
    policy = _changed()
    policy["flags"][-1]["together"][0]["example"] = "My baby sleeps."
    with pytest.raises(ConfigError, match=r"together: nothing is found in 'My baby sleeps\.'"):
        RedFlags.of(policy)


def test_the_digest_changes_with_a_limit_or_a_word_and_not_with_an_example() -> None:
    def digest(policy: dict[str, Any]) -> str:
        return RedFlags(RedFlagPolicy.of(policy)).digest

    limit, word, example = _changed(), _changed(), _changed(told=["Chest pain."])
    limit["vital_signs"]["bands"][0]["most"] = 9
    word["context"]["ends"].append("yet")
    assert digest(example) == RED_FLAGS.digest
    assert len({digest(limit), digest(word), RED_FLAGS.digest}) == 3


@pytest.mark.parametrize("text", ["immediate", "Immediate.", " **delayed** "])
def test_a_label_is_read_in_whatever_case_and_punctuation(text: str) -> None:
    assert label_of(text) in LABELS


@pytest.mark.parametrize("text", ["", "urgent", "immediate or delayed", "not immediate"])
def test_a_text_with_other_words_is_no_label(text: str) -> None:
    assert label_of(text) is None
