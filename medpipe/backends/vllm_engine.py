"""vLLM behind HTTP: loads and unloads LoRA adapters, and generates with the served weights."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed
from urllib3.util.retry import Retry

from medpipe import vllm_protocol as protocol
from medpipe.base_models import is_prepared
from medpipe.core import naming
from medpipe.core.contract import Ending
from medpipe.core.sampling import Sampling
from medpipe.errors import ConfigError, EngineError
from medpipe.ports import Progress

CONCURRENCY = 16
"""Completions requested at the same time, where nothing else is said: vLLM batches them."""

UNLOAD_SECONDS = 10.0
"""How long an unloaded name may still be listed before that is an error."""

_POLL_SECONDS = 0.1

_CONFIG = "adapter_config.json"
"""The file by which vLLM knows an adapter."""


class VllmEngine:
    """Implements `ports.Engine` and `ports.Generator`. Requests have the fields of `vllm_protocol` and no others."""

    name = "vllm"

    def __init__(
        self,
        url: str,
        key: SecretStr | None = None,
        base: str = "base",
        timeout: float = 120.0,
        precision: str = "float32",
        concurrency: int = CONCURRENCY,
    ) -> None:
        """Prepare the connections; nothing is sent yet.

        `url`: the server's address. `key`: its API key. `base`: its --served-model-name. `timeout`: seconds
        for one request. `precision`: the number format that the server was started with, which it does not tell.
        `concurrency`: completions requested at the same time.
        """
        self.precision = precision
        self._concurrency = concurrency
        self._url = url.rstrip("/")
        self._base = base
        self._timeout = timeout
        self._session = requests.Session()
        # A kept-alive connection may be closed by the server just as it is used again. Every request may be sent
        # twice: completions are greedy or have a seed, and a second load or unload is answered by 4xx.
        retries = Retry(total=4, connect=4, read=2, status=0, backoff_factor=0.2, allowed_methods=None)
        adapter = HTTPAdapter(pool_maxsize=concurrency, max_retries=retries)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        if key:
            self._session.headers["Authorization"] = f"Bearer {key.get_secret_value()}"

    def load(self, name: str, folder: Path) -> None:
        """Load the adapter in `folder`, which the server can read, under a name that was never used before.

        Raises EngineError when the name is in use or the server does not list the adapter afterwards, and ConfigError
        when the server finds no adapter there although this process does.
        """
        if name == self._base:
            raise EngineError(f"an adapter cannot be called {name!r}: that is the base model's name")
        if name in self.loaded():
            raise EngineError(f"adapter name {name} is in use; names are unique, choose another one")
        request = protocol.LoadAdapterRequest(lora_name=name, lora_path=str(folder.resolve()))
        response = self._post(protocol.LOAD_ADAPTER, request)
        # A 400 may answer a request that was sent twice, after the first one loaded the adapter: the list decides.
        if protocol.lacks_lora(response.status_code, response.content):
            raise ConfigError(
                f"the engine at {self._url} loads no adapters: start it with --enable-lora and "
                "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1. vLLM has no LoRA for some bases, such as GPT-2: set the recipe's "
                "serve to merged, and `medpipe prepare-base` writes the model that is served"
            )
        if response.status_code == 404 and (folder / _CONFIG).exists():
            raise ConfigError(
                f"the engine at {self._url} finds no adapter in {folder.resolve()}, where this machine has one: they "
                "must have that folder in common under this path. Run deploy and evaluate on the engine's machine, or "
                "share `cache` (with MEDPIPE_STORAGE, else `artifacts`) under MEDPIPE_HOME with it; nothing was loaded"
            )
        if response.status_code not in (200, 400) or name not in self.loaded():
            raise EngineError(f"the engine did not load {name}: {_refusal(response)}")

    def unload(self, name: str) -> None:
        """Unload an adapter, and return once the server no longer lists it. Does nothing for an unknown name.

        Raises EngineError when the server refuses, or still lists the name after UNLOAD_SECONDS.
        """
        response = self._post(protocol.UNLOAD_ADAPTER, protocol.UnloadAdapterRequest(lora_name=name))
        if response.status_code not in (200, 400, 404):
            raise EngineError(f"the engine did not unload {name}: {_refusal(response)}")
        until_unlisted = Retrying(
            retry=retry_if_result(lambda listed: name in listed),
            wait=wait_fixed(_POLL_SECONDS),
            stop=stop_after_delay(UNLOAD_SECONDS),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        if name in until_unlisted(self.loaded):
            raise EngineError(f"the engine still lists {name} after unloading it; restart the engine")

    def loaded(self) -> frozenset[str]:
        """Return the adapters that the server lists, without the base."""
        return self._models().adapters()

    def check_base(self, base: str, merged: bool = False) -> None:
        """Raise ConfigError unless the server has the weights of `base`: its folder has the last part of that name.

        An adapter of the same shape loads on another base, but its answers are wrong. `merged`: the server must also
        answer for the last part of the name, which no other model has.
        """
        name, models = base.rpartition("/")[2], self._models()
        root = models.root or ""
        here = name in root.split("/") if is_prepared(base) else name == _last_part(root)
        names = f" --served-model-name {self._base} {name}" if merged else ""
        if not here or (merged and name not in models.names()):
            raise ConfigError(
                f"the engine serves the base {_last_part(root)!r}, but {base!r} is wanted: start the engine with the "
                f"folder of that base as --model{names}"
            )

    def ask(self, name: str, prompts: Sequence[str], ending: Ending) -> list[str]:
        """Return one greedy completion per prompt, in order. `name`: an adapter's, or the base's."""
        return self._complete(name, prompts, ending, lambda share, text: None)

    def generate(
        self,
        base: str,
        adapter: Path | None,
        adapter_name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        """Generate as `ports.Generator` says. Raises ConfigError when the server does not serve the base `base`.

        An adapter with an evaluation name is loaded for this call alone, under that name, a nonce and the moment
        (`naming.timed`), and unloaded after it; if this process is killed, a deployment unloads it later. Any other
        adapter is loaded unless it already is, and stays.
        """
        self.check_base(base)
        if adapter is None:
            return self._complete(self._base, prompts, ending, progress, choices, sampling)
        if not naming.is_evaluation(adapter_name):
            if adapter_name not in self.loaded():
                self.load(adapter_name, adapter)
            return self._complete(adapter_name, prompts, ending, progress, choices, sampling)
        name = naming.timed(adapter_name, uuid.uuid4().hex[:8], time.time())
        self.load(name, adapter)
        try:
            return self._complete(name, prompts, ending, progress, choices, sampling)
        finally:
            self.unload(name)

    def _complete(
        self,
        name: str,
        prompts: Sequence[str],
        ending: Ending,
        progress: Progress,
        choices: Sequence[tuple[str, ...]] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        def completed(prompt: str, texts: tuple[str, ...]) -> str:
            request: protocol.Request = protocol.completion(name, prompt, ending)
            if texts:
                request = protocol.choice(name, prompt, texts)
            elif sampling is not None:
                request = protocol.sampled(name, prompt, ending, sampling)
            response = self._post(protocol.COMPLETIONS, request)
            if response.status_code != 200:
                raise EngineError(f"the engine did not answer as {name}: {_refusal(response)}")
            return protocol.parsed(protocol.CompletionResponse, response.content).text

        texts: list[str] = []
        with ThreadPoolExecutor(self._concurrency) as pool:
            for text in pool.map(completed, prompts, choices or [()] * len(prompts)):
                texts.append(text)
                progress(len(texts) / len(prompts), f"{name}: {len(texts)} of {len(prompts)} answers")
        return texts

    def _models(self) -> protocol.ModelList:
        try:
            response = self._session.get(self._url + protocol.MODELS, timeout=self._timeout)
            response.raise_for_status()
        except requests.RequestException as error:
            raise self._unreachable(error) from error
        return protocol.parsed(protocol.ModelList, response.content)

    def _post(self, path: str, request: protocol.Request) -> requests.Response:
        try:
            return self._session.post(self._url + path, json=request.fields(), timeout=self._timeout)
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: requests.RequestException) -> EngineError:
        return EngineError(
            f"the engine at {self._url} does not answer ({type(error).__name__}); "
            "is it up, and is MEDPIPE_ENGINE_URL right?"
        )


def _refusal(response: requests.Response) -> str:
    return protocol.refusal(response.status_code, response.content)


def _last_part(path: str) -> str:
    """Return the last folder of a path or hub id: the engine may have the base in another place."""
    return path.rstrip("/").rsplit("/", 1)[-1]
