"""What stands beside the manifest of an artifact whose texts were erased on a person's request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from medpipe.core.manifests.base import Value
from medpipe.core.refs import canonical

BLANKABLE = frozenset({"feedback", "pairs", "ratings", "validation", "evaluation"})
"""Kinds of artifacts in which texts of people can be blanked. No other artifact may differ from its manifest."""


class Blanked(Value):
    """The files of an artifact in which texts were erased. The manifest stays as its verb wrote it."""

    ref: str
    files: dict[str, tuple[str, ...]]
    """Path below the artifact's folder → SHA-256 of the file after each erasure, the present one last."""

    def and_then(self, digests: Mapping[str, str]) -> Blanked:
        """Return the value after another erasure. `digests`: path → SHA-256 of each file that it leaves."""
        files = dict(self.files)
        for path, digest in digests.items():
            before = files.get(path, ())
            files[path] = before if before[-1:] == (digest,) else (*before, digest)
        return self.model_copy(update={"files": files})

    def content(self) -> str:
        """Return the SHA-256 of this value, which the ledger keeps."""
        return hashlib.sha256(canonical(self.model_dump(mode="json")).encode()).hexdigest()
