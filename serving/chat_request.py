"""The body of a request to /v1/chat/completions, and what the gateway takes from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from serving.limits import LIMITS, Limits, Text
from serving.openai_fields import ignored
from serving.problems import Problem


class Part(BaseModel):
    """A part of a message. Only text is read; parts of other types (images, audio, files) are refused."""

    model_config = ConfigDict(extra="allow")
    type: str
    text: Text | None = None
    refusal: Text | None = None


def _parts(content: Any) -> Any:
    """Return the content of a message as parts: a text is one part, and nothing is none."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else [] if content is None else content


def _texts(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else [] if stop is None else stop


class Message(BaseModel):
    """One turn of the conversation."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[list[Part], BeforeValidator(_parts, json_schema_input_type=str | list[Part] | None)] = []

    def text(self) -> str:
        """Return the text of the turn on one line."""
        return " ".join(" ".join(self.texts()).split())

    def lines(self) -> str:
        """Return the text of the turn as it was written."""
        return "\n".join(self.texts()).strip()

    def texts(self) -> list[str]:
        """Return the text of each part."""
        return [part.text or part.refusal or "" for part in self.content]


class StreamOptions(BaseModel):
    """What a stream says beside the answer."""

    model_config = ConfigDict(extra="allow")
    include_usage: bool | None = False


class ChatRequest(BaseModel):
    """The fields of OpenAI's chat completions API that have an effect.

    Any other field is ignored, and named in the header `Medpipe-Ignored-Fields`, or it is refused, where the answer
    would be misread without it: tools, several answers, images, a form of answers (`serving.openai_fields`). Answers
    are greedy, as they were when the version was judged.
    """

    model_config = ConfigDict(extra="allow")
    model: str = Field(description="the registered model's name, or the version now served")
    messages: list[Message] = Field(min_length=1, max_length=LIMITS.messages)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1, description="a shorter answer than the version may write")
    max_completion_tokens: int | None = Field(None, ge=1, description="as max_tokens, and before it")
    stop: Annotated[
        list[Annotated[Text, Field(max_length=LIMITS.stop_chars)]],
        Field(max_length=LIMITS.stops, description="texts before which the answer ends"),
        BeforeValidator(_texts, json_schema_input_type=str | list[str] | None),
    ] = []

    @property
    def longest(self) -> int | None:
        """The longest answer that the client wants, in tokens; None: no wish."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts before which the answer ends."""
        return tuple(dict.fromkeys(stop for stop in self.stop if stop))

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with the tokens that were counted."""
        return bool(self.stream_options and self.stream_options.include_usage)

    def ignored(self) -> list[str]:
        """Return the names of the fields without effect. Raises Problem 400 for a field that is refused."""
        return [name for place, fields in self._unread() for name in ignored(fields, place)]

    def _unread(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the fields that nothing reads, with their place."""
        yield "", self.model_extra or {}
        if self.stream_options:
            yield "stream_options.", self.stream_options.model_extra or {}
        for number, message in enumerate(self.messages):
            yield f"messages[{number}].", message.model_extra or {}
            for place, part in enumerate(message.content):
                at = f"messages[{number}].content[{place}]."
                if part.type not in ("text", "refusal"):
                    reason = "only parts of the type `text` are read, and the answer would not be based on others"
                    raise Problem(400, "unsupported_content", f"{at}type: {reason}", f"{at}type")
                yield at, part.model_extra or {}


def question_of(messages: Sequence[Message], limits: Limits) -> tuple[str, list[str]]:
    """Return the last user message, and every user message for screening.

    Raises Problem 400 when the last user message has no text, or one of them is too long.
    """
    user_messages = [message.text() for message in messages if message.role == "user"]
    if not user_messages or not user_messages[-1]:
        raise Problem(400, "invalid_request", "messages: there is no user message with text", "messages")
    if max(map(len, user_messages)) > limits.question_chars:
        reason = f"messages: a user message has more than {limits.question_chars} characters"
        raise Problem(400, "invalid_request", reason, "messages")
    return user_messages[-1], user_messages
