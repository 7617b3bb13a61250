"""Manifests: one model per kind, whose inputs keep the JSON shape that refs are made of."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from medpipe.core import manifests
from medpipe.core.manifests import MANIFESTS, Inputs, manifest_type
from medpipe.core.refs import kind_of, ref
from medpipe.errors import UsageError
from tests.manifests import CORPUS, inputs, outcome

KINDS = (
    "adapter anchor certificate corpus decision documents drift estimate evaluation examples feedback index knowledge "
    "measurement pairs prepared probes ratings review sheet sweep trace validation version"
).split()
SET = {
    "documents": {"file": "pubmed26n0001.xml"},
    "corpus": {"released": ("review/0123456789abcdef",)},
    "validation": {"compared_with": "documents/0123456789abcdef"},
    "pairs": {"released": ("review/0123456789abcdef",)},
    "adapter": {"released": ("review/0123456789abcdef",)},
}


def test_every_kind_has_a_manifest_with_inputs_and_outcome_of_its_own_in_a_file_of_its_name() -> None:
    assert sorted(MANIFESTS) == KINDS
    for kind, manifest in MANIFESTS.items():
        assert manifest.kind == kind
        assert manifest.__module__ == f"{manifests.__name__}.{kind}"
        assert manifest.model_fields["inputs"].annotation is not Inputs
        assert manifest_type(f"{kind}/0123456789abcdef") is manifest


@pytest.mark.parametrize(("kind", "special"), SET.items())
def test_a_key_for_a_special_case_is_written_only_when_it_has_a_value(kind: str, special: dict[str, Any]) -> None:
    (key,) = special
    assert key not in inputs(kind).model_dump(mode="json")
    assert key not in json.loads(inputs(kind).model_dump_json())
    assert inputs(kind, **special).model_dump(mode="json")[key]


def test_other_keys_are_written_although_they_are_empty() -> None:
    assert inputs("documents").model_dump(mode="json") == {
        "source": "medlineplus",
        "start": "2026-03-03",
        "end": "2026-03-04",
        "ids": [],
    }
    assert inputs("corpus").model_dump(mode="json") == {"pulls": [], "previous": None, "history": ""}


@pytest.mark.parametrize("kind", ["documents", "corpus", "validation", "examples", "pairs", "adapter", "version"])
def test_inputs_and_outcomes_are_frozen_and_refuse_unknown_fields(kind: str) -> None:
    for value in (inputs(kind), outcome(kind)):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(value, next(iter(type(value).model_fields)), None)
        with pytest.raises(ValidationError, match="Extra inputs"):
            type(value).model_validate({**value.model_dump(), "facts": {}})


def test_pairs_from_feedback_and_from_a_corpus_have_different_inputs() -> None:
    stored = {
        "feedback": "feedback/0123456789abcdef",
        "corpus": CORPUS,
        "sets": None,
        "policy": {"max_pairs_per_identity": 20},
        "guardrails": "d",
    }
    stated = {"corpus": CORPUS, "previous": None, "max_answer_chars": 4000, "heldout": 0.3, "guardrails": "d"}
    for written, model in ((stored, manifests.PairsFromFeedback), (stated, manifests.PairsFromCorpus)):
        whole = {"ref": "pairs/0123456789abcdef", "verb": "v", "created_ns": 1, "inputs": written}
        manifest = manifests.PairsManifest.model_validate({**whole, "outcome": {"train": 1, "heldout": 0}})
        assert isinstance(manifest.inputs, model)
        assert manifest.inputs.model_dump(mode="json") == written


def test_a_corpus_remembers_its_latest_publication_as_a_date() -> None:
    assert outcome("corpus", cut_off="2026-03-05").cut_off == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "corpus",
        "corpus/",
        "corpus/012345678",
        "Corpus/0123456789abcdef",
        "corpus/0123456789abcdef\n",
        "version/",
        "version/.hidden",
        "version/a/b",
        "version/A",
        f"version/{'a' * 129}",
        " corpus/0123456789abcdef",
    ],
)
def test_a_string_that_is_not_a_ref_is_refused_and_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="is not a ref: expected kind/16-hex-digits") as refusal:
        kind_of(text)
    assert repr(text) in str(refusal.value)


def test_refs_have_a_kind() -> None:
    assert kind_of(ref("corpus", 1)) == "corpus"
    assert kind_of("version/medqa-v1-1f3c9a") == "version"
    assert kind_of(f"version/{'a' * 128}") == "version"


def test_equal_inputs_in_another_order_have_one_ref() -> None:
    assert ref("corpus", {"a": 1, "b": "é"}) == ref("corpus", {"b": "é", "a": 1}) == "corpus/09ad9fd2fb648cb2"
