"""Whether the stored state can be trusted: verify."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from medpipe.core.judging.evaluation import Evaluation
from medpipe.core.knowledge import succession
from medpipe.core.manifests import (
    CertificateManifest,
    CorpusManifest,
    DecisionManifest,
    VersionManifest,
)
from medpipe.core.refs import CorpusRef, EvaluationRef, VersionRef, kind_of
from medpipe.errors import Damaged, MedpipeError
from medpipe.ports import Entry, Ports
from medpipe.steps import blanking
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import latest, table_version
from medpipe.steps.evaluation import scores_of
from medpipe.steps.recomputation import (
    faults_of_decision,
    faults_of_evaluation,
    has_its_ref,
    is_of_present_code,
    rests_on,
    scores_of_decision,
)
from medpipe.steps.survey import Survey, survey_of
from medpipe.steps.swept import OTHERWISE, Sweeps

_WHOLE = frozenset({DecisionManifest.kind, VersionManifest.kind, CertificateManifest.kind})
"""Kinds whose artifacts are evidence: everything that they were made of must still be there."""

_KEPT = 64
"""Evaluations with all scores that are in memory at once: an incumbent's is read for each of its challengers."""

_READINGS = 3
"""Readings at most: what is registered, promoted or erased during one looks like a fault, and not in the next."""

_SHOWN = 50
"""Faults that the error lists; the others are counted."""


class Fault(NamedTuple):
    """One thing that is wrong: the table, ref or cell, and a sentence."""

    what: str
    says: str


class Verified(BaseModel):
    """What was checked and has no fault: how many of each."""

    model_config = ConfigDict(frozen=True)
    artifacts: int
    files: int
    ledger: int
    """Entries; of the register of withdrawals likewise."""
    withdrawals: int
    evaluations: int
    """Evaluations whose means follow from their scores."""
    decisions: int
    """Decisions that follow from what they rest on."""
    erased: int
    """Artifacts in which texts were erased."""
    swept: int
    """Artifacts of which `gc` left the manifest, and removed files."""
    remarks: tuple[str, ...] = ()
    """Decisions that today's code makes otherwise, and that other code made; and what could not be checked here."""


class Recomputed(NamedTuple):
    """What came of computing evaluations and decisions anew."""

    faults: list[Fault]
    remarks: tuple[str, ...]


def verify(*, ports: Ports) -> Verified:
    """Check everything that is stored, and return the numbers of artifacts, files, entries and more that were checked.

    Checked are the hash chains of ledger, register and audit with the rows that they cover, every artifact's manifest
    and files, that each artifact still is what later ones were made of, that each version is the one that was
    registered, that each evaluation's means follow from its answers and each decision from its evaluations, that the
    corpus table holds the documents of the newest corpus, and that the champion's cell and the registry agree with the
    ledger. What `gc` removed is known by its sweeps. Nothing is changed. Raises Damaged, which names every fault;
    docs/trust.md says what to do about each.
    Memory holds a few digests for each artifact, and the scores of some evaluations.
    """
    for _ in range(_READINGS):
        before = _newest(ports)
        faults, verified = _checked(ports)
        if not faults or _newest(ports) == before:
            break
    ports.progress(1.0, f"{len(faults)} faults")
    if faults:
        raise Damaged(_listed(faults))
    return verified


def _newest(ports: Ports) -> int:
    """Return the sequence of the ledger's newest entry; 0 without one."""
    return next((entry.sequence for entry in ports.ledger.entries(limit=1)), 0)


def _checked(ports: Ports) -> tuple[list[Fault], Verified]:
    """Return every fault that one reading finds, and what was read."""
    faults = list(_faults_of_chains(ports))
    survey = survey_of(ports)
    history = list(ports.ledger.history())
    faults += [Fault(ref, says) for ref, says in survey.broken.items()]
    faults += [Fault(*fault) for fault in blanking.faults(ports, history)]
    sweeps = Sweeps(
        ports, history, {ref: content for ref, content in survey.contents.items() if ref not in survey.broken}
    )
    faults += [Fault(*fault) for fault in sweeps.faults(survey.swept, survey.broken)]
    made_again = sweeps.made_again(survey.made_of)
    faults += _faults_of_lineage(survey, sweeps, made_again)
    faults += _faults_of_versions(survey, history)
    recomputed = _recomputed(survey, made_again, ports)
    faults += recomputed.faults
    faults += _faults_of_the_corpus(ports)
    faults += _faults_of_the_champion(ports, survey, history)
    return faults, Verified(
        artifacts=len(survey.contents),
        files=survey.files,
        ledger=len(history),
        withdrawals=len(ports.withdrawals.events()),
        evaluations=len(survey.made.evaluations.keys() - survey.swept.keys()),
        decisions=len(survey.made.decisions),
        erased=len({entry.version for entry in history if entry.event == blanking.EVENT}),
        swept=len(survey.swept),
        remarks=(
            *recomputed.remarks,
            *map(OTHERWISE.format, sorted(made_again)),
            *(f"audit: {says}" for says in ports.audit.remarks()),
            *_unchecked(ports),
        ),
    )


