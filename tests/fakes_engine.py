"""A small HTTP server with the vLLM endpoints that medpipe uses, and with vLLM's error answers.

As a program it prints its address: ``python -m tests.fakes_engine``.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Writer = Callable[[str, str], str]
"""Adapter name and prompt → completion."""

ALLOWED = {
    "/v1/completions": {
        "model",
        "prompt",
        "max_tokens",
        "temperature",
        "stop",
        "stream",
        "stream_options",
        "structured_outputs",
        "top_k",
        "seed",
    },
    "/tokenize": {"model", "prompt", "add_special_tokens"},
    "/v1/load_lora_adapter": {"lora_name", "lora_path"},
    "/v1/unload_lora_adapter": {"lora_name"},
}
"""The fields that are safe to send. Written down again here: `medpipe.vllm_protocol` is what the tests check."""

GARBLED: dict[str, Any] = {"choices": "my private words"}


def answer_with_name(adapter: str, prompt: str) -> str:
    """Return a text that names the adapter: the default writer."""
    return f" This was answered by {adapter}. It is a second sentence."


class FakeEngine:
    """A running server, as a context manager. `seen` holds the path and the body of every POST."""

    def __init__(self, write: Writer = answer_with_name, seconds: float = 0.0, port: int = 0) -> None:
        self.write, self.seconds = write, seconds
        self.adapters: dict[str, str] = {}
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.root = "/models/tiny"
        """The folder of the base, as vLLM lists it."""
        self.names: tuple[str, ...] = ("base",)
        """The names of the base: its `--served-model-name`."""
        self.lora = True
        """Whether it loads adapters: `--enable-lora`."""
        self.context = 10_000
        """Longest prompt in characters. A longer one is answered by 400, as in vLLM."""
        self.drop_next = 0
        """How many of the next completions meet a closed connection, as when a keep-alive ends at that moment."""
        self.garble_next = 0
        """How many of the next completions are answered by JSON of another shape."""
        self.break_after: int | None = None
        """After so many words a streamed completion ends in an error event."""
        self.finish = ""
        """Why completions end, as it says; "": `length` for those that were cut at their limit, else `stop`."""
        self.aborted = 0
        """How many completions met a connection that the client had closed."""
        self.blind = False
        """Whether it is on another machine, which has no adapter anywhere."""
        self.sticky: set[str] = set()
        """Names that stay listed although their unload is answered by 200."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeEngine:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def restart(self) -> None:
        """Lose every adapter, as vLLM does."""
        self.adapters.clear()

    def names_asked(self) -> list[str]:
        """Return the model of every completion so far."""
        return [body["model"] for path, body in self.seen if path == "/v1/completions"]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                if self.path == "/v1/models":
                    models = [
                        *({"id": id, "object": "model", "parent": None, "root": engine.root} for id in engine.names),
                        *({"id": name, "object": "model", "parent": "base"} for name in list(engine.adapters)),
                    ]
                    self.reply(200, {"object": "list", "data": models})
                else:
                    self.reply(200 if self.path == "/health" else 404, {})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                engine.seen.append((self.path, body))
                unknown = set(body) - ALLOWED.get(self.path, set())
                if unknown:
                    self.fail(400, f"a field that may kill the engine: {sorted(unknown)}")
                elif self.path == "/v1/load_lora_adapter":
                    self.load(body["lora_name"], Path(body["lora_path"]))
                elif self.path == "/v1/unload_lora_adapter":
                    self.unload(body["lora_name"])
                elif self.path == "/tokenize":
                    self.reply(200, {"count": len(body["prompt"].split()), "max_model_len": 512, "tokens": []})
                else:
                    self.complete(body)

            def load(self, name: str, folder: Path) -> None:
                if name in engine.adapters:
                    self.fail(400, f"The lora adapter '{name}' has already been loaded.")
                elif not engine.lora:
                    self.reply(404, {"detail": "Not Found"})
                elif engine.blind or not (folder / "adapter_config.json").exists():
                    self.fail(404, f"Loading lora {name} failed: No adapter found for {folder}")
                else:
                    engine.adapters[name] = str(folder)
                    self.text(200, f"Success: LoRA adapter '{name}' added successfully.")

            def unload(self, name: str) -> None:
                if name not in engine.adapters:
                    self.fail(404, f"The lora adapter '{name}' cannot be found.")
                    return
                if name not in engine.sticky:
                    del engine.adapters[name]
                self.text(200, f"Success: LoRA adapter '{name}' removed successfully.")

            def complete(self, body: Mapping[str, Any]) -> None:
                if engine.drop_next:
                    engine.drop_next -= 1
                    self.close_connection = True
                    return
                if body["model"] not in (*engine.names, *engine.adapters):
                    self.fail(404, f"The model `{body['model']}` does not exist.")
                    return
                if len(body["prompt"]) > engine.context:
                    self.fail(400, "The input is longer than the model's context length.")
                    return
                if engine.garble_next:
                    engine.garble_next -= 1
                    self.reply(200, GARBLED)
                    return
                text = engine.write(body["model"], body["prompt"])
                if "structured_outputs" in body:
                    choices = body["structured_outputs"]["choice"]
                    text = text if text in choices else choices[0]
                stops = [body["stop"]] if isinstance(body["stop"], str) else body["stop"] or []
                text = text[: min((text.index(stop) for stop in stops if stop in text), default=None)]
                words = re.findall(r"\s*\S+", text)  # a word counts as a token
                cut = len(words) > body["max_tokens"]
                finish = engine.finish or ("length" if cut else "stop")
                text = text if not cut else "".join(words[: body["max_tokens"]])
                if body.get("stream"):
                    self.stream(text, finish, counting="stream_options" in body)
                else:
                    if not self.generated(engine.seconds):
                        return
                    choice = {"index": 0, "text": text, "finish_reason": finish}
                    self.reply(200, {"choices": [choice], "usage": self.usage(text)})

            def usage(self, text: str) -> dict[str, int]:
                return {"prompt_tokens": 7, "completion_tokens": len(text.split())}

            def generated(self, seconds: float) -> bool:
                """Wait, and return whether the client is still there: vLLM stops generating when it is not."""
                self.connection.settimeout(seconds)
                try:
                    gone = seconds > 0 and self.connection.recv(1, socket.MSG_PEEK) == b""
                except TimeoutError:
                    gone = False
                except ConnectionError:
                    gone = True
                self.connection.settimeout(None)
                engine.aborted += gone
                self.close_connection = self.close_connection or gone
                return not gone

            def stream(self, text: str, finish: str, counting: bool) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                words = text.split(" ")
                for number, word in enumerate(words):
                    if not self.generated(engine.seconds / max(1, len(words))):
                        return
                    piece = word if number == 0 else f" {word}"
                    end = finish if number + 1 == len(words) else None
                    event: dict[str, Any] = {"choices": [{"index": 0, "text": piece, "finish_reason": end}]}
                    self.event(event | ({"usage": self.usage(" ".join(words[: number + 1]))} if counting else {}))
                    if number + 1 == engine.break_after:
                        self.event({"error": {"message": "out of memory", "code": 500}})
                        break
                if counting:
                    self.event({"choices": [], "usage": self.usage(text)})
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def event(self, data: Any) -> None:
                self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
                self.wfile.flush()

            def fail(self, status: int, message: str) -> None:
                self.reply(status, {"error": {"message": message, "type": "Error", "param": None, "code": status}})

            def text(self, status: int, message: str) -> None:
                self.send(status, message.encode(), "text/plain")

            def reply(self, status: int, body: Any) -> None:
                self.send(status, json.dumps(body).encode(), "application/json")

            def send(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


if __name__ == "__main__":
    with FakeEngine() as running:
        print(running.url, flush=True)
        threading.Event().wait()
