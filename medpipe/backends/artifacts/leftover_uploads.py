"""What killed writers left in a bucket: objects that no manifest names, and parts of uploads that never ended."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import Any

from medpipe.backends.artifacts.manifest_file import MANIFEST
from medpipe.bucket import Bucket, Listed
from medpipe.core.manifests import MANIFESTS
from medpipe.core.refs import is_ref, kind_of
from medpipe.errors import ConfigError, Unavailable
from medpipe.ports import ArtifactStore, Leftover

_FILES = "files"
"""Below the artifacts' address, the prefix of all uploads (`artifacts.remote`)."""
_ID = "?uploadId="
"""Between the address of an object that was never made whole and the id of its upload, as in S3's own requests."""
_REFUSED = range(400, 500)
"""Status of an answer that stays the same when the request is repeated."""


class LeftoverUploads:
    """`medpipe.ports.Leftovers` of a bucket, all of the kind `uploads`."""

    def __init__(self, address: str, store: ArtifactStore) -> None:
        """`address`: of corpus, artifacts and heads, such as `s3://bucket/prefix`. `store`: the artifacts."""
        self._address = address
        self._store = store
        self._objects = Bucket(f"{address}/artifacts")
        self._parts = _Parts(address)

    def all(self) -> Iterator[Leftover]:
        """Yield everything, as `ports.Leftovers` says: prefixes that no manifest names, and parts of objects."""
        uploads = self._uploads()  # before the manifests are listed: what is made meanwhile has one
        view = self._store.view()
        named = {manifest.files or manifest.ref for kind in MANIFESTS.values() for manifest in view.manifests(kind)}
        objects = (self._leftover(prefix, uploads[prefix]) for prefix in uploads.keys() - named)
        yield from sorted([*objects, *self._parts.all()], key=lambda left: left.place)

    def remove(self, leftover: Leftover) -> bool:
        """Remove one. False for a place outside this bucket's prefix, too."""
        if _ID in leftover.place:
            return self._parts.remove(leftover)
        prefix = leftover.place.removeprefix(f"{self._objects.address}/")
        objects = {} if prefix == leftover.place else self._objects.below(prefix)
        if not objects or self._leftover(prefix, objects.values()) != leftover or self._named(prefix):
            return False
        self._objects.remove([f"{prefix}/{path}" for path in objects])
        return True

    def _uploads(self) -> Mapping[str, list[Listed]]:
        """Return the objects of each upload, and of each place of a manifest that has none, by prefix.

        What lies elsewhere is nobody's upload, and is left alone.
        """
        uploads: dict[str, list[Listed]] = defaultdict(list)
        for path, about in self._objects.below(_FILES).items():
            if path.count("/") > 2:
                uploads["/".join([_FILES, *path.split("/")[:3]])].append(about)
        for kind in MANIFESTS:
            beside = self._objects.below(kind)
            for path, about in beside.items():
                name = path.partition("/")[0]
                if f"{name}/{MANIFEST}" not in beside:
                    uploads[f"{kind}/{name}"].append(about)
        of_artifacts = {prefix for prefix in uploads if is_ref(ref := _ref(prefix)) and kind_of(ref) in MANIFESTS}
        return {prefix: uploads[prefix] for prefix in of_artifacts}

    def _named(self, prefix: str) -> bool:
        """Return whether a manifest names the prefix by now."""
        manifest = self._store.find(_ref(prefix))
        return manifest is not None and prefix in (manifest.files, manifest.ref)

    def _leftover(self, prefix: str, objects: Iterable[Listed]) -> Leftover:
        every = list(objects)
        size, changed = sum(each.size for each in every), max(each.changed for each in every)
        return Leftover("uploads", f"{self._objects.address}/{prefix}", size, changed)


def _ref(prefix: str) -> str:
    """Return the artifact that a prefix is of."""
    return "/".join(prefix.removeprefix(f"{_FILES}/").split("/")[:2])


class _Parts:
    """Parts of objects whose upload never ended. No listing of objects has them, and obstore cannot ask for them."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._bucket, _, self._prefix = address.removeprefix("s3://").partition("/")

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        # As obstore: the region by this variable, and the bucket in the path of an address.
        return boto3.client("s3", region_name=os.getenv("AWS_REGION"), config=Config(s3={"addressing_style": "path"}))

    def all(self) -> Iterator[Leftover]:
        with self._plain_errors():
            below = {"Prefix": f"{self._prefix}/"} if self._prefix else {}
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, **below)
            for upload in (upload for page in pages for upload in page.get("Uploads", ())):
                with suppress(self._client.exceptions.NoSuchUpload):  # it ended since it was listed
                    yield self._leftover(upload["Key"], upload["UploadId"], upload["Initiated"])

    def remove(self, leftover: Leftover) -> bool:
        key, _, identity = leftover.place.removeprefix(f"s3://{self._bucket}/").rpartition(_ID)
        with self._plain_errors():
            try:
                parts = self._listed(key, identity)
                if sum(part["Size"] for part in parts) != leftover.bytes:
                    return False
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=identity)
            except self._client.exceptions.NoSuchUpload:
                return False
        return True

    def _leftover(self, key: str, identity: str, begun: datetime) -> Leftover:
        parts = self._listed(key, identity)
        changed = max([begun, *(part["LastModified"] for part in parts)])
        place = f"s3://{self._bucket}/{key}{_ID}{identity}"
        return Leftover("uploads", place, sum(part["Size"] for part in parts), changed)

    def _listed(self, key: str, identity: str) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("list_parts").paginate(Bucket=self._bucket, Key=key, UploadId=identity)
        return [part for page in pages for part in page.get("Parts", ())]

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn an error of boto3 into a MedpipeError with what to do."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            if _status(error) in _REFUSED:
                raise ConfigError(
                    f"the store of {self._address} refused to list or end unfinished uploads ({error}): allow "
                    "s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts and s3:AbortMultipartUpload"
                ) from error
            raise Unavailable(
                f"the object store of {self._address} does not answer ({error}): try again later"
            ) from error


def _status(error: Exception) -> int:
    """Return the HTTP status of an answer that boto3 raises; 0 where there was no answer."""
    answer = getattr(error, "response", {})
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
