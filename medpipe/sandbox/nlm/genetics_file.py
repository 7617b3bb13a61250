"""MedlinePlus Genetics as its file: conditions and genes that are invented beside the world's topics."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from medpipe.sandbox.world import Topic

_SITE = "https://medlineplus.gov/genetics"
_CONDITIONS = 6


def summaries_xml(topics: Sequence[Topic]) -> bytes:
    """Return `ghr-summaries.xml`: an inherited form of the first few conditions, and the gene of each."""
    english = [topic for topic in topics if topic.language == "English"][:_CONDITIONS]
    rows = "\n".join([*map(_condition, english), *map(_gene, english)])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<summaries>\n{rows}\n</summaries>\n'.encode()


def _condition(topic: Topic) -> str:
    name, symbol = _name(topic), _symbol(topic)
    causes = (
        f'<p>Variants of the <a href="{_page("gene", symbol)}"><i>{symbol}</i></a> gene cause {escape(name)}.</p>'
        '<p>See the <a href="https://medlineplus.gov/ency/article/000000.htm">encyclopedia</a>.</p>'
    )
    return (
        f"<health-condition-summary><name>{escape(name)}</name><ghr-page>{_page('condition', name)}</ghr-page>"
        f"<text-list>{_text('description', f'<p>{escape(name)} is an invented condition that runs in families.</p>')}"
        f"{_text('frequency', '<p>Nobody has it outside this sandbox.</p>')}{_text('causes', causes)}"
        f"{_text('inheritance', '<p>One changed copy of the gene is enough.</p>')}</text-list><related-gene-list>"
        f"<related-gene><gene-symbol>{symbol}</gene-symbol><ghr-page>{_page('gene', symbol)}</ghr-page></related-gene>"
        "</related-gene-list><reviewed>2025-11</reviewed><published>2025-11-20</published></health-condition-summary>"
    )


def _gene(topic: Topic) -> str:
    symbol = _symbol(topic)
    function = f"<p>The <i>{symbol}</i> gene gives instructions for a protein that nobody has.</p>"
    return (
        f"<gene-summary><gene-symbol>{symbol}</gene-symbol><name>{symbol.lower()} protein</name>"
        f"<ghr-page>{_page('gene', symbol)}</ghr-page><text-list>{_text('function', function)}</text-list>"
        "</gene-summary>"
    )


def _text(role: str, html: str) -> str:
    return f"<text><text-role>{role}</text-role><html>{html}</html></text>"


def _name(topic: Topic) -> str:
    return f"Hereditary {topic.focus.lower()}"


def _symbol(topic: Topic) -> str:
    """Return six capital letters of the condition's name and two digits of the topic's id: no two are equal."""
    return f"{topic.focus.replace(' ', '')[:6].upper()}{topic.id[-2:]}"


def _page(kind: str, name: str) -> str:
    return f"{_SITE}/{kind}/{name.lower().replace(' ', '-')}"
