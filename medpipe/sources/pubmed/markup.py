"""Titles and abstracts as one line of plain text: inline markup, and MathML 3 (https://www.w3.org/TR/MathML3/).

`CO<sub>2</sub>` is CO2, `10<sup>-3</sup>` is 10^-3, a fraction a/(b + c), a root √(x + 1), a matrix [a, b; c, d].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lxml import etree

from medpipe.core.text import one_line

_SPACED = frozenset("= ≠ < > ≤ ≥ ≈ ≃ ≅ ~ ∼ ≡ ± + − ∝ → ← ↔ ⇌ ∈ × ⋅".split())
"""Operators between two values; a + or - before its value, or above the line, is a sign."""
_SIMPLE = re.compile(r"[-−+]?[\w.]*|[-−+]")
_EXPONENT = re.compile(r"[-−–+]?\d+")
_TEN = re.compile(r"[^\d.,]?10")
_YEAR = re.compile(r"[^\d.,]?(?:19|20)\d\d")
_REFERENCES = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3})+")
_NUMBER = re.compile(r"[\d.]+")


def plain(element: etree._Element) -> str:
    """Return the text of a title or of a part of an abstract."""
    return one_line(_inline(element) if len(element) else element.text or "")


def _inline(element: etree._Element) -> str:
    text = element.text or ""
    for child in element:
        text = _with(text, child) + (child.tail or "")
    return text


def _with(before: str, child: etree._Element) -> str:
    """Return the text before a child with the child's words: an exponent after a number, nothing for a reference mark.

    A blank before the exponent of a power of ten is dropped. Numbers parted by commas, and a number above a year, are
    reference marks.
    """
    name = _local(child)
    if name == "math":
        return before + _math(child)
    inner = _inline(child)
    raised = inner.strip()
    if name == "sup" and _is_mark(raised, before):
        return before
    if name != "sup" or not _EXPONENT.fullmatch(raised):
        return before + inner
    base = before.rstrip()
    base = base if _TEN.fullmatch(base[-3:]) else before
    return f"{base}^{raised}" if base[-1:].isdigit() else before + inner


def _is_mark(raised: str, before: str) -> bool:
    """Return whether raised numbers refer to notes: above a year, or several that no number stands before."""
    if before[-1:].isdigit():
        return bool(_YEAR.fullmatch(before[-5:])) and raised.isdigit()
    return bool(_REFERENCES.fullmatch(raised))


def _local(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _math(element: etree._Element) -> str:
    """Return an expression as people type it. The parts of an unknown element are put in a row."""
    name = _local(element)
    if name in _DROPPED:
        return ""
    parts = [_math(child) for child in element]
    if name in _SHAPES and parts:
        return _SHAPES[name](element, parts)
    if not parts:
        return one_line(element.text or "")
    return _row(element, parts)


_DROPPED = frozenset({"annotation", "annotation-xml", "mphantom", "none", "mprescripts"})


def _row(element: etree._Element, parts: Sequence[str]) -> str:
    text = ""
    for child, part in zip(element, parts, strict=True):
        spaced = _local(child) == "mo" and part in _SPACED and text and len(parts) > 2
        text += f" {part} " if spaced else part
    return text


def _group(part: str) -> str:
    return part if _SIMPLE.fullmatch(part) else f"({part})"


def _raised(part: str) -> str:
    return f"^{_group(part)}" if part else ""


def _lowered(part: str) -> str:
    """Return an index: a number as in H2O, anything else after a low line."""
    return part if _NUMBER.fullmatch(part) or not part else f"_{_group(part)}"


def _scripts(element: etree._Element, parts: Sequence[str]) -> str:
    """Return an mmultiscripts: the base, pairs of low and high, and after mprescripts the pairs before the base."""
    names = [_local(child) for child in element]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    after = "".join(
        _lowered(low) + _raised(high) for low, high in zip(parts[1:split:2], parts[2:split:2], strict=False)
    )
    ahead = "".join(high + low for low, high in zip(parts[split + 1 :: 2], parts[split + 2 :: 2], strict=False))
    return ahead + parts[0] + after


def _fenced(element: etree._Element, parts: Sequence[str]) -> str:
    between = element.get("separators", ",").strip()[:1]
    return f"{element.get('open', '(')}{f'{between} '.join(parts)}{element.get('close', ')')}"


_SHAPES: dict[str, Callable[[etree._Element, Sequence[str]], str]] = {
    "msup": lambda _, p: p[0] + _raised("".join(p[1:])),
    "msub": lambda _, p: p[0] + _lowered("".join(p[1:])),
    "msubsup": lambda _, p: p[0] + _lowered("".join(p[1:2])) + _raised("".join(p[2:])),
    "munder": lambda _, p: p[0] + _lowered("".join(p[1:])),
    "mover": lambda _, p: p[0] + "".join(p[1:]),
    "munderover": lambda _, p: p[0] + _lowered("".join(p[1:2])) + _raised("".join(p[2:])),
    "mmultiscripts": _scripts,
    "mfrac": lambda _, p: "/".join(map(_group, p)),
    "msqrt": lambda e, p: f"√{_group(_row(e, p))}",
    "mroot": lambda _, p: f"{_group(p[0])}^(1/{''.join(p[1:])})",
    "mfenced": _fenced,
    "mtable": lambda _, p: f"[{'; '.join(p)}]",
    "mtr": lambda _, p: ", ".join(p),
    "mlabeledtr": lambda _, p: ", ".join(p[1:]),
    "semantics": lambda _, p: p[0],
    "mspace": lambda _, p: " ",
}
