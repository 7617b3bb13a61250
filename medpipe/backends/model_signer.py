"""Signatures of weights with an elliptic-curve key, by OpenSSF's model-signing (no network, no log).

Format: https://github.com/sigstore/model-transparency, a Sigstore bundle in the adapter's folder.
"""

from __future__ import annotations

from pathlib import Path

from medpipe.errors import ConfigError, Damaged

SIGNATURE = "model.sig"
_UNSIGNED = (SIGNATURE, "manifest.json")
"""Files that no signature covers: itself, and the manifest, which is written after it."""


class ModelSigner:
    """Implements `ports.Signer`. A signature is checked once a process, for files that did not change since."""

    def __init__(self, private: Path | None, public: Path | None) -> None:
        """Prepare. `private`: PEM file that signs, or None. `public`: PEM file that checks, or None.

        Raises ConfigError for a file that does not exist.
        """
        for name, file in (("MEDPIPE_WEIGHTS_PRIVATE_KEY", private), ("MEDPIPE_WEIGHTS_PUBLIC_KEY", public)):
            if file is not None and not file.is_file():
                raise ConfigError(f"{name}={file}: there is no such file; give an EC key in PEM, or unset it")
        self._private = private
        self._public = public
        self._checked: set[tuple[Path, str]] = set()

    def sign(self, folder: Path) -> None:
        """Write `model.sig` beside the weights, where there is a private key."""
        if self._private is None:
            return
        from model_signing import hashing, signing

        files = hashing.Config().set_ignored_paths(paths=[folder / name for name in _UNSIGNED])
        signer = signing.Config().use_elliptic_key_signer(private_key=self._private)
        signer.set_hashing_config(files).sign(folder, folder / SIGNATURE)

    def check(self, ref: str, folder: Path, content: str) -> None:
        """Raise Damaged unless the signature is that of the key and of these files, where there is a public key."""
        if self._public is None or (folder, content) in self._checked:
            return
        from model_signing import hashing, verifying

        if not (folder / SIGNATURE).is_file():
            raise Damaged(f"{ref} has no signature: make it again with MEDPIPE_WEIGHTS_PRIVATE_KEY set")
        files = hashing.Config().set_ignored_paths(paths=[folder / name for name in _UNSIGNED])
        verifier = verifying.Config().use_elliptic_key_verifier(public_key=self._public)
        try:
            verifier.set_hashing_config(files).verify(folder, folder / SIGNATURE)
        except Exception as error:  # the package documents ValueError, and its cryptography raises others
            raise Damaged(
                f"{ref} was not signed with the key of MEDPIPE_WEIGHTS_PUBLIC_KEY, or was changed since: "
                "put back a copy, or make it again"
            ) from error
        self._checked.add((folder, content))
