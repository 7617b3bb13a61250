"""A choice among texts, token by token: which tokens go on with one of them.

At each step the likeliest token is taken among those that go on with a text, and the token for the end of a text among
them where one is complete. Any spelling counts: " yes" may be one token or " y" and "es". vLLM's
`structured_outputs.choice` allows the same tokens (XGrammar, Dong et al., arXiv:2411.15100), so a greedy choice in
process is the engine's.

The likelihood of whole texts, by which benchmarks of multiple choice are often scored, is another rule: it can prefer
a text whose first token is not the likeliest. The two agree where the texts differ in their first token and end with
it, as letters do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from medpipe.errors import ConfigError


class Choice:
    """The tokens of one tokenizer that go on with one of several texts."""

    def __init__(self, texts: Sequence[str], token: Callable[[bytes], int | None], end: int) -> None:
        """Prepare a choice.

        `token`: the id of the token that is written with these bytes; None where there is none. `end`: the id of the
        token for the end of a text.
        """
        self._texts = tuple(text.encode() for text in texts)
        self._token, self._end = token, end
        self._after: dict[bytes, Mapping[int, bytes]] = {}

    def allowed(self, ids: Sequence[int]) -> list[int]:
        """Return the ids that may follow `ids`. Raises ConfigError when the tokenizer cannot write any text on."""
        if self._end in ids:
            return [self._end]
        begun = self._written(ids)
        allowed = [*self._next(begun), *([self._end] if begun in self._texts else [])]
        if not allowed:
            raise ConfigError("the base's tokenizer cannot write the choices: use others, or another base")
        return allowed

    def chosen(self, ids: Sequence[int]) -> str:
        """Return the text that ids write, up to the end."""
        return self._written(ids[: ids.index(self._end)] if self._end in ids else ids).decode()

    def _written(self, ids: Sequence[int]) -> bytes:
        begun = b""
        for number in ids:
            begun += self._next(begun)[number]
        return begun

    def _next(self, begun: bytes) -> Mapping[int, bytes]:
        """Return id → bytes of each token that goes on with a text from `begun`."""
        if begun not in self._after:
            rests = [text[len(begun) :] for text in self._texts if text.startswith(begun)]
            pieces = {rest[:end] for rest in rests for end in range(1, len(rest) + 1)}
            ids = {self._token(piece): piece for piece in sorted(pieces)}
            self._after[begun] = {number: piece for number, piece in ids.items() if number is not None}
        return self._after[begun]


def longest(texts: Sequence[str]) -> int:
    """Return a number of tokens that is enough for any of the texts and its end: each token has a byte at least."""
    return max(len(text.encode()) for text in texts) + 1
