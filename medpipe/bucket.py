"""A prefix in a bucket of an object store: objects with paths below it, many of them at the same time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from medpipe import object_storage

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Client

Item = TypeVar("Item")
Result = TypeVar("Result")

_AT_ONCE = 32
"""Requests at the same time."""

_PART = 16 << 20
"""Bytes of a file that one request asks for."""


class Listed(NamedTuple):
    """What a listing says about an object."""

    size: int
    changed: datetime
    state: str
    """Its ETag: another one after each change of the object."""


class Bucket:
    """Objects below an address such as `s3://bucket/prefix`. Every method raises as `object_storage.plain_errors`."""

    def __init__(self, address: str) -> None:
        self.address = address

    @cached_property
    def _client(self) -> Client:
        return object_storage.client(self.address)

    def read(self, path: str) -> bytes | None:
        """Return an object; None where there is none."""
        return self.read_with_state(path)[0]

    def read_with_state(self, path: str) -> tuple[bytes | None, str]:
        """Return an object, or None where there is none, and the ETag by which `replace` knows whether it changed."""
        try:
            with object_storage.plain_errors(self.address):
                answer = obstore.get(self._client, path)
                return bytes(answer.bytes()), answer.meta["e_tag"] or ""
        except FileNotFoundError:
            return None, ""

    def write(self, path: str, text: str) -> None:
        """Write an object in one step."""
        with object_storage.plain_errors(self.address):
            obstore.put(self._client, path, text.encode())

    def create(self, path: str, text: str) -> bool:
        """Write an object in one step if there is none. Return whether the object is what was to be written."""
        try:
            with object_storage.plain_errors(self.address):
                obstore.put(self._client, path, text.encode(), mode="create")
        except AlreadyExistsError:  # also where the answer to this very request was lost, and the client repeated it
            return self.read(path) == text.encode()
        return True

    def replace(self, path: str, state: str, text: str) -> bool:
        """Write an object in one step if its ETag is `state`. Return whether the object is what was to be written."""
        try:
            with object_storage.plain_errors(self.address):
                obstore.put(self._client, path, text.encode(), mode={"e_tag": state})
        except PreconditionError:  # as in `create`; also where the object is gone
            return self.read(path) == text.encode()
        return True

    def upload(self, files: Mapping[str, Path]) -> None:
        """Write files, each to its path."""
        self.together(self._upload, files.items())

    def download(self, files: Mapping[str, Path]) -> None:
        """Read each path into a file. A path without an object is passed over."""
        self.together(self._download, files.items())

    def below(self, path: str) -> dict[str, Listed]:
        """Return the paths below a path, without it, and what the listing says about each."""
        with object_storage.plain_errors(self.address):
            objects = [listed for page in obstore.list(self._client, path) for listed in page]
        return {
            listed["path"].removeprefix(f"{path}/"): Listed(
                listed["size"], listed["last_modified"], listed["e_tag"] or ""
            )
            for listed in objects
        }

    def remove(self, paths: Collection[str]) -> None:
        """Remove objects. One that is missing is passed over."""
        if paths:
            with object_storage.plain_errors(self.address):
                obstore.delete(self._client, [*paths])

    def together(self, work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Return what `work` returns for each item, in their order; many items are worked on at the same time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return [*pool.map(work, items)]

    def _upload(self, item: tuple[str, Path]) -> None:
        with object_storage.plain_errors(self.address):
            obstore.put(self._client, item[0], item[1])

    def _download(self, item: tuple[str, Path]) -> None:
        path, file = item
        with suppress(FileNotFoundError), object_storage.plain_errors(self.address):
            # Part by part: one request for a large file would outlast the client's time limit.
            parts = obstore.open_reader(self._client, path, buffer_size=_PART)
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                while part := parts.read(_PART):
                    out.write(part)
