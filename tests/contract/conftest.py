"""Fixtures of the contract tests: fresh databases, places on an S3 server, a validator with the project's suites."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.backends.gx.validator import GxValidator
from medpipe.sandbox import object_store as object_store_server
from tests.clock import Clock
from tests.contract.databases import HAS_POSTGRESQL, postgresql
from tests.contract.suite_rows import SUITES
from tests.fakes import EmailRedactor

BUCKET = "contracts"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    if not HAS_POSTGRESQL:
        pytest.skip("PostgreSQL's server programs are not here")
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'medpipe.db'}"
    url: str = request.getfixturevalue("postgresql_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real S3 server, which this process and its children find by their environment. Yields its log of requests."""
    log = tmp_path_factory.mktemp("object-store") / "server.log"
    with object_store_server.serving(log) as variables, pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        object_store_server.make_bucket(variables, BUCKET)
        yield log.with_name("requests")


@pytest.fixture
def address(object_store: Path) -> str:
    """An empty place on the S3 server."""
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "artifacts")


@pytest.fixture
def far(address: str, tmp_path: Path) -> ObjectStore:
    """The same store on an S3 server."""
    return ObjectStore(f"{address}/artifacts", tmp_path / "cache")


@pytest.fixture(params=["store", "far"])
def any_store(request: pytest.FixtureRequest) -> FolderStore | ObjectStore:
    """The store in a file system and on an S3 server."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def validator(tmp_path: Path) -> GxValidator:
    return GxValidator(SUITES, tmp_path / "docs", emails)


def emails(texts: Sequence[str], language: str) -> list[dict[str, int]]:
    """Count what identifies people, by the fake that knows e-mail addresses only."""
    return [dict(redaction.counts) for redaction in EmailRedactor().redact(texts, language)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root)")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
