"""Heads of hash chains in a file beside the artifacts, where a login of the database cannot change them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from medpipe import owner_only, records
from medpipe.core.chain import Head
from medpipe.core.refs import canonical
from medpipe.errors import Damaged


class HeadsFile:
    """Implements `ports.Heads`. Each line is a JSON object; a line is appended in one write and flushed to disk."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keep(self, chain: str, head: Head) -> None:
        """Append a head."""
        line = canonical({"chain": chain, "sequence": head.sequence, "digest": head.digest}) + "\n"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        owner_only.file(self._file)
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def chains(self) -> list[str]:
        """Return the names of the chains that have heads; "" for lines without one, which `kept` refuses."""
        rows = records.read_rows(self._file) if self._file.exists() else ()
        return sorted({str(row.get("chain", "")) for row in rows})

    def kept(self, chain: str) -> Iterator[Head]:
        """Yield the heads of a chain. Raises Damaged for a file that cannot be read."""
        if not self._file.exists():
            return
        for number, row in enumerate(records.read_rows(self._file), start=1):
            try:
                if row["chain"] == chain:
                    yield Head(int(row["sequence"]), str(row["digest"]))
            except (KeyError, TypeError, ValueError) as error:
                raise Damaged(
                    f"{self._file}, line {number} does not have chain, sequence and digest: put back a copy of it"
                ) from error
