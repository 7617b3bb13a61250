"""Fresh SQLite databases as copies of one that was migrated: many tests need one, and migrating takes its time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from medpipe.backends.sql.migrations import migrate, parsed


def migrate_from(template: Path) -> Callable[[str], None]:
    """Return `migrate`, but a SQLite database that does not exist yet begins as a copy of `template`.

    The template is made on first use. Tests of the migrations themselves call `migrate`.
    """

    def copy_and_migrate(url: str) -> None:
        address = parsed(url)
        if address.get_backend_name() == "sqlite" and address.database and not Path(address.database).exists():
            if not template.exists():
                migrate(f"sqlite:///{template}")
            _copy(template, Path(address.database))
        migrate(url)

    return copy_and_migrate


def _copy(template: Path, file: Path) -> None:
    """Copy in one step: threads of one test may open a database at the same time."""
    whole = file.with_name(f"{file.name}.{uuid4().hex}")
    shutil.copy(template, whole)
    try:
        os.link(whole, file)
    except FileExistsError:
        pass
    finally:
        whole.unlink()
