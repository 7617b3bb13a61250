"""How much of a text is an answer: its sentences, its lists with their lead-ins, and what of them fits a limit.

Answers are said on one line (`core.prompt.STOP` ends one), so a list is said in a row: "Signs are: fever; a rash."
A text is cut only where an answer is left. A list keeps its lead-in and as many items as fit; "etc." marks that there
are more. A lead-in without its list is no answer, nor is a sentence that only says where something can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from medpipe.core.text import one_line

MORE = "etc."
"""Marks a list that was cut. The word is the same in English, French and Spanish."""

_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=[\"'(\[]?[A-Z0-9¿¡])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|al)|\b[A-Z]|(?:^|[:;.,]\s)\d{1,2})\.$"
)
"""A full stop that ends no sentence: of an abbreviation, an initial, or a number that counts."""
_LABEL = re.compile(r"\A\s*(?:(?:Summary|Overview)\s*:\s*|Key Points[ \t]*\n)")
_MARK = re.compile(r"(?:[-*•–]|\(?\d{1,2}[.)])\s+(?=\S)")
_MARKDOWN = re.compile(r"\*\*|^#{1,6}\s+")
_ENDED = re.compile(r"[.!?][\"')\]]*$")
_OPEN = re.compile(r"[\w)%]$")
"""The end of a line that lacks its full stop: a heading, a lead-in or the last item of a list."""
_ANNOUNCES = re.compile(
    r"[:;,]$|\b(?:the following|as follows|(?:listed|outlined|described|shown) below"
    r"|(?:lo|las?|los) siguientes?|(?:la|les) suivante?s?)\b[^.:;]{0,40}[.:]?$",
    re.IGNORECASE,
)
_HEADED = re.compile(r"([^\W\d_][^.:;]{2,60})[.:]\s+(?=[A-Z0-9])")
"""An item that begins with its name: "Edema and ascites. When the liver fails, …"."""
_TITLED = re.compile(r"(?:[A-Z][\w'’-]*|[a-z]{1,4}|[\W\d]+)(?:\s+(?:[A-Z][\w'’-]*|[a-z]{1,4}|[\W\d]+))+")
"""Words of a heading in title case."""
_HEADING = 80
"""Characters. A longer line without a full stop is a sentence that lost it; a longer item is a sentence."""

_POINTS_ELSEWHERE = re.compile(
    r"(?:These resources (?:address|from)|The mission of the|Click (?:here|on)\b|Download |Supplementa(?:l|ry) "
    r"|Copyright |©|Clinical ?Trials\.gov|(?:Trial )?Regist(?:ration|ered)\b|Level (?:of evidence|[IVX]+)\b|Read more\b"
    r"|More (?:information\b|on:)|To (?:read|learn|find out) more\b|For (?:(?:more|further|additional) )?information\b"
    r"|See the (?:following )?PDQ\b|Patients and consumers with specific questions\b|On this page\b|To view\b"
    r"|If you are [^.]*, this page is for you\b|You can use the MedlinePlus"
    r"|The Genetic Testing Registry|The intended audience (?:for|of) the GTR|\W*$)",
    re.IGNORECASE,
)
"""The beginning of a sentence that only says where something can be read."""
_FOUND_ELSEWHERE = re.compile(
    r"\b(?:be|is|are) (?:viewed|found|accessed|available) (?:on|at|from|in|through) (?:the |our |this )?(?:\S+ ){0,6}"
    r"(?:web ?site|web ?page|link)s?\b",
    re.IGNORECASE,
)
"""A part of such a sentence, wherever it stands in it."""
_WRITTEN = r"(?:https?://|\bwww\.|\bdoi:\s*10\.)[^\s)\]]*[\w/]"
_ADDRESS = re.compile(
    rf"\s*[(\[](?:see |available at:? |at )?{_WRITTEN}[)\]]|(?<=[.!?])\s+{_WRITTEN}\.?|{_WRITTEN}", re.IGNORECASE
)


Length = Callable[[str], int]
"""The length of a text in the unit of a limit: characters, or tokens of a base model."""


class Passage(NamedTuple):
    """A sentence, or a list: its items, with `text` as their lead-in ("" for none)."""

    text: str
    items: tuple[str, ...] = ()

    def said(self) -> str:
        """Return the passage on one line."""
        return _listed(self.text, self.items) if self.items else self.text

    def part(self, fits: Callable[[str], bool]) -> str:
        """Return the lead-in with as many items as fit, marked; "" for a sentence, or when no item fits.

        The items are only named, by their first words or first sentence, if more of them fit then.
        """
        candidates = (_fitting(self.text, self.items, fits), _fitting(self.text, [*map(_name, self.items)], fits))
        return max(candidates)[1]


def cut(text: str, limit: int, length: Length = len) -> str:
    """Return as many passages from the start of a text as are an answer of at most `limit`; "" when none is.

    The last one answers: it is no lead-in without its list, and no question.
    """
    said: list[str] = []
    for passage in answering(text):
        if length(" ".join([*said, passage.said()])) <= limit:
            said.append(passage.said())
            continue
        if part := passage.part(lambda part: length(" ".join([*said, part])) <= limit):
            said.append(part)
        break
    while said and (_ANNOUNCES.search(said[-1]) or said[-1].endswith("?")):
        said.pop()
    return " ".join(said)


def answering(text: str) -> Iterator[Passage]:
    """Yield the passages of a text, without addresses and without those that only say where something can be read."""
    for passage in _passages(_ADDRESS.sub("", text) if _names(text, "http", "www.", "doi:") else text):
        if not _elsewhere(passage.text if passage.text or not passage.items else passage.items[0]):
            yield passage


def _elsewhere(sentence: str) -> bool:
    """Return whether a sentence only says where something can be read."""
    if _POINTS_ELSEWHERE.match(sentence):
        return True
    return _names(sentence, "web", "link") and _FOUND_ELSEWHERE.search(sentence) is not None


def _names(text: str, *parts: str) -> bool:
    """Return whether a text has one of the parts in any case. Patterns without a fixed beginning are slow to search."""
    small = text.lower()
    return any(part in small for part in parts)


def sentences(text: str) -> list[str]:
    """Split a text at . ! ? before a capital letter or digit, but not after an initial or abbreviation.

    A list is one sentence with its lead-in.
    """
    return [passage.said() for passage in _passages(text)]


def _passages(text: str) -> Iterator[Passage]:
    """Yield the passages in order. A heading is a part of the sentence after it, or the lead-in of its list."""
    lines = [line for raw in _LABEL.sub("", text).splitlines() if (line := one_line(_MARKDOWN.sub("", raw.strip())))]
    lead, place = "", 0
    while place < len(lines):
        if items := _items(lines[place:], lead):
            place += len(items)
            items = [_MARK.sub("", item, count=1).rstrip(" :") for item in items]
            if lead or not all(map(_ENDED.search, items)):
                yield Passage(lead, tuple(map(_fragment, items)))
            else:
                yield from map(Passage, items)  # sentences that somebody put under each other
            lead = ""
            continue
        first, *others = _split(lines[place])
        *whole, last = f"{_closed(lead)} {first}".lstrip(), *others
        place += 1
        lead = last if place < len(lines) and _leads(last, lines[place]) else ""
        for sentence in whole if lead else (*whole, _closed(last)):
            yield Passage(sentence)


def _leads(sentence: str, line: str) -> bool:
    """Return whether a line's last sentence only introduces the line after it."""
    if _MARK.match(line):
        return not _ENDED.search(sentence) or bool(_ANNOUNCES.search(sentence))
    return sentence.endswith(":") or (len(sentence) <= _HEADING and bool(_OPEN.search(sentence)))