def _listed(faults: list[Fault]) -> str:
    lines = [f"{fault.what}: {fault.says}" for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        lines.append(f"and {len(faults) - _SHOWN} more")
    number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n- ".join([f"{number} in what is stored; docs/trust.md says what to do about each", *lines])


def _faults_of_chains(ports: Ports) -> Iterator[Fault]:
    for name, chain in (("ledger", ports.ledger), ("withdrawals", ports.withdrawals), ("audit", ports.audit)):
        ports.progress(0.0, f"checking the {name}")
        try:
            yield from (Fault(name, says) for says in chain.faults())
        except Damaged as error:
            yield Fault(name, str(error))


def _unchecked(ports: Ports) -> tuple[str, ...]:
    """Return what could not be checked: the ids of answers, where the gateways' key is not known."""
    if ports.audit.checks_ids or next(ports.feedback.answers(), None) is None:
        return ()
    return ("audit: whether gateways signed the ids of answers was not checked: set MEDPIPE_SIGNING_KEY as theirs is",)


def _recomputed(survey: Survey, made_again: frozenset[str], ports: Ports) -> Recomputed:
    """Compute every evaluation and decision anew that is whole and rests on what is whole and as it was.

    A decision that today's code makes otherwise is a fault if today's code made it, and else a remark.
    """

    @lru_cache(_KEPT)
    def scores(evaluation: EvaluationRef) -> Evaluation:
        return scores_of(ports, evaluation)

    faults, remarks, made = list[Fault](), list[str](), survey.made
    scored = [evaluation for ref, evaluation in made.evaluations.items() if ref not in survey.swept]
    for number, evaluation in enumerate(scored):
        ports.progress(number / len(scored), f"computing {evaluation.ref} anew")
        try:
            whole = scores(EvaluationRef(evaluation.ref))
            faults += [Fault(evaluation.ref, says) for says in faults_of_evaluation(evaluation, whole, ports)]
        except (MedpipeError, ValueError) as error:
            faults.append(Fault(evaluation.ref, f"cannot be computed anew: {error}"))
    for number, decision in enumerate(made.decisions):
        ports.progress(number / len(made.decisions), f"computing {decision.ref} anew")
        if survey.broken.keys() & {decision.inputs.challenger, *rests_on(decision.inputs)}:
            continue
        if not has_its_ref(decision):
            faults.append(Fault(decision.ref, "has other inputs than its ref says: put back a copy of it"))
        if (survey.swept.keys() | made_again) & scores_of_decision(decision.inputs):
            continue
        said = list(faults_of_decision(decision, made, scores, ports))
        if is_of_present_code(decision):
            faults += [Fault(decision.ref, says) for says in said]
        else:
            remarks += [f"{decision.ref} was made by other code and {says}" for says in said]
    return Recomputed(faults, tuple(remarks))


def _faults_of_lineage(survey: Survey, sweeps: Sweeps, made_again: frozenset[str]) -> Iterator[Fault]:
    """Yield each artifact that is not the one that a later artifact was made of, and was not swept."""
    for made, upstream in survey.made_of.items():
        for ref, content in upstream.items():
            present = survey.contents.get(ref)
            if present is None and sweeps.removed(ref, content):
                continue
            if present is None and ref not in survey.broken and kind_of(made) in _WHOLE:
                yield Fault(ref, f"is missing, and {made} was made of it: put back a copy")
            elif present is not None and present != content and ref not in made_again:
                yield Fault(ref, f"is not the one that {made} was made of: put back a copy of it")


def _faults_of_versions(survey: Survey, history: list[Entry]) -> Iterator[Fault]:
    """Yield each version that is not the one that the ledger registered."""
    registered: dict[str, str] = {}
    for entry in history:
        if entry.event == "registered":
            registered.setdefault(entry.version, entry.evidence)
    for version, evidence in registered.items():
        present = survey.contents.get(version)
        if present is None and version not in survey.broken:
            yield Fault(version, "is registered in the ledger and missing: put back a copy")
        elif present is not None and present != evidence:
            yield Fault(version, "is not the one that was registered: put back a copy")
    for version in survey.contents:
        if kind_of(version) == VersionManifest.kind and version not in registered:
            yield Fault(version, "is not in the ledger: run its `medpipe register` again, or remove its folder")


def _faults_of_the_corpus(ports: Ports) -> Iterator[Fault]:
    """Yield what is wrong with the table: each document of the newest corpus is read."""
    try:
        newest = latest("corpus", ports=ports)
        if newest is None:
            return
        held = manifest(ports, newest, CorpusManifest).outcome.content
        if ports.corpus.reread(table_version(ports, CorpusRef(newest))) != held:
            yield Fault(newest, "has other texts in the corpus table than were merged: put back a copy of the table")
    except MedpipeError as error:
        yield Fault("corpus", str(error))


def _faults_of_the_champion(ports: Ports, survey: Survey, history: list[Entry]) -> Iterator[Fault]:
    """Yield where the champion's cell or the registry differs from what the ledger says last."""
    named = next((entry.version for entry in reversed(history) if entry.event in succession.CHANGES), None)
    cell = ports.ledger.champion()
    if cell != named:
        yield Fault(
            "champion", f"is {cell or 'none'}, but the ledger made it {named or 'none'}: see who changed the cell"
        )
    if cell is None or cell not in survey.contents:
        return
    number = manifest(ports, VersionRef(cell), VersionManifest).outcome.number
    if (marked := ports.registry.champion()) != number:
        yield Fault(
            "registry", f"marks version {marked} as champion, and the ledger version {number}: run promote again"
        )
