"""Old versions of the corpus table: which of its files no version needs any more, and their removal by vacuum."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import unquote

from deltalake import CommitProperties, DeltaTable
from pyarrow import fs

from medpipe.ports import Pruned


def prune(
    table: DeltaTable, files: fs.FileSystem, keep: Collection[int], hours: int, properties: CommitProperties | None
) -> Pruned:
    """Remove the files that neither a version among `keep` nor the newest one has; without `properties`, count them.

    `table`: the newest version. `files`: the place of the table. `hours`: what was written or superseded less long ago
    stays, for writers and readers at work. `properties`: of the two commits that say so. Versions among `keep` that
    the table does not have are passed over.
    """
    kept = sorted(version for version in keep if 0 <= version < table.version())

    def vacuum(dry: bool) -> list[str]:
        return table.vacuum(
            hours,
            dry_run=dry,
            enforce_retention_duration=False,  # the table keeps what was removed for a century
            commit_properties=properties,
            full=True,  # with what a killed writer left
            keep_versions=[*kept, table.version()],
        )

    removable = [unquote(path) for path in vacuum(dry=True)]
    found = files.get_file_info(removable) if removable else []
    present = [file for file in found if file.type is fs.FileType.File]  # the log lists those of earlier runs too
    if present and properties is not None:
        vacuum(dry=False)
    return Pruned(len(present), sum(file.size for file in present))
