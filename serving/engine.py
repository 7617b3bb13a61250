"""The gateway's client of the inference engine. It sends the fields below and no others."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import httpx

from medpipe.core.prompt import STOP
from serving.limits import Limits
from serving.problems import Problem


class AdapterMissing(Exception):
    """The engine does not know the adapter: it was unloaded after a switch, or lost in a restart."""


class Completion(NamedTuple):
    """What the engine wrote, why it ended (`stop` or `length`) and the tokens that it counted."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int


class EngineClient:
    """Greedy completions over a pool of kept-alive connections."""

    def __init__(
        self, url: str, key: str | None, limits: Limits, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """`url` is vLLM's address; `transport` replaces the network in tests."""
        self._limits = limits
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=limits.engine_seconds,
            transport=transport,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            limits=httpx.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=3.0),
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def complete(self, adapter: str, prompt: str, max_tokens: int) -> Completion:
        """One whole completion. AdapterMissing, or Problem 503 when the engine does not answer."""
        answer = await self._send("POST", "/v1/completions", _fields(adapter, prompt, max_tokens, stream=False))
        await self._read(answer)
        _check(answer)
        found = answer.json()
        choice, usage = found["choices"][0], found.get("usage") or {}
        return Completion(
            str(choice["text"]),
            str(choice.get("finish_reason") or "stop"),
            int(usage.get("prompt_tokens", 0)),
            int(usage.get("completion_tokens", 0)),
        )

    async def stream(self, adapter: str, prompt: str, max_tokens: int) -> AsyncIterator[str]:
        """A completion's pieces as they come. Errors as in `complete`, before the first piece."""
        answer = await self._send("POST", "/v1/completions", _fields(adapter, prompt, max_tokens, stream=True))
        try:
            if answer.status_code != 200:
                await answer.aread()
                _check(answer)
            async for line in answer.aiter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data != "[DONE]":
                    yield _piece(json.loads(data))
        except httpx.HTTPError as error:
            raise _unreachable(self._limits) from error
        finally:
            await answer.aclose()

    async def models(self) -> frozenset[str]:
        """The names that the engine answers for. Problem 503 when it does not answer."""
        answer = await self._send("GET", "/v1/models", None)
        await self._read(answer)
        _check(answer)
        return frozenset(str(model["id"]) for model in answer.json()["data"])

    async def _read(self, answer: httpx.Response) -> None:
        """The whole body; an engine that dies while it writes counts as one that does not answer."""
        try:
            await answer.aread()
        except httpx.HTTPError as error:
            raise _unreachable(self._limits) from error

    async def _send(self, method: str, path: str, fields: dict[str, Any] | None) -> httpx.Response:
        """Send and wait for the headers; twice, if a kept-alive connection was closed under us (greedy: harmless)."""
        for last in (False, True):
            try:
                return await self._client.send(self._client.build_request(method, path, json=fields), stream=True)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if last:
                    raise _unreachable(self._limits) from error
            except httpx.HTTPError as error:
                raise _unreachable(self._limits) from error
        raise AssertionError("unreachable: the second try returns or raises")


def _fields(adapter: str, prompt: str, max_tokens: int, stream: bool) -> dict[str, Any]:
    return {
        "model": adapter,
        "prompt": prompt,
        "max_tokens": max_tokens,
        "temperature": 0,
        "stop": STOP,
        "stream": stream,
    }


def _check(answer: httpx.Response) -> None:
    """Raise for anything but 200. The engine's own message stays here: it may repeat what was asked."""
    if answer.status_code == 404:
        raise AdapterMissing
    if answer.status_code == 400:  # what we send is well-formed, so only its length can be at fault
        raise Problem(422, "question_too_long", "the question is longer than the model can read; shorten it")
    if answer.status_code != 200:
        raise Problem(502, "engine_error", f"the engine answered {answer.status_code}; try again")


def _piece(chunk: dict[str, Any]) -> str:
    if "error" in chunk:
        raise Problem(502, "engine_error", "the engine broke off the answer; try again")
    return str(chunk["choices"][0]["text"]) if chunk.get("choices") else ""


def _unreachable(limits: Limits) -> Problem:
    return Problem(
        503,
        "engine_unavailable",
        "the engine does not answer just now; try again",
        headers={"Retry-After": str(limits.retry_after_seconds)},
    )
