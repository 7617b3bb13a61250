"""The manifests of a bucket as this process has read them: each state of each is asked for once."""

from __future__ import annotations

from collections.abc import Mapping

from medpipe.backends.artifacts.manifest_file import MANIFEST, manifest_in
from medpipe.bucket import Bucket
from medpipe.core.manifests import Manifest


class ManifestCache:
    """Manifests by what a listing says of them. One that was made again has another ETag, and is read again.

    So is each of which a listing has no ETag: else its artifact would not be seen, and `gc` would remove its files.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known: dict[str, tuple[str, Manifest]] = {}

    def of(self, kind: str) -> Mapping[str, Manifest]:
        """Return ref → manifest of every artifact of a kind, sorted by ref: a listing, and what is new in it.

        Raises Damaged for a manifest that cannot be read.
        """
        states = self.states(kind)
        new = [ref for ref, state in states.items() if not state or self._known.get(ref, ("",))[0] != state]
        for ref, manifest in zip(new, self._bucket.together(self._read, new), strict=True):
            if manifest is not None:  # it is gone since the listing
                self._known[ref] = (states[ref], manifest)
            else:
                self._known.pop(ref, None)
        return {ref: self._known[ref][1] for ref in states if ref in self._known}

    def states(self, kind: str) -> Mapping[str, str]:
        """Return ref → ETag of the manifest of every artifact of a kind, sorted by ref. No manifest is read."""
        listed = sorted(self._bucket.below(kind).items())
        places = ((path.split("/"), about.state) for path, about in listed)
        return {f"{kind}/{place[0]}": state for place, state in places if place[1:] == [MANIFEST]}

    def _read(self, ref: str) -> Manifest | None:
        text = self._bucket.read(f"{ref}/{MANIFEST}")
        return None if text is None else manifest_in(text, ref)
