"""Any string as any argument of any verb ends in a value or in an error of medpipe's tree, never in a traceback."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medpipe import cli, steps, wiring
from medpipe.core.corpus.document import Status
from medpipe.core.manifests import DocumentsManifest
from medpipe.errors import MedpipeError
from medpipe.settings import Settings
from medpipe.steps import VERBS
from medpipe.steps.sampling import FOR_RATERS
from tests import fakes
from tests.steps.conftest import DAY_1, DAY_2, OLD, RETRACTED, article, publish, topic, withdraw
from tests.steps.test_ring import first_champion, refresh, retrain

pytestmark = pytest.mark.integration

STRINGS = {
    (verb, name)
    for verb, function in VERBS.items()
    for name, parameter in inspect.signature(function).parameters.items()
    if name != "ports"
}
"""Every parameter of every verb: numbers, dates and switches are strings too when they come from a shell."""

SWITCHES = frozenset({"again", "apply", "baseline", "confidence", "perplexity", "texts", "forward", "back"})
"""Options without a value on the command line."""

HOSTILE = (
    "",
    "none",
    " ",
    "\0",
    "a\0b",
    "two\nlines",
    "documents/0123456789abcdef\n",
    "../secrets",
    "../../../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    ".hidden",
    "version/..",
    "version/../../x",
    "version/.unfinished",
    "version/" + "a" * 300,
    "x" * 5000,
    "9" * 5000,
    "\ud800",
    "documents/\ud83d0123456789abc",
    "examples/0123456789abcdef#99999999999999999999",
    "examples/0123456789abcdef#x",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-13-45",
    "-1",
    "1e400",
    "NaN",
    "gates",
    "data/safety",
    "ｄocuments/0123456789abcdef",
    "version/medqa-v1-aaaaaa",
    "base",
    *(f"{kind}/0123456789abcdef" for kind in ("documents", "corpus", "examples", "adapter", "pairs", "trace", "x")),
)


class World(NamedTuple):
    """Ports over fakes after a first champion, working arguments for every verb, and refs of every kind."""

    ports: fakes.FakePorts
    working: dict[str, dict[str, Any]]
    refs: list[str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("home")
    ports = fakes.ports(Settings(home=home))
    corpus, version = first_champion(ports)
    publish(ports, [*(topic(number) for number in OLD), topic(70, DAY_2), article(Status.RETRACTED, DAY_2)])
    changed = refresh(ports, DAY_1, date(2026, 3, 5), corpus)
    challenger, decision = retrain(ports, changed)
    described = ports.store.find(version).outcome.model_dump()
    judged = ports.store.find(decision).outcome.model_dump()
    pulled = next(ports.store.manifests(DocumentsManifest)).ref
    withdraw(ports, article())
    feedback = steps.collect_feedback(datetime(2026, 3, 2, tzinfo=UTC), ports=ports)
    steps.validate(feedback, "feedback", ports=ports)
    asked = (judged["challenger"], judged["champion"])
    sheet = steps.sample_answers(asked, ("new-knowledge",), size=20, ports=ports)
    filled, rater = ports.store.folder(sheet) / FOR_RATERS / "sheet.csv", ports.keys.issue("Dr. R", "person").key.holder
    window = {"start": "2026-03-03", "end": "2026-03-04"}
    review = {
        "data": pulled,
        "suite": "documents",
        "reason": "read it",
        "by": "Dr. A",
        "rows": ["0"],
        "ids": ["mplus:1"],
    }
    working: dict[str, dict[str, Any]] = {
        "plan_pulls": {"sources": ["medlineplus"], **window, "baseline": "false", "previous": corpus},
        "pull": {"source": "medlineplus", **window, "ids": ["mplus:900001"], "file": ""},
        "validate": {"data": pulled, "suite": "documents", "previous": corpus},
        "quarantine": {"data": pulled, "suite": "documents", "texts": "false"},
        "release": review,
        "discard": review,
        "build_corpus": {"pulls": [pulled], "previous": corpus},
        "latest": {"kind": "corpus"},
        "build_examples": {
            "corpus": changed,
            "recipe": "tiny-sft",
            "since": version,
            "knows": version,
            "withdraw": [RETRACTED],
            "start": version,
            "knowledge": "none",
        },
        "classify_facts": {
            "corpus": changed,
            "recipe": "tiny-sft",
            "model": version,
            "samples": "1",
            "older": "10",
        },
        "card": {"examples": described["examples"]},
        "detect_drift": {
            "corpus": changed,
            "champion": version,
            "pairs": "none",
            "at": "2026-03-06T00:00:00+00:00",
            "recipe": "tiny-sft",
            "dpo_recipe": "tiny-dpo",
        },
        "trace": {"of": [RETRACTED], "forward": "false", "back": "false"},
        "champion": {},
        "plan_retrain": {
            "champion": version,
            "recipe": "tiny-sft",
            "start_from": "auto",
            "documents": [RETRACTED],
            "withdraw": [RETRACTED],
            "corpus": changed,
            "pairs": "none",
            "again": "true",
        },
        "train": {"recipe": "tiny-sft", "data": described["examples"], "start_from": "base"},
        "prepare_base": {"recipe": "tiny-sft", "model": version, "rounding": "float32"},
        "evaluate": {
            "model": described["adapter"],
            "recipe": "tiny-sft",
            "examples": described["examples"],
            "pairs": "none",
            "anchor": "none",
        },
        "measure": {
            "after": described["evaluation"],
            "before": judged["champion"],
            "perplexity": "false",
            "confidence": "false",
        },
        "run_lm_eval": {"evaluation": described["evaluation"]},
        "compare_bases": {"recipes": ["tiny-sft", "tiny-dpo"], "examples": described["examples"]},
        "compare_care": {"recipe": "tiny-sft", "examples": described["examples"], "model": described["adapter"]},
        "sample_answers": {
            "evaluations": list(asked),
            "benchmarks": ["new-knowledge"],
            "size": "20",
            "controls": "2",
            "seed": "1",
        },
        "queue_sheet": {"sheet": sheet, "raters": [rater]},
        "take_ratings": {"sheet": sheet, "files": [str(filled)], "raters": [rater]},
        "estimate_ratings": {"ratings": "ratings/0123456789abcdef"},
        "freeze_anchor": {"champion": version, "min_documents": "10"},
        "compare": {
            "challenger": described["evaluation"],
            "champion": judged["champion"],
            "plan": "first",
            "ratings": "none",
        },
        "register": {
            "adapter": described["adapter"],
            "evaluation": described["evaluation"],
            "decision": described["decision"],
            "examples": described["examples"],
            "parent": "base",
            "incumbent": "base",
            "pairs": "none",
            "reason": "a test",
        },
        "promote": {"version": version},
        "deploy": {},
        "restore": {"version": challenger, "reason": "a test"},
        "roll_back": {"reason": "a test", "by": "Dr. A", "documents": [RETRACTED]},
        "bar": {"version": challenger, "reason": "a test", "by": "Dr. A"},
        "unbar": {"version": challenger, "reason": "a test", "by": "Dr. A"},
        "list_versions": {},
        "open_withdrawals": {"corpus": changed},
        "withdraw": {"documents": [RETRACTED], "reason": "a test", "by": "Dr. A"},
        "lift": {"document": RETRACTED, "reason": "a test", "by": "Dr. A"},
        "confirm_blocks": {},
        "list_withdrawals": {},
        "standings": {"corpus": changed, "documents": [RETRACTED]},
        "build_index": {"corpus": changed},
        "publish_index": {"index": "none"},
        "answers_given": {"document": RETRACTED},
        "plan_hotfix": {"champion": version},
        "decide_hotfix": {"documents": [RETRACTED], "decision": "reject", "reason": "a test", "by": "Dr. A"},
        "certify": {
            "document": RETRACTED,
            "version": version,
            "probes": ["none"],
        },
        "plan_probes": {"champion": version},
        "probe_withdrawals": {"version": version, "precision": "nf4"},
        "collect_feedback": {"end": "2026-03-02T00:00:00Z"},
        "build_pairs": {"feedback": feedback, "corpus": corpus, "previous": "none"},
        "build_preferences": {"corpus": corpus, "previous": "none", "max_answer_chars": "4000"},
        "build_rated_pairs": {"ratings": ["none"], "corpus": corpus, "previous": "none"},
        "contradictions": {"feedback": feedback, "corpus": corpus, "texts": "false"},
        "judge_correction": {
            "correction": "0123456789abcdef",
            "decision": "discard",
            "reason": "read it",
            "by": "Dr. A",
        },
        "issue_key": {
            "label": "Dr. A",
            "role": "person",
            "scopes": ["ask"],
            "days": "30",
            "requests_per_minute": "60",
            "tokens_per_minute": "0",
        },
        "rotate_key": {"key": ports.keys.issue("Dr. C", "person").key.id, "overlap_hours": "24"},
        "stop_serving": {"reason": "wrong doses", "by": "Dr. A"},
        "resume_serving": {"reason": "mended", "by": "Dr. A"},
        "revoke_key": {"key": ports.keys.issue("Dr. B", "person").key.id, "reason": "left"},
        "keys": {},
        "chain_answers": {},
        "erase": {"reason": "asked for it", "by": "Dr. A", "answer_id": "ans-1", "identity": ""},
        "export_subject": {"identity": "holder-1", "to": str(home / "export.jsonl")},
        "forget_answers": {"days": "365", "reason": "our retention", "by": "Dr. A"},
        "copy_home": {"apply": "false"},
        "gc": {"at": "2026-03-02T00:00:00Z", "apply": "false"},
        "verify": {},
    }
    refs = [path.parent.relative_to(home / "artifacts").as_posix() for path in home.glob("artifacts/*/*/manifest.json")]
    return World(ports, working, sorted(refs))


TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.integers(0, 10_000).map(lambda number: f"\x01{number}"),  # stands for an existing ref, by number
    st.text(st.characters(), max_size=40),
    st.text("0123456789abcdef", min_size=16, max_size=16).map("examples/{}".format),
    st.datetimes().map(str),
)


def _with_refs(text: str, refs: list[str]) -> str:
    return refs[int(text[1:]) % len(refs)] if re.fullmatch("\x01[0-9]+", text) else text


def _argument(working: Any, text: str) -> Any:
    return [text] if isinstance(working, list) else text


def _ends_well(world: World, verb: str, arguments: dict[str, Any]) -> None:
    message = "no error"
    try:
        cli.call(verb, arguments, world.ports)
    except MedpipeError as error:
        message = str(error)
    assert message.strip()


def test_the_working_arguments_name_every_parameter(world: World) -> None:
    assert {(verb, name) for verb, arguments in world.working.items() for name in arguments} == STRINGS


@pytest.mark.parametrize("verb", VERBS)
def test_a_hostile_string_ends_in_a_value_or_a_clear_error(world: World, verb: str) -> None:
    for name, working in world.working[verb].items():
        for text in HOSTILE:
            _ends_well(world, verb, world.working[verb] | {name: _argument(working, text)})


@pytest.mark.parametrize("verb", VERBS)
def test_an_existing_ref_of_any_kind_ends_in_a_value_or_a_clear_error(world: World, verb: str) -> None:
    one_of_each_kind = {ref.split("/")[0]: ref for ref in world.refs}
    assert len(one_of_each_kind) >= 8
    for name, working in world.working[verb].items():
        for ref in one_of_each_kind.values():
            _ends_well(world, verb, world.working[verb] | {name: _argument(working, ref)})
            for row in (f"{ref}#3", f"{ref}#{'9' * 20}", f"{ref}#{'9' * 5000}"):
                _ends_well(world, verb, world.working[verb] | {name: _argument(working, row)})


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(STRINGS)), st.data())
def test_arbitrary_strings_end_in_a_value_or_a_clear_error(world: World, place: tuple[str, str], data: Any) -> None:
    verb, name = place
    arguments = dict(world.working[verb])
    for other in data.draw(st.sets(st.sampled_from(sorted(arguments)), max_size=2)) | {name}:
        arguments[other] = _argument(arguments[other], _with_refs(data.draw(TEXTS), world.refs))
    _ends_well(world, verb, arguments)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(sorted(STRINGS)), text=TEXTS)
def test_the_command_line_ends_with_one_line_and_a_known_status(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: tuple[str, str],
    text: str,
) -> None:
    monkeypatch.setattr(wiring, "ports", lambda settings: world.ports)
    verb, name = place
    others = {key: value for key, value in world.working[verb].items() if key != name and key not in SWITCHES}
    line = [verb.replace("_", "-"), "--quiet"]
    for key, value in others.items():
        line += [f"--{key.replace('_', '-')}", *(value if isinstance(value, list) else [value])]
    if name not in SWITCHES:
        line.append(f"--{name.replace('_', '-')}={_with_refs(text, world.refs)}")
    status = cli.main(line)
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert status in (0, 1, 2, 65, 75), err
    assert (status == 0) == (err == "")
