"""Client of the inference engine. Requests have the fields of `medpipe.vllm_protocol` and no others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import NamedTuple

import aiohttp
from tenacity import retry, retry_if_exception, stop_after_attempt

from medpipe import vllm_protocol as protocol
from medpipe.core.contract import Ending
from medpipe.errors import EngineError
from serving.breaker import Breaker
from serving.limits import Limits
from serving.problems import Problem, TryLater

_KEPT_SECONDS = 3.0
"""How long an idle connection is kept: less than the 5 seconds after which vLLM's server closes it."""
_FAILED = (aiohttp.ClientError, TimeoutError, OSError)


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


def _connection_broke(error: BaseException) -> bool:
    broke = isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)
    return broke and not isinstance(error, aiohttp.ClientConnectorError)


class EngineClient:
    """Greedy completions over kept-alive connections. A request that is cancelled closes its connection.

    vLLM stops generating for a closed connection, so nothing is generated for a client that left.
    """

    def __init__(self, url: str, key: str | None, limits: Limits) -> None:
        """Prepare; nothing is sent yet. `url`: vLLM's address. `key`: its API key."""
        self._limits, self._url = limits, url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self.breaker = Breaker(limits)

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def complete(self, adapter: str, prompt: str, ending: Ending) -> Completion:
        """Return one whole completion, within `Limits.engine_seconds`.

        Raises AdapterMissing when the engine does not know `adapter`, Problem 503 when it does not answer,
        Problem 422 when the prompt is too long for the model, Problem 502 for any other failure.
        """
        self.breaker.admit()
        request = protocol.completion(adapter, prompt, ending)
        async with _Deadline(self, self._limits.engine_seconds):
            response = await self._send("POST", protocol.COMPLETIONS, request)
            body = await _read(response)
        self.breaker.succeeded()
        _check(response)
        completion = _parsed(protocol.CompletionResponse, body)
        usage = completion.usage or protocol.Usage()
        return Completion(completion.text, completion.finish_reason, usage.prompt_tokens, usage.completion_tokens or 0)

    async def stream(self, adapter: str, prompt: str, ending: Ending) -> AsyncGenerator[Completion, None]:
        """Yield a completion piece by piece. The last piece knows why it ended, and all tokens.

        Raises the errors of `complete` before the first piece, and Problem 502 or 503 when the engine breaks off later.
        """
        self.breaker.admit()
        request = protocol.completion(adapter, prompt, ending, stream=True)
        async with _Deadline(self, self._limits.engine_seconds):
            response = await self._send("POST", protocol.COMPLETIONS, request)
        seconds, so_far = self._limits.engine_seconds, Completion("", "", 0, 0)
        try:
            if response.status != 200:
                self.breaker.succeeded()
                _check(response)
            while True:
                async with _Deadline(self, seconds):
                    line = await _line(response)
                self.breaker.succeeded()  # not before: vLLM sends the headers of a stream before it generates
                if not line:
                    return
                data = line.removeprefix(b"data:").strip()
                if line.startswith(b"data:") and data != protocol.END_OF_STREAM.encode():
                    so_far = _piece(data, so_far)
                    yield so_far
                    seconds = self._limits.piece_seconds
        finally:
            response.close()  # before the end of the stream this closes the connection, too

    async def tokens(self, adapter: str, prompt: str) -> int:
        """Return how many tokens a prompt has. Errors as in `complete`."""
        self.breaker.admit(tries=False)  # vLLM's server counts tokens also while the model hangs
        request = protocol.TokenizeRequest(model=adapter, prompt=prompt)
        async with _Deadline(self, self._limits.engine_seconds):
            response = await self._send("POST", protocol.TOKENIZE, request)
            body = await _read(response)
        _check(response)
        return _parsed(protocol.TokenizeResponse, body).count

    async def models(self) -> frozenset[str]:
        """Return the names that the engine answers for. Raises Problem 503 when it does not answer.

        The request has connections of its own, so that it is answered while all others are in use. It does not close
        the breaker: vLLM's server lists models also while the model hangs.
        """
        async with _Deadline(self, self._limits.probe_seconds):
            response = await self._send("GET", protocol.MODELS, None)
            body = await _read(response)
        _check(response)
        return _parsed(protocol.ModelList, body).names()

    # A kept-alive connection may be closed by the engine just as it is used again. Completions are greedy, so a
    # request that arrives twice does no harm. No byte of an answer has come when it is repeated.
    @retry(retry=retry_if_exception(_connection_broke), stop=stop_after_attempt(2), reraise=True)
    async def _send(self, method: str, path: str, request: protocol.Request | None) -> aiohttp.ClientResponse:
        """Return the response once its headers are here; send once more when the connection breaks before them."""
        fields = None if request is None else request.fields()
        return await self._session(request is None).request(method, f"{self._url}{path}", json=fields)

    def _session(self, probe: bool) -> aiohttp.ClientSession:
        """Return the connections for probes or for completions. They belong to the running loop, so on first use."""
        if probe not in self._sessions:
            limit = 4 if probe else self._limits.engine_requests + 8
            self._sessions[probe] = aiohttp.ClientSession(
                headers=self._headers,
                connector=aiohttp.TCPConnector(limit=limit, keepalive_timeout=_KEPT_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None),  # every wait has a deadline here
                auto_decompress=False,
                trust_env=False,
            )
        return self._sessions[probe]


class _Deadline:
    """Waits for the engine for some seconds. Whatever fails counts for the breaker and becomes Problem 503."""

    def __init__(self, client: EngineClient, seconds: float) -> None:
        self._client, self._timeout = client, asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)  # type: ignore[arg-type]
        except TimeoutError as late:
            error = late
        if isinstance(error, _FAILED):
            self._client.breaker.failed()
            message = "the engine does not answer just now; try again"
            raise TryLater("engine_unavailable", message, self._client._limits.retry_after_seconds) from error


async def _read(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.read()
    except BaseException:
        response.close()
        raise


async def _line(response: aiohttp.ClientResponse) -> bytes:
    """Return the next line of a stream; b"" at its end. Raises Problem 502 for a line without an end."""
    try:
        return await response.content.readline()
    except ValueError as error:
        raise Problem(502, "engine_error", "the engine's answer cannot be read; try again") from error


def _parsed(model: type[protocol.Response], body: str | bytes) -> protocol.Response:
    try:
        return protocol.parsed(model, body)
    except EngineError as error:
        raise Problem(502, "engine_error", "the engine's answer cannot be read; try again") from error


def _check(response: aiohttp.ClientResponse) -> None:
    """Raise for any status but 200. The engine's own message is not passed on: it may repeat the question."""
    if response.status == 404:
        raise AdapterMissing
    if response.status == 400:  # every field is well-formed, so only the prompt's length can be at fault
        raise Problem(422, "question_too_long", "the question is longer than the model can read; shorten it")
    if response.status != 200:
        raise Problem(502, "engine_error", f"the engine answered {response.status}; try again")


def _piece(data: bytes, before: Completion) -> Completion:
    """Return the next piece of a stream. What it does not say is as in the piece before it."""
    chunk = _parsed(protocol.CompletionChunk, data)
    if chunk.error is not None:
        raise Problem(502, "engine_error", "the engine broke off the answer; try again")
    finish = chunk.finish_reason or before.finish
    if chunk.usage is None:
        return before._replace(text=chunk.text, finish=finish)
    return Completion(chunk.text, finish, chunk.usage.prompt_tokens, chunk.usage.completion_tokens or 0)
