"""Signed weights: with a public key, an adapter that its key did not sign cannot be read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from medpipe.backends.artifacts import FolderStore
from medpipe.backends.artifacts.remote import ObjectStore
from medpipe.backends.model_signer import SIGNATURE, ModelSigner
from medpipe.core.refs import ref
from medpipe.errors import ConfigError, Damaged
from medpipe.settings import Settings
from tests import fakes
from tests.manifests import put, remade

ADAPTER = ref("adapter", 1)


def keys(folder: Path, name: str) -> tuple[Path, Path]:
    """A private and a public key, as docs/trust.md makes them."""
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here")
    for command in (
        ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(private)],
        ["ec", "-in", str(private), "-pubout", "-out", str(public)],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return private, public


def trained(store: FolderStore, text: str = "weights") -> Path:
    put(store, ADAPTER, lambda folder: (folder / fakes.WEIGHTS).write_text(text))
    return store.root / ADAPTER


@pytest.fixture
def signed(tmp_path: Path) -> tuple[FolderStore, Path]:
    """A store that signs and checks, and the public key."""
    pytest.importorskip("model_signing", reason="the extra `sign` is not installed")
    private, public = keys(tmp_path, "ours")
    return FolderStore(tmp_path / "artifacts", ModelSigner(private, public)), public


def test_a_signed_adapter_can_be_read_with_the_public_key_alone(signed: tuple[FolderStore, Path]) -> None:
    store, public = signed
    folder = trained(store)
    reader = FolderStore(store.root, ModelSigner(None, public))
    assert reader.folder(ADAPTER) == reader.folder(ADAPTER) == folder
    assert (folder / SIGNATURE).is_file()


def test_an_adapter_without_a_signature_is_refused(signed: tuple[FolderStore, Path]) -> None:
    store, public = signed
    trained(FolderStore(store.root))
    with pytest.raises(Damaged, match=f"{ADAPTER} has no signature"):
        FolderStore(store.root, ModelSigner(None, public)).folder(ADAPTER)


def test_an_adapter_that_another_key_signed_is_refused(signed: tuple[FolderStore, Path], tmp_path: Path) -> None:
    store, public = signed
    theirs, _ = keys(tmp_path, "theirs")
    trained(FolderStore(store.root, ModelSigner(theirs, None)))
    with pytest.raises(Damaged, match=f"{ADAPTER} was not signed with the key"):
        FolderStore(store.root, ModelSigner(None, public)).folder(ADAPTER)


def test_weights_that_were_swapped_with_every_digest_computed_anew_are_refused(
    signed: tuple[FolderStore, Path],
) -> None:
    store, public = signed
    trained(store)
    forger = FolderStore(store.root)
    remade(forger, ADAPTER, lambda folder: (folder / fakes.WEIGHTS).write_text("swapped"))
    assert (forger.folder(ADAPTER) / fakes.WEIGHTS).read_text() == "swapped"
    with pytest.raises(Damaged, match=f"{ADAPTER} was not signed with the key"):
        FolderStore(store.root, ModelSigner(None, public)).folder(ADAPTER)


def test_without_keys_nothing_is_signed_or_checked(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, ModelSigner(None, None))
    folder = trained(store)
    assert store.folder(ADAPTER) == folder
    assert not (folder / SIGNATURE).exists()


@pytest.mark.parametrize("name", ["weights_private_key", "weights_public_key"])
def test_a_key_that_does_not_exist_is_named(tmp_path: Path, name: str) -> None:
    ports = fakes.ports(Settings(home=tmp_path, **{name: tmp_path / "absent.pem"}))
    with pytest.raises(ConfigError, match=rf"MEDPIPE_{name.upper()}=.*absent\.pem: there is no such file"):
        _ = ports.store


class OnlyOurs:
    """A signer that accepts what it signed itself, without cryptography."""

    def sign(self, folder: Path) -> None:
        (folder / SIGNATURE).write_text((folder / fakes.WEIGHTS).read_text())

    def check(self, ref: str, folder: Path, content: str) -> None:
        if (folder / SIGNATURE).read_text() != (folder / fakes.WEIGHTS).read_text():
            raise Damaged(f"{ref} was not signed")


def test_an_object_store_signs_and_checks_too(address: str, tmp_path: Path) -> None:
    one = ObjectStore(f"{address}/signed", tmp_path / "one", OnlyOurs())
    put(one, ADAPTER, lambda folder: (folder / fakes.WEIGHTS).write_text("weights"))
    other = ObjectStore(f"{address}/signed", tmp_path / "other", OnlyOurs())
    assert (other.folder(ADAPTER) / SIGNATURE).read_text() == "weights"

    def forge(folder: Path) -> None:
        (folder / fakes.WEIGHTS).write_text("swapped")
        (folder / SIGNATURE).write_text("weights")

    put(ObjectStore(f"{address}/forged", tmp_path / "one"), ADAPTER, forge)
    with pytest.raises(Damaged, match="was not signed"):
        ObjectStore(f"{address}/forged", tmp_path / "other", OnlyOurs()).folder(ADAPTER)


def test_the_store_signs_what_it_writes_and_asks_for_the_signature_of_what_it_reads(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, OnlyOurs())
    trained(store)
    store.folder(ADAPTER)
    remade(FolderStore(tmp_path), ADAPTER, lambda folder: (folder / fakes.WEIGHTS).write_text("swapped"))
    with pytest.raises(Damaged, match="was not signed"):
        store.folder(ADAPTER)