def _items(lines: Sequence[str], lead: str) -> Sequence[str]:
    """Return the items that the lines begin with: marked ones, or lines without a mark after a colon."""
    marked = _run(lines, lambda line: _MARK.match(line) is not None)
    if marked or not lead.endswith(":"):
        return marked
    bare = _run(lines, lambda line: _OPEN.search(line) is not None)
    if len(bare) > 1 and len(bare) < len(lines) and _TITLED.fullmatch(bare[-1]):
        bare = bare[:-1]  # the heading of what follows
    named = _run(lines, lambda line: _HEADED.match(line) is not None)
    return next((items for items in (bare, named) if len(items) > 1), ())


def _fragment(item: str) -> str:
    """Return an item without the full stop of a sentence that it is not."""
    return item[:-1] if len(item) <= _HEADING and len(_split(item)) == 1 and item.endswith(".") else item


def _run(lines: Sequence[str], belongs: Callable[[str], bool]) -> Sequence[str]:
    return lines[: next((place for place, line in enumerate(lines) if not belongs(line)), len(lines))]


def _split(line: str) -> list[str]:
    split: list[str] = []
    for piece in _BOUNDARY.split(line):
        if split and _ABBREVIATED.search(split[-1]):
            split[-1] += f" {piece}"
        else:
            split.append(piece)
    return split


def _closed(sentence: str) -> str:
    return f"{sentence}." if _OPEN.search(sentence) else sentence


def _listed(lead: str, items: Sequence[str], more: bool = False) -> str:
    """Return a list on one line. Items that are sentences keep their full stops; others are parted by semicolons."""
    said = f"{lead}:" if _OPEN.search(lead) else lead
    for item in items:
        between = " " if not said or said[-1] in ".!?:" else "; "
        said = f"{said.rstrip(';, ')}{between}{item}".lstrip()
    return f"{said.rstrip('.;, ')}; {MORE}" if more else _closed(said.rstrip(";, "))


def _fitting(lead: str, items: Sequence[str], fits: Callable[[str], bool]) -> tuple[int, str]:
    """Return how many items from the first on fit, and the list with these; (0, "") when none does."""
    most = 0, ""
    for count in range(1, len(items) + 1):
        said = _listed(lead, items[:count], more=count < len(items))
        if not fits(said):
            break
        most = count, said
    return most


def _name(item: str) -> str:
    """Return the words by which an item is named: those before its first full stop or colon."""
    headed = _HEADED.match(item)
    return headed[1] if headed else _split(item)[0]
