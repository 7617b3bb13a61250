"""Who asks, as a pseudonym: enough to cap influence on training, useless to find a person."""

from __future__ import annotations

from fastapi import Request

from serving.answers import Signer


def identify(request: Request, signer: Signer) -> str:
    """The pseudonym of the API key (`Authorization: Bearer`), else of `X-User`, else of the client's address.

    `X-User` can be set to anything: let only a trusted proxy reach the gateway where influence matters.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return signer.pseudonym("key", token.strip())
    if user := request.headers.get("X-User", "").strip():
        return signer.pseudonym("user", user)
    return signer.pseudonym("address", request.client.host if request.client else "unknown")
