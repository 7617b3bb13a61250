"""Pseudonyms of callers: they allow a cap on one caller's influence on training, and do not reveal who it is."""

from __future__ import annotations

from fastapi import Request

from serving.answer_ids import Signer


def identify(request: Request, signer: Signer) -> str:
    """Return the pseudonym of the API key (`Authorization: Bearer`), else of `X-User`, else of the client's address.

    A client can set `X-User` to anything. Where influence matters, let only a trusted proxy reach the gateway.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return signer.pseudonym("key", token.strip())
    if user := request.headers.get("X-User", "").strip():
        return signer.pseudonym("user", user)
    return signer.pseudonym("address", request.client.host if request.client else "unknown")
