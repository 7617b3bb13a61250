"""Messages of vLLM's HTTP interface: every field that medpipe sends, and the fields that it reads of each answer.

vLLM speaks OpenAI's completions API (https://platform.openai.com/docs/api-reference/completions), and loads and unloads
LoRA adapters at endpoints of its own (https://docs.vllm.ai/en/latest/features/lora.html). The gateway and
`medpipe.backends.vllm_engine` both use these models, so evaluation and serving send the same request.

Requests are a whitelist. vLLM with LoRA dies of concurrent `prompt_logprobs`, and of `echo` with `logprobs`;
`load_inplace` mixes two adapters in one answer. A field that is not declared here cannot be sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import not_
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from medpipe.core.choosing import longest
from medpipe.core.contract import Ending
from medpipe.core.prompt import STOP
from medpipe.core.sampling import Sampling
from medpipe.errors import EngineError

COMPLETIONS = "/v1/completions"
CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
TOKENIZE = "/tokenize"
LOAD_ADAPTER = "/v1/load_lora_adapter"
UNLOAD_ADAPTER = "/v1/unload_lora_adapter"

WITHOUT_LORA = frozenset(
    {"bloom", "dbrx", "falcon", "falcon_mamba", "gpt2", "gptj", "mamba", "mamba2", "orion", "stablelm", "zamba2"}
)
"""`model_type` of bases to which vLLM applies no adapter: their classes do not have `SupportsLoRA` (vLLM 0.32)."""

END_OF_STREAM = "[DONE]"
"""Data of the last server-sent event of a streamed completion."""

LONGEST_REASON = 500
"""Characters of the engine's own message that are repeated in an error."""


class Request(BaseModel):
    """Any request: it refuses fields that it does not declare."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def fields(self) -> dict[str, Any]:
        """Return the request's JSON body."""
        return self.model_dump()


class StructuredOutputs(Request):
    """What a completion must be: one of some texts."""

    choice: tuple[str, ...]


class StreamOptions(Request):
    """What a stream says beside its text: with each piece, the tokens so far. A stream may be left before its end."""

    include_usage: Literal[True] = True
    continuous_usage_stats: Literal[True] = True
    """A field of vLLM's own."""


class CompletionRequest(Request):
    """A greedy completion of one prompt. The base's token for the end of a text always ends it."""

    model: str
    """Name of an adapter, or the base's."""
    prompt: str
    max_tokens: int
    temperature: Literal[0] = 0
    stop: str | tuple[str, ...] | None = STOP
    """A text that ends it too, or several; None: no text does."""
    stream: bool = False
    stream_options: StreamOptions | None = Field(None, exclude_if=not_)
    structured_outputs: StructuredOutputs | None = Field(None, exclude_if=not_)


class SampledRequest(Request):
    """A random completion of one prompt (`core.sampling`). `top_k` is a field of vLLM's own."""

    model: str
    prompt: str
    max_tokens: int
    temperature: float = Field(gt=0)
    top_k: int = Field(gt=0)
    seed: int
    stop: str | None


def sampled(model: str, prompt: str, ending: Ending, sampling: Sampling) -> SampledRequest:
    """Return the request for a random completion up to `ending`."""
    return SampledRequest(
        model=model,
        prompt=prompt,
        max_tokens=ending.max_new_tokens,
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        seed=sampling.seed,
        stop=ending.stop,
    )


def completion(model: str, prompt: str, ending: Ending, stream: bool = False) -> CompletionRequest:
    """Return the request for a completion up to `ending`."""
    stops = tuple(text for text in (ending.stop, *ending.wanted_stops) if text is not None)
    return CompletionRequest(
        model=model,
        prompt=prompt,
        max_tokens=ending.max_new_tokens,
        stop=stops if ending.wanted_stops else ending.stop,
        stream=stream,
        stream_options=StreamOptions() if stream else None,
    )


def choice(model: str, prompt: str, texts: Sequence[str]) -> CompletionRequest:
    """Return the request for a completion that is one of the texts."""
    return CompletionRequest(
        model=model,
        prompt=prompt,
        max_tokens=longest(texts),
        stop=None,
        structured_outputs=StructuredOutputs(choice=tuple(texts)),
    )


class Message(Request):
    """One turn of a conversation."""

    role: Literal["user"] = "user"
    content: str


class ChatRequest(Request):
    """A greedy reply to one message, which is one of some texts. The server applies the model's chat template."""

    model: str
    messages: tuple[Message]
    max_tokens: int
    temperature: Literal[0] = 0
    structured_outputs: StructuredOutputs


