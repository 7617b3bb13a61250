"""manifest.json: from an artifact's model to text, and back into the model of its kind."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from pydantic import BaseModel, ValidationError

from medpipe.core.manifests import BLANKABLE, MANIFESTS, AnyManifest, Blanked, Inputs, Manifest, Swept, manifest_type
from medpipe.core.refs import kind_of
from medpipe.errors import Damaged, UsageError

MANIFEST = "manifest.json"
BLANKED = "erased.json"
"""Beside the manifest, where texts of the artifact were erased (`core.manifests.Blanked`)."""

SWEPT = "swept.json"
"""Beside the manifest, where files of the artifact were swept (`core.manifests.Swept`)."""
BESIDE = frozenset({MANIFEST, BLANKED, SWEPT})
"""What is in an artifact's folder and is not one of its files."""


def parts(ref: str) -> tuple[str, str]:
    """Return kind and name, the folders of an artifact. Raises UsageError for a string that is not a ref."""
    return kind_of(ref), ref.split("/", 1)[1]


def text_of(
    ref: str,
    verb: str,
    inputs: Inputs,
    outcome: BaseModel | None,
    find: Callable[[str], Manifest | None],
    digests: Mapping[str, str],
    files: str = "",
) -> str:
    """Return the text of a manifest. Raises pydantic's ValidationError if inputs or outcome are not of the ref's kind.

    `find`: returns the manifest of an artifact that inputs or outcome name. `digests`: SHA-256 of each file. `files`:
    the prefix of the artifact's files in an object store. An artifact that is made again keeps the time of the first:
    in that order decisions count what was looked at before.
    """
    before, now = find(ref), time.time_ns()
    manifest = manifest_type(ref)(
        ref=ref,
        verb=verb,
        created_ns=before.created_ns if before else now,
        made_again_ns=now if before else 0,
        files=files,
        inputs=inputs,
        outcome=outcome,  # None, a draft without an outcome, is refused here, by pydantic
        digests=dict(digests),
    )
    known = {name: find(name) for name in sorted(set(manifest.named())) if name != ref and kind_of(name) in MANIFESTS}
    made_of = {name: upstream.content() for name, upstream in known.items() if upstream is not None}
    return _text(manifest.model_copy(update={"made_of": made_of}).sealed())


def manifest_in(text: str | bytes, ref: str) -> Manifest:
    """Return the manifest in a text.

    Raises Damaged, which names file and field, if it is not of the ref's kind or is not as its verb wrote it.
    """
    try:
        manifest = manifest_type(ref).model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors())
        raise Damaged(
            f"{ref}/{MANIFEST} is damaged, or another release of medpipe wrote it ({faults}): "
            "remove that folder and run its verb again"
        ) from error
    written = text.encode() if isinstance(text, str) else text
    if manifest.ref != ref or manifest.sealed() != manifest or _text(manifest).encode() != written:
        raise Damaged(
            f"{ref}/{MANIFEST} was changed after its verb wrote it: "
            "put back a copy, or remove that folder and run its verb again"
        )
    return manifest


def in_order(found: Iterable[Manifest | None], kind: type[AnyManifest]) -> list[AnyManifest]:
    """Return the manifests of a kind, oldest first; equal times are ordered by ref."""
    whole = [manifest for manifest in found if isinstance(manifest, kind)]
    return sorted(whole, key=lambda manifest: (manifest.created_ns, manifest.ref))


def blanked_in(text: str | bytes, ref: str) -> Blanked:
    """Return what a text says was erased of an artifact. Raises Damaged for a text that says it of another one."""
    try:
        blanked = Blanked.model_validate_json(text)
    except ValidationError:
        blanked = None
    if blanked is None or blanked.ref != ref or kind_of(ref) not in BLANKABLE:
        raise Damaged(f"{ref}/{BLANKED} was not written by `medpipe erase`: put back a copy, or remove that file")
    return blanked


def swept_in(text: str | bytes, ref: str) -> Swept:
    """Return what a text says was swept of an artifact. Raises Damaged for a text that says it of another one."""
    try:
        swept = Swept.model_validate_json(text)
    except ValidationError:
        swept = None
    if swept is None or swept.ref != ref:
        raise Damaged(f"{ref}/{SWEPT} was not written by `medpipe gc`: put back a copy, or remove that file")
    return swept


def swept_next(ref: str, before: Swept | None, files: Collection[str]) -> Swept:
    """Return what `SWEPT` says after more files were removed."""
    return Swept(ref=ref, files=tuple(sorted({*(before.files if before else ()), *files})))


def gone(ref: str) -> str:
    """Return the message about an artifact whose files were swept."""
    return f"the files of {ref} were removed by `medpipe gc`, and its manifest stays: run its verb again to make them"


def blanked_next(ref: str, before: Blanked | None, digests: Mapping[str, str]) -> Blanked:
    """Return what `BLANKED` says after another erasure that leaves files with these digests.

    Raises UsageError for an artifact in which no person's text can be.
    """
    if kind_of(ref) not in BLANKABLE:
        raise UsageError(f"{ref}: texts are erased only in {', '.join(sorted(BLANKABLE))}")
    return (before or Blanked(ref=ref, files={})).and_then(digests)


def _text(manifest: Manifest) -> str:
    return manifest.model_dump_json(indent=1)


def missing(ref: str) -> str:
    """Return the message about an artifact without a manifest."""
    return f"{ref} does not exist or was never finished: run the verb that makes it first"
