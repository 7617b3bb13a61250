"""What is stored: every manifest and every file, as `verify` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medpipe.core.manifests import MANIFESTS, DecisionManifest, EvaluationManifest, Manifest
from medpipe.core.refs import kind_of
from medpipe.errors import MedpipeError
from medpipe.ports import Ports
from medpipe.steps.artifact import manifest
from medpipe.steps.made import Made


class Survey(NamedTuple):
    """What is stored: of each readable artifact the digest of its content, and what it was made of."""

    contents: Mapping[str, str]
    made_of: Mapping[str, Mapping[str, str]]
    files: int
    broken: Mapping[str, str]
    """Ref of an artifact that cannot be trusted → why."""
    made: Made
    """The evaluations and decisions that are whole, or of which files were swept."""
    swept: Mapping[str, frozenset[str]]
    """Ref of an artifact with fewer files than its manifest names → those that may be missing."""


def survey_of(ports: Ports) -> Survey:
    """Read every manifest and every file. Damaged artifacts are listed and do not end the reading."""
    refs = [ref for kind in MANIFESTS.values() for ref in ports.store.refs(kind)]
    contents, made_of, broken, swept = {}, {}, {}, {}
    whole: list[Manifest] = []
    files = 0
    for number, ref in enumerate(refs):
        ports.progress(number / len(refs), f"checking {ref}")
        try:
            stored = manifest(ports, ref, MANIFESTS[kind_of(ref)])
            contents[ref], made_of[ref] = stored.content(), stored.made_of
            ports.store.remains(ref)
            if gone := ports.store.swept(ref):
                swept[ref] = frozenset(gone.files)
        except MedpipeError as error:
            broken[ref] = str(error)
        else:
            files += len(stored.digests.keys() - swept.get(ref, frozenset()))
            whole += [stored] if isinstance(stored, EvaluationManifest | DecisionManifest) else []
    oldest_first = sorted(whole, key=lambda stored: stored.created_ns)
    return Survey(contents, made_of, files, broken, Made.of(oldest_first), swept)
