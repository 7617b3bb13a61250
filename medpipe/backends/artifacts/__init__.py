"""Artifacts as folders with a `manifest.json`, in a file system or an object store. Each is whole or absent.

In a file system (`folder`) an artifact is filled in a private folder beside the others, flushed to disk, and renamed
into place in one step with its manifest already inside. An object store (`remote`) cannot rename, so the files
go under a prefix of their own, and the manifest, written last, points to that prefix. A process killed at any
point leaves files that nothing reads. A later writer removes them.
"""

from __future__ import annotations

from medpipe.backends.artifacts.folder import FolderStore

__all__ = ["FolderStore"]
