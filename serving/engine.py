"""Client of the inference engine. Requests have the fields of `medpipe.vllm_protocol` and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from medpipe import vllm_protocol as protocol
from medpipe.core.contract import Ending
from medpipe.errors import EngineError
from serving.limits import Limits
from serving.problems import Problem, TryLater


class AdapterMissing(Exception):
    """The engine does not know the adapter: it was unloaded after a switch, or lost in a restart."""


class Completion(NamedTuple):
    """A generated text, why it ended (`stop` or `length`) and the tokens that the engine counted.

    As a piece of a stream: its text, the tokens so far, and `finish` "" until the end is known.
    """

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int


class EngineClient:
    """Greedy completions over a pool of kept-alive connections."""

    def __init__(
        self, url: str, key: str | None, limits: Limits, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Prepare the pool; nothing is sent yet.

        `url`: vLLM's address. `key`: its API key. `transport`: replaces the network in tests.
        """
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

    async def complete(self, adapter: str, prompt: str, ending: Ending) -> Completion:
        """Return one whole completion.

        Raises AdapterMissing when the engine does not know `adapter`, Problem 503 when it does not answer,
        Problem 422 when the prompt is too long for the model, Problem 502 for any other failure.
        """
        response = await self._send("POST", protocol.COMPLETIONS, protocol.completion(adapter, prompt, ending))
        await self._read(response)
        _check(response)
        completion = _parsed(protocol.CompletionResponse, response.content)
        usage = completion.usage or protocol.Usage()
        return Completion(completion.text, completion.finish_reason, usage.prompt_tokens, usage.completion_tokens or 0)

    async def stream(self, adapter: str, prompt: str, ending: Ending) -> AsyncIterator[Completion]:
        """Yield a completion piece by piece. The last piece knows why it ended, and all tokens.

        Raises the errors of `complete` before the first piece, and Problem 502 or 503 when the engine breaks off later.
        """
        request = protocol.completion(adapter, prompt, ending, stream=True)
        response = await self._send("POST", protocol.COMPLETIONS, request)
        try:
            if response.status_code != 200:
                await response.aread()
                _check(response)
            so_far = Completion("", "", 0, 0)
            async for line in response.aiter_lines():
                data = line.removeprefix("data:").strip()
                if line.startswith("data:") and data != protocol.END_OF_STREAM:
                    so_far = _piece(data, so_far)
                    yield so_far
        except httpx.HTTPError as error:
            raise _unreachable(self._limits) from error
        finally:
            await response.aclose()

    async def tokens(self, adapter: str, prompt: str) -> int:
        """Return how many tokens a prompt has. Errors as in `complete`."""
        response = await self._send("POST", protocol.TOKENIZE, protocol.TokenizeRequest(model=adapter, prompt=prompt))
        await self._read(response)
        _check(response)
        return _parsed(protocol.TokenizeResponse, response.content).count

    async def models(self) -> frozenset[str]:
        """Return the names that the engine answers for. Raises Problem 503 when it does not answer."""
        response = await self._send("GET", protocol.MODELS, None)
        await self._read(response)
        _check(response)
        return _parsed(protocol.ModelList, response.content).names()

    async def _read(self, response: httpx.Response) -> None:
        """Read the whole body. An engine that dies while it writes counts as one that does not answer."""
        try:
            await response.aread()
        except httpx.HTTPError as error:
            raise _unreachable(self._limits) from error

    async def _send(self, method: str, path: str, request: protocol.Request | None) -> httpx.Response:
        """Send a request and return the response once its headers are here. Raises Problem 503 without a response."""
        try:
            return await self._send_twice(method, path, request)
        except httpx.HTTPError as error:
            raise _unreachable(self._limits) from error

    # A kept-alive connection may be closed by the engine just as it is used again. Completions are greedy, so a
    # request that arrives twice does no harm.
    @retry(
        retry=retry_if_exception_type((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)),
        stop=stop_after_attempt(2),
        reraise=True,
    )
    async def _send_twice(self, method: str, path: str, request: protocol.Request | None) -> httpx.Response:
        """Send a request, and once more when the connection breaks before the headers come."""
        fields = None if request is None else request.fields()
        return await self._client.send(self._client.build_request(method, path, json=fields), stream=True)


def _parsed(model: type[protocol.Response], body: str | bytes) -> protocol.Response:
    try:
        return protocol.parsed(model, body)
    except EngineError as error:
        raise Problem(502, "engine_error", "the engine's answer cannot be read; try again") from error


def _check(response: httpx.Response) -> None:
    """Raise for any status but 200. The engine's own message is not passed on: it may repeat the question."""
    if response.status_code == 404:
        raise AdapterMissing
    if response.status_code == 400:  # every field is well-formed, so only the prompt's length can be at fault
        raise Problem(422, "question_too_long", "the question is longer than the model can read; shorten it")
    if response.status_code != 200:
        raise Problem(502, "engine_error", f"the engine answered {response.status_code}; try again")


def _piece(data: str, before: Completion) -> Completion:
    """Return the next piece of a stream. What it does not say is as in the piece before it."""
    chunk = _parsed(protocol.CompletionChunk, data)
    if chunk.error is not None:
        raise Problem(502, "engine_error", "the engine broke off the answer; try again")
    finish = chunk.finish_reason or before.finish
    if chunk.usage is None:
        return before._replace(text=chunk.text, finish=finish)
    return Completion(chunk.text, finish, chunk.usage.prompt_tokens, chunk.usage.completion_tokens or 0)


def _unreachable(limits: Limits) -> Problem:
    message = "the engine does not answer just now; try again"
    return TryLater("engine_unavailable", message, limits.retry_after_seconds)
