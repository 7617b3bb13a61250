"""Where the corpus table is: a folder, or an address in an object store."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

from medpipe import object_storage

if TYPE_CHECKING:
    from medpipe.bucket import Bucket


class Place:
    """A folder or an address, with what opening a table or a file there takes."""

    def __init__(self, at: Path | str) -> None:
        """`at`: a folder, or an address such as `s3://bucket/prefix`."""
        self.address = str(at)
        self._is_folder = "://" not in self.address
        self.options = None if self._is_folder else object_storage.OPTIONS
        """What delta-rs needs to know beside the address."""
        self.readers = 1 if self._is_folder else 16
        """How many files are read at the same time: a disk gains nothing by it, and a far store answers each late."""

    def table(self, version: int | None = None) -> DeltaTable:
        """Return a version of the table, by default the newest. Raises delta-rs' errors."""
        with self.plain_errors():
            return DeltaTable(self.address, version=version, storage_options=self.options)

    def is_table(self) -> bool:
        """Return whether there is a table."""
        with self.plain_errors():
            return DeltaTable.is_deltatable(self.address, self.options)

    def make(self) -> None:
        """Make the folder."""
        if self._is_folder:
            Path(self.address).mkdir(parents=True, exist_ok=True)

    def files(self, sizes: Mapping[str, int] | None = None) -> fs.FileSystem:
        """Return the place as a file system. `sizes`: path → bytes, known from the log, which nobody asks for then."""
        if self._is_folder:
            return fs.SubTreeFileSystem(self.address, fs.LocalFileSystem())
        known = None if sizes is None else dict(sizes)
        return fs.PyFileSystem(DeltaStorageHandler(self.address, self.options, known))

    def text(self, path: str) -> str | None:
        """Return the text of a small file, in one request; None where it is missing."""
        if not self._is_folder:
            found = self._bucket.read(path)
            return None if found is None else found.decode()
        try:
            return Path(self.address, path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    @cached_property
    def _bucket(self) -> Bucket:
        from medpipe.bucket import Bucket

        return Bucket(self.address)

    def plain_errors(self) -> AbstractContextManager[None]:
        """Name errors of the object store as `object_storage` does."""
        return nullcontext() if self._is_folder else object_storage.plain_errors(self.address)
