"""A judge behind OpenAI's chat completions, as vLLM serves them: it can reply with one of the levels only."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import requests
from pydantic import SecretStr

from medpipe import vllm_protocol as protocol
from medpipe.core.judging.rating.scale import LEVELS, Level
from medpipe.errors import EngineError
from medpipe.ports import Progress

_CONCURRENCY = 16
"""Requests at the same time."""


class OpenAiJudge:
    """Implements `ports.Judge`. The choice is constrained by vLLM's `structured_outputs`, and checked again here."""

    def __init__(self, url: str, model: str, key: SecretStr | None = None, timeout: float = 120.0) -> None:
        """Prepare the connection; nothing is sent yet.

        `url`: the server's address, without `/v1`. `model`: the name that it serves the judge under. `key`: its API
        key. `timeout`: seconds for one request.
        """
        self.name = f"openai {model}"
        self._url, self._model, self._timeout = url.rstrip("/"), model, timeout
        self._session = requests.Session()
        if key:
            self._session.headers["Authorization"] = f"Bearer {key.get_secret_value()}"

    def rate(self, prompts: Sequence[str], progress: Progress) -> list[Level]:
        """Rate as `ports.Judge` says, greedily."""
        levels: list[Level] = []
        with ThreadPoolExecutor(_CONCURRENCY) as pool:
            for level in pool.map(self._rated, prompts):
                levels.append(level)
                progress(len(levels) / len(prompts), f"{self.name}: {len(levels)} of {len(prompts)} ratings")
        return levels

    def _rated(self, prompt: str) -> Level:
        request = protocol.chat_choice(self._model, prompt, tuple(map(str, LEVELS)))
        try:
            response = self._session.post(self._url + protocol.CHAT, json=request.fields(), timeout=self._timeout)
        except requests.RequestException as error:
            raise EngineError(
                f"the judge at {self._url} does not answer ({type(error).__name__}); "
                "is it up, and is MEDPIPE_JUDGE_URL right?"
            ) from error
        if response.status_code != 200:
            refusal = protocol.refusal(response.status_code, response.content)
            raise EngineError(f"the judge at {self._url} refused to rate as {self._model}: {refusal}")
        text = protocol.parsed(protocol.ChatResponse, response.content).text.strip()
        level = next((level for level in LEVELS if text == str(level)), None)
        if level is None:
            raise EngineError(
                f"the judge {self._model} replied with something else than 1, 3 or 5: "
                "use a server that constrains choices (vLLM's structured_outputs)"
            )
        return level
