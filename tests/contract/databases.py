"""A throw-away PostgreSQL server, where its programs are installed. Every SQL backend is tested on it and on SQLite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

from tests.processes import free_port

# Debian keeps the server programs of each version in a folder of its own, outside PATH.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True)])
INITDB, PG_CTL = (shutil.which(program, path=_PATH) for program in ("initdb", "pg_ctl"))
HAS_POSTGRESQL = bool(INITDB and PG_CTL)


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server on a free port, give the address of its empty database, and remove it afterwards."""
    # Not under pytest's own temporary folder: PostgreSQL refuses to run as root, and only root may enter that.
    folder = Path(tempfile.mkdtemp(prefix="medpipe-postgresql-"))
    data = folder / "data"
    as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if as_owner:
        shutil.chown(folder, "postgres")
    port = free_port()
    subprocess.run(
        [*as_owner, INITDB, "-D", data, "-U", "medpipe", "-A", "trust", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    )
    options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories='' -c fsync=off"
    subprocess.run(
        [*as_owner, PG_CTL, "-D", data, "-w", "-o", options, "-l", folder / "log", "start"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"postgresql+psycopg2://medpipe@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run(
            [*as_owner, PG_CTL, "-D", data, "-m", "immediate", "stop"], check=True, stdout=subprocess.DEVNULL
        )
        shutil.rmtree(folder)
