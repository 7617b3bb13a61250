"""How much of a text is an answer: its sentences, its lists with their lead-ins, and what of them fits a limit.

An answer of one line (`core.prompt.Answers`) says a list in a row: "Signs are: fever; a rash." One of paragraphs keeps
the paragraphs of the text, and its lists as Markdown. A text is cut only where an answer is left. A list keeps its
lead-in and as many items as fit; "etc." marks that there are more. A lead-in without its list is no answer, nor is a
sentence that only says where something can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from medpipe.core.markdown import EMPHASIS, MARK, unmarked
from medpipe.core.prompt import Answers
from medpipe.core.text import one_line

MORE = "etc."
"""Marks a list that was cut. The word is the same in English, French and Spanish."""

_BOUNDARY = re.compile(r"(?<=[.!?])\s+(?=[\"'(\[]?[A-Z0-9¿¡])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|etc|cf|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|al)|\b[A-Z]|(?:^|[:;.,]\s)\d{1,2})\.$"
)
"""A full stop that ends no sentence: of an abbreviation, an initial, or a number that counts."""
_LONGEST_ABBREVIATED = 16
"""More characters than `_ABBREVIATED` can match: "A. A. A. …", one sentence, is not searched from its beginning."""
_LABEL = re.compile(r"\A\s*(?:(?:Summary|Overview)\s*:\s*|Key Points[ \t]*\n)")
_NUMBERED = re.compile(r"\(?\d")
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
    more: bool = False
    """Whether the list was cut."""
    begins: bool = False
    """Whether a paragraph begins with it."""
    mark: str = ""
    """In Markdown, the mark of the list's first item, or of a sentence that stands in a list of sentences."""

    def said(self) -> str:
        """Return the passage on one line."""
        return _listed(self.text, self.items, self.more) if self.items else self.text

    def written(self) -> str:
        """Return the passage with each item of a list on a line of its own, as Markdown."""
        if not self.items:
            return f"{self.mark} {self.text}".lstrip()
        items = (*self.items, MORE) if self.more else self.items
        lead = f"{self.text}:" if _OPEN.search(self.text) else self.text
        rows = (f"{_mark(number, self.mark)} {item}" for number, item in enumerate(items, start=1))
        return "\n".join([lead, *rows]).lstrip()

    def part(self, fits: Callable[[Passage], bool]) -> Passage | None:
        """Return the lead-in with as many items as fit; None for a sentence, or when no item fits.

        The items are only named, by their first words or first sentence, if more of them fit then.
        """
        named = self._replace(items=tuple(map(_name, self.items)))
        parts = [part for whole in (self, named) if (part := _fitting(whole, fits))]
        return max(parts, key=lambda part: (len(part.items), part.said()), default=None)


def cut(text: str, limit: int, length: Length = len, answers: Answers = "one line") -> str:
    """Return as many passages from the start of a text as are an answer of at most `limit`; "" when none is.

    The last one answers: it is no lead-in without its list, and no question.
    """
    write = _WRITERS[answers]
    kept: list[Passage] = []

    def fits(passage: Passage) -> bool:
        return length(write([*kept, passage])) <= limit

    for passage in answering(text):
        if fits(passage):
            kept.append(passage)
            continue
        if part := passage.part(fits):
            kept.append(part)
        break
    while kept and (_ANNOUNCES.search(kept[-1].said()) or kept[-1].said().endswith("?")):
        kept.pop()
    return write(kept)


def formed(text: str, answers: Answers) -> str:
    """Return a whole text in a form of answers: one line says lists in a row; a text of one line is left as it is."""
    return " ".join(sentences(text)) if answers == "one line" and "\n" in text.strip() else text


def _one_line(passages: Sequence[Passage]) -> str:
    return " ".join(passage.said() for passage in passages)


def _paragraphs(passages: Sequence[Passage]) -> str:
    """Return the passages as Markdown, with a blank line between paragraphs."""
    return "".join(f"{_between(passage)}{passage.written()}" for passage in passages).strip()


def _between(passage: Passage) -> str:
    """Return what parts a passage from the one before it: nothing but a line's end within a list of sentences."""
    if passage.begins:
        return "\n\n"
    return "\n" if passage.mark and not passage.items else " "


_WRITERS: Mapping[Answers, Callable[[Sequence[Passage]], str]] = {"one line": _one_line, "paragraphs": _paragraphs}


def answering(text: str) -> Iterator[Passage]:
    """Yield the passages of a text, without addresses and without those that only say where something can be read."""
    begins = False
    for passage in _passages(_ADDRESS.sub("", text) if _names(text, "http", "www.", "doi:") else text):
        begins = begins or passage.begins
        if not _elsewhere(passage.text if passage.text or not passage.items else passage.items[0]):
            yield passage._replace(begins=begins)
            begins = False


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
    lines = [line for raw in _LABEL.sub("", text).splitlines() if (line := one_line(EMPHASIS.sub("", raw.strip())))]
    lead, begins, place = "", True, 0
    while place < len(lines):
        if items := _items(lines[place:], lead):
            place += len(items)
            mark = "1." if all(_NUMBERED.match(item) for item in items) else "-"
            items = [unmarked(item).rstrip(" :") for item in items]
            if lead or not all(map(_ENDED.search, items)):
                yield Passage(lead, tuple(map(_fragment, items)), begins=begins, mark=mark)
            else:  # sentences that somebody put under each other
                for number, item in enumerate(items, start=1):
                    yield Passage(item, begins=number == 1, mark=_mark(number, mark))
            lead, begins = "", True
            continue
        first, *others = _split(lines[place])
        *whole, last = f"{_closed(lead)} {first}".lstrip(), *others
        place += 1
        lead = last if place < len(lines) and _leads(last, lines[place]) else ""
        for sentence in whole if lead else (*whole, _closed(last)):
            yield Passage(sentence, begins=begins)
            begins = False
        begins = begins or not lead


def _leads(sentence: str, line: str) -> bool:
    """Return whether a line's last sentence only introduces the line after it."""
    if MARK.match(line):
        return not _ENDED.search(sentence) or bool(_ANNOUNCES.search(sentence))
    return sentence.endswith(":") or (len(sentence) <= _HEADING and bool(_OPEN.search(sentence)))


def _items(lines: Sequence[str], lead: str) -> Sequence[str]:
    """Return the items that the lines begin with: marked ones, or lines without a mark after a colon."""
    marked = _run(lines, lambda line: MARK.match(line) is not None)
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
        if split and _ABBREVIATED.search(split[-1], max(0, len(split[-1]) - _LONGEST_ABBREVIATED)):
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


def _fitting(whole: Passage, fits: Callable[[Passage], bool]) -> Passage | None:
    """Return the list with as many items from the first on as fit; None when none does."""
    most = None
    for count in range(1, len(whole.items) + 1):
        part = whole._replace(items=whole.items[:count], more=count < len(whole.items))
        if not fits(part):
            break
        most = part
    return most


def _mark(number: int, first: str) -> str:
    """Return the mark of an item by its number, counted from 1, and the mark of the list's first."""
    return first if first == "-" else f"{number}."


def _name(item: str) -> str:
    """Return the words by which an item is named: those before its first full stop or colon."""
    headed = _HEADED.match(item)
    return headed[1] if headed else _split(item)[0]
