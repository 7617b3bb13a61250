"""What a model was taught before a document changed: the answers that are stale now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from medpipe import records
from medpipe.core.corpus.revision import posted
from medpipe.core.judging import staleness
from medpipe.core.judging.evaluation import Sample
from medpipe.core.judging.staleness import Earlier
from medpipe.core.knowledge.carried import Role
from medpipe.core.spool import Lines
from medpipe.core.teaching import answers
from medpipe.core.teaching.example import Example
from medpipe.core.teaching.fact_table import hash_of
from medpipe.core.teaching.facts import fact_id, fact_key, fact_says
from medpipe.core.teaching.origin import Origins
from medpipe.core.text import normalise
from medpipe.errors import NotFound
from medpipe.ports import Ports
from medpipe.steps import carried


class _Today(NamedTuple):
    """What a fact says now."""

    says: str
    """`Fact.says`; another digest where the sample lacks the options."""
    answer: int
    """A hash of its words."""


def rows_with_earlier(samples: Lines[Sample], model: str, origins: Origins, ports: Ports) -> Iterator[bytes]:
    """Yield the rows of samples, those of facts that changed with their earlier answer (`Sample.stale`)."""
    earlier = earlier_answers(samples, model, origins, ports)
    for row in samples.rows():
        sample = samples.decoded(row) if earlier else None
        before = earlier.get(_fact(sample)) if sample else None
        yield samples.encoded(staleness.revised(sample, before)) if sample and before else row


def earlier_answers(samples: Iterable[Sample], model: str, origins: Origins, ports: Ports) -> dict[str, Earlier]:
    """Return fact id → the last other answer that a model was taught, for the facts of some samples that changed.

    The trainings of the model's line are read, the newest first. A training whose examples were swept gives nothing,
    and so does a fact that was taught in the words of its twin. `origins`: the documents of today's corpus. The year of
    a change is that of the revision that the next training read, or else of today's.
    """
    today = {_fact(sample): _today(sample) for sample in samples}
    found: dict[str, Earlier] = {}
    since: dict[str, int] = {}
    for adapter in carried.line_of(ports, model):
        data = adapter.outcome.data
        rows = [
            row
            for row in carried.fact_rows(ports, data)
            if row["role"] == Role.TAUGHT and row["id"] in today and row["id"] not in found
        ]
        other = {row["id"]: row["says"] for row in rows if row["says"] != today[row["id"]].says}
        for id, example in _taught(ports, data, other):
            if hash_of(normalise(example.answer)) != today[id].answer:
                document = id.rpartition("#")[0]
                origin = origins.get(document)
                day = posted(since.get(id, origin.revision if origin else 0))
                slot = example.slot or answers.claim(example.focus, example.answer)
                found.setdefault(id, Earlier(example.answer, slot, day.year if day else 0))
        since |= {row["id"]: row["revision"] for row in rows}
    return found


def _fact(sample: Sample) -> str:
    """Return the id of the fact that a sample asks (`core.teaching.samples`)."""
    return sample.id.rpartition("-")[0]


def _today(sample: Sample) -> _Today:
    says = fact_says(sample.target, sample.context, sample.choices)
    return _Today(says, hash_of(normalise(sample.target)))


def _taught(ports: Ports, data: str, says: Mapping[str, str]) -> Iterator[tuple[str, Example]]:
    """Yield facts that some examples teach, each with an example of it. `says`: fact id → `Fact.says`."""
    if not says:
        return
    try:
        file = ports.store.folder(data) / carried.TRAINING
    except NotFound:
        return
    documents = {id.rpartition("#")[0] for id in says}
    shares = carried.rows_about(ports, data, documents)
    places = {place for row in shares if (row.get("role") or Role.TAUGHT) == Role.TAUGHT for place in row["rows"]}
    for _, row in records.rows_at(file, places):
        example = Example.model_validate(row)
        key = fact_key(example.question_type, example.focus, example.language)
        stated = fact_says(example.answer, example.context, example.choices)
        for document in example.document_ids:
            if says.get(id := fact_id(document, key)) == stated:
                yield id, example
