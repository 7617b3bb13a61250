"""vLLM behind HTTP: its LoRA surface, and greedy generation with what it serves."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from medpipe.core import naming
from medpipe.core.prompt import STOP
from medpipe.errors import MedpipeError
from medpipe.ports import Progress

CONCURRENCY = 16
"""Completions asked at once: vLLM batches them."""

UNLOAD_SECONDS = 30.0
"""How long an unloaded name may still be listed before that is an error."""


class EngineError(MedpipeError):
    """The inference server refused or could not be reached."""


class VllmEngine:
    """Implements `ports.Engine` and `ports.Generator`.

    Requests carry fields from a fixed list only: vLLM with LoRA dies of concurrent `prompt_logprobs`, and
    of `echo` with `logprobs`; `load_inplace` mixes adapters. None of them is ever sent.
    """

    def __init__(self, url: str, key: SecretStr | None = None, base: str = "base", timeout: float = 120.0) -> None:
        """`url` is the server's address, `base` its --served-model-name, `timeout` seconds for one request."""
        self._url = url.rstrip("/")
        self._base = base
        self._timeout = timeout
        self._session = requests.Session()
        # A kept-alive connection may be closed by the server just as it is used again. Everything that is
        # sent may be sent twice: completions are greedy, and loading or unloading twice is answered by 4xx.
        retries = Retry(total=4, connect=4, read=2, status=0, backoff_factor=0.2, allowed_methods=None)
        adapter = HTTPAdapter(pool_maxsize=CONCURRENCY, max_retries=retries)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        if key:
            self._session.headers["Authorization"] = f"Bearer {key.get_secret_value()}"

    def load(self, name: str, folder: Path) -> None:
        """Load the adapter in `folder` (readable by the server) under a name that was never used before."""
        if name == self._base:
            raise EngineError(f"an adapter cannot be called {name!r}: that is the base model's name")
        if name in self.loaded():
            raise EngineError(f"adapter name {name} is in use; names are unique, choose another one")
        answer = self._post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder.resolve())})
        # 400 after a repeated request means that the first one did it: the list below decides.
        if answer.status_code not in (200, 400) or name not in self.loaded():
            raise EngineError(f"the engine did not load {name}: {_reason(answer)}")

    def unload(self, name: str) -> None:
        """Unload an adapter; returns once the server no longer lists it. An unknown name is already unloaded."""
        answer = self._post("/v1/unload_lora_adapter", {"lora_name": name})
        if answer.status_code not in (200, 400, 404):
            raise EngineError(f"the engine did not unload {name}: {_reason(answer)}")
        deadline = time.monotonic() + UNLOAD_SECONDS
        while name in self.loaded():
            if time.monotonic() > deadline:
                raise EngineError(f"the engine still lists {name} after unloading it; restart the engine")
            time.sleep(0.1)

    def loaded(self) -> frozenset[str]:
        """The adapters that the server lists; the base is not one."""
        answer = self._get("/v1/models")
        return frozenset(str(model["id"]) for model in answer["data"]) - {self._base}

    def ask(self, name: str, prompts: Sequence[str], max_new_tokens: int) -> list[str]:
        """One completion per prompt, in order, greedy, up to `core.prompt.STOP`. `name` may be the base's."""
        return self._complete(name, prompts, max_new_tokens, lambda share, text: None)

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        max_new_tokens: int,
        progress: Progress,
    ) -> list[str]:
        """See `ports.Generator`. EngineError when the server does not serve the base called `base`.

        An adapter with an evaluation name is loaded for this call alone, under that name and a nonce, and
        unloaded after it; any other is loaded unless it already is, and stays.
        """
        self._check_base(base)
        if adapter is None:
            return self._complete(self._base, prompts, max_new_tokens, progress)
        if not naming.is_evaluation(adapter_name):
            if adapter_name not in self.loaded():
                self.load(adapter_name, adapter)
            return self._complete(adapter_name, prompts, max_new_tokens, progress)
        name = f"{adapter_name}-{uuid.uuid4().hex[:8]}"
        self.load(name, adapter)
        try:
            return self._complete(name, prompts, max_new_tokens, progress)
        finally:
            self.unload(name)

    def _check_base(self, base: str) -> None:
        """An adapter of the same shape loads on a wrong base without a word: compare the bases' names."""
        for model in self._get("/v1/models")["data"]:
            root = str(model.get("root") or "")
            if model["id"] == self._base and root.rstrip("/").rsplit("/", 1)[-1] != base.rstrip("/").rsplit("/", 1)[-1]:
                raise EngineError(
                    f"the engine serves the base {root.rsplit('/', 1)[-1]!r}, but {base!r} is to be "
                    "judged: start the engine with that base"
                )

    def _complete(self, name: str, prompts: Sequence[str], max_new_tokens: int, progress: Progress) -> list[str]:
        def one(prompt: str) -> str:
            answer = self._post(
                "/v1/completions",
                {"model": name, "prompt": prompt, "max_tokens": max_new_tokens, "temperature": 0, "stop": STOP},
            )
            if answer.status_code != 200:
                raise EngineError(f"the engine did not answer as {name}: {_reason(answer)}")
            return str(answer.json()["choices"][0]["text"])

        texts: list[str] = []
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            for text in pool.map(one, prompts):
                texts.append(text)
                progress(len(texts) / len(prompts), f"{name}: {len(texts)} of {len(prompts)} answers")
        return texts

    def _post(self, path: str, fields: Mapping[str, Any]) -> requests.Response:
        try:
            return self._session.post(self._url + path, json=fields, timeout=self._timeout)
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _get(self, path: str) -> Any:
        try:
            answer = self._session.get(self._url + path, timeout=self._timeout)
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: requests.RequestException) -> EngineError:
        return EngineError(
            f"the engine at {self._url} does not answer ({type(error).__name__}); "
            "is it up, and is MEDPIPE_ENGINE_URL right?"
        )


def _reason(answer: requests.Response) -> str:
    """The server's message, without anything that was asked."""
    try:
        body = answer.json()
        error = body.get("error", body)
        return f"{answer.status_code}, {error.get('message', error) if isinstance(error, dict) else error}"
    except ValueError:
        return f"{answer.status_code}"
