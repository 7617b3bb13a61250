"""A policy that cannot work is refused with the rule and the field; a policy that works needs no code."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from medpipe.core.safety.guardrails import Guardrails
from medpipe.core.safety.policy import Policy
from medpipe.errors import ConfigError
from tests.places import ROOT
from tests.policies import GUARDRAILS

SMALL: dict[str, Any] = {
    "vocabulary": {"FRUIT": ["apples?", "pears?"]},
    "replies": {"ask": "Please ask a doctor."},
    "care": {
        "intent": "The text names a clinician.",
        "languages": ["en"],
        "patterns": [r"\bask a doctor\b"],
        "examples": {
            "must_match": ["Ask a doctor.", "You should ask a doctor now."],
            "must_not_match": ["Doctors exist.", "Ask me."],
        },
    },
    "rules": [
        {
            "id": "fruit",
            "side": "question",
            "intent": "The asker wants too much fruit.",
            "languages": ["en"],
            "patterns": [r"\bmany {FRUIT}\b"],
            "reply": "ask",
            "examples": {
                "must_match": ["How many apples can I eat?", "Are many pears too much?"],
                "must_not_match": ["How many nuts can I eat?", "Is an apple healthy?"],
            },
        },
        {
            "id": "orders-fruit",
            "side": "answer",
            "intent": "The answer orders fruit.",
            "languages": ["en", "fr"],
            "patterns": [r"\beat .{0,20}{FRUIT}"],
            "reply": "ask",
            "examples": {
                "must_match": ["Eat ten apples.", "Eat all the pears."],
                "must_not_match": ["Apples are eaten raw.", "Pears grow on trees."],
            },
        },
    ],
}


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """`SMALL` with the value at `path` replaced."""
    policy = copy.deepcopy(SMALL)
    inner: Any = policy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return policy


def loaded(policy: dict[str, Any]) -> Guardrails:
    return Guardrails.of(policy)


def test_a_rule_needs_no_code() -> None:
    guardrails = loaded(SMALL)

    assert guardrails.screen("How many pears?") == ("high", "fruit", "Please ask a doctor.")
    assert guardrails.screen("How many grapes?").risk == "none"
    assert guardrails.review("Eat five apples") == (False, "orders-fruit", "Please ask a doctor.")
    assert guardrails.served("Is fruit healthy?", "Eat pears.") == "Please ask a doctor."


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("rules", 0, "patterns"), [r"\bmany {VEG}\b"], "the vocabulary has no VEG; it has FRUIT"),
        (("rules", 0, "patterns"), [r"many {FRUIT}", "ma(ny"], "rule 'fruit', pattern 2: not a regular expression"),
        (("rules", 0, "patterns"), ["(?:many)?"], "rule 'fruit', pattern 1: matches the empty text, and so every text"),
        (("rules", 0, "patterns"), ["^$"], "rule 'fruit', pattern 1: matches the empty text"),
        (("care", "intent"), "", "care, intent: "),
        (("rules",), 5, "rules: "),
        (("rules", 0, "patterns"), [], "rule 'fruit', patterns: "),
        (("rules", 0, "reply"), "shout", "rule 'fruit', reply: no reply 'shout'; there are ask"),
        (("rules", 1, "id"), "fruit", "rule 'fruit': 2 rules have this id"),
        (("rules", 0, "id"), "Fruit salad", "rule 'Fruit salad', id: "),
        (("rules", 0, "side"), "both", "rule 'fruit', side: Input should be 'question' or 'answer'"),
        (("rules", 0, "languages"), ["english"], "rule 'fruit', languages, 0: "),
        (("rules", 0, "severity"), "high", "rule 'fruit', severity: Extra inputs are not permitted"),
        (("rules", 0, "intent"), "", "rule 'fruit', intent: "),
        (("rules", 0, "examples", "must_match"), ["many apples"], "rule 'fruit', examples, must_match: "),
        (("rules", 0, "examples", "must_not_match"), ["a nut"], "rule 'fruit', examples, must_not_match: "),
        (("rules", 0), "fruit", "rule number 1: "),
        (("rules", 1), {"side": "answer"}, "rule number 2, id: Field required"),
        (("rules",), [], "rules: "),
        (("vocabulary", "FRUIT"), ["apples?", "pe(ars"], "vocabulary FRUIT: not a regular expression"),
        (("vocabulary", "FRUIT"), ["apples?", "{NUT}"], "vocabulary FRUIT: '{NUT}' uses another name"),
        (("vocabulary", "FRUIT"), ["apples?", "a?"], "vocabulary FRUIT: matches the empty text"),
        (("vocabulary", "fruit"), ["apples?"], "vocabulary, fruit"),
        (("care", "patterns"), ["ask a {CLINICIAN}"], "care, pattern 1: the vocabulary has no CLINICIAN"),
        (("replies", "ask"), "", "replies, ask: "),
        (("more",), 1, "more: Extra inputs are not permitted"),
    ],
    ids=lambda value: "",
)
def test_a_policy_that_cannot_work_is_refused_with_its_place(
    path: tuple[str | int, ...], value: Any, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(changed(*path, to=value))
    assert str(refused.value).startswith("guardrails.yaml: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("rules", 0, "examples", "must_match"),
            ["How many apples?", "An apple a day."],
            "rule 'fruit', examples.must_match: no pattern matches 'An apple a day.'",
        ),
        (
            ("rules", 0, "examples", "must_not_match"),
            ["Nuts.", "Many apples."],
            "rule 'fruit', examples.must_not_match: a pattern matches 'Many apples.'",
        ),
        (
            ("rules", 0, "patterns"),
            [r"\bmany {FRUIT}\b", "figs"],
            "rule 'fruit', pattern 2: no sentence in examples.must_match shows it",
        ),
        (
            ("care", "examples", "must_match"),
            ["Ask a doctor.", "Ask."],
            "care, examples.must_match: no pattern matches 'Ask.'",
        ),
        (("replies", "ask"), "No.", "replies, ask: the text does not point to care, or breaks a rule for answers"),
        (
            ("replies", "ask"),
            "Eat apples or ask a doctor.",
            "replies, ask: the text does not point to care, or breaks a rule for answers",
        ),
    ],
    ids=lambda value: "",
)
def test_a_policy_that_does_not_do_what_its_examples_say_is_refused(
    path: tuple[str | int, ...], value: Any, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(changed(*path, to=value))
    assert str(refused.value) == f"guardrails.yaml: {message}"


def test_messages_are_complete() -> None:
    policy = changed("rules", 0, "patterns", to=["{VEG} {HERB}"])
    policy["vocabulary"] = {"FRUIT": ["pears?"], "NUT": ["nuts?"]}
    with pytest.raises(ConfigError) as refused:
        loaded(policy)
    assert str(refused.value) == (
        "guardrails.yaml: rule 'fruit', pattern 1: the vocabulary has no HERB, VEG; it has FRUIT, NUT"
    )

    policy = changed("replies", to={"ask": "Please ask a doctor.", "call": "Please ask a doctor."})
    policy["rules"][0]["reply"] = "shout"
    with pytest.raises(ConfigError) as refused:
        loaded(policy)
    assert str(refused.value) == "guardrails.yaml: rule 'fruit', reply: no reply 'shout'; there are ask, call"

    policy = changed("rules", 0, "side", to="both")
    policy["rules"][1]["severity"] = 1
    with pytest.raises(ConfigError) as refused:
        loaded(policy)
    assert str(refused.value).startswith(
        "guardrails.yaml: rule 'fruit', side: Input should be 'question' or 'answer'; "
        "rule 'orders-fruit', severity: Extra inputs are not permitted"
    )


def test_every_problem_of_the_examples_is_named_at_once() -> None:
    policy = changed("replies", "ask", to="No.")
    policy["rules"][0]["examples"]["must_match"] = ["Fruit.", "Nuts."]

    with pytest.raises(ConfigError, match=r"replies, ask: .*; rule 'fruit'.*'Fruit\.'; .*'Nuts\.'; .*pattern 1"):
        loaded(policy)


@pytest.mark.parametrize("values", [None, "just a text", ["a", "list"], {}, 3])
def test_a_file_that_is_not_a_policy_is_refused(values: Any) -> None:
    with pytest.raises(ConfigError, match=r"^guardrails\.yaml"):
        Policy.of(values)


def test_a_name_expands_to_its_alternatives_and_a_quantifier_stays() -> None:
    policy = Policy.model_validate(SMALL)

    assert policy.expand(r"{FRUIT}.{0,30}x{2}{FRUIT}") == r"(?:apples?|pears?).{0,30}x{2}(?:apples?|pears?)"
    assert policy.expand("plain") == "plain"
    with pytest.raises(KeyError, match="NUT"):
        policy.expand("{NUT}")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("replies", "ask"), "Please ask a doctor now."),
        (("vocabulary", "FRUIT"), ["pears?", "apples?"]),
        (("rules", 0, "id"), "fruits"),
        (("rules", 0, "side"), "answer"),
        (("rules", 0, "patterns"), [r"\bmany +{FRUIT}\b"]),
        (("rules",), SMALL["rules"][::-1]),
        (("care", "patterns"), [r"\bask a doctor"]),
    ],
)
def test_the_digest_changes_with_whatever_can_change_a_verdict(path: tuple[str | int, ...], value: Any) -> None:
    assert loaded(changed(*path, to=value)).digest != loaded(SMALL).digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rules", 0, "intent"), "The asker wants more fruit than is healthy."),
        (("rules", 0, "languages"), ["en", "es"]),
        (("rules", 0, "examples", "must_match"), ["How many pears?", "So many apples!"]),
    ],
)
def test_the_digest_stays_when_only_explanations_change(path: tuple[str | int, ...], value: Any) -> None:
    assert loaded(changed(*path, to=value)).digest == loaded(SMALL).digest


def test_the_digest_of_the_shipped_policy_is_a_sha256() -> None:
    assert len(GUARDRAILS.digest) == 64


def test_the_shipped_policy_does_what_its_examples_say() -> None:
    GUARDRAILS.check()
    assert [rule.id for rule in GUARDRAILS.policy.rules] == [
        "self-harm",
        "overdose",
        "stopping-treatment",
        "emergency",
        "weaponised-medicine",
        "dosing-a-child",
        "pregnancy",
        "tells-to-stop-treatment",
        "gives-a-harmful-amount",
        "discourages-care",
        "encourages-self-harm",
        "helps-to-harm",
    ]


def test_every_name_and_every_reply_of_the_shipped_policy_is_used() -> None:
    policy = GUARDRAILS.policy
    patterns = " ".join(pattern for _, matcher in policy.matchers() for pattern in matcher.patterns)

    assert [name for name in policy.vocabulary if f"{{{name}}}" not in patterns] == []
    assert set(policy.replies) == {rule.reply for rule in policy.rules}


def table() -> str:
    """The table of docs/guardrails.md, written from the policy."""
    lines = ["| rule | judges | why it is refused | languages | reply |", "|---|---|---|---|---|"]
    for rule in GUARDRAILS.policy.rules:
        lines.append(f"| `{rule.id}` | {rule.side} | {rule.intent} | {', '.join(rule.languages)} | `{rule.reply}` |")
    return "\n".join(lines)


def test_the_page_on_guardrails_has_every_rule() -> None:
    page = (ROOT / "docs" / "guardrails.md").read_text(encoding="utf-8")

    assert table() in page, f"docs/guardrails.md needs this table:\n{table()}"
