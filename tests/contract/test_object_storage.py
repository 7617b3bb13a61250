"""Corpus, artifacts and heads are where one setting says, and a store that cannot be used says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from medpipe import object_storage
from medpipe.backends.delta.corpus import DeltaCorpus
from medpipe.backends.heads_objects import HeadsObjects
from medpipe.bucket import Bucket
from medpipe.cli import main
from medpipe.core.chain import Head
from medpipe.core.refs import ref
from medpipe.errors import ConfigError, Damaged, MedpipeError, Unavailable, exit_status
from medpipe.gateway_state import gateway_state
from medpipe.settings import Settings
from medpipe.wiring import Wiring
from tests.contract.test_corpus_table import article
from tests.manifests import put
from tests.processes import free_port
from tests.served import served

REF = ref("documents", "one")


def test_by_one_setting_two_machines_have_the_same_artifacts_corpus_and_heads(address: str, tmp_path: Path) -> None:
    one, other = (Wiring(Settings(home=tmp_path / name, storage=address)) for name in ("one", "other"))
    put(one.store, REF, lambda folder: (folder / "documents.jsonl").write_text("row\n"))
    version = one.corpus.merge([article(1)], None, "a")
    one.heads.keep("ledger", Head(1, "abc"))
    assert (other.store.folder(REF) / "documents.jsonl").read_text() == "row\n"
    assert list(other.corpus.read(version)) == [article(1)]
    assert list(other.heads.kept("ledger")) == [Head(1, "abc")]
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["cache"], "nothing else is on the machine"


def test_a_gateway_starts_with_a_bucket_and_without_its_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of all services are the same, and the gateway's image has no client: it never needs one."""
    monkeypatch.setitem(sys.modules, "obstore", None)
    state = gateway_state(Settings(home=tmp_path, storage="s3://bucket/prefix"))
    assert state.withdrawals.events() == ()
    assert state.routes.current() is None


def test_heads_come_in_their_order_and_by_chain(address: str) -> None:
    heads = HeadsObjects(address)
    for number in (10, 9, 11, 9):
        heads.keep("ledger", Head(number, f"d{number}"))
    heads.keep("withdrawals", Head(1, "d1"))
    assert list(heads.kept("ledger")) == [Head(9, "d9"), Head(10, "d10"), Head(11, "d11")]
    assert list(heads.kept("audit")) == []


def test_an_object_that_is_no_head_is_named(address: str) -> None:
    Bucket(address).write("ledger/notes.txt", "")
    with pytest.raises(Damaged, match=f"{address}/ledger/notes.txt is not a head of a chain"):
        list(HeadsObjects(address).kept("ledger"))


def failing(tmp_path: Path, address: str) -> MedpipeError:
    """Return the error of a verb's first look at the store."""
    with pytest.raises(MedpipeError) as error:
        _ = Wiring(Settings(home=tmp_path, storage=address)).corpus
    return error.value


def test_a_bucket_that_does_not_exist_is_named(object_store: Path, tmp_path: Path) -> None:
    error = failing(tmp_path, "s3://no-such-bucket/prefix")
    assert isinstance(error, ConfigError)
    assert (
        str(error)
        == "there is no bucket 'no-such-bucket': make it, or correct MEDPIPE_STORAGE=s3://no-such-bucket/prefix"
    )


def test_a_store_that_does_not_answer_may_answer_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    error = failing(tmp_path, "s3://bucket/prefix")
    assert isinstance(error, Unavailable)
    assert exit_status(error) == 75
    assert "try again later" in str(error)


@contextmanager
def refusing(status: int) -> Iterator[str]:
    """A server that answers every request with a status. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<Error><Code>InvalidAccessKeyId</Code></Error>"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def forgetful(status: int, looks_at: str) -> Iterator[str]:
    """A server with an empty bucket, which answers every write with a status and looks at one condition, or none."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer(200, b"<ListBucketResult></ListBucketResult>")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(412 if self.headers[looks_at] else status, b"")

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("ETag", '"0"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(("status", "looks_at"), [(200, ""), (501, ""), (200, "If-None-Match")])
def test_a_store_that_passes_over_the_condition_of_a_write_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, looks_at: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setattr(object_storage, "_AT_ONCE", {"max_retries": 0})
    with forgetful(status, looks_at) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        error = failing(tmp_path, "s3://bucket/prefix")
    assert isinstance(error, ConfigError)
    assert "conditional writes" in str(error)


def test_refused_credentials_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "wrong")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with refusing(403) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        error = failing(tmp_path, "s3://bucket/prefix")
    assert isinstance(error, ConfigError)
    assert "s3://bucket/prefix refused these credentials: check AWS_ACCESS_KEY_ID" in str(error)


def test_without_credentials_it_is_said_which_variables_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with refusing(403) as machine:  # in the place of the cloud's service that gives machines their keys
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", machine)
        error = failing(tmp_path, "s3://bucket/prefix")
    assert isinstance(error, ConfigError)
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(error)


def test_an_error_of_the_disk_stays_one() -> None:
    with pytest.raises(OSError, match="No space left"), object_storage.plain_errors("s3://bucket"):
        raise OSError("No space left on device")


def test_a_table_in_a_store_that_went_away_says_so(far_away: str) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        DeltaCorpus(far_away).counts(1)


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setitem(object_storage.OPTIONS, "max_retries", "1")
    return "s3://bucket/corpus"


def test_a_command_without_the_extra_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDPIPE_STORAGE", "s3://bucket/prefix")
    monkeypatch.setenv("MEDPIPE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setattr("medpipe.extras._installed_requirements", lambda: ['obstore>=0.12; extra == "s3"'])
    assert main(["latest", "--kind", "corpus"]) == 2
    assert "this needs the package 'obstore': pip install 'medpipe-llm[s3]'" in capsys.readouterr().err