def chat_choice(model: str, message: str, texts: Sequence[str]) -> ChatRequest:
    """Return the request for a reply that is one of the texts."""
    return ChatRequest(
        model=model,
        messages=(Message(content=message),),
        max_tokens=longest(texts),
        structured_outputs=StructuredOutputs(choice=tuple(texts)),
    )


class TokenizeRequest(Request):
    """Count the tokens of a prompt, without those that the tokenizer itself adds."""

    model: str
    prompt: str
    add_special_tokens: Literal[False] = False


class LoadAdapterRequest(Request):
    """Load the adapter in the folder `lora_path` of the engine's machine under the name `lora_name`."""

    lora_name: str
    lora_path: str


class UnloadAdapterRequest(Request):
    """Unload the adapter with this name."""

    lora_name: str


class Choice(BaseModel):
    """One generated text, or one piece of it in a stream."""

    text: str
    finish_reason: str | None = None
    """`stop`, `length`, or None while a stream goes on."""


class Usage(BaseModel):
    """Tokens that the engine counted."""

    prompt_tokens: int = 0
    completion_tokens: int | None = 0


class CompletionResponse(BaseModel):
    """A whole completion. One prompt has exactly one choice."""

    choices: tuple[Choice]
    usage: Usage | None = None

    @property
    def text(self) -> str:
        """The generated text."""
        return self.choices[0].text

    @property
    def finish_reason(self) -> str:
        """Why generation ended: `stop` or `length`."""
        return self.choices[0].finish_reason or "stop"


class Reply(BaseModel):
    """What a model said."""

    content: str


class ChatChoice(BaseModel):
    """One reply."""

    message: Reply


class ChatResponse(BaseModel):
    """A whole chat completion. One message has exactly one reply."""

    choices: tuple[ChatChoice]

    @property
    def text(self) -> str:
        """The reply."""
        return self.choices[0].message.content


class CompletionChunk(BaseModel):
    """One event of a streamed completion. vLLM reports a failure in mid-stream as an event with `error`."""

    choices: tuple[Choice, ...] = ()
    usage: Usage | None = None
    """Tokens so far."""
    error: JsonValue = None

    @property
    def text(self) -> str:
        """The piece of text; empty in an event that only counts tokens."""
        return self.choices[0].text if self.choices else ""

    @property
    def finish_reason(self) -> str:
        """Why generation ended: `stop` or `length`; "" while it goes on."""
        return (self.choices[0].finish_reason or "") if self.choices else ""


class TokenizeResponse(BaseModel):
    """The number of tokens of a prompt."""

    count: int


class ModelCard(BaseModel):
    """A name that the engine answers for."""

    id: str
    root: str | None = None
    """Where the weights came from."""
    parent: str | None = None
    """The base that an adapter is for; None for the base."""


class ModelList(BaseModel):
    """Every name that the engine answers for: the base and the loaded adapters."""

    data: tuple[ModelCard, ...]

    def names(self) -> frozenset[str]:
        """Return the names."""
        return frozenset(card.id for card in self.data)

    def adapters(self) -> frozenset[str]:
        """Return the names of the loaded adapters."""
        return frozenset(card.id for card in self.data if card.parent)

    @property
    def root(self) -> str | None:
        """Where the weights of the base came from."""
        return next((card.root for card in self.data if not card.parent), None)


class _ErrorDetail(BaseModel):
    message: str


class _ErrorResponse(BaseModel):
    error: _ErrorDetail


Response = TypeVar("Response", CompletionResponse, CompletionChunk, ChatResponse, ModelList, TokenizeResponse)


def parsed(model: type[Response], body: str | bytes) -> Response:
    """Return the engine's JSON `body` as `model`.

    Raises EngineError when the body has another shape. The error names the fields, never their values: a body
    may repeat a question or an answer.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        fields = sorted({".".join(map(str, detail["loc"])) or "the whole body" for detail in error.errors()})
    raise EngineError(
        f"the engine's {model.__name__} cannot be read ({', '.join(fields)}): "
        "is MEDPIPE_ENGINE_URL the address of vLLM?"
    )


def lacks_lora(status: int, body: str | bytes) -> bool:
    """Return whether a refused loading says that this engine loads no adapter at all.

    It was started without `--enable-lora`, or without the address for loading: then it does not answer in vLLM's form.
    """
    try:
        message = _ErrorResponse.model_validate_json(body).error.message
    except ValidationError:
        return status == 404
    return "LoRA is not enabled" in message


def refusal(status: int, body: str | bytes) -> str:
    """Return the HTTP status of a refused request, with the engine's message where the body has one."""
    try:
        message = _ErrorResponse.model_validate_json(body).error.message
    except ValidationError:
        return str(status)
    return f"{status}, {message[:LONGEST_REASON]}"
