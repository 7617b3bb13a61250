"""Whether the stored state can be trusted: verify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from medpipe.core.manifests import MANIFESTS, CertificateManifest, CorpusManifest, DecisionManifest, VersionManifest
from medpipe.core.refs import CorpusRef, VersionRef, kind_of
from medpipe.errors import Damaged, MedpipeError
from medpipe.ports import Entry, Ports
from medpipe.steps import blanking
from medpipe.steps.artifact import manifest
from medpipe.steps.corpus import latest, table_version

SWAPS = frozenset({"promoted", "rolled-back"})
"""Events of the ledger that name a new champion: the version of the last one is the champion in force."""

_WHOLE = frozenset({DecisionManifest.kind, VersionManifest.kind, CertificateManifest.kind})
"""Kinds whose artifacts are evidence: everything that they were made of must still be there."""

_SHOWN = 50
"""Faults that the error lists; the others are counted."""


class Fault(NamedTuple):
    """One thing that is wrong: the table, ref or cell, and a sentence."""

    what: str
    says: str


class Survey(NamedTuple):
    """What is stored: of each readable artifact the digest of its content, and what it was made of."""

    contents: Mapping[str, str]
    made_of: Mapping[str, Mapping[str, str]]
    files: int
    broken: Mapping[str, str]
    """Ref of an artifact that cannot be trusted → why."""


def verify(*, ports: Ports) -> dict[str, int]:
    """Check everything that is stored, and return the numbers of artifacts, files and entries that were checked.

    Checked are the hash chains of ledger and register, every artifact's manifest and files, that each artifact still
    is what later ones were made of, that each version is the one that was registered, that the corpus table holds the
    documents of the newest corpus, and that the champion's cell and the registry agree with the ledger. Nothing is
    changed. Raises Damaged, which names every fault; docs/trust.md says what to do about each. Memory holds a few
    digests for each artifact.
    """
    ports.progress(0.0, "checking the ledger and the register of withdrawals")
    faults = list(_faults_of_chains(ports))
    survey = _survey(ports)
    history = list(ports.ledger.history())
    faults += [Fault(ref, says) for ref, says in survey.broken.items()]
    faults += [Fault(*fault) for fault in blanking.faults(ports, history)]
    faults += _faults_of_lineage(survey)
    faults += _faults_of_versions(survey, history)
    faults += _faults_of_the_corpus(ports)
    faults += _faults_of_the_champion(ports, survey, history)
    ports.progress(1.0, f"{len(faults)} faults")
    if faults:
        raise Damaged(_listed(faults))
    return {
        "artifacts": len(survey.contents),
        "files": survey.files,
        "ledger": len(history),
        "withdrawals": len(ports.withdrawals.events()),
        "erased": len({entry.version for entry in history if entry.event == blanking.EVENT}),
    }


def _listed(faults: list[Fault]) -> str:
    lines = [f"{fault.what}: {fault.says}" for fault in faults[:_SHOWN]]
    if len(faults) > _SHOWN:
        lines.append(f"and {len(faults) - _SHOWN} more")
    number = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n- ".join([f"{number} in what is stored; docs/trust.md says what to do about each", *lines])


def _faults_of_chains(ports: Ports) -> Iterator[Fault]:
    for name, chain in (("ledger", ports.ledger), ("withdrawals", ports.withdrawals)):
        try:
            yield from (Fault(name, says) for says in chain.faults())
        except Damaged as error:
            yield Fault(name, str(error))


def _survey(ports: Ports) -> Survey:
    """Read every manifest and every file. Damaged artifacts are listed and do not end the reading."""
    refs = [ref for kind in MANIFESTS.values() for ref in ports.store.refs(kind)]
    contents, made_of, broken = {}, {}, {}
    files = 0
    for number, ref in enumerate(refs):
        ports.progress(number / len(refs), f"checking {ref}")
        try:
            stored = manifest(ports, ref, MANIFESTS[kind_of(ref)])
            contents[ref], made_of[ref] = stored.content(), stored.made_of
            ports.store.folder(ref)
        except MedpipeError as error:
            broken[ref] = str(error)
        else:
            files += len(stored.digests)
    return Survey(contents, made_of, files, broken)


def _faults_of_lineage(survey: Survey) -> Iterator[Fault]:
    """Yield each artifact that is not the one that a later artifact was made of."""
    for made, upstream in survey.made_of.items():
        for ref, content in upstream.items():
            present = survey.contents.get(ref)
            if present is None and ref not in survey.broken and kind_of(made) in _WHOLE:
                yield Fault(ref, f"is missing, and {made} was made of it: put back a copy")
            elif present is not None and present != content:
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
    named = next((entry.version for entry in reversed(history) if entry.event in SWAPS), None)
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
