"""`database_url`: a fresh database of each kind that is here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.contract.databases import HAS_POSTGRESQL, postgresql


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
