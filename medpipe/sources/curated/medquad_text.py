"""MedQuAD's answers as their pages had them: headings, lists and tables that the set's authors flattened."""

from __future__ import annotations

import re

from medpipe.sources.curated import medquad_outlines
from medpipe.sources.curated.entry import lines

_REPEATED = re.compile(r"(?:(?:What|How|Is|Are|Who|Can|Which|Why|Where|Does|Do)\b(?:[^.?!]|\.(?=\S)){0,200}\?\s*)+")
"""Headings of the page at the beginning of an answer, which the authors took for a part of it (most of GARD's)."""
_ITEM = re.compile(r"(?:(?<=\S)\s{2,}|(?<=:)\s+|\n\s*)- +(?=\S)")
"""Two blanks and a dash part the items of a list."""
_FIRST = re.compile(
    r"([.:;?-]|\b(?:includ(?:e|es|ing)|are|is|be|have|has|had|to|by|of|for|with|from|as|like|when|if|contact))"
    r" - (?=(?:(?! - )[^\n])*? {2,}- )"
)
"""One blank and a dash before the first item, after a sentence or a lead-in. Any other such dash is a dash: in
"Conjunctivitis - also known as pinkeye" nothing is an item."""
_BLOCK = re.compile(r"(?<=[.!?:])(?: {3,}|\t+)(?=[A-Z\"(])|(?<=\w) {5,}(?=[A-Z])")
"""Three blanks part what were paragraphs, and five the last item of a list from the paragraph after it."""
_GLOSSARY = re.compile(r"(?<=[a-z])\*(?=[\s,.;:)]|\Z)")
"""The mark of a word that the page's glossary explained: "Hepatitis* B"."""
_FOOTNOTE = re.compile(r"(?<=[a-z]{2}[a-z)]\.)\d{1,2}(?:,\d{1,2})*(?=\s|$)")
"""The number of a footnote that stood above the line: "every year.1"."""

_TABLE = re.compile(
    r"The Human Phenotype Ontology provides the following list of signs and symptoms for ([^\n]*?)\.?"
    r"\s+If the information is available, .*?Approximate number of patients \(when available\)\s+(.*?)"
    r"\s*The Human Phenotype Ontology \(HPO\) has collected .*?(?:rare or common\.|\Z)",
    re.DOTALL,
)
_SIGN = re.compile(r"(\S.*?)\s+(\d+(?:\.\d+)?%|\d+\s?/\s?\d+|-)(?=\s|$)")
_NO_SIGN = re.compile(
    r"(?i)\binheritance$|^(?:heterogene|variable expressivity|incomplete penetrance|genetic anticipation|phenotypic"
    r"|(?:infantile|congenital|childhood|juvenile|adult|neonatal|antenatal|young adult|late|early) onset|sporadic$"
    r"|somatic mutation|contiguous gene|progressive(?: disorder)?$|rapidly progressive$|slow(?:ly)? progress)"
)
"""How a condition is inherited and runs: no sign of it, though the ontology lists it among them."""


_PARASITE = re.compile(r"Parasites - (?P<about>.+?)(?: \([Aa]lso known as .+\))?")
"""How CDC files its pages about parasites."""
_LEAFLET = re.compile(r"What I need to know about (?P<child>My Child's )?(?P<about>.+?)(?: and How Its Treated)?")
_NO_CONDITION = re.compile(
    r"(?:Prevent|Monitor|Take|I Can|Your|Facing|Creating|Surviving)\b.*|.* Page"
    r"|.*: (?:Keep|Eat|A Guide|Information for)\b.*"
)
"""Titles of leaflets that tell people what to do: no question can be asked about them as about a condition."""


def condition(title: str) -> str:
    """Return the condition that a document's title names; "" for the title of a leaflet that names none.

    "What I need to know about Hepatitis B" is about Hepatitis B, and "Parasites - Loiasis" about Loiasis.
    """
    if _NO_CONDITION.fullmatch(title):
        return ""
    if parasite := _PARASITE.fullmatch(title):
        return parasite["about"]
    leaflet = _LEAFLET.fullmatch(title)
    if leaflet is None:
        return title
    return f"{leaflet['about']} in Children" if leaflet["child"] else leaflet["about"]


def answer(written: object) -> str:
    """Return an answer as text with its line breaks: an item of a list or a sign of the ontology's table on each line.

    The table is that of GARD's pages: "Malabsorption 90% … Ataxia - …" becomes "- Malabsorption (90%)". What explains
    the table is left out, but for what its shares are.
    """
    text = written if isinstance(written, str) else lines(written)
    text = medquad_outlines.told(text)
    text = _TABLE.sub(lambda table: f"\n{_said(table[1], _signs(table[2]))}\n", text)
    text = _BLOCK.sub("\n", _ITEM.sub("\n- ", _FIRST.sub(r"\1\n- ", text)))
    flat = _GLOSSARY.sub("", _FOOTNOTE.sub("", lines(text)))
    return _REPEATED.sub("", flat, count=1) if _REPEATED.match(flat) else flat


def _said(condition: str, signs: str) -> str:
    """Return the signs with a lead-in that says what the shares are, where there are any; "" for a single sign.

    A single sign says too little: most often it is the condition's own name.
    """
    if "\n" not in signs:
        return ""
    shares = " (with the share of patients)" if re.search(r"\(\d", signs) else ""
    return f"Signs and symptoms of {condition}{shares}:\n{signs}"


def _signs(table: str) -> str:
    rows = ((name, share) for name, share in _SIGN.findall(table) if not _NO_SIGN.search(name))
    return "\n".join(f"- {name}" if share == "-" else f"- {name} ({share})" for name, share in rows)
